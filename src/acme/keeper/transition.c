/* The state diagrams of RFC 8555 §7.1.6, and the only functions that make transitions. */
#include "config.h"

#include "acme/keeper/transition.h"

#include <stddef.h>

#include "store/acme/acme.h"
#include "util/error.h"

/* All transitions. Authorizations are decided immediately, so nothing stays "processing". */
static const struct {
	enum transition_object object;
	enum status            from;
	enum status            to;
} arrows[] = {
    {TRANSITION_ACCOUNT, STATUS_VALID, STATUS_DEACTIVATED},
    {TRANSITION_ACCOUNT, STATUS_VALID, STATUS_REVOKED},
    {TRANSITION_ORDER, STATUS_PENDING, STATUS_READY},
    {TRANSITION_ORDER, STATUS_PENDING, STATUS_INVALID},
    {TRANSITION_ORDER, STATUS_READY, STATUS_VALID},
    {TRANSITION_ORDER, STATUS_READY, STATUS_INVALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_VALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_INVALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_DEACTIVATED},
    {TRANSITION_AUTHORIZATION, STATUS_VALID, STATUS_DEACTIVATED},
    {TRANSITION_CHALLENGE, STATUS_PENDING, STATUS_VALID},
    {TRANSITION_CHALLENGE, STATUS_PENDING, STATUS_INVALID},
};

static const char *const object_names[TRANSITION_OBJECT_COUNT] = {
    [TRANSITION_ACCOUNT] = "account",
    [TRANSITION_ORDER] = "order",
    [TRANSITION_AUTHORIZATION] = "authorization",
    [TRANSITION_CHALLENGE] = "challenge",
};

bool
transition_may(enum transition_object object, enum status from, enum status to)
{
	for (size_t i = 0; i < sizeof arrows / sizeof arrows[0]; i++) {
		if (arrows[i].object == object && arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

static int
transition_check(enum transition_object object, enum status from, enum status to, struct error *err)
{
	if (!transition_may(object, from, to))
		return error_set(err, ERROR_INTERNAL, "no %s goes from %s to %s", object_names[object],
		    status_name(from), status_name(to));
	return 0;
}

int
transition_account_update(struct store *store, struct store_account *account, enum status to,
    struct error *err)
{
	enum status from = account->status;

	if (transition_check(TRANSITION_ACCOUNT, from, to, err) != 0)
		return -1;
	account->status = to;
	return store_account_update(store, account, from, err);
}

int
transition_order_update(struct store *store, struct store_order *order, enum status to,
    struct error *err)
{
	enum status from = order->status;

	if (transition_check(TRANSITION_ORDER, from, to, err) != 0)
		return -1;
	order->status = to;
	return store_order_update(store, order, from, err);
}

int
transition_authorization_update(struct store *store, struct store_authorization *authorization,
    enum status to, enum status challenge, struct error *err)
{
	enum status from = authorization->status;

	if (transition_check(TRANSITION_AUTHORIZATION, from, to, err) != 0 ||
	    (authorization->challenge != challenge &&
	        transition_check(TRANSITION_CHALLENGE, authorization->challenge, challenge, err) != 0))
		return -1;
	authorization->status = to;
	authorization->challenge = challenge;
	return store_authorization_update(store, authorization, from, err);
}

enum status
transition_order_status(const struct store_order *order, int64_t now)
{
	if ((order->status == STATUS_PENDING || order->status == STATUS_READY) && order->expires <= now)
		return STATUS_INVALID;
	return order->status;
}

enum status
transition_authorization_status(const struct store_authorization *authorization, int64_t now)
{
	if ((authorization->status == STATUS_PENDING || authorization->status == STATUS_VALID) &&
	    authorization->expires <= now)
		return STATUS_EXPIRED;
	return authorization->status;
}

/* The order's problem is that of the authorization that failed. */
static void
order_blame(struct store_order *order, const struct store_authorization *authorization,
    enum status status)
{
	struct error err;

	if (authorization->problem.detail != NULL)
		error_set(&err, authorization->problem.kind, "%s", authorization->problem.detail);
	else
		error_set(&err, ERROR_UNAUTHORIZED, "the authorization for %s is %s",
		    authorization->value, status_name(status));
	store_problem_set(&order->problem, &err);
}

int
transition_order_settle(struct store *store, struct store_order *order, int64_t now,
    struct error *err)
{
	size_t valid = 0;

	if (order->status != STATUS_PENDING && order->status != STATUS_READY)
		return 0;
	for (size_t i = 0; i < order->authorization_count; i++) {
		enum status status = transition_authorization_status(&order->authorizations[i], now);

		if (status == STATUS_VALID) {
			valid++;
		} else if (status != STATUS_PENDING) {
			order_blame(order, &order->authorizations[i], status);
			return transition_order_update(store, order, STATUS_INVALID, err);
		}
	}
	if (order->status == STATUS_PENDING && valid != 0 && valid == order->authorization_count)
		return transition_order_update(store, order, STATUS_READY, err);
	return 0;
}
