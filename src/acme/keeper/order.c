/* Makes and shows orders: RFC 8555 §7.4. finalize.c finalizes them. */
#include "config.h"

#include <stdio.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/newcomers.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/order.h"
#include "acme/keeper/policy.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/snapshot.h"
#include "pki/device_name.h"

#define HOUR 3600

int
order_load(struct call *call, struct store *store, struct store_order *order,
    struct error *err)
{
	char            id[STORE_ID_SIZE];
	AUTO_FREE char *account = view_dup(operation_asked(call)->account);

	*order = (struct store_order){0};
	if (operation_check_account(call, store, err) != 0 || operation_id(operation_asked(call)->object, id, err) != 0 ||
	    store_order_find(store, id, order, err) != 0)
		return -1;
	if (view_equal(view_text(order->account), view_text(account)))
		return 0;
	store_order_clear(order);
	return error_set(err, ERROR_UNAUTHORIZED, "this order is another account's");
}

/* Each refused identifier is a subproblem; a single one is the problem itself. */
static int
check_identifiers(struct call *call, struct error *err)
{
	const struct acme_policy *policy = &operation_revision(call)->settings.policy;
	struct error              errors[ACME_IDENTIFIERS_MAX];
	struct acme_refusal       refusal = {0};
	size_t                    last = 0;

	for (size_t i = 0; i < operation_asked(call)->identifier_count; i++) {
		const struct acme_identifier *identifier = &operation_asked(call)->identifiers[i];
		struct acme_subproblem       *sub = &refusal.subproblems[refusal.subproblem_count];

		if (policy_check_identifier(policy, identifier->type, identifier->value, &errors[i]) == 0)
			continue;
		if (errors[i].kind == ERROR_INTERNAL) {
			*err = errors[i];
			return -1;
		}
		sub->problem = (struct acme_problem){errors[i].kind, view_text(errors[i].detail)};
		sub->identifier = *identifier;
		refusal.subproblem_count++;
		last = i;
	}
	if (refusal.subproblem_count == 0)
		return 0;
	if (operation_asked(call)->identifier_count == 1) {
		*err = errors[last];
		return -1;
	}
	refusal.problem = (struct acme_problem){
	    refusal.subproblem_count == 1 ? errors[last].kind : ERROR_REJECTED_IDENTIFIER,
	    view_text("some of the identifiers cannot be ordered; see the subproblems")};
	return operation_refuse(call, &refusal, err);
}

static int
order_new_look(struct call *call, struct store *store, struct error *err)
{
	const struct acme_policy *policy = &operation_revision(call)->settings.policy;

	if (operation_check_account(call, store, err) != 0)
		return -1;
	if (operation_asked(call)->identifier_count == 0)
		return error_set(err, ERROR_MALFORMED, "the order names no identifier");
	if (check_identifiers(call, err) != 0)
		return -1;
	if (operation_asked(call)->identifier_count > 1)
		return error_set(err, ERROR_REJECTED_IDENTIFIER,
		    "a certificate here is for one identifier; make an order for each");
	return policy_check_validity(policy, operation_asked(call)->not_before, operation_asked(call)->not_after, call->now,
	    err);
}

static int
check_rate(struct call *call, struct store *store, const char *account, struct error *err)
{
	int64_t  most = operation_revision(call)->settings.policy.orders_per_hour;
	uint64_t count = 0;
	int64_t  oldest = 0;
	char     text[96];

	/* What is an hour ahead is of a clock that was set back. */
	if (store_order_count(store, account, call->now - HOUR, call->now + HOUR, &count, &oldest, err) != 0)
		return -1;
	if (count < (uint64_t)most)
		return 0;
	(void)snprintf(text, sizeof text, "%llu orders within an hour are as many as an account has here",
	    (unsigned long long)count);
	return operation_refuse(call,
	    &(struct acme_refusal){
	        .problem = {ERROR_RATE_LIMITED, view_text(text)},
	        .retry_after = (uint64_t)(oldest + HOUR - call->now + 1),
	    },
	    err);
}

