/*
 * A bounded table that forgets what was used least lately (LRU), by keys that are digests. Any
 * thread.
 *
 * It needs no shares of sources (util/shares.h) where it only saves work: a stranger who fills it
 * makes the next use cost what the first did.
 */
#ifndef UTIL_LRU_H
#define UTIL_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lru;

#define LRU_KEY_SIZE 32

/* An empty table for at most `max` values, each of which it ends with `clear`. */
struct lru *lru_new(size_t max, void (*clear)(void *value));
void        lru_free(struct lru *lru); /* NULL is nothing */

/*
 * Calls `use` with the value of this key and `arg`, under the table's lock, so that it only
 * copies or takes a reference; false, and no call, when there is none.
 */
bool lru_find(struct lru *lru, const uint8_t key[LRU_KEY_SIZE], void (*use)(void *value, void *arg),
    void *arg);

/* Takes over a value, in place of one of the same key or of the one used least lately. */
void lru_put(struct lru *lru, const uint8_t key[LRU_KEY_SIZE], void *value);

/* Number of values; for tests. */
size_t lru_count(struct lru *lru);

#endif
