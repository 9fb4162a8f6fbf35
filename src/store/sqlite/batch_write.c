/*
 * Writes imports: devices sorted by hash, and their names run by run sorted by name, in
 * short transactions. A row of `batch` hides all of them until it is deleted. Owns this
 * connection's settings meanwhile.
 */
#include "config.h"

#include "store/sqlite/batch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "store/similar.h"
#include "store/sqlite/batch_rows.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/durable.h"
#include "store/sqlite/leftover.h"
#include "store/sqlite/name_run.h"
#include "store/sqlite/stage.h"
#include "store/sqlite/wal_file.h"
#include "util/clock.h"
#include "util/error.h"

/* A transaction is closed at this age or this number of rows, and at the lesser age when others wait to write. */
#define BATCH_CHUNK_MS   25
#define BATCH_YIELD_MS   8
#define BATCH_CHUNK_ROWS 8192

/* Pages of the WAL at which a checkpoint is worth it: a page that was written again is copied once. */
#define BATCH_WAL_PAGES 4000

/*
 * Settings for bulk writing: a cache for the pages of a run; no fsync per transaction,
 * since the batch is invisible until the last one, whose fsync covers all before it;
 * and checkpoints outside transactions. Without foreign keys rows are written together, and SQLite
 * keeps no journal of each statement to undo it alone: a device's tags are written in its transaction, and
 * batch_check_devices looks for the devices of names.
 */
static const char batch_settings[] = "PRAGMA cache_size = -16384; PRAGMA synchronous = NORMAL;";
static const char batch_settings_rows[] = "PRAGMA foreign_keys = OFF;";
static const char batch_settings_last[] = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
static const char batch_settings_before[] =
    "PRAGMA cache_size = -2000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

static int
batch_set(struct sqlite_batch *batch, const char *settings, struct error *err)
{
	return sqlite_execute(batch->sqlite, settings, "importing", err);
}

/* Without a sync, what was gathered of a commit is written with its last page. */
static int
batch_unsync(struct sqlite_batch *batch, struct error *err)
{
	return wal_file_unsynced(batch->sqlite->db, true) == SQLITE_OK
	    ? 0
	    : error_set(err, ERROR_INTERNAL, "importing: the log of %s is not open",
	          batch->sqlite->store.place);
}

/* WAL hook: runs after each commit, in place of SQLite's automatic checkpoint, which runs inside
 * it. */
static int
batch_wal_cb(void *arg, sqlite3 *db, const char *schema, int pages)
{
	struct sqlite_batch *batch = arg;

	(void)db;
	(void)schema;
	batch->wal_pages = pages;
	return SQLITE_OK;
}

/* A passive checkpoint: others write meanwhile, and the rest is copied next time. */
static void
batch_copy_log(struct sqlite_batch *batch)
{
	if (batch->wal_pages < BATCH_WAL_PAGES)
		return;
	(void)sqlite3_wal_checkpoint_v2(batch->sqlite->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	batch->wal_pages = 0;
}

/*
 * Job-control stops are held back during a transaction and in the writers' queue, so that ^Z
 * does not block other writers.
 */
static int
batch_begin(struct sqlite_batch *batch, struct error *err)
{
	sigset_t stops;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTSTP);
	(void)sigaddset(&stops, SIGTTIN);
	(void)sigaddset(&stops, SIGTTOU);
	(void)pthread_sigmask(SIG_BLOCK, &stops, &batch->signals);
	if (store_begin(batch->batch.store, err) == 0)
		return 0;
	(void)pthread_sigmask(SIG_SETMASK, &batch->signals, NULL);
	return -1;
}

/* Commits if `rc` is 0, else rolls back. */
static int
batch_end(struct sqlite_batch *batch, int rc, struct error *err)
{
	if (rc == 0)
		rc = store_commit(batch->batch.store, err);
	else
		store_rollback(batch->batch.store);
	(void)pthread_sigmask(SIG_SETMASK, &batch->signals, NULL);
	if (rc != 0)
		return -1;
	batch_copy_log(batch);
	sqlite_batch_tell(batch);
	return 0;
}

