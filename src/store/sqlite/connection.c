/*
 * The connection's statements, errors and transactions. Owns the lock order of
 * a writer: the queue's lock, then SQLite's. Knows no tables.
 */
#include "config.h"

#include "store/sqlite/connection.h"

#include <sys/statvfs.h>

#include <stdbool.h>
#include <stdlib.h>

#include "store/sql.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/check.h"
#include "store/sqlite/durable.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/glob.h"
#include "util/bytes.h"
#include "util/error.h"

/* How long a writer waits in the queue. */
#define SQLITE_PATIENCE_MS 30000

/* As it is after an error that the file system did not survive, too. */
static bool
is_mounted_read_only(const struct sqlite *sqlite)
{
	struct statvfs mount;

	return fstatvfs(sqlite->folder.fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

const char *
sqlite_read_only_remedy(const struct sqlite *sqlite)
{
	return is_mounted_read_only(sqlite)
	    ? "its file system is mounted read-only: see the kernel's log, and mount it anew"
	    : "run this as the owner of the state directory";
}

int
sqlite_error(struct sqlite *sqlite, const char *doing, struct error *err)
{
	int         code = sqlite3_extended_errcode(sqlite->db);
	const char *path = sqlite->store.place;
	const char *remedy = "";

	switch (code & 0xff) {
	case SQLITE_BUSY:
		return error_set(err, ERROR_OVERLOADED, "%s: %s is locked by a program that is not ours",
		    doing, path);
	case SQLITE_FULL:
		/* A transient error; it is shown to clients, so it does not name the store's place. */
		return error_set(err, ERROR_OVERLOADED,
		    "%s: the disk of the CA is full; its administrator must make room on it", doing);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		remedy = sqlite_read_only_remedy(sqlite);
		break;
	case SQLITE_IOERR:
		remedy = is_mounted_read_only(sqlite) ? sqlite_read_only_remedy(sqlite)
		                                      : "the disk fails: see the kernel's log";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		remedy = "restore it from a backup";
		break;
	default:
		break;
	}
	return error_set(err, ERROR_INTERNAL, "%s: %s: %s (%d)%s%s", doing, path,
	    sqlite3_errmsg(sqlite->db), code, *remedy != '\0' ? "; " : "", remedy);
}

int
sqlite_execute(struct sqlite *sqlite, const char *text, const char *doing, struct error *err)
{
	if (sqlite3_exec(sqlite->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(sqlite, doing, err);
	return 0;
}

/* ---- transactions ---- */

static bool
sqlite_in_transaction(const struct store *store)
{
	return sqlite3_get_autocommit(((const struct sqlite *)store)->db) == 0;
}

/* Without a cached statement, because preparing one could fail, and this must not. */
static void
sqlite_undo(struct sqlite *sqlite)
{
	if (sqlite_in_transaction(&sqlite->store))
		(void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
}

static int
sqlite_begin(struct store *store, bool writes, struct error *err)
{
	static const char reading[] = "BEGIN";
	static const char writing[] = "BEGIN IMMEDIATE";
	struct sqlite    *sqlite = sqlite_of(store);

	sqlite_undo(sqlite); /* what could not be undone when memory was short */
	if (!writes)
		return sql_run(store, reading, "beginning to read", err);
	if (file_lock_acquire(&sqlite->lock, SQLITE_PATIENCE_MS, err) != 0)
		return -1;
	if (sql_run(store, writing, "beginning a transaction", err) == 0)
		return 0;
	file_lock_release(&sqlite->lock);
	return -1;
}

static int
sqlite_commit(struct store *store, struct error *err)
{
	static const char text[] = "COMMIT";

	if (sql_run(store, text, "committing", err) != 0) {
		durable_commit_failed(sqlite_of(store), err);
		return -1;
	}
	file_lock_release(&sqlite_of(store)->lock);
	return 0;
}

static void
sqlite_rollback(struct store *store)
{
	sqlite_undo(sqlite_of(store));
	file_lock_release(&sqlite_of(store)->lock);
}

static int
sqlite_mark(struct store *store, struct error *err)
{
	static const char text[] = "SAVEPOINT mark";

	return sql_run(store, text, "marking a point", err);
}

static void
sqlite_release(struct store *store, bool keep)
{
	static const char undo[] = "ROLLBACK TO mark";
	static const char release[] = "RELEASE mark";
	struct error      ignored;

	if ((!keep && sql_run(store, undo, "undoing", &ignored) != 0) ||
	    sql_run(store, release, "releasing a mark", &ignored) != 0)
		sqlite_undo(sqlite_of(store));
}

/* ---- statements ---- */

struct sqlite_statement {
	struct sql_statement statement; /* first member, so that each converts to the other */
	sqlite3_stmt        *stmt;
};

static sqlite3_stmt *
statement_of(struct sql_statement *statement)
{
	return ((struct sqlite_statement *)statement)->stmt;
}

static int
sqlite_prepare(struct store *store, const char *text, bool kept, struct sql_statement **out,
    struct error *err)
{
	struct sqlite           *sqlite = sqlite_of(store);
	sqlite3_stmt            *stmt = NULL;
	struct sqlite_statement *statement;

	if (sqlite3_prepare_v3(sqlite->db, text, -1, kept ? SQLITE_PREPARE_PERSISTENT : 0, &stmt,
	        NULL) != SQLITE_OK)
		return sqlite_error(sqlite, "preparing a statement", err);
	statement = memory_new(sizeof *statement);
	statement->stmt = stmt;
	*out = &statement->statement;
	return 0;
}

static void
sqlite_finish(struct sql_statement *statement)
{
	(void)sqlite3_finalize(statement_of(statement));
	free(statement);
}

/* A failed bind leaves NULL, which NOT NULL columns refuse in sqlite3_step. */
static void
sqlite_bind(struct sql_statement *statement, int index, const struct sql_value *value)
{
	sqlite3_stmt *stmt = statement_of(statement);

	switch (value->kind) {
	case SQL_NULL:
		(void)sqlite3_bind_null(stmt, index);
		break;
	case SQL_INT64:
		(void)sqlite3_bind_int64(stmt, index, value->number);
		break;
	case SQL_TEXT:
		(void)sqlite3_bind_text64(stmt, index, (const char *)value->data, value->size,
		    SQLITE_STATIC, SQLITE_UTF8);
		break;
	case SQL_OCTETS:
		(void)sqlite3_bind_blob64(stmt, index, value->data, value->size, SQLITE_STATIC);
		break;
	}
}

static int
sqlite_step(struct sql_statement *statement, const char *doing, struct error *err)
{
	sqlite3_stmt *stmt = statement_of(statement);
	int           rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		(void)sqlite_error(sqlite_of(statement->store), doing, err);
	(void)sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void
sqlite_reset(struct sql_statement *statement)
{
	(void)sqlite3_reset(statement_of(statement));
}

/* The octets before their size, as SQLite requires. */
static void
sqlite_column(struct sql_statement *row, int column, struct sql_value *value)
{
	sqlite3_stmt *stmt = statement_of(row);

	if (value->kind == SQL_INT64) {
		value->number = sqlite3_column_int64(stmt, column);
	} else if (value->kind == SQL_TEXT) {
		value->data = sqlite3_column_text(stmt, column);
	} else {
		value->data = sqlite3_column_blob(stmt, column);
		value->size = (size_t)sqlite3_column_bytes(stmt, column);
	}
}

static uint64_t
sqlite_changed(struct store *store)
{
	return (uint64_t)sqlite3_changes64(sqlite_of(store)->db);
}

static bool
sqlite_is_taken(struct store *store)
{
	int code = sqlite3_extended_errcode(sqlite_of(store)->db);

	return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
}

static int
sqlite_sequence(struct store *store, const char *table, int64_t *number, struct error *err)
{
	static const char     text[] = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, table);
	rc = sql_step(statement, "asking for the last number", err);
	*number = rc > 0 ? sql_column_int64(statement, 0) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

const struct store_engine sqlite_engine = {
    .scheme = "sqlite",
    .create = sqlite_create,
    .open = sqlite_open,
    .close = sqlite_close,
    .files = sqlite_files,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .mark = sqlite_mark,
    .release = sqlite_release,
    .in_transaction = sqlite_in_transaction,
    .prepare = sqlite_prepare,
    .finish = sqlite_finish,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .column = sqlite_column,
    .changed = sqlite_changed,
    .is_taken = sqlite_is_taken,
    .sequence = sqlite_sequence,
    .glob_operator = "GLOB",
    .glob = sqlite_glob,
    .check_integrity = sqlite_check_integrity,
    .check_schema = sqlite_check_schema,
    .snapshot = sqlite_snapshot,
    .watch = sqlite_watch,
    .batch = &sqlite_batch_engine,
};
