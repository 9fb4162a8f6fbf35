/*
 * Which waiting EK is evicted when the list is full, by util/shares.h: the least recently seen of
 * the source with the most, within the network with the most. In memory, for one thread; the list
 * itself is the store's.
 */
#ifndef STORE_INVENTORY_WAITING_SHARES_H
#define STORE_INVENTORY_WAITING_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/hash.h"

struct store_waiting;
struct waiting_shares;

/* Empty: it knows no entry of the list. */
struct waiting_shares *waiting_shares_new(void);
void                   waiting_shares_free(struct waiting_shares *shares); /* takes NULL too */

/* Forgets all. */
void waiting_shares_clear(struct waiting_shares *shares);

/* Number of entries that it knows. */
size_t waiting_shares_count(const struct waiting_shares *shares);

/* Counts an entry as the newest of its source, again if it is known; only its hash, its source and
 * whether its certificate was verified are read. */
void waiting_shares_enter(struct waiting_shares *shares, const struct store_waiting *entry);

/*
 * Takes out the one that is evicted next: of those whose certificates do not verify, or of the
 * `verified` ones. False when it knows none; the store may have others, or have lost this one.
 */
bool waiting_shares_evict(struct waiting_shares *shares, bool verified,
    uint8_t ek_hash[STORE_HASH_SIZE]);

#endif