/* The age and rows of a transaction. */
struct chunk {
	int64_t begun;
	int64_t looked; /* its age when we last looked whether others wait */
	size_t  rows;
};

static int
chunk_begin(struct sqlite_batch *batch, struct chunk *chunk, struct error *err)
{
	if (batch_begin(batch, err) != 0)
		return -1;
	*chunk = (struct chunk){.begun = clock_monotonic_ms()};
	return 0;
}

/* Others are looked for once in a millisecond. */
static bool
chunk_is_awaited(const struct sqlite_batch *batch, struct chunk *chunk, int64_t age)
{
	if (age < BATCH_YIELD_MS || age == chunk->looked)
		return false;
	chunk->looked = age;
	return file_lock_is_awaited(&batch->sqlite->lock);
}

static bool
chunk_is_full(const struct sqlite_batch *batch, struct chunk *chunk)
{
	int64_t age = clock_monotonic_ms() - chunk->begun;

	return ++chunk->rows >= BATCH_CHUNK_ROWS || age >= BATCH_CHUNK_MS || chunk_is_awaited(batch, chunk, age);
}

/* Removes leftovers of batches, ours or others'. */
static int
batch_clear(struct sqlite_batch *batch, struct error *err)
{
	bool more = true;

	while (more) {
		if (batch_begin(batch, err) != 0)
			return -1;
		if (batch_end(batch, sqlite_leftover_clear(batch->batch.store, &more, err), err) != 0)
			return -1;
	}
	return 0;
}

/*
 * Names of a run: a power of two near the square root of BATCH_RUN_WEIGHT times the devices that there will be
 * at the half of the import. Each run writes pages all over the indexes by name, so that long runs are
 * better there. Each of its transactions writes pages all over what the index by device has of the run, so
 * that short ones are better there.
 */
#define BATCH_RUN_MIN    4096
#define BATCH_RUN_WEIGHT 8192

static size_t
batch_run_names(uint64_t devices, uint64_t coming)
{
	uint64_t square = BATCH_RUN_WEIGHT * (devices + coming / 2);
	uint64_t names = BATCH_RUN_MIN;

	while (names * names < square)
		names *= 2;
	return names;
}

