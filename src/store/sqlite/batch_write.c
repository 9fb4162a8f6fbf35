/*
 * Writes imports: devices by hash, and their names run by run by name, in transactions so
 * short that others hardly notice. A row of `batch` hides them all until it goes. Owns how
 * this one connection writes meanwhile.
 */
#include "config.h"

#include "store/inventory/batch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/leftover.h"
#include "store/sqlite/name_run.h"
#include "store/sqlite/stage.h"
#include "util/clock.h"
#include "util/error.h"

/* A transaction takes no more when it is this old, or has so many rows. */
#define BATCH_CHUNK_MS   25
#define BATCH_CHUNK_ROWS 8192

/* Pages of the log that are worth copying into the file. */
#define BATCH_WAL_PAGES 2000

/*
 * Pages that a run touches should stay in memory. What a transaction of many writes is
 * not yet there, so that only the last one must wait for the disk: its fsync is for
 * all before it too. And the log is copied outside of transactions.
 */
static const char batch_settings[] = "PRAGMA cache_size = -16384; PRAGMA synchronous = NORMAL;";
static const char batch_settings_last[] = "PRAGMA synchronous = FULL;";
static const char batch_settings_before[] = "PRAGMA cache_size = -2000; PRAGMA synchronous = FULL;";
#define BATCH_AUTOCHECKPOINT_BEFORE 1000

