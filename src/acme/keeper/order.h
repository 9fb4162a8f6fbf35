/* Finding the order that a question is about. */
#ifndef ACME_KEEPER_ORDER_H
#define ACME_KEEPER_ORDER_H

struct call;
struct error;
struct store;
struct store_order;

/*
 * Loads the order that is asked about, for its valid account alone: NOT_FOUND,
 * UNAUTHORIZED, or what operation_account says. The caller clears *order.
 */
int order_load(struct call *call, struct store *store, struct store_order *order,
    struct error *err);

#endif
