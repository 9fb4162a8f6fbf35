/*
 * Bulk enrolment: devices are collected, sorted and compared first, then written in
 * small transactions, and stay invisible until the last one activates all of them.
 * One batch at a time; the leftovers of a killed process are invisible, block no
 * one, and are cleared away.
 */
#ifndef STORE_INVENTORY_BATCH_H
#define STORE_INVENTORY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/device.h"
#include "store/inventory/removed.h"

struct error;
struct store_batch;

/* Callbacks; each may be NULL. */
struct store_batch_watch {
	/* The device of that line cannot be enrolled: CONFLICT, with the reason. */
	void (*fault)(uint64_t line, const struct error *why, void *arg);
	/* That many more devices and names, or 0, were compared, or written and committed. */
	void (*step)(uint64_t units, void *arg);
	void *arg;
};

/*
 * Begins a batch; writes nothing yet. Until store_batch_free, `store` must have no open
 * transaction and no other user. CONFLICT when another process is importing. *watch is
 * copied, but its `arg` must live as long.
 */
int store_batch_begin(struct store *store, const struct store_batch_watch *watch,
    struct store_batch **out, struct error *err);

/*
 * Adds a device (ek_hash, names, tags, note, enabled), with the caller's line number,
 * to a temporary file, so memory use is bounded. Refuses what store_device_enroll
 * refuses without looking at other devices; the caller may continue to find more
 * faults.
 */
int store_batch_add(struct store_batch *batch, const struct store_device *device, uint64_t line,
    struct error *err);

/*
 * Adds the tombstone of an EK that was removed, to be there with the devices: it is a collision
 * when the EK is enrolled, or on two lines.
 */
int store_batch_add_removed(struct store_batch *batch, const struct store_removed *removed,
    uint64_t line, struct error *err);

/*
 * Compares all with each other and with the inventory: reports each collision to
 * `fault`, in any order, and counts it in *faults. Returns -1 only when comparing
 * fails.
 */
int store_batch_check(struct store_batch *batch, uint64_t *faults, struct error *err);

/*
 * Writes and activates all of them, on disk and in the audit trail, or none: then
 * removes what was written. CONFLICT, naming the line or the name, when one of them was
 * enrolled meanwhile. `source` is their origin for the audit trail.
 */
int store_batch_commit(struct store_batch *batch, const char *source, int64_t now,
    struct error *err);

/* The number of added devices; of tombstones; and of all these and names: the work of comparing,
 * and of writing. */
uint64_t store_batch_count(const struct store_batch *batch);
uint64_t store_batch_removed(const struct store_batch *batch);
uint64_t store_batch_units(const struct store_batch *batch);

/* Takes NULL too. */
void store_batch_free(struct store_batch *batch);

/*
 * Removes some leftovers of a killed import in one small transaction, unless an
 * import is running; *more: there are more leftovers.
 */
int store_batch_sweep(struct store *store, bool *more, struct error *err);

/* True when there are leftovers to remove. */
int store_batch_abandoned(struct store *store, bool *abandoned, struct error *err);

#endif
