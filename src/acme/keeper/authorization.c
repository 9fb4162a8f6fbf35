/*
 * Authorizations and device-attest-01: RFC 8555 §7.5, draft-ietf-acme-device-attest.
 * A challenge is decided, for good, before its answer is sent.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/keeper/call.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/snapshot.h"
#include "acme/keeper/state.h"
#include "acme/keeper/statement.h"
#include "acme/keeper/transition.h"
#include "acme/settings.h"
#include "util/log.h"
#include "util/shared.h"

/* Loads the authorization that is asked about, with its account. The caller clears both. */
static int
authorization_load(struct acme_call *call, struct store *store,
    struct store_authorization *authorization, struct store_account *account, struct error *err)
{
	char id[STORE_ID_SIZE];

	*authorization = (struct store_authorization){0};
	if (call_account(call, store, account, err) != 0 ||
	    call_id(call->asked.object, id, err) != 0 ||
	    store_authorization_find(store, id, authorization, err) != 0)
		return -1;
	if (strcmp(authorization->account, account->id) != 0)
		return error_set(err, ERROR_UNAUTHORIZED, "this authorization is another account's");
	return 0;
}

int
operation_authorization_get(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0)
		snapshot_authorization(&authorization, call->now, &call->answer);
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}

/* The order of an authorization that just moved follows it. */
static int
settle_order(struct acme_call *call, struct store *store,
    const struct store_authorization *authorization, struct error *err)
{
	struct store_order order = {0};
	int                rc = store_order_find(store, authorization->order, &order, err);

	if (rc == 0)
		rc = order_settle(store, &order, call->now, err);
	store_order_clear(&order);
	return rc;
}

static int
authorization_deactivate(struct acme_call *call, struct store *store,
    struct store_authorization *authorization, struct error *err)
{
	enum status status = authorization_status_at(authorization, call->now);

	if (status == STATUS_DEACTIVATED)
		return 0;
	if (!state_may(STATE_AUTHORIZATION, status, STATUS_DEACTIVATED))
		return error_set(err, ERROR_MALFORMED, "the authorization is %s; there is nothing to deactivate",
		    status_name(status));
	if (authorization_status_update(store, authorization, STATUS_DEACTIVATED,
	        authorization->challenge, err) != 0)
		return -1;
	return settle_order(call, store, authorization, err);
}

int
operation_authorization_deactivate(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0)
		rc = authorization_deactivate(call, store, &authorization, err);
	if (rc == 0)
		snapshot_authorization(&authorization, call->now, &call->answer);
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}

/*
 * 1 when the challenge waits for its answer; 0 when it is decided, and then it is
 * the answer; -1 when it can no longer be answered.
 */
static int
challenge_is_open(struct acme_call *call, const struct store_authorization *authorization,
    struct error *err)
{
	enum status status = authorization_status_at(authorization, call->now);

	if (authorization->challenge != STATUS_PENDING) {
		snapshot_authorization(authorization, call->now, &call->answer);
		return 0;
	}
	if (status != STATUS_PENDING)
		return error_set(err, ERROR_MALFORMED, "the authorization is %s; make a new order",
		    status_name(status));
	return 1;
}

/* Judges the statement. A statement that proves nothing is no failure of the call. */
static int
challenge_judge(struct acme_call *call, const struct store_authorization *authorization,
    const struct store_account *account, struct error *err)
{
	struct roots          *roots = call->worker->keeper->roots;
	struct shared_version *held = roots_acquire(roots, err);
	char                   key_authorization[STORE_ID_SIZE + STORE_THUMBPRINT_SIZE];
	int                    rc = -1;

	(void)snprintf(key_authorization, sizeof key_authorization, "%s.%s", authorization->token,
	    account->thumbprint);
	if (held != NULL) {
		rc = statement_verify(&call->asked.statement,
		    &(struct statement_facts){
		        .roots = held->value,
		        .policy = &call->worker->keeper->settings->policy,
		        .identifier = authorization->value,
		        .key_authorization = view_text(key_authorization),
		        .now = call->now,
		    },
		    &call->verdict, err);
		roots_release(roots, held);
	}
	if (rc == 0 || err->kind == ERROR_INTERNAL)
		return rc;
	store_problem_set(&call->problem, err);
	return 0;
}

int
operation_challenge_look(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0 && (rc = challenge_is_open(call, &authorization, err)) > 0)
		rc = challenge_judge(call, &authorization, &account, err);
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}

/* The client gave up, or sent what cannot be decoded. */
int
operation_challenge_fail(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	struct error               problem;
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0 && (rc = challenge_is_open(call, &authorization, err)) > 0) {
		error_set(&problem, ERROR_BAD_ATTESTATION_STATEMENT, "%.*s",
		    (int)call->asked.problem.detail.size, (const char *)call->asked.problem.detail.data);
		store_problem_set(&call->problem, &problem);
		rc = 0;
	}
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}

/* Hands what was proven, or why not, over to the authorization. */
static int
challenge_decide(struct acme_call *call, struct store *store,
    struct store_authorization *authorization, struct error *err)
{
	bool        valid = call->problem.detail == NULL;
	enum status status = valid ? STATUS_VALID : STATUS_INVALID;

	if (valid) {
		authorization->validated = call->now;
		authorization->key = call->verdict.key;
		authorization->chain = call->verdict.chain;
		authorization->witness = call->verdict.witness;
		call->verdict = (struct statement_verdict){0};
	} else {
		authorization->problem = call->problem;
		call->problem = (struct store_problem){0};
	}
	if (authorization_status_update(store, authorization, status, status, err) != 0)
		return -1;
	return settle_order(call, store, authorization, err);
}

int
operation_challenge_change(struct acme_call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0 && (rc = challenge_is_open(call, &authorization, err)) > 0) {
		rc = challenge_decide(call, store, &authorization, err);
		if (rc == 0) {
			call_note(call, authorization.challenge == STATUS_VALID ? "attested" : "not-attested",
			    authorization.order, authorization.value,
			    authorization.challenge == STATUS_VALID ? authorization.witness
			                                            : authorization.problem.detail);
			snapshot_authorization(&authorization, call->now, &call->answer);
		}
	}
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}
