/* The log whose writes are gathered: what is read while they wait, and what a failed write leaves. */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "scratch.h"
#include "store/sqlite/wal_file.h"
#include "unit.h"

static char     directory[SCRATCH_SIZE];
static char     path[SCRATCH_SIZE + 16];
static char     log_path[SCRATCH_SIZE + 16];
static sqlite3 *db;

static void
run(const char *text)
{
	char *message = NULL;

	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK, "%s: %s", text, message);
}

static sqlite3 *
open_with(const char *vfs)
{
	sqlite3 *opened = NULL;

	ck_assert_int_eq(sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
	    SQLITE_OK);
	return opened;
}

/* The first column of the first row, seen by a connection. */
static int
number(sqlite3 *by, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int           answer;

	ck_assert_int_eq(sqlite3_prepare_v2(by, text, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	answer = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	return answer;
}

static int64_t
log_size(void)
{
	struct stat st = {0};

	(void)stat(log_path, &st);
	return (int64_t)st.st_size;
}

static void
setup(void)
{
	scratch_make(directory);
	(void)snprintf(path, sizeof path, "%s/db", directory);
	(void)snprintf(log_path, sizeof log_path, "%s/db-wal", directory);
	db = open_with(wal_file_vfs());
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
	    "CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)");
}

static void
teardown(void)
{
	(void)sqlite3_close(db);
	scratch_remove(directory);
}

/* SQLite's own VFS reads the same log. */
START_TEST(committed_rows_are_seen_by_sqlite_itself)
{
	sqlite3 *plain;

	run("INSERT INTO t (data) VALUES (randomblob(100))");
	plain = open_with("unix");
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), 1);
	run("INSERT INTO t (data) VALUES (randomblob(100))");
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), 2);
	(void)sqlite3_close(plain);
}
END_TEST

static void
do_not_sync(void)
{
	ck_assert_int_eq(wal_file_unsynced(db, true), SQLITE_OK);
	run("PRAGMA synchronous = NORMAL");
}

static bool
is_intact(sqlite3 *by)
{
	return number(by, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1;
}

static void
copy(const char *from, const char *to)
{
	char command[4 * SCRATCH_SIZE];

	(void)snprintf(command, sizeof command, "cp %s %s", from, to);
	ck_assert_int_eq(system(command), 0);
}

/* The answer after a crash: SQLite finds a log without shared memory, and checks its checksums. */
static int
number_after_crash(const char *text)
{
	char     crashed[SCRATCH_SIZE + 16];
	char     crashed_log[SCRATCH_SIZE + 32];
	sqlite3 *opened = NULL;
	int      answer;

	(void)snprintf(crashed, sizeof crashed, "%s/crashed", directory);
	(void)snprintf(crashed_log, sizeof crashed_log, "%s-wal", crashed);
	copy(path, crashed);
	copy(log_path, crashed_log);
	ck_assert_int_eq(sqlite3_open_v2(crashed, &opened, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
	answer = number(opened, text);
	(void)sqlite3_close(opened);
	return answer;
}

/* Nothing reaches the log before the commit, when it is all written, whatever its size, synced or not. */
START_TEST(a_commit_is_written_whole)
{
	static const int rows[] = {1, 10, 300};
	int64_t          before = log_size();
	sqlite3         *plain = open_with("unix");
	char             text[200];

	if (_i >= 3)
		do_not_sync();
	(void)snprintf(text, sizeof text,
	    "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO t (data) SELECT randomblob(3000) FROM n", rows[_i % 3]);
	run(text);
	ck_assert_int_eq(log_size(), before);
	run("COMMIT");
	ck_assert_int_ge(log_size(), before + (int64_t)rows[_i % 3] * 3000);
	ck_assert_int_eq((log_size() - 32) % (24 + 4096), 0);
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), rows[_i % 3]);
	ck_assert_int_eq(number_after_crash("SELECT count(*) FROM t"), rows[_i % 3]);
	(void)sqlite3_close(plain);
}
END_TEST

/*
 * A small cache makes SQLite write pages before the commit, read and write them again, and correct the
 * checksums after them. Synced or not, other connections see the commit, and so does who opens it after a crash.
 */
START_TEST(pages_of_an_open_transaction_are_read_back)
{
	sqlite3 *plain = open_with("unix");

	if (_i != 0)
		do_not_sync();
	for (int round = 1; round <= 3; round++) {
		run("PRAGMA cache_size = 5; BEGIN");
		for (int i = 0; i < 300; i++)
			run("INSERT INTO t (data) VALUES (zeroblob(1500)); UPDATE t SET data = data WHERE id % 50 = 1");
		ck_assert_int_eq(number(db, "SELECT sum(length(data)) FROM t"), round * 300 * 1500);
		run("COMMIT");
		ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), round * 300);
		ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), round * 300);
		ck_assert_int_eq(number_after_crash("SELECT count(*) FROM t"), round * 300);
		ck_assert(is_intact(db) && is_intact(plain));
		/* The log begins again, and another connection is the first to write to it. */
		ck_assert_int_eq(number(plain, "PRAGMA wal_checkpoint(RESTART)"), 0);
		ck_assert_int_eq(sqlite3_exec(plain, "UPDATE t SET data = data WHERE id = 1", NULL, NULL, NULL),
		    SQLITE_OK);
	}
	(void)sqlite3_close(plain);
}
END_TEST