/* Makes room for one more among the orders whose machines have not attested. */
static int
order_make_room(struct call *call, struct store *store, struct error *err)
{
	const struct acme_settings *settings = &operation_revision(call)->settings;
	struct acme_keeper         *keeper = operation_keeper(call);
	size_t                      most = (size_t)settings->policy.unattested_orders;
	char                        displaced[STORE_ID_SIZE];

	newcomers_limit(keeper->unattested, settings->order_lifetime + settings->order_retention);
	while (newcomers_count(keeper->unattested, call->now) >= most) {
		newcomers_displace(keeper->unattested, displaced);
		if (store_order_displace(store, displaced, err) != 0)
			return -1;
	}
	return 0;
}

static int
order_fill(struct call *call, struct store_order *order, struct error *err)
{
	const struct acme_settings *settings = &operation_revision(call)->settings;

	if (store_id_draw(order->id, err) != 0)
		return -1;
	order->status = STATUS_PENDING;
	order->created = call->now;
	order->expires = call->now + settings->order_lifetime;
	order->not_before = operation_asked(call)->not_before;
	order->not_after = operation_asked(call)->not_after;
	for (size_t i = 0; i < operation_asked(call)->identifier_count; i++) {
		struct store_authorization *authorization = &order->authorizations[i];

		authorization->type = view_dup(operation_asked(call)->identifiers[i].type);
		authorization->value = view_dup(operation_asked(call)->identifiers[i].value);
		authorization->status = STATUS_PENDING;
		authorization->challenge = STATUS_PENDING;
		authorization->expires = order->expires;
		order->authorization_count++;
		if (store_id_draw(authorization->id, err) != 0 ||
		    store_id_draw(authorization->token, err) != 0)
			return -1;
	}
	return 0;
}

/* Logs a name that is too long for the CN: the certificate has it in full, but readers of the CN
 * see a shortened one. */
static void
order_note(struct call *call, const struct store_order *order)
{
	const char *identifier = order->authorizations[0].value;
	char        name[DEVICE_COMMON_NAME_SIZE];
	char        reason[DEVICE_COMMON_NAME_SIZE + 64];

	if (device_common_name(identifier, name)) {
		operation_note(call, "order", order->id, identifier, NULL);
		return;
	}
	(void)snprintf(reason, sizeof reason, "the name has more than 64 characters, the CN will be %s",
	    name);
	operation_note(call, "order", order->id, identifier, reason);
}

static int
order_new_change(struct call *call, struct store *store, struct error *err)
{
	struct store_order order = {0};
	int                rc = -1;

	if (operation_check_account(call, store, err) == 0 &&
	    operation_id(operation_asked(call)->account, order.account, err) == 0 &&
	    check_rate(call, store, order.account, err) == 0 &&
	    order_make_room(call, store, err) == 0 && order_fill(call, &order, err) == 0)
		rc = store_order_add(store, &order, err);
	if (rc == 0) {
		/* Should the commit fail, one is counted that is not there, as for accounts. */
		newcomers_add(operation_keeper(call)->unattested, order.id,
		    operation_asked(call)->peer, operation_asked(call)->account, call->now);
		order_note(call, &order);
		snapshot_order(&order, call->now, &call->answer);
	}
	store_order_clear(&order);
	return rc;
}

static int
order_get(struct call *call, struct store *store, struct error *err)
{
	struct store_order order = {0};

	if (order_load(call, store, &order, err) != 0)
		return -1;
	snapshot_order(&order, call->now, &call->answer);
	store_order_clear(&order);
	return 0;
}

const struct call_operation operation_order_new = {
    .name = "order-new",
    .look = order_new_look,
    .change = order_new_change,
};

const struct call_operation operation_order_get = {
    .name = "order-get",
    .look = order_get,
};
