/*
 * What imports leave that do not live to their end. Whether one lives is asked of its
 * lock inside a transaction: no import can write meanwhile, so that a batch that
 * is there while the lock is free is nobody's.
 */
#include "config.h"

#include "store/sqlite/leftover.h"

#include <libgen.h>

#include "ca/files.h"
#include "store/hash.h"
#include "store/inventory/batch.h"
#include "store/inventory/rows.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* Devices that one transaction takes away: some tens of milliseconds. */
#define LEFTOVER_CLEAR_MAX 2000

int
sqlite_leftover_lock_open(const struct store *store, struct file_lock *lock, struct error *err)
{
	AUTO_FREE char *copy = memory_strdup(store->path);
	AUTO_FREE char *path = file_join(dirname(copy), STATE_IMPORT_LOCK);

	return file_lock_open(path, lock, err);
}

static int
leftover_is_live(const struct store *store, bool *live, struct error *err)
{
	struct file_lock lock;
	int               rc;

	if (sqlite_leftover_lock_open(store, &lock, err) != 0)
		return -1;
	rc = file_lock_look(&lock, live, err);
	file_lock_close(&lock);
	return rc;
}

/* Runs one of the two statements that look for a reserved device, bound already. */
static int
leftover_yield(struct store *store, sqlite3_stmt *statement, bool *live, struct error *err)
{
	int64_t id = 0;
	int     rc = sqlite_step(store, statement, "looking for an import", err);

	*live = false;
	if (rc > 0)
		id = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	if (rc <= 0)
		return rc;
	if (leftover_is_live(store, live, err) != 0)
		return -1;
	if (*live)
		return 0;
	if ((statement = sqlite_prepared(store, SQLITE_LEFTOVER_DELETE_STATEMENT, err)) == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	return sqlite_step(store, statement, "clearing away an import", err);
}

int
sqlite_leftover_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_LEFTOVER_BY_HASH_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE];
	bool          live;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (leftover_yield(store, statement, &live, err) != 0)
		return -1;
	store_hash_format(ek_hash, hash);
	return live ? error_set(err, ERROR_CONFLICT,
	                  "an import that is under way has EK %s; try again when it is done", hash)
	            : 0;
}

int
sqlite_leftover_yield_name(struct store *store, const char *name, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_LEFTOVER_BY_NAME_STATEMENT, err);
	bool          live;

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, name);
	if (leftover_yield(store, statement, &live, err) != 0)
		return -1;
	return live ? error_set(err, ERROR_CONFLICT,
	                  "an import that is under way has name \"%s\"; choose another name, or try"
	                  " again when it is done", name)
	            : 0;
}

/* Fills 0 in when there is none. */
static int
leftover_oldest(struct store *store, int64_t *batch, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_LEFTOVER_OLDEST_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	rc = sqlite_step(store, statement, "looking for an import", err);
	*batch = rc > 0 ? sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
sqlite_leftover_clear(struct store *store, bool *more, struct error *err)
{
	sqlite3_stmt *statement;
	int64_t       batch;

	*more = false;
	if (leftover_oldest(store, &batch, err) != 0)
		return -1;
	if (batch == 0)
		return 0;
	if ((statement = sqlite_prepared(store, SQLITE_LEFTOVER_CLEAR_STATEMENT, err)) == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, batch);
	(void)sqlite3_bind_int64(statement, 2, LEFTOVER_CLEAR_MAX);
	if (sqlite_step(store, statement, "clearing away an import", err) != 0)
		return -1;
	*more = true;
	if (sqlite3_changes(store->db) == LEFTOVER_CLEAR_MAX)
		return 0;
	if ((statement = sqlite_prepared(store, SQLITE_BATCH_DELETE_STATEMENT, err)) == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, batch);
	if (sqlite_step(store, statement, "clearing away an import", err) != 0 ||
	    leftover_oldest(store, &batch, err) != 0)
		return -1;
	*more = batch != 0;
	return 0;
}

/* Runs `dead` in a transaction when there is a batch of a process that does not live any more. */
static int
leftover_with_dead(struct store *store,
    int (*dead)(struct store *store, bool *answer, struct error *err), bool *answer,
    struct error *err)
{
	int64_t batch;
	bool    live;
	bool    marked;
	int     rc;

	*answer = false;
	/* Without a transaction first: there is hardly ever anything. */
	if (leftover_oldest(store, &batch, err) != 0)
		return -1;
	if (batch == 0)
		return 0;
	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = leftover_is_live(store, &live, err);
	if (rc == 0 && !live)
		rc = dead(store, answer, err);
	return sqlite_change_end(store, marked, rc, err);
}

static int
leftover_is_there(struct store *store, bool *there, struct error *err)
{
	int64_t batch;

	if (leftover_oldest(store, &batch, err) != 0)
		return -1;
	*there = batch != 0;
	return 0;
}

int
store_batch_sweep(struct store *store, bool *more, struct error *err)
{
	return leftover_with_dead(store, sqlite_leftover_clear, more, err);
}

int
store_batch_abandoned(struct store *store, bool *abandoned, struct error *err)
{
	return leftover_with_dead(store, leftover_is_there, abandoned, err);
}
