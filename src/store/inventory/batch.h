/*
 * Enrolling very many devices at once: gathered, sorted and compared first, then
 * written in small transactions, none of them there until the last one makes all of
 * them active. One batch at a time; what a dead process left is invisible, holds
 * nobody up, and is cleared away.
 */
#ifndef STORE_INVENTORY_BATCH_H
#define STORE_INVENTORY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/device.h"

struct error;
struct store_batch;

/* Who is told of what goes on; any of them may be NULL. */
struct store_batch_watch {
	/* A device of that line cannot be enrolled: CONFLICT, with what it collides with. */
	void (*fault)(uint64_t line, const struct error *why, void *arg);
	/* So many devices and names more, or 0, have been compared, or written and committed. */
	void (*step)(uint64_t units, void *arg);
	void *arg;
};

/*
 * Begins; nothing is written yet. `store` must have no transaction open, and nobody else
 * uses it, until store_batch_free. CONFLICT when another process is importing. Of *watch,
 * which is copied, `arg` must last as long.
 */
int store_batch_begin(struct store *store, const struct store_batch_watch *watch,
    struct store_batch **out, struct error *err);

/*
 * Takes a device (ek_hash, names, tags, note, enabled) of a line of the caller's, to a
 * temporary file: memory does not grow. Refuses what can be refused without a look at
 * others, as store_device_enroll does; the caller may go on to find more faults.
 */
int store_batch_add(struct store_batch *batch, const struct store_device *device, uint64_t line,
    struct error *err);

/*
 * Compares all with each other and with the inventory: whatever collides is told to
 * `fault`, in no order, and counted in *faults. Returns -1 only when comparing fails.
 */
int store_batch_check(struct store_batch *batch, uint64_t *faults, struct error *err);

/*
 * Writes them and makes all of them active, on disk and on record, or none: then what
 * was written is taken away again. CONFLICT, naming the line or the name, when somebody
 * enrolled one of them meanwhile. `source` says on record where they are from.
 */
int store_batch_commit(struct store_batch *batch, const char *source, int64_t now,
    struct error *err);

/* How many devices were added; and names with them: what there is to compare, and to write. */
uint64_t store_batch_count(const struct store_batch *batch);
uint64_t store_batch_units(const struct store_batch *batch);

/* Takes NULL too. */
void store_batch_free(struct store_batch *batch);

/*
 * Clears away some of what an import left that did not live to its end, in one small
 * transaction, unless another is under way; *more says whether there is more of it.
 */
int store_batch_sweep(struct store *store, bool *more, struct error *err);

/* Whether there is something to clear away. */
int store_batch_abandoned(struct store *store, bool *abandoned, struct error *err);

#endif
