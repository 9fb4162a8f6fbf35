/*
 * The connection's statements, errors and transactions. Owns the order in which
 * a writer takes things: the queue's lock, then SQLite's. Knows no table.
 */
#include "config.h"

#include "store/sqlite/connection.h"

#include <string.h>

#include "store/store.h"
#include "util/error.h"

/* How long a writer stands in the queue before it gives up. */
#define SQLITE_PATIENCE_MS 30000

int
sqlite_error(struct store *store, const char *doing, struct error *err)
{
	int         code = sqlite3_extended_errcode(store->db);
	const char *remedy = "";

	switch (code & 0xff) {
	case SQLITE_BUSY:
		return error_set(err, ERROR_OVERLOADED, "%s: %s is locked by a program that is not ours",
		    doing, store->path);
	case SQLITE_FULL:
		remedy = "; make room on the disk";
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		remedy = "; run this as the owner of the state directory";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		remedy = "; restore it from a backup";
		break;
	default:
		break;
	}
	return error_set(err, ERROR_INTERNAL, "%s: %s: %s (%d)%s", doing, store->path,
	    sqlite3_errmsg(store->db), code, remedy);
}

sqlite3_stmt *
sqlite_prepared(struct store *store, size_t which, struct error *err)
{
	sqlite3_stmt **statement = &store->statements[which];

	if (*statement != NULL) {
		(void)sqlite3_reset(*statement);
		return *statement;
	}
	if (sqlite3_prepare_v3(store->db, store->database->statements[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
	        NULL) != SQLITE_OK)
		(void)sqlite_error(store, "preparing a statement", err);
	return *statement;
}

int
sqlite_step(struct store *store, sqlite3_stmt *statement, const char *doing, struct error *err)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		(void)sqlite_error(store, doing, err);
	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
sqlite_one_number(struct store *store, sqlite3_stmt *statement, const char *doing,
    int64_t *number, struct error *err)
{
	int rc = sqlite_step(store, statement, doing, err);

	if (rc > 0)
		*number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_INTERNAL, "%s: %s lacks a row; restore it from a backup", doing,
		    store->path);
	return rc < 0 ? -1 : 0;
}

int
sqlite_run(struct store *store, size_t which, const char *doing, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, which, err);
	int           rc;

	if (statement == NULL)
		return -1;
	rc = sqlite_step(store, statement, doing, err);
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

/*
 * Some failures (a full disk, I/O) make SQLite undo the whole transaction by
 * itself; what came after them would else be committed alone.
 */
static int
sqlite_check_writing(const struct store *store, struct error *err)
{
	if (!store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: no transaction is open", store->path);
	if (sqlite3_get_autocommit(store->db) != 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s: an earlier failure has undone the transaction", store->path);
	return 0;
}

int
store_begin(struct store *store, struct error *err)
{
	if (store->writing)
		return error_set(err, ERROR_INTERNAL, "%s: a transaction is open already",
		    store->path);
	if (file_lock_acquire(&store->lock, SQLITE_PATIENCE_MS, err) != 0)
		return -1;
	if (sqlite_run(store, SQLITE_BEGIN_STATEMENT, "beginning a transaction", err) != 0) {
		file_lock_release(&store->lock);
		return -1;
	}
	store->writing = true;
	return 0;
}

int
store_commit(struct store *store, struct error *err)
{
	if (sqlite_check_writing(store, err) != 0 ||
	    sqlite_run(store, SQLITE_COMMIT_STATEMENT, "committing", err) != 0) {
		store_rollback(store);
		return -1;
	}
	store->writing = false;
	file_lock_release(&store->lock);
	return 0;
}

void
store_rollback(struct store *store)
{
	if (!store->writing)
		return;
	/* Not a kept statement: preparing it could fail, and this must not. */
	if (sqlite3_get_autocommit(store->db) == 0)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->writing = false;
	file_lock_release(&store->lock);
}

int
store_mark(struct store *store, struct error *err)
{
	if (sqlite_check_writing(store, err) != 0)
		return -1;
	return sqlite_run(store, SQLITE_MARK_STATEMENT, "marking a point", err);
}

void
store_release(struct store *store, bool keep)
{
	struct error ignored;

	/* Without a transaction there is nothing to undo, and the commit will say so. */
	if (sqlite_check_writing(store, &ignored) != 0)
		return;
	/* What cannot be undone alone must not be committed with the rest. */
	if ((!keep && sqlite_run(store, SQLITE_UNDO_STATEMENT, "undoing", &ignored) != 0) ||
	    sqlite_run(store, SQLITE_KEEP_STATEMENT, "releasing a mark", &ignored) != 0)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int
sqlite_change_begin(struct store *store, bool *marked, struct error *err)
{
	*marked = store->writing;
	return *marked ? store_mark(store, err) : store_begin(store, err);
}

int
sqlite_change_end(struct store *store, bool marked, int rc, struct error *err)
{
	if (marked)
		store_release(store, rc == 0);
	else if (rc != 0)
		store_rollback(store);
	else
		rc = store_commit(store, err);
	return rc;
}

int
store_generation(struct store *store, int64_t *generation, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_GENERATION_STATEMENT, err);

	return statement == NULL ? -1
	                         : sqlite_one_number(store, statement, "asking for changes", generation, err);
}

void
sqlite_bind_octets(sqlite3_stmt *statement, int index, const uint8_t *data, size_t size)
{
	(void)sqlite3_bind_blob64(statement, index, data, size, SQLITE_STATIC);
}

void
sqlite_bind_string(sqlite3_stmt *statement, int index, const char *text)
{
	(void)sqlite3_bind_text64(statement, index, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8);
}