static int
batch_open_row(struct sqlite_batch *batch, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO batch (first_device, started) VALUES ((SELECT coalesce(max(id), 0) + 1"
	    " FROM device), ?1) RETURNING id, first_device";
	struct sql_statement *statement;
	int                   rc;

	if (device_revision_next(batch->batch.store, &batch->revision, err) != 0 ||
	    (statement = sql_prepare(batch->batch.store, text, err)) == NULL)
		return -1;
	sql_bind_int64(statement, 1, batch->now);
	rc = sql_step(statement, "beginning an import", err);
	if (rc > 0)
		batch->id = sql_column_int64(statement, 0);
	if (rc > 0)
		batch->run_names =
		    batch_run_names((uint64_t)sql_column_int64(statement, 1), batch->batch.count);
	sql_reset(statement);
	batch->undisturbed = batch->checked >= 0 && batch->revision == batch->checked + 1;
	return rc < 0 ? -1 : 0;
}

static int
batch_open(struct sqlite_batch *batch, struct error *err)
{
	if (batch_begin(batch, err) != 0)
		return -1;
	return batch_end(batch, batch_open_row(batch, err), err);
}

/* Tags that wait for others, to be written together: name_run_add has made copies of them. */
static struct batch_tag_row
batch_tag_at(const struct sqlite_batch *batch, size_t index)
{
	return (struct batch_tag_row){
	    name_run_at(&batch->tags, index)->device, name_run_text(&batch->tags, index)};
}

/* Writes the tags that still wait. */
static int
batch_write_last_tags(struct sqlite_batch *batch, struct error *err)
{
	for (size_t i = 0; i < name_run_count(&batch->tags); i++) {
		struct batch_tag_row row = batch_tag_at(batch, i);

		if (device_tag_insert(batch->batch.store, row.device, row.tag, err) != 0)
			return -1;
	}
	name_run_reset(&batch->tags);
	return 0;
}

static int
batch_write_tag(struct sqlite_batch *batch, int64_t device, const char *tag, struct error *err)
{
	struct batch_tag_row rows[BATCH_ROWS];

	name_run_add(&batch->tags, tag, device, 0);
	if (name_run_count(&batch->tags) < BATCH_ROWS)
		return 0;
	for (size_t i = 0; i < BATCH_ROWS; i++)
		rows[i] = batch_tag_at(batch, i);
	if (batch_tags_insert(batch->batch.store, rows, err) != 0)
		return -1;
	name_run_reset(&batch->tags);
	return 0;
}

static int
batch_write_device(struct sqlite_batch *batch, const struct sqlite_stage_item *item,
    struct error *err)
{
	static const char          text[] = DEVICE_INSERT;
	const struct store_device *device = &item->device;
	struct store              *store = batch->batch.store;
	struct sql_statement      *statement;
	int64_t                    id;

	statement = sql_prepare(store, text, err);
	if (statement == NULL)
		return -1;
	device_insert_bind(statement, device, device->enabled, batch->now, batch->revision);
	sql_bind_int64(statement, 5, batch->id);
	if (sql_step(statement, "importing a device", err) != 0) {
		/* Replaces SQLite's error by the one of our check. */
		if (sql_is_taken(store))
			(void)device_check_hash(store, device->ek_hash, err);
		return error_wrap(err, "line %" PRIu64, item->line);
	}
	id = sqlite3_last_insert_rowid(batch->sqlite->db);
	for (size_t i = 0; i < device->name_count; i++)
		name_run_add(&batch->names, device->names[i], id, (uint32_t)i);
	for (size_t i = 0; i < device->tag_count; i++)
		if (batch_write_tag(batch, id, device->tags[i], err) != 0)
			return -1;
	return 0;
}

/* Names the command for a new mainboard, if that is what the device has. */
static int
batch_refuse_name(struct sqlite_batch *batch, int64_t id, const char *name, struct error *err)
{
	static const char     text[] = "SELECT ek_hash FROM device WHERE id = ?1";
	struct store         *store = batch->batch.store;
	struct sql_statement *statement = sql_prepare(store, text, err);
	uint8_t               hash[STORE_HASH_SIZE];
	bool                  found;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, id);
	found = sql_step(statement, "looking for a device", err) > 0;
	if (found)
		memcpy(hash, sql_column_octets(statement, 0).data, sizeof hash);
	sql_reset(statement);
	(void)device_check_name(store, name, found ? hash : NULL, err);
	return -1;
}

/* What was enrolled since the names were compared is looked at again: it may look alike. */
static int
batch_check_name(struct sqlite_batch *batch, const char *name, struct error *err)
{
	static const uint8_t nobody[STORE_HASH_SIZE];

	if (batch->undisturbed || similar_watch_of(batch->batch.store)->warn != NULL)
		return 0;
	return sqlite_batch_check_similar(batch, name, nobody, err);
}

static int
batch_write_name(struct sqlite_batch *batch, const struct batch_name_row *row, struct error *err)
{
	struct store *store = batch->batch.store;

	if (batch_check_name(batch, row->name, err) != 0)
		return -1;
	if (device_name_insert(store, row->device, row->name, row->position, batch->revision, err) == 0)
		return 0;
	return sql_is_taken(store) ? batch_refuse_name(batch, row->device, row->name, err) : -1;
}

static struct batch_name_row
batch_name_at(const struct sqlite_batch *batch, size_t index)
{
	const struct name_run_entry *entry = name_run_at(&batch->names, index);

	return (struct batch_name_row){
	    entry->device, name_run_text(&batch->names, index), entry->position};
}

/* Whether the devices of these names, which earlier transactions have written, are still there. */
static int
batch_check_devices(struct sqlite_batch *batch, const struct batch_name_row *rows, size_t count,
    struct error *err)
{
	static const char text[] =
	    "SELECT count(*) FROM (VALUES (?1), (?2), (?3), (?4), (?5), (?6), (?7), (?8)) AS wanted"
	    " WHERE NOT EXISTS (SELECT 1 FROM device WHERE id = wanted.column1)";
	struct sql_statement *statement = sql_prepare(batch->batch.store, text, err);
	int64_t               gone;

	_Static_assert(BATCH_ROWS == 8, "so many parameters");
	if (statement == NULL)
		return -1;
	for (size_t i = 0; i < BATCH_ROWS; i++)
		sql_bind_int64(statement, (int)i + 1, rows[i < count ? i : 0].device);
	if (sql_one_number(statement, "looking for imported devices", &gone, err) != 0)
		return -1;
	return gone == 0
	    ? 0
	    : error_set(err, ERROR_CONFLICT,
	          "importing a name: its device was taken away meanwhile; nothing was imported");
}

/* Several names at once, if nothing was enrolled since they were compared: then none is taken. */
static int
batch_write_name_rows(struct sqlite_batch *batch, size_t *index, struct error *err)
{
	size_t                 left = name_run_count(&batch->names) - *index;
	size_t                 count = batch->undisturbed && left >= BATCH_ROWS ? BATCH_ROWS : 1;
	struct batch_name_row rows[BATCH_ROWS];

	for (size_t i = 0; i < count; i++)
		rows[i] = batch_name_at(batch, *index + i);
	*index += count;
	batch->steps += count;
	if (batch_check_devices(batch, rows, count, err) != 0)
		return -1;
	return count == 1 ? batch_write_name(batch, &rows[0], err)
	                  : batch_names_insert(batch->batch.store, rows, batch->revision, err);
}

/* In a transaction, so that it holds until its end. */
static int
batch_look_again(struct sqlite_batch *batch, struct error *err)
{
	int64_t revision;

	if (!batch->undisturbed)
		return 0;
	if (sqlite_batch_ask(batch, SQLITE_BATCH_REVISION, &revision, err) != 0)
		return -1;
	batch->undisturbed = revision == batch->revision;
	return 0;
}

/* Writes the names of a run from *index on, in one transaction. */
static int
batch_write_some_names(struct sqlite_batch *batch, size_t *index, struct error *err)
{
	struct chunk chunk;

	if (chunk_begin(batch, &chunk, err) != 0)
		return -1;
	if (batch_look_again(batch, err) != 0)
		return batch_end(batch, -1, err);
	do {
		if (batch_write_name_rows(batch, index, err) != 0)
			return batch_end(batch, -1, err);
	} while (*index < name_run_count(&batch->names) && !chunk_is_full(batch, &chunk));
	return batch_end(batch, 0, err);
}

static int
batch_write_names(struct sqlite_batch *batch, struct error *err)
{
	name_run_sort(&batch->names);
	for (size_t i = 0; i < name_run_count(&batch->names);)
		if (batch_write_some_names(batch, &i, err) != 0)
			return -1;
	name_run_reset(&batch->names);
	return 0;
}

/* Writes devices in one transaction; *more: there are others. */
static int
batch_write_some_devices(struct sqlite_batch *batch, bool *more, struct error *err)
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
		if (chunk_is_full(batch, &chunk))
			break;
		rc = sqlite_stage_next(batch->stage, &item, err);
	}
	*more = rc > 0;
	if (rc >= 0 && batch_write_last_tags(batch, err) != 0)
		rc = -1;
	return batch_end(batch, rc < 0 ? -1 : 0, err);
}

