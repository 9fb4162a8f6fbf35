/*
 * How accounts, orders, authorizations and challenges move: RFC 8555 §7.1.6.
 * Nothing else changes a status; what a status does not allow, no caller can do.
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

/* True when the RFC's diagram has this arrow. */
bool transition_may(enum transition_object object, enum status from, enum status to);

/*
 * Move an object that was loaded in the transaction that is open, with all else
 * that was changed in it, and write it. INTERNAL when the diagram has no such
 * arrow, CONFLICT when somebody else moved it.
 */
int transition_account_update(struct store *store, struct store_account *account, enum status to,
    struct error *err);
int transition_order_update(struct store *store, struct store_order *order, enum status to,
    struct error *err);

/* The challenge goes to `challenge` at the same time. */
int transition_authorization_update(struct store *store, struct store_authorization *authorization,
    enum status to, enum status challenge, struct error *err);

/*
 * What they are at `now`: an order that waited too long is invalid, an
 * authorization expired, whatever the store still says.
 */
enum status transition_order_status(const struct store_order *order, int64_t now);
enum status transition_authorization_status(const struct store_authorization *authorization,
    int64_t now);

/*
 * Moves a pending or ready order to what its authorizations say: ready when all
 * are valid; invalid, with their problem, when one never will be; and writes it.
 */
int transition_order_settle(struct store *store, struct store_order *order, int64_t now,
    struct error *err);

#endif
