/*
 * SQL behind a store's back, as somebody has it who owns the files: the one place in the
 * unit tests that opens them. In every other test a store is what store/ makes of it.
 */
#ifndef TESTS_UNIT_STORE_TAMPER_H
#define TESTS_UNIT_STORE_TAMPER_H

#include <sqlite3.h>

#include "store/store.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/file.h"

/* The file that holds the database; the caller frees it. */
static inline char *
store_tamper_path(enum store_database database, const char *place)
{
	return file_join(place, store_files(database, place)[0]);
}

/* Opens it, and makes it where there is none. The caller closes it. */
static inline sqlite3 *
store_tamper_open(enum store_database database, const char *place)
{
	AUTO_FREE char *path = store_tamper_path(database, place);
	sqlite3        *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL), SQLITE_OK);
	return db;
}

/* Runs SQL on a database; SQLITE_OK, or what it failed with. */
static inline int
store_tamper_try(enum store_database database, const char *place, const char *sql)
{
	sqlite3 *db = store_tamper_open(database, place);
	int      rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return rc;
}

/* Runs SQL on the inventory. */
static inline void
store_tamper(const char *place, const char *sql)
{
	ck_assert_int_eq(store_tamper_try(STORE_INVENTORY, place, sql), SQLITE_OK);
}

/* The number that SQL finds in the inventory; -1 when there is no row. */
static inline int
store_tamper_ask(const char *place, const char *sql)
{
	sqlite3      *db = store_tamper_open(STORE_INVENTORY, place);
	sqlite3_stmt *statement = NULL;
	int           answer = -1;

	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return answer;
}

/* A number that differs after a connection other than this one has committed. */
static inline int
store_tamper_commits(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int           version;

	ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA data_version", -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	version = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	return version;
}

#endif