START_TEST(a_rolled_back_transaction_leaves_nothing)
{
	run("INSERT INTO t (data) VALUES (x'00')");
	run("PRAGMA cache_size = 5; BEGIN");
	for (int i = 0; i < 300; i++)
		run("INSERT INTO t (data) VALUES (zeroblob(1500))");
	run("ROLLBACK; INSERT INTO t (data) VALUES (x'01')");
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 2);
	(void)sqlite3_close(db);
	db = open_with("unix");
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 2);
}
END_TEST

/* Pages of it that waited are not written over what another connection has committed in their place. */
START_TEST(what_waited_for_a_rolled_back_transaction_is_dropped)
{
	sqlite3 *other = open_with("unix");

	run("INSERT INTO t (data) VALUES (x'00')");
	for (int pages = 1; pages < 40; pages++) {
		char text[160];

		(void)snprintf(text, sizeof text,
		    "PRAGMA cache_size = 5; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		    " WHERE i < %d) INSERT INTO t (data) SELECT zeroblob(3000) FROM n", pages);
		ck_assert_int_eq(number(other, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
		run(text);
		run("ROLLBACK");
		ck_assert_int_eq(
		    sqlite3_exec(other, "INSERT INTO t (data) VALUES (randomblob(9000))", NULL, NULL, NULL),
		    SQLITE_OK);
		ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 1 + pages);
		ck_assert(is_intact(other));
	}
	(void)sqlite3_close(other);
}
END_TEST

/* A disk that takes no more: the commit fails, at its end or before, and the next one, with room, is a whole one. */
START_TEST(a_failed_write_fails_the_commit)
{
	static const char *const inserts[] = {
	    "INSERT INTO t (data) VALUES (randomblob(20000))",
	    "INSERT INTO t (data) VALUES (randomblob(200000))",
	};
	struct rlimit all;
	struct rlimit limit;
	int           rc;

	(void)signal(SIGXFSZ, SIG_IGN);
	run("INSERT INTO t (data) VALUES (x'00')");
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
	limit = all;
	limit.rlim_cur = (rlim_t)log_size() + 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	rc = sqlite3_exec(db, inserts[_i], NULL, NULL, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	ck_assert_int_ne(rc, SQLITE_OK);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 1);
	run(inserts[_i]);
	(void)sqlite3_close(db);
	db = open_with("unix");
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 2);
	ck_assert(is_intact(db));
}
END_TEST

