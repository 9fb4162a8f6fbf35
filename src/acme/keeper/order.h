/* Finds the order of a question. */
#ifndef ACME_KEEPER_ORDER_H
#define ACME_KEEPER_ORDER_H

struct call;
struct error;
struct store;
struct store_order;

/*
 * Loads the order of the question, for its own valid account only: NOT_FOUND,
 * UNAUTHORIZED, or the errors of operation_account. The caller clears *order.
 */
int order_load(struct call *call, struct store *store, struct store_order *order,
    struct error *err);

#endif
