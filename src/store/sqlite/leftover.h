/* Hidden devices in the tables: of a running or killed import. Private to store/. */
#ifndef STORE_SQLITE_LEFTOVER_H
#define STORE_SQLITE_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/file_lock.h"

struct error;
struct store;

/* The importer's lock. */
int sqlite_leftover_lock_open(struct store *store, struct file_lock *lock, struct error *err);

/*
 * Inside a transaction, frees a hash, a name: CONFLICT when a running import has
 * reserved it; leftovers of a killed import are removed.
 */
int sqlite_leftover_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err);
int sqlite_leftover_yield_name(struct store *store, const char *name, struct error *err);

/*
 * Inside a transaction, removes some devices of the oldest inactive batch, and the
 * batch itself when it has none left. The caller holds the lock, or knows that it is
 * free. *more: there are leftovers of any batch.
 */
int sqlite_leftover_clear(struct store *store, bool *more, struct error *err);

/* As store_batch_sweep and store_batch_abandoned. */
int sqlite_leftover_sweep(struct store *store, bool *more, struct error *err);
int sqlite_leftover_abandoned(struct store *store, bool *abandoned, struct error *err);

#endif