/* SQLite does not sync the log then. */
START_TEST(without_syncs_nothing_waits)
{
	sqlite3 *plain = open_with("unix");

	ck_assert_int_eq(wal_file_unsynced(plain, false), SQLITE_MISUSE);
	ck_assert_int_eq(wal_file_unsynced(db, true), SQLITE_OK);
	run("PRAGMA synchronous = NORMAL; INSERT INTO t (data) VALUES (randomblob(5000))");
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), 1);
	run("PRAGMA synchronous = FULL");
	ck_assert_int_eq(wal_file_unsynced(db, false), SQLITE_OK);
	run("INSERT INTO t (data) VALUES (randomblob(5000))");
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t"), 2);
	(void)sqlite3_close(plain);
}
END_TEST

/* A page that has left SQLite's cache and is changed again is written where it is in the log. */
START_TEST(pages_that_are_written_again_are_in_their_places)
{
	sqlite3 *plain;

	run("PRAGMA cache_size = 20;"
	    "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 200)"
	    " INSERT INTO t SELECT id, zeroblob(3000) FROM n");
	run("BEGIN; UPDATE t SET data = randomblob(3000); UPDATE t SET data = printf('%03000d', id); COMMIT");
	plain = open_with("unix");
	ck_assert(is_intact(plain));
	ck_assert_int_eq(number(plain, "SELECT count(*) FROM t WHERE data = printf('%03000d', id)"), 200);
	(void)sqlite3_close(plain);
}
END_TEST

START_TEST(a_checkpoint_moves_all_and_the_log_begins_again)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++)
			run("INSERT INTO t (data) VALUES (randomblob(3000))");
		ck_assert_int_eq(number(db, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
		ck_assert_int_eq(log_size(), 0);
	}
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 60);
}
END_TEST

/* What SQLite does not ask of a log today is asked of the file beneath, too. */
START_TEST(other_questions_go_to_the_file_beneath)
{
	sqlite3_file *log = NULL;
	int           reserved = -1;
	int           moved = -1;

	ck_assert_int_eq(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), SQLITE_OK);
	ck_assert_int_eq(log->pMethods->xLock(log, SQLITE_LOCK_SHARED), SQLITE_OK);
	ck_assert_int_eq(log->pMethods->xCheckReservedLock(log, &reserved), SQLITE_OK);
	ck_assert_int_eq(reserved, 0);
	ck_assert_int_eq(log->pMethods->xUnlock(log, SQLITE_LOCK_NONE), SQLITE_OK);
	ck_assert_int_eq(log->pMethods->xFileControl(log, SQLITE_FCNTL_HAS_MOVED, &moved), SQLITE_OK);
	ck_assert_int_eq(moved, 0);
	ck_assert_int_gt(log->pMethods->xSectorSize(log), 0);
	ck_assert_int_ge(log->pMethods->xDeviceCharacteristics(log), 0);
	ck_assert_int_eq(log->pMethods->xFileControl(log, -1, NULL), SQLITE_NOTFOUND);
}
END_TEST

START_TEST(a_database_that_is_not_there_is_not_opened)
{
	char     none[SCRATCH_SIZE + 16];
	sqlite3 *opened = NULL;

	(void)snprintf(none, sizeof none, "%s/none", directory);
	ck_assert_int_eq(sqlite3_open_v2(none, &opened, SQLITE_OPEN_READWRITE, wal_file_vfs()), SQLITE_CANTOPEN);
	(void)sqlite3_close(opened);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wal_file");
	TCase *tc = tcase_create("wal_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, committed_rows_are_seen_by_sqlite_itself);
	tcase_add_test(tc, other_questions_go_to_the_file_beneath);
	tcase_add_loop_test(tc, a_commit_is_written_whole, 0, 6);
	tcase_add_loop_test(tc, pages_of_an_open_transaction_are_read_back, 0, 2);
	tcase_add_test(tc, a_rolled_back_transaction_leaves_nothing);
	tcase_add_test(tc, what_waited_for_a_rolled_back_transaction_is_dropped);
	tcase_add_loop_test(tc, a_failed_write_fails_the_commit, 0, 2);
	tcase_add_test(tc, a_database_that_is_not_there_is_not_opened);
	tcase_add_test(tc, without_syncs_nothing_waits);
	tcase_add_test(tc, pages_that_are_written_again_are_in_their_places);
	tcase_add_test(tc, a_checkpoint_moves_all_and_the_log_begins_again);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
