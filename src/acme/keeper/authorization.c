/*
 * Authorizations and device-attest-01: RFC 8555 §7.5, draft-ietf-acme-device-attest.
 * A challenge is decided finally before its answer is sent.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/newcomers.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/snapshot.h"
#include "acme/keeper/statement.h"
#include "acme/keeper/transition.h"
#include "util/log.h"
#include "util/shared.h"

/* The results of the look step, for the change step. */
struct challenge {
	struct statement_verdict verdict; /* the facts that the statement proves */
	struct store_problem     problem; /* why it failed; no detail: it succeeded */
};

static void
challenge_clear_cb(void *state)
{
	struct challenge *challenge = state;

	statement_verdict_clear(&challenge->verdict);
	free(challenge->problem.detail);
}

/* Loads the authorization of the question, with its account. The caller clears both. */
static int
authorization_load(struct call *call, struct store *store,
    struct store_authorization *authorization, struct store_account *account, struct error *err)
{
	char id[STORE_ID_SIZE];

	*authorization = (struct store_authorization){0};
	if (operation_account(call, store, account, err) != 0 ||
	    operation_id(operation_asked(call)->object, id, err) != 0 ||
	    store_authorization_find(store, id, authorization, err) != 0)
		return -1;
	if (strcmp(authorization->account, account->id) != 0)
		return error_set(err, ERROR_UNAUTHORIZED, "this authorization is another account's");
	return 0;
}

static int
authorization_get(struct call *call, struct store *store, struct error *err)
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

/* Updates the order after a transition of its authorization. */
static int
settle_order(struct call *call, struct store *store,
    const struct store_authorization *authorization, struct error *err)
{
	struct store_order order = {0};
	int                rc = store_order_find(store, authorization->order, &order, err);

	if (rc == 0)
		rc = transition_order_settle(store, &order, call->now, err);
	store_order_clear(&order);
	return rc;
}

static int
authorization_deactivate(struct call *call, struct store *store,
    struct store_authorization *authorization, struct error *err)
{
	enum status status = transition_authorization_status(authorization, call->now);

	if (status == STATUS_DEACTIVATED)
		return 0;
	if (!transition_may(TRANSITION_AUTHORIZATION, status, STATUS_DEACTIVATED))
		return error_set(err, ERROR_MALFORMED, "the authorization is %s; there is nothing to deactivate",
		    status_name(status));
	if (transition_authorization_update(store, authorization, STATUS_DEACTIVATED,
	        authorization->challenge, err) != 0)
		return -1;
	return settle_order(call, store, authorization, err);
}

static int
authorization_deactivate_change(struct call *call, struct store *store, struct error *err)
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
 * Returns 1 when the challenge is pending; 0 when it is decided, and then it is
 * the answer; -1 when it can no longer be answered.
 */
static int
challenge_is_open(struct call *call, const struct store_authorization *authorization,
    struct error *err)
{
	enum status status = transition_authorization_status(authorization, call->now);

	if (authorization->challenge != STATUS_PENDING) {
		snapshot_authorization(authorization, call->now, &call->answer);
		return 0;
	}
	if (status != STATUS_PENDING)
		return error_set(err, ERROR_MALFORMED, "the authorization is %s; make a new order",
		    status_name(status));
	return 1;
}

/* Verifies the statement. A statement that fails is no failure of the call. */
static int
challenge_judge(struct call *call, const struct store_authorization *authorization,
    const struct store_account *account, struct error *err)
{
	struct challenge      *challenge = call->state;
	struct roots          *roots = operation_revision(call)->roots;
	struct shared_version *held = roots_acquire(roots, err);
	char                   key_authorization[STORE_ID_SIZE + STORE_THUMBPRINT_SIZE];
	int                    rc = -1;

	(void)snprintf(key_authorization, sizeof key_authorization, "%s.%s", authorization->token,
	    account->thumbprint);
	if (held != NULL) {
		rc = statement_verify(&operation_asked(call)->statement,
		    &(struct statement_facts){
		        .roots = held->value,
		        .policy = &operation_revision(call)->settings.policy,
		        .identifier = authorization->value,
		        .key_authorization = view_text(key_authorization),
		        .now = call->now,
		    },
		    &challenge->verdict, err);
		roots_release(roots, held);
	}
	if (rc == 0 || err->kind == ERROR_INTERNAL)
		return rc;
	store_problem_set(&challenge->problem, err);
	return 0;
}

static int
challenge_look(struct call *call, struct store *store, struct error *err)
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

/* The client gave up, or its statement cannot be decoded. */
static int
challenge_fail(struct call *call, struct store *store, struct error *err)
{
	struct challenge          *challenge = call->state;
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	struct error               problem;
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0 && (rc = challenge_is_open(call, &authorization, err)) > 0) {
		error_set(&problem, ERROR_BAD_ATTESTATION_STATEMENT, "%.*s",
		    (int)operation_asked(call)->problem.detail.size, (const char *)operation_asked(call)->problem.detail.data);
		store_problem_set(&challenge->problem, &problem);
		rc = 0;
	}
	store_authorization_clear(&authorization);
	store_account_clear(&account);
	return rc;
}

/* Stores the result in the authorization. */
static int
challenge_decide(struct call *call, struct store *store,
    const struct store_account *account, struct store_authorization *authorization,
    struct error *err)
{
	struct challenge *challenge = call->state;
	bool              valid = challenge->problem.detail == NULL;
	enum status       status = valid ? STATUS_VALID : STATUS_INVALID;

	if (valid) {
		authorization->validated = call->now;
		authorization->key = challenge->verdict.key;
		authorization->format = memory_strdup(challenge->verdict.format);
		authorization->chain = challenge->verdict.chain;
		authorization->witness = challenge->verdict.witness;
		challenge->verdict = (struct statement_verdict){0};
		if (store_account_prove(store, account->id, err) != 0)
			return -1;
		newcomers_prove(operation_keeper(call)->newcomers, account->id);
		newcomers_prove(operation_keeper(call)->unattested, authorization->order);
	} else {
		authorization->problem = challenge->problem;
		challenge->problem = (struct store_problem){0};
	}
	if (transition_authorization_update(store, authorization, status, status, err) != 0)
		return -1;
	return settle_order(call, store, authorization, err);
}

static int
challenge_change(struct call *call, struct store *store, struct error *err)
{
	struct store_authorization authorization = {0};
	struct store_account       account = {0};
	int rc = authorization_load(call, store, &authorization, &account, err);

	if (rc == 0 && (rc = challenge_is_open(call, &authorization, err)) > 0) {
		rc = challenge_decide(call, store, &account, &authorization, err);
		if (rc == 0) {
			operation_note(call, authorization.challenge == STATUS_VALID ? "attested" : "not-attested",
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

const struct call_operation operation_authorization_get = {
    .name = "authorization-get",
    .look = authorization_get,
};

const struct call_operation operation_authorization_deactivate = {
    .name = "authorization-deactivate",
    .look = operation_check_account,
    .change = authorization_deactivate_change,
};

const struct call_operation operation_challenge_answer = {
    .name = "challenge",
    .state_size = sizeof(struct challenge),
    .clear = challenge_clear_cb,
    .look = challenge_look,
    .change = challenge_change,
};

const struct call_operation operation_challenge_fail = {
    .name = "challenge",
    .state_size = sizeof(struct challenge),
    .clear = challenge_clear_cb,
    .look = challenge_fail,
    .change = challenge_change,
};
