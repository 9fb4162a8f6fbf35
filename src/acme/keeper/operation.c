/* The table of operations, and their common parts. */
#include "config.h"

#include "acme/keeper/operation.h"

#include <stdio.h>

#include "service/keeper/keeper.h"

static const struct call_operation *const operations[ACME_QUESTION_COUNT] = {
#define X(kind, record) [ACME_##kind] = &operation_##record,
    OPERATIONS(X)
#undef X
};

const struct acme_question *
operation_asked(const struct call *call)
{
	return call->asked;
}

struct acme_keeper *
operation_keeper(const struct call *call)
{
	return service_keeper_state(call);
}

const struct acme_revision *
operation_revision(const struct call *call)
{
	return service_keeper_revision(call);
}

static int
operation_decode_cb(struct call *call, struct error *err)
{
	struct acme_question *asked = call->asked;
	int                   rc = acme_question_decode(bytes_view(&call->body), asked, err);

	call_asker_set(&call->asker, asked->request, "account", asked->account);
	/* Anybody can name an account: whose it is, is found out by a question. */
	call->source = source_of_text(asked->peer);
	call->subject = asked->account;
	if (rc == 0)
		call->operation = operations[asked->kind];
	return rc;
}

static void
operation_refuse_cb(const struct error *err, struct bytes *answer)
{
	struct acme_answer message = {.kind = ACME_ANSWER_REFUSAL};

	message.refusal.problem = (struct acme_problem){err->kind, view_text(err->detail)};
	acme_answer_encode(&message, answer);
}

const struct call_service operation_service = {
    .asked_size = sizeof(struct acme_question),
    .decode = operation_decode_cb,
    .refuse = operation_refuse_cb,
    .hold = service_keeper_hold,
    .release = service_keeper_release,
};

void
operation_note(struct call *call, const char *event, const char *object, const char *name,
    const char *reason)
{
	call_note(call, event,
	    (const struct log_field[]){{"id", object}, {"name", name}, {"reason", reason}, {NULL, NULL}});
}

int
operation_account(struct call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	AUTO_FREE char *id = view_dup(operation_asked(call)->account);

	if (store_account_find(store, id, account, err) != 0)
		return -1;
	if (account->status == STATUS_VALID)
		return 0;
	store_account_clear(account);
	return error_set(err, ERROR_ACCOUNT_DEACTIVATED,
	    "this account is deactivated for good; make another with another key");
}

int
operation_check_account(struct call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  rc = operation_account(call, store, &account, err);

	store_account_clear(&account);
	return rc;
}

int
operation_refuse(struct call *call, const struct acme_refusal *refusal, struct error *err)
{
	struct acme_answer message = {.kind = ACME_ANSWER_REFUSAL};

	message.refusal = *refusal;
	bytes_clear(&call->refusal);
	acme_answer_encode(&message, &call->refusal);
	return error_set(err, refusal->problem.kind, "%.*s", (int)refusal->problem.detail.size,
	    (const char *)refusal->problem.detail.data);
}

int
operation_id(struct view view, char id[STORE_ID_SIZE], struct error *err)
{
	if (view.size != ACME_ID_SIZE)
		return error_set(err, ERROR_NOT_FOUND, "there is nothing of that name");
	(void)snprintf(id, STORE_ID_SIZE, "%.*s", (int)view.size, (const char *)view.data);
	return 0;
}
