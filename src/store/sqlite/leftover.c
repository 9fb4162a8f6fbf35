/*
 * Leftovers of killed imports. Whether an import is alive is tested by its lock
 * inside a transaction: no import can write meanwhile, so a batch without a lock
 * holder belongs to a dead process.
 */
#include "config.h"

#include "store/sqlite/leftover.h"

#include "store/hash.h"
#include "store/sql.h"
#include "store/sqlite/connection.h"
#include "util/error.h"

/* Held by the importing process; beside the database. */
#define LEFTOVER_LOCK "import.lock"

/* Devices removed per transaction: some tens of milliseconds. */
#define LEFTOVER_CLEAR_MAX 2000

int
sqlite_leftover_lock_open(struct store *store, struct file_lock *lock, struct error *err)
{
	return file_lock_open(&sqlite_of(store)->folder, LEFTOVER_LOCK, lock, err);
}

static int
leftover_is_live(struct store *store, bool *live, struct error *err)
{
	struct file_lock lock;
	int               rc;

	if (sqlite_leftover_lock_open(store, &lock, err) != 0)
		return -1;
	rc = file_lock_look(&lock, live, err);
	file_lock_close(&lock);
	return rc;
}

/* Runs one of the two bound statements that look for a reserved device. */
static int
leftover_yield(struct store *store, struct sql_statement *statement, bool *live,
    struct error *err)
{
	static const char text[] = "DELETE FROM device WHERE id = ?1";
	int64_t id = 0;
	int     rc = sql_step(statement, "looking for an import", err);

	*live = false;
	if (rc > 0)
		id = sql_column_int64(statement, 0);
	sql_reset(statement);
	if (rc <= 0)
		return rc;
	if (leftover_is_live(store, live, err) != 0)
		return -1;
	if (*live)
		return 0;
	if ((statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_int64(statement, 1, id);
	return sql_step(statement, "clearing away an import", err);
}

int
sqlite_leftover_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	static const char     text[] =
	    "SELECT id FROM device WHERE ek_hash = ?1 AND batch IN (SELECT id FROM batch)";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  hash[STORE_HASH_TEXT_SIZE];
	bool                  live;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
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
	static const char     text[] =
	    "SELECT device.id FROM name JOIN device ON device.id = name.device"
	    " WHERE name.name = ?1 AND device.batch IN (SELECT id FROM batch)";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  live;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	if (leftover_yield(store, statement, &live, err) != 0)
		return -1;
	return live ? error_set(err, ERROR_CONFLICT,
	                  "an import that is under way has name \"%s\"; choose another name, or try"
	                  " again when it is done", name)
	            : 0;
}

/* Sets 0 when there is none. */
static int
leftover_oldest(struct store *store, int64_t *batch, struct error *err)
{
	static const char     text[] = "SELECT id FROM batch ORDER BY id LIMIT 1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	rc = sql_step(statement, "looking for an import", err);
	*batch = rc > 0 ? sql_column_int64(statement, 0) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
sqlite_leftover_clear(struct store *store, bool *more, struct error *err)
{
	static const char     leftover_clear[] =
	    "DELETE FROM device WHERE id IN (SELECT id FROM device"
	    " WHERE id >= (SELECT first_device FROM batch WHERE id = ?1) AND batch = ?1"
	    " ORDER BY id LIMIT ?2)";
	static const char     batch_delete[] = "DELETE FROM batch WHERE id = ?1";
	struct sql_statement *statement;
	int64_t               batch;

	*more = false;
	if (leftover_oldest(store, &batch, err) != 0)
		return -1;
	if (batch == 0)
		return 0;
	if ((statement = sql_prepare(store, leftover_clear, err)) == NULL)
		return -1;
	sql_bind_int64(statement, 1, batch);
	sql_bind_int64(statement, 2, LEFTOVER_CLEAR_MAX);
	if (sql_step(statement, "clearing away an import", err) != 0)
		return -1;
	*more = true;
	if (sql_changed(store) == LEFTOVER_CLEAR_MAX)
		return 0;
	if ((statement = sql_prepare(store, batch_delete, err)) == NULL)
		return -1;
	sql_bind_int64(statement, 1, batch);
	if (sql_step(statement, "clearing away an import", err) != 0 ||
	    leftover_oldest(store, &batch, err) != 0)
		return -1;
	*more = batch != 0;
	return 0;
}

/* Runs `dead` in a transaction if there is a batch of a dead process. */
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
	/* Looks without a transaction first, because there is hardly ever a leftover. */
	if (leftover_oldest(store, &batch, err) != 0)
		return -1;
	if (batch == 0)
		return 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = leftover_is_live(store, &live, err);
	if (rc == 0 && !live)
		rc = dead(store, answer, err);
	return sql_change_end(store, marked, rc, err);
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
sqlite_leftover_sweep(struct store *store, bool *more, struct error *err)
{
	return leftover_with_dead(store, sqlite_leftover_clear, more, err);
}

int
sqlite_leftover_abandoned(struct store *store, bool *abandoned, struct error *err)
{
	return leftover_with_dead(store, leftover_is_there, abandoned, err);
}
