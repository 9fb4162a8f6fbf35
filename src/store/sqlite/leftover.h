/*
 * Devices that are in the tables and not there: of an import that is under way, or
 * that died. Nobody outside store/ includes it.
 */
#ifndef STORE_SQLITE_LEFTOVER_H
#define STORE_SQLITE_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/file_lock.h"

struct error;
struct store;

/* The lock of whoever imports. */
int sqlite_leftover_lock_open(struct store *store, struct file_lock *lock, struct error *err);

/*
 * Inside a transaction, makes room for a hash, a name: CONFLICT when an import that is
 * under way has it, but what a dead one left gives way.
 */
int sqlite_leftover_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err);
int sqlite_leftover_yield_name(struct store *store, const char *name, struct error *err);

/*
 * Inside a transaction, takes away some of the oldest batch that is not active, and the
 * batch itself when that has no devices left. The caller holds the lock, or knows that
 * nobody does. *more says whether there is any of any batch left.
 */
int sqlite_leftover_clear(struct store *store, bool *more, struct error *err);

/* As store_batch_sweep and store_batch_abandoned say. */
int sqlite_leftover_sweep(struct store *store, bool *more, struct error *err);
int sqlite_leftover_abandoned(struct store *store, bool *abandoned, struct error *err);

#endif
