/*
 * Devices that are in the tables and not there: of an import that is under way, or
 * that died. Nobody outside store/ includes it.
 */
#ifndef STORE_SQLITE_LEFTOVER_H
#define STORE_SQLITE_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/inventory/evidence_rows.h"
#include "util/file_lock.h"

struct error;
struct store;

/* What batches are written, hidden, shown and taken away with. */
#define SQLITE_LEFTOVER_STATEMENTS(X)                                                     \
	X(BATCH_INSERT, "INSERT INTO batch (first_device, started)"                       \
	    " VALUES ((SELECT coalesce(max(id), 0) + 1 FROM device), ?1) RETURNING id")   \
	X(BATCH_DELETE, "DELETE FROM batch WHERE id = ?1")                                \
	X(BATCH_DEVICE_INSERT, "INSERT INTO device (ek_hash, note, enabled, enrolled,"    \
	    " revision, batch) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                          \
	X(BATCH_EVIDENCE, "INSERT OR IGNORE INTO ek_certificate (device, checked, "       \
	    SQLITE_EVIDENCE_COLUMNS ", root, certificate)"                                \
	    " SELECT device.id, last_seen, " SQLITE_EVIDENCE_COLUMNS ", root, x''"        \
	    " FROM waiting CROSS JOIN device ON device.ek_hash = waiting.ek_hash"         \
	    " WHERE device.batch = ?1")                                                   \
	X(BATCH_WAITING, "DELETE FROM waiting WHERE EXISTS (SELECT 1 FROM device"         \
	    " WHERE device.ek_hash = waiting.ek_hash AND device.batch = ?1)")             \
	X(LEFTOVER_OLDEST, "SELECT id FROM batch ORDER BY id LIMIT 1")                    \
	X(LEFTOVER_BY_HASH, "SELECT id FROM device WHERE ek_hash = ?1"                    \
	    " AND batch IN (SELECT id FROM batch)")                                       \
	X(LEFTOVER_BY_NAME, "SELECT device.id FROM name JOIN device"                      \
	    " ON device.id = name.device WHERE name.name = ?1"                            \
	    " AND device.batch IN (SELECT id FROM batch)")                                \
	X(LEFTOVER_DELETE, "DELETE FROM device WHERE id = ?1")                            \
	X(LEFTOVER_CLEAR, "DELETE FROM device WHERE id IN (SELECT id FROM device"         \
	    " WHERE id >= (SELECT first_device FROM batch WHERE id = ?1) AND batch = ?1"  \
	    " ORDER BY id LIMIT ?2)")

/* The lock of whoever imports. */
int sqlite_leftover_lock_open(const struct store *store, struct file_lock *lock, struct error *err);

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

#endif
