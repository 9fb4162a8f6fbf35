/* Stored objects as answers for the front. */
#ifndef ACME_KEEPER_SNAPSHOT_H
#define ACME_KEEPER_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

struct bytes;
struct store_account;
struct store_authorization;
struct store_order;

/* Append an answer with the whole object as of `now`. */
void snapshot_account(const struct store_account *account, bool created, struct bytes *answer);
void snapshot_order(const struct store_order *order, int64_t now, struct bytes *answer);
void snapshot_authorization(const struct store_authorization *authorization, int64_t now,
    struct bytes *answer);

#endif