static int
batch_set(struct store_batch *batch, const char *settings, struct error *err)
{
	if (sqlite3_exec(batch->store->db, settings, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(batch->store, "importing", err);
	return 0;
}

/* After each commit of this connection, in place of SQLite's own copying, which is done inside it. */
static int
batch_wal_cb(void *arg, sqlite3 *db, const char *schema, int pages)
{
	struct store_batch *batch = arg;

	(void)db;
	(void)schema;
	batch->wal_pages = pages;
	return SQLITE_OK;
}

/* Others write meanwhile; what cannot be copied now is next time. */
static void
batch_copy_log(struct store_batch *batch)
{
	if (batch->wal_pages < BATCH_WAL_PAGES)
		return;
	(void)sqlite3_wal_checkpoint_v2(batch->store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	batch->wal_pages = 0;
}

/*
 * Nobody else can write during a transaction, nor behind one that stands in the queue: whoever
 * types ^Z stops the import between two.
 */
static int
batch_begin(struct store_batch *batch, struct error *err)
{
	sigset_t stops;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTSTP);
	(void)sigaddset(&stops, SIGTTIN);
	(void)sigaddset(&stops, SIGTTOU);
	(void)pthread_sigmask(SIG_BLOCK, &stops, &batch->signals);
	if (store_begin(batch->store, err) == 0)
		return 0;
	(void)pthread_sigmask(SIG_SETMASK, &batch->signals, NULL);
	return -1;
}

/* Commits when `rc` is 0, and undoes what was done when it is not. */
static int
batch_end(struct store_batch *batch, int rc, struct error *err)
{
	if (rc == 0)
		rc = store_commit(batch->store, err);
	else
		store_rollback(batch->store);
	(void)pthread_sigmask(SIG_SETMASK, &batch->signals, NULL);
	if (rc != 0)
		return -1;
	batch_copy_log(batch);
	sqlite_batch_tell(batch);
	return 0;
}

/* One transaction's time and rows. */
struct chunk {
	int64_t begun;
	size_t  rows;
};

static int
chunk_begin(struct store_batch *batch, struct chunk *chunk, struct error *err)
{
	if (batch_begin(batch, err) != 0)
		return -1;
	*chunk = (struct chunk){.begun = clock_monotonic_ms()};
	return 0;
}

static bool
chunk_is_full(struct chunk *chunk)
{
	return ++chunk->rows >= BATCH_CHUNK_ROWS ||
	    clock_monotonic_ms() - chunk->begun >= BATCH_CHUNK_MS;
}

/* Takes away what batches have left, ours or others'. */
static int
batch_clear(struct store_batch *batch, struct error *err)
{
	bool more = true;

	while (more) {
		if (batch_begin(batch, err) != 0)
			return -1;
		if (batch_end(batch, sqlite_leftover_clear(batch->store, &more, err), err) != 0)
			return -1;
	}
	return 0;
}

static int
batch_open_row(struct store_batch *batch, struct error *err)
{
	sqlite3_stmt *statement;
	int           rc;

	if (sqlite_revision_next(batch->store, &batch->revision, err) != 0 ||
	    (statement = sqlite_prepared(batch->store, SQLITE_BATCH_INSERT_STATEMENT, err)) == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, batch->now);
	rc = sqlite_step(batch->store, statement, "beginning an import", err);
	if (rc > 0)
		batch->id = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
batch_open(struct store_batch *batch, struct error *err)
{
	if (batch_begin(batch, err) != 0)
		return -1;
	return batch_end(batch, batch_open_row(batch, err), err);
}

/* Puts the sentence of a check in place of SQLite's, when it was a UNIQUE that refused. */
static bool
batch_collided(struct store_batch *batch)
{
	return (sqlite3_extended_errcode(batch->store->db) & 0xff) == SQLITE_CONSTRAINT;
}

static int
batch_write_device(struct store_batch *batch, const struct sqlite_stage_item *item,
    struct error *err)
{
	const struct store_device *device = &item->device;
	struct store              *store = batch->store;
	sqlite3_stmt              *statement;
	int64_t                    id;

	statement = sqlite_prepared(store, SQLITE_BATCH_DEVICE_INSERT_STATEMENT, err);
	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, device->ek_hash, STORE_HASH_SIZE);
	sqlite_bind_string(statement, 2, device->note);
	(void)sqlite3_bind_int(statement, 3, device->enabled);
	(void)sqlite3_bind_int64(statement, 4, batch->now);
	(void)sqlite3_bind_int64(statement, 5, batch->revision);
	(void)sqlite3_bind_int64(statement, 6, batch->id);
	if (sqlite_step(store, statement, "importing a device", err) != 0) {
		if (batch_collided(batch))
			(void)sqlite_device_check_hash(store, device->ek_hash, err);
		return error_wrap(err, "line %" PRIu64, item->line);
	}
	id = sqlite3_last_insert_rowid(store->db);
	for (size_t i = 0; i < device->name_count; i++)
		name_run_add(&batch->names, device->names[i], id, (uint32_t)i);
	for (size_t i = 0; i < device->tag_count; i++)
		if (sqlite_tag_insert(store, id, device->tags[i], err) != 0)
			return -1;
	return 0;
}

/* Writes the names of a run from *index on, as far as one transaction goes. */
static int
batch_write_some_names(struct store_batch *batch, size_t *index, struct error *err)
{
	struct chunk chunk;

	if (chunk_begin(batch, &chunk, err) != 0)
		return -1;
	do {
		const struct name_run_entry *entry = name_run_at(&batch->names, *index);
		const char                  *name = name_run_text(&batch->names, *index);

		if (sqlite_name_insert(batch->store, entry->device, name, entry->position,
		        batch->revision, err) != 0) {
			if (batch_collided(batch))
				(void)sqlite_device_check_name(batch->store, name, NULL, err);
			return batch_end(batch, -1, err);
		}
		batch->steps++;
	} while (++*index < name_run_count(&batch->names) && !chunk_is_full(&chunk));
	return batch_end(batch, 0, err);
}

static int
batch_write_names(struct store_batch *batch, struct error *err)
{
	name_run_sort(&batch->names);
	for (size_t i = 0; i < name_run_count(&batch->names);)
		if (batch_write_some_names(batch, &i, err) != 0)
			return -1;
	name_run_reset(&batch->names);
	return 0;
}

/* Writes devices, as many as one transaction takes; *more says whether there are others. */
static int
batch_write_some_devices(struct store_batch *batch, bool *more, struct error *err)
{
	struct sqlite_stage_item item;
	struct chunk             chunk;
	int                      rc = sqlite_stage_next(batch->stage, &item, err);

	*more = rc > 0;
	if (rc <= 0)
		return rc;
	if (chunk_begin(batch, &chunk, err) != 0)
		return -1;
	while (rc > 0) {
		if (batch_write_device(batch, &item, err) != 0) {
			rc = -1;
			break;
		}
		batch->steps++;
		if (chunk_is_full(&chunk))
			break;
		rc = sqlite_stage_next(batch->stage, &item, err);
	}
	*more = rc > 0;
	return batch_end(batch, rc < 0 ? -1 : 0, err);
}

static int
batch_write(struct store_batch *batch, struct error *err)
{
	bool more = true;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_DEVICES);
	while (more) {
		if (batch_write_some_devices(batch, &more, err) != 0)
			return -1;
		if ((!more || name_run_is_full(&batch->names)) && batch_write_names(batch, err) != 0)
			return -1;
	}
	return 0;
}

/* Runs a kept statement whose one parameter is the batch. */
static int
batch_run(struct store_batch *batch, size_t which, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(batch->store, which, err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, batch->id);
	return sqlite_step(batch->store, statement, "ending an import", err);
}

static int
batch_show(struct store_batch *batch, const char *source, struct error *err)
{
	char detail[512];

	(void)snprintf(detail, sizeof detail, "%" PRIu64 " devices from %.400s",
	    store_batch_count(batch), source);
	if (batch_run(batch, SQLITE_BATCH_DELETE_STATEMENT, err) != 0 ||
	    batch_run(batch, SQLITE_BATCH_EVIDENCE_STATEMENT, err) != 0 ||
	    batch_run(batch, SQLITE_BATCH_WAITING_STATEMENT, err) != 0)
		return -1;
	return store_audit_add(batch->store, AUDIT_IMPORT, NULL, "done", detail, batch->now, err);
}

static int
batch_activate(struct store_batch *batch, const char *source, struct error *err)
{
	if (batch_set(batch, batch_settings_last, err) != 0 || batch_begin(batch, err) != 0)
		return -1;
	return batch_end(batch, batch_show(batch, source, err), err);
}

int
store_batch_commit(struct store_batch *batch, const char *source, int64_t now, struct error *err)
{
	struct error ignored;
	int          rc = -1;

	batch->now = now;
	(void)sqlite3_wal_hook(batch->store->db, batch_wal_cb, batch);
	if (batch_set(batch, batch_settings, err) == 0 && batch_clear(batch, err) == 0 &&
	    batch_open(batch, err) == 0) {
		rc = batch_write(batch, err);
		if (rc == 0)
			rc = batch_activate(batch, source, err);
		sqlite_stage_rest(batch->stage);
		/* What cannot be taken away now is invisible, and others will. */
		if (rc != 0)
			(void)batch_clear(batch, &ignored);
	}
	(void)sqlite3_wal_autocheckpoint(batch->store->db, BATCH_AUTOCHECKPOINT_BEFORE);
	(void)batch_set(batch, batch_settings_before, &ignored);
	return rc;
}