static bool
batch_run_is_full(const struct sqlite_batch *batch)
{
	return name_run_count(&batch->names) >= batch->run_names || name_run_is_full(&batch->names);
}

static int
batch_write(struct sqlite_batch *batch, struct error *err)
{
	bool more = true;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_DEVICES);
	while (more) {
		if (batch_write_some_devices(batch, &more, err) != 0)
			return -1;
		if ((!more || batch_run_is_full(batch)) && batch_write_names(batch, err) != 0)
			return -1;
	}
	return 0;
}

/* Runs a statement whose only parameter is the batch. */
static int
batch_run(struct sqlite_batch *batch, const char *text, struct error *err)
{
	struct sql_statement *statement = sql_prepare(batch->batch.store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, batch->id);
	return sql_step(statement, "ending an import", err);
}

/* In one transaction: they are few beside the devices, and have no names to compare. */
static int
batch_write_removed(struct sqlite_batch *batch, struct error *err)
{
	struct sqlite_stage_item item;
	int                      rc;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_REMOVED);
	while ((rc = sqlite_stage_next(batch->stage, &item, err)) > 0) {
		if (removed_take(batch->batch.store, &item.removed, err) != 0)
			return error_wrap(err, "line %" PRIu64, item.line);
		batch->steps++;
	}
	return rc;
}

