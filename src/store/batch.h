/*
 * Enrolling very many devices at once: in small transactions, none of them there
 * until the last one makes all of them active. One batch at a time; what a dead
 * process left is cleared away by the next.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct error;
struct store_batch;

/* Begins. CONFLICT when another process is importing; what a dead one left is removed first. */
int store_batch_begin(struct store *store, int64_t now, struct store_batch **out, struct error *err);

/*
 * Adds a device, under the conditions of store_device_enroll, also among those added
 * before. A device that is refused leaves the batch as it was: the caller may go on to
 * find more faults. Commits on its own from time to time and waits its turn.
 */
int store_batch_add(struct store_batch *batch, const struct store_device *device, struct error *err);

/* Makes all of them active, on disk and on record, in one small transaction; frees the batch. */
int store_batch_commit(struct store_batch *batch, const char *source, int64_t now, struct error *err);

/* Takes away what was added, in small transactions, and frees the batch. Takes NULL too. */
void store_batch_abandon(struct store_batch *batch);

#endif
