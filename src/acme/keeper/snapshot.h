/* What the store holds, as the front is told it. */
#ifndef ACME_KEEPER_SNAPSHOT_H
#define ACME_KEEPER_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

struct bytes;
struct store_account;
struct store_authorization;
struct store_order;

/* Append an answer that shows the whole object as it is at `now`. */
void snapshot_account(const struct store_account *account, bool created, struct bytes *answer);
void snapshot_order(const struct store_order *order, int64_t now, struct bytes *answer);
void snapshot_authorization(const struct store_authorization *authorization, int64_t now,
    struct bytes *answer);

#endif
