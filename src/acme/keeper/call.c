/* Owns the way of a question through the keeper's threads; each step is elsewhere. */
#include "config.h"

#include "acme/keeper/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/keeper/operation.h"
#include "acme/keeper/state.h"
#include "daemon/keeper.h"
#include "daemon/worker.h"
#include "util/clock.h"
#include "util/log.h"

static const struct call_operation operations[ACME_QUESTION_COUNT] = {
    [ACME_ACCOUNT_NEW] = {"account-new", operation_account_new_look, operation_account_new_change},
    [ACME_ACCOUNT_GET] = {"account-get", operation_account_get, NULL},
    [ACME_ACCOUNT_UPDATE] = {"account-update", call_check_account, operation_account_update},
    [ACME_ACCOUNT_KEY_CHANGE] = {"key-change", call_check_account, operation_account_key_change},
    [ACME_ACCOUNT_ORDERS] = {"account-orders", operation_account_orders, NULL},
    [ACME_ORDER_NEW] = {"order-new", operation_order_new_look, operation_order_new_change},
    [ACME_ORDER_GET] = {"order-get", operation_order_get, NULL},
    [ACME_ORDER_FINALIZE] = {"finalize", operation_finalize_look, operation_finalize_change},
    [ACME_AUTHORIZATION_GET] = {"authorization-get", operation_authorization_get, NULL},
    [ACME_AUTHORIZATION_DEACTIVATE] = {"authorization-deactivate", call_check_account,
        operation_authorization_deactivate},
    [ACME_CHALLENGE_ANSWER] = {"challenge", operation_challenge_look, operation_challenge_change},
    [ACME_CHALLENGE_FAIL] = {"challenge", operation_challenge_fail, operation_challenge_change},
    [ACME_CERTIFICATE_GET] = {"certificate-get", operation_certificate_get, NULL},
    [ACME_CERTIFICATE_REVOKE] = {"revoke", operation_revoke_look, operation_revoke_change},
    [ACME_FILE_GET] = {"file-get", operation_file_get, NULL},
};

static void
call_free(struct acme_call *call)
{
	statement_verdict_clear(&call->verdict);
	store_issued_clear(&call->issued);
	free(call->problem.detail);
	free(call->note.name);
	free(call->note.reason);
	bytes_clear(&call->body);
	bytes_clear(&call->answer);
	bytes_clear(&call->refusal);
	free(call);
}

void
call_note(struct acme_call *call, const char *event, const char *object, const char *name,
    const char *reason)
{
	call->note.event = event;
	(void)snprintf(call->note.object, sizeof call->note.object, "%s", object != NULL ? object : "");
	call->note.name = name != NULL ? memory_strdup(name) : NULL;
	call->note.reason = reason != NULL ? memory_strdup(reason) : NULL;
}

static void
call_log_note(const struct acme_call *call)
{
	const struct call_note *note = &call->note;
	AUTO_FREE char         *account = view_dup(call->asked.account);
	char                    request[24];

	if (note->event == NULL)
		return;
	(void)snprintf(request, sizeof request, "%llu", (unsigned long long)call->asked.request);
	LOG(INFO, {"request", request}, {"event", note->event}, {"account", account},
	    {"id", note->object}, {"name", note->name}, {"reason", note->reason});
}

static void
call_log_refusal(const struct acme_call *call)
{
	const char     *what = call->operation != NULL ? call->operation->name : "question";
	AUTO_FREE char *account = view_dup(call->asked.account);
	char            request[24];

	(void)snprintf(request, sizeof request, "%llu", (unsigned long long)call->asked.request);
	if (call->err.kind == ERROR_INTERNAL)
		LOG(ERROR, {"request", request}, {"event", "failed"}, {"what", what},
		    {"account", account}, {"reason", call->err.detail});
	else
		LOG(INFO, {"request", request}, {"event", "refused"}, {"what", what},
		    {"account", account}, {"kind", error_type(call->err.kind)},
		    {"reason", call->err.detail});
}

/* What went wrong inside is for the log; the client learns that it did. */
static void
call_encode_refusal(struct acme_call *call)
{
	struct acme_answer told = {.kind = ACME_ANSWER_REFUSAL};

	if (call->refusal.size != 0)
		return;
	if (call->err.kind == ERROR_INTERNAL)
		error_set(&call->err, ERROR_INTERNAL, "the server failed; its log says why");
	told.refusal.problem = (struct acme_problem){call->err.kind, view_text(call->err.detail)};
	acme_answer_encode(&told, &call->refusal);
}

/* In the worker's thread: says it, or why not. */
static void
call_finish(struct acme_call *call)
{
	if (call->failed) {
		call_log_refusal(call);
		call_encode_refusal(call);
		keeper_answer(call->question, bytes_view(&call->refusal));
	} else {
		call_log_note(call);
		keeper_answer(call->question, bytes_view(&call->answer));
	}
	call_free(call);
}

static void
call_finish_cb(void *arg)
{
	call_finish(arg);
}

/* In the writer's thread, inside its transaction. */
static int
call_change_cb(struct store *store, void *arg, struct error *err)
{
	struct acme_call *call = arg;

	return call->operation->change(call, store, err);
}

/* In the writer's thread, after the commit. */
static void
call_changed_cb(void *arg, const struct error *err)
{
	struct acme_call *call = arg;

	if (err != NULL) {
		call->failed = true;
		call->err = *err;
	}
	worker_post(call->worker->worker, call_finish_cb, call);
}

void
call_begin(struct acme_worker *worker, struct keeper_question *question, struct view body)
{
	struct acme_call *call = memory_new(sizeof *call);

	call->worker = worker;
	call->question = question;
	call->now = clock_now();
	call->job = (struct store_job){.run = call_change_cb, .done = call_changed_cb, .arg = call};
	bytes_append(&call->body, body.data, body.size);
	if (acme_question_decode(bytes_view(&call->body), &call->asked, &call->err) != 0) {
		call->failed = true;
	} else {
		call->operation = &operations[call->asked.kind];
		call->failed = call->operation->look(call, worker->store, &call->err) != 0;
	}
	if (!call->failed && call->answer.size == 0 && call->operation->change != NULL)
		store_writer_submit(worker->keeper->writer, &call->job);
	else
		call_finish(call);
}

int
call_account(struct acme_call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	AUTO_FREE char *id = view_dup(call->asked.account);

	if (store_account_find(store, id, account, err) != 0)
		return -1;
	if (account->status == STATUS_VALID)
		return 0;
	store_account_clear(account);
	return error_set(err, ERROR_ACCOUNT_DEACTIVATED,
	    "this account is deactivated for good; make another with another key");
}

int
call_check_account(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  rc = call_account(call, store, &account, err);

	store_account_clear(&account);
	return rc;
}

int
call_refuse(struct acme_call *call, const struct acme_refusal *refusal, struct error *err)
{
	struct acme_answer told = {.kind = ACME_ANSWER_REFUSAL};

	told.refusal = *refusal;
	bytes_clear(&call->refusal);
	acme_answer_encode(&told, &call->refusal);
	return error_set(err, refusal->problem.kind, "%.*s", (int)refusal->problem.detail.size,
	    (const char *)refusal->problem.detail.data);
}

int
call_id(struct view view, char id[STORE_ID_SIZE], struct error *err)
{
	if (view.size != ACME_ID_SIZE)
		return error_set(err, ERROR_NOT_FOUND, "there is nothing of that name");
	(void)snprintf(id, STORE_ID_SIZE, "%.*s", (int)view.size, (const char *)view.data);
	return 0;
}
