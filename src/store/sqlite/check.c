/*
 * SQLite's own integrity checks, and copies of a store. Compares the tables
 * with those of this version.
 */
#include "config.h"

#include "store/sqlite/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "util/error.h"

#define CHECK_REMEDY "restore it from a backup"

/* Steps of SQLite's machine between two calls of a watch: a millisecond or less. */
#define CHECK_WATCH_STEPS 10000

static int
check_watch_cb(void *arg)
{
	struct sqlite *sqlite = arg;

	sqlite->watch(sqlite->watch_arg);
	return 0;
}

void
sqlite_watch(struct store *store, void (*each)(void *arg), void *arg)
{
	struct sqlite *sqlite = sqlite_of(store);

	sqlite->watch = each;
	sqlite->watch_arg = arg;
	sqlite3_progress_handler(sqlite->db, CHECK_WATCH_STEPS, each != NULL ? check_watch_cb : NULL, sqlite);
}

/* Runs a text whose result is one row, and passes it to `each`. */
static int
check_ask(struct sqlite *sqlite, const char *text,
    int (*each)(struct sqlite *sqlite, sqlite3_stmt *row, struct error *err), struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int           rc;

	if (sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(sqlite, "checking the store", err);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		rc = each(sqlite, statement, err);
	else
		rc = rc == SQLITE_DONE ? 0 : sqlite_error(sqlite, "checking the store", err);
	(void)sqlite3_finalize(statement);
	return rc;
}

static int
check_integrity_row(struct sqlite *sqlite, sqlite3_stmt *row, struct error *err)
{
	const char *said = (const char *)sqlite3_column_text(row, 0);

	if (said != NULL && strcmp(said, "ok") == 0)
		return 0;
	return error_set(err, ERROR_INTERNAL, "%s is damaged: %.200s; " CHECK_REMEDY, sqlite->store.place,
	    said != NULL ? said : "no answer");
}

static int
check_reference_row(struct sqlite *sqlite, sqlite3_stmt *row, struct error *err)
{
	const char *table = (const char *)sqlite3_column_text(row, 0);

	return error_set(err, ERROR_INTERNAL,
	    "%s is damaged: a row of the table %.64s refers to one that is not there; " CHECK_REMEDY,
	    sqlite->store.place, table != NULL ? table : "?");
}

int
sqlite_check_integrity(struct store *store, struct error *err)
{
	struct sqlite *sqlite = sqlite_of(store);

	if (check_ask(sqlite, "PRAGMA integrity_check(1)", check_integrity_row, err) != 0)
		return -1;
	return check_ask(sqlite, "PRAGMA foreign_key_check", check_reference_row, err);
}

/* Ignores SQLite's statistics; "wanted" is a fresh store of this version. */
static const char check_difference[] =
    "SELECT name, 0 FROM (SELECT type, name, tbl_name, sql FROM wanted.sqlite_schema"
    " EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)"
    " UNION ALL SELECT name, 1 FROM (SELECT type, name, tbl_name, sql FROM main.sqlite_schema"
    " WHERE name NOT LIKE 'sqlite_stat%'"
    " EXCEPT SELECT type, name, tbl_name, sql FROM wanted.sqlite_schema)";

static int
check_schema_row(struct sqlite *sqlite, sqlite3_stmt *row, struct error *err)
{
	const char *name = (const char *)sqlite3_column_text(row, 0);

	return error_set(err, ERROR_INTERNAL,
	    "%s: \"%.64s\" is %s; somebody has changed the store by other means: " CHECK_REMEDY,
	    sqlite->store.place, name != NULL ? name : "?",
	    sqlite3_column_int(row, 1) == 0 ? "missing or not as it was made"
	                                    : "not of this program's making");
}

/* The schema texts name no database, so the fresh store is made in a separate connection and
 * copied. */
static int
check_make_wanted(struct sqlite *sqlite, struct error *err)
{
	sqlite3        *fresh = NULL;
	sqlite3_backup *copy = NULL;
	int             rc = sqlite3_open(":memory:", &fresh);

	for (int i = 0; rc == SQLITE_OK && i < sqlite->schema->version; i++)
		rc = sqlite3_exec(fresh, sqlite->schema->texts[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK && (copy = sqlite3_backup_init(sqlite->db, "wanted", fresh, "main")) != NULL) {
		(void)sqlite3_backup_step(copy, -1);
		rc = sqlite3_backup_finish(copy);
	}
	(void)sqlite3_close(fresh);
	if (rc != SQLITE_OK || copy == NULL)
		return error_set(err, ERROR_INTERNAL, "checking the store: %s: no store to compare with",
		    sqlite->store.place);
	return 0;
}

int
sqlite_check_schema(struct store *store, struct error *err)
{
	struct sqlite *sqlite = sqlite_of(store);
	int            rc;

	if (sqlite3_exec(sqlite->db, "ATTACH ':memory:' AS wanted", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(sqlite, "checking the store", err);
	rc = check_make_wanted(sqlite, err);
	if (rc == 0)
		rc = check_ask(sqlite, check_difference, check_schema_row, err);
	(void)sqlite3_exec(sqlite->db, "DETACH wanted", NULL, NULL, NULL);
	return rc;
}

static int
snapshot_write(struct sqlite *sqlite, const char *path, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int           rc;

	if (sqlite3_prepare_v2(sqlite->db, "VACUUM INTO ?1", -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(sqlite, "copying the store", err);
	(void)sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	rc = sqlite3_step(statement) == SQLITE_DONE ? 0 : sqlite_error(sqlite, "copying the store", err);
	(void)sqlite3_finalize(statement);
	return rc;
}

/* A copy is not in WAL mode, but a store must be. */
static int
snapshot_finish(const char *path, struct error *err)
{
	sqlite3 *db = NULL;
	int      rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		error_set(err, ERROR_INTERNAL, "copying the store: %s: %s", path, sqlite3_errstr(rc));
	(void)sqlite3_close(db);
	return rc == SQLITE_OK ? 0 : -1;
}

int
sqlite_snapshot(struct store *store, const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "%s is there already", path);
	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", path);
	(void)close(fd);
	if (snapshot_write(sqlite_of(store), path, err) != 0 || snapshot_finish(path, err) != 0) {
		(void)unlink(path);
		return -1;
	}
	return 0;
}
