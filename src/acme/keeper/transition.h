/*
 * Transitions of accounts, orders, authorizations and challenges: RFC 8555
 * §7.1.6. No other code changes a status, so callers cannot make a forbidden
 * transition.
 */
#ifndef ACME_KEEPER_TRANSITION_H
#define ACME_KEEPER_TRANSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

struct error;
struct store;
struct store_account;
struct store_authorization;
struct store_order;

enum transition_object {
	TRANSITION_ACCOUNT,
	TRANSITION_ORDER,
	TRANSITION_AUTHORIZATION,
	TRANSITION_CHALLENGE,
	TRANSITION_OBJECT_COUNT
};

/* True when the RFC's diagram has this transition. */
bool transition_may(enum transition_object object, enum status from, enum status to);

/*
 * Change the status of an object that was loaded in the open transaction, and
 * write it with its other changes. INTERNAL when the diagram has no such
 * transition, CONFLICT when another request was first.
 */
int transition_account_update(struct store *store, struct store_account *account, enum status to,
    struct error *err);
int transition_order_update(struct store *store, struct store_order *order, enum status to,
    struct error *err);

/* The challenge goes to `challenge` at the same time. */
int transition_authorization_update(struct store *store, struct store_authorization *authorization,
    enum status to, enum status challenge, struct error *err);

/*
 * The status at `now`: after its time an order is invalid and an authorization
 * expired, even if the store does not say so yet.
 */
enum status transition_order_status(const struct store_order *order, int64_t now);
enum status transition_authorization_status(const struct store_authorization *authorization,
    int64_t now);

/*
 * Updates a pending or ready order from its authorizations: ready when all are
 * valid; invalid, with the problem, when one has failed; and writes it.
 */
int transition_order_settle(struct store *store, struct store_order *order, int64_t now,
    struct error *err);

#endif