static int
batch_record(struct sqlite_batch *batch, const char *source, struct error *err)
{
	char detail[512];
	char removed[64] = "";

	if (batch->batch.removed != 0)
		(void)snprintf(removed, sizeof removed, " and %" PRIu64 " removed EKs", batch->batch.removed);
	(void)snprintf(detail, sizeof detail, "%" PRIu64 " devices%s from %.400s", batch->batch.count,
	    removed, source);
	return store_audit_add(batch->batch.store, AUDIT_IMPORT, NULL, "done", detail, batch->now, err);
}

static int
batch_show(struct sqlite_batch *batch, const char *source, struct error *err)
{
	static const char show[] = "DELETE FROM batch WHERE id = ?1";
	static const char keep[] =
	    "INSERT OR IGNORE INTO ek_certificate (device, checked, " EVIDENCE_COLUMNS
	    ", root, certificate) SELECT device.id, last_seen, " EVIDENCE_COLUMNS ", root, x''"
	    " FROM waiting CROSS JOIN device ON device.ek_hash = waiting.ek_hash"
	    " WHERE device.batch = ?1";
	static const char leave[] =
	    "DELETE FROM waiting WHERE EXISTS (SELECT 1 FROM device"
	    " WHERE device.ek_hash = waiting.ek_hash AND device.batch = ?1)";
	static const char again[] =
	    "DELETE FROM removed WHERE EXISTS (SELECT 1 FROM device"
	    " WHERE device.ek_hash = removed.ek_hash AND device.batch = ?1)";

	if (batch_run(batch, show, err) != 0 || batch_run(batch, keep, err) != 0 ||
	    batch_run(batch, leave, err) != 0 || batch_run(batch, again, err) != 0 ||
	    batch_write_removed(batch, err) != 0)
		return -1;
	return batch_record(batch, source, err);
}

static int
batch_activate(struct sqlite_batch *batch, const char *source, struct error *err)
{
	if (batch_set(batch, batch_settings_last, err) != 0 || batch_begin(batch, err) != 0)
		return -1;
	return batch_end(batch, batch_show(batch, source, err), err);
}

int
sqlite_batch_commit(struct store_batch *head, const char *source, int64_t now, struct error *err)
{
	struct sqlite_batch *batch = sqlite_batch_of(head);
	struct error         ignored;
	int                  rc = -1;

	batch->now = now;
	(void)sqlite3_wal_hook(batch->sqlite->db, batch_wal_cb, batch);
	if (batch_unsync(batch, err) == 0 && batch_set(batch, batch_settings, err) == 0 &&
	    batch_clear(batch, err) == 0 &&
	    batch_open(batch, err) == 0) {
		rc = batch_set(batch, batch_settings_rows, err);
		if (rc == 0)
			rc = batch_write(batch, err);
		if (rc == 0)
			rc = batch_activate(batch, source, err);
		sqlite_stage_rest(batch->stage);
		/* Leftovers that cannot be removed now are invisible, and will be removed later: their names
		 * and tags by foreign keys. */
		if (rc != 0 && batch_set(batch, batch_settings_last, &ignored) == 0)
			(void)batch_clear(batch, &ignored);
	}
	durable_watch(batch->sqlite);
	if (batch_set(batch, batch_settings_before, &ignored) == 0)
		(void)wal_file_unsynced(batch->sqlite->db, false);
	return rc;
}
