/* A store as a whole: made, opened, refused when it is strange, its transactions, many at once. */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>

#include "store/inventory/device.h"
#include "store/sqlite/connection.h"
#include "store_devices.h"
#include "util/bytes.h"
#include "util/file.h"

static void
setup_empty(void)
{
	scratch_make(directory);
}

/* Create and open. */

START_TEST(create_store_and_companions_are_private)
{
	const char *const *names = store_files(STORE_INVENTORY, directory);
	struct stat        st;

	unit_ok(enroll(1, 0, NULL), &err);
	ck_assert_str_eq(names[0], "store.db");
	for (size_t i = 0; names[i] != NULL; i++) {
		AUTO_FREE char *path = file_join(directory, names[i]);

		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
	}
}
END_TEST

START_TEST(create_where_one_is_is_conflict)
{
	char wanted[SCRATCH_SIZE + 64];

	unit_ok(enroll(1, 0, NULL), &err);
	(void)snprintf(wanted, sizeof wanted, "there is a store already: %s/store.db", directory);
	unit_fails(store_create(directory, &err), &err, ERROR_CONFLICT, wanted);
	(void)revision_of(1);
}
END_TEST

/* Places. */

START_TEST(open_place_with_scheme_is_the_directory)
{
	char          place[SCRATCH_SIZE + 16];
	struct store *other;

	unit_ok(enroll(1, 0, NULL), &err);
	(void)snprintf(place, sizeof place, "sqlite:%s", directory);
	unit_ok(store_place_check(place, &err), &err);
	unit_ok(store_open(place, &other, &err), &err);
	ck_assert_str_eq(store_place(other), store_place(store));
	store_close(other);
	ck_assert_int_eq(store_create(place, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
}
END_TEST

/* Nothing of it but its scheme is shown: there may be a password in it. */
START_TEST(open_place_of_no_engine_is_refused)
{
	static const char place[] = "postgresql://attestd:secret@db.example/attest";
	struct store     *other;

	ck_assert_int_eq(store_place_check(place, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "a store cannot be kept at \"postgresql:\""));
	ck_assert_ptr_null(strstr(err.detail, "secret"));
	ck_assert_int_eq(store_open(place, &other, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(store_create(place, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(store_files(STORE_INVENTORY, place)[0]);
	ck_assert_ptr_null(store_directory(place));
	ck_assert(!store_has_file(STORE_INVENTORY, place, "store.db"));
}
END_TEST

START_TEST(place_without_scheme_is_a_directory)
{
	static const char *const places[] = {"store", "/var/lib/a:b", "./a:b", "Sqlite:a", "0a:b", ":a"};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		unit_ok(store_place_check(places[i], &err), &err);
		ck_assert_str_eq(store_files(STORE_ACME, places[i])[0], "acme.db");
		ck_assert_str_eq(store_directory(places[i]), places[i]);
	}
	ck_assert_int_eq(store_place_check("", &err), -1);
	ck_assert_int_eq(store_place_check("sqlite:", &err), -1);
	ck_assert_str_eq(store_directory("sqlite:/srv/store"), "/srv/store");
}
END_TEST

START_TEST(has_file_knows_its_own_and_their_companions)
{
	ck_assert(store_has_file(STORE_INVENTORY, directory, "store.db"));
	ck_assert(store_has_file(STORE_INVENTORY, directory, "store.db-wal"));
	ck_assert(store_has_file(STORE_INVENTORY, directory, "store.db-journal"));
	ck_assert(!store_has_file(STORE_INVENTORY, directory, "acme.db"));
	ck_assert(!store_has_file(STORE_INVENTORY, directory, "root.key"));
	ck_assert(!store_has_file(STORE_INVENTORY, directory, ""));
}
END_TEST

START_TEST(create_without_directory_is_refused)
{
	scratch_remove(directory);
	ck_assert_int_eq(store_create(directory, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
}
END_TEST

/* Files that cannot grow: what a full disk does. */
static void
limit_files(rlim_t size)
{
	struct rlimit limit = {size, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(create_on_a_full_disk_leaves_nothing)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, directory);

	limit_files(4096);
	ck_assert_int_eq(store_create(directory, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(access(path, F_OK), -1);
	limit_files(RLIM_INFINITY);
	unit_ok(store_create(directory, &err), &err);
}
END_TEST

START_TEST(open_without_store_is_not_found)
{
	char wanted[2 * SCRATCH_SIZE + 64];

	(void)snprintf(wanted, sizeof wanted,
	    "there is no store in %s; run \"attest-ca --state-dir %s init\"", directory, directory);
	unit_fails(store_open(directory, &store, &err), &err, ERROR_NOT_FOUND, wanted);
}
END_TEST

static const struct {
	const char *sql;
	const char *detail;
} strange[] = {
    {"PRAGMA application_id = 7", "is no store of attest-ca"},
    {"PRAGMA user_version = 99",
        "was made by a newer attest-ca (version 99, this one knows 8); install that one"},
    {"PRAGMA user_version = 0", "was never finished; remove it"},
};

START_TEST(open_strange_store_is_refused)
{
	char          wanted[SCRATCH_SIZE + 128];
	struct store *other = NULL;

	meddle(strange[_i].sql);
	(void)snprintf(wanted, sizeof wanted, "%s/store.db %s", directory, strange[_i].detail);
	unit_fails(store_open(directory, &other, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

START_TEST(open_file_that_is_no_database_is_refused)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, directory);
	static const char garbage[] = "this is no database, and it is long enough to tell";
	char            wanted[SCRATCH_SIZE + 128];

	unit_ok(file_replace(path, garbage, sizeof garbage, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted,
	    "opening the store: %s: file is not a database (26); restore it from a backup", path);
	unit_fails(store_open(directory, &store, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

/* What may stand in place of a store's file, when somebody who owns the directory puts it there. */
enum intruder { INTRUDER_LINK, INTRUDER_FIFO, INTRUDER_SECOND_NAME, INTRUDERS };

START_TEST(open_with_what_is_no_file_of_the_store_is_refused)
{
	static const char *const reasons[INTRUDERS] = {" is no regular file; a link is not followed",
	    " is no regular file; a link is not followed", " has another name elsewhere (a hard link)"};
	const char *const *names = store_files(STORE_INVENTORY, directory);
	AUTO_FREE char    *other = file_join(directory, "other");

	unit_ok(store_create(directory, &err), &err);
	unit_ok(file_create(other, "secret", 6, 0600, &err), &err);
	for (size_t i = 0; names[i] != NULL; i++) {
		AUTO_FREE char *path = file_join(directory, names[i]);
		AUTO_FREE char *away = file_join(directory, "away");
		bool            there = rename(path, away) == 0;
		AUTO_BYTES      content = {0};
		char            wanted[SCRATCH_SIZE + 128];

		ck_assert_int_eq(_i == INTRUDER_LINK ? symlink("other", path)
		                 : _i == INTRUDER_FIFO ? mkfifo(path, 0600)
		                                       : link(other, path), 0);
		(void)snprintf(wanted, sizeof wanted, "%s%s", path, reasons[_i]);
		ck_assert_int_eq(store_open(directory, &store, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
		ck_assert_msg(strncmp(err.detail, wanted, strlen(wanted)) == 0, "%s", err.detail);
		unit_ok(file_read(other, 64, &content, &err), &err);
		ck_assert_uint_eq(content.size, 6);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert(!there || rename(away, path) == 0);
	}
	unit_ok(store_open(directory, &store, &err), &err);
}
END_TEST

/* Transactions. */

static bool
present(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device found;

	if (store_device_find(store, hash, &found, &err) != 0)
		return false;
	store_device_clear(&found);
	return true;
}

START_TEST(rollback_undoes_all)
{
	unit_ok(store_begin(store, &err), &err);
	unit_ok(enroll(1, 0, NULL), &err);
	store_rollback(store);
	store_rollback(store);
	ck_assert(!present(1));
	unit_ok(enroll(1, 0, NULL), &err);
}
END_TEST

/* Enrols device 1, and then does as `arg` says. */
static int
change_cb(struct store *changed, void *arg, struct error *change_err)
{
	ck_assert_ptr_eq(changed, store);
	unit_ok(enroll(1, 0, NULL), &err);
	return *(const int *)arg == 0 ? 0 : error_set(change_err, ERROR_CONFLICT, "on second thoughts");
}

START_TEST(change_is_committed_when_it_returns_0)
{
	unit_ok(store_change(store, change_cb, &(int){0}, &err), &err);
	ck_assert(present(1));
	unit_ok(store_begin(store, &err), &err); /* none is open any more */
	store_rollback(store);
	ck_assert(present(1));
}
END_TEST

START_TEST(change_is_undone_when_it_fails)
{
	struct error why = {0};

	unit_fails(store_change(store, change_cb, &(int){-1}, &why), &why, ERROR_CONFLICT,
	    "on second thoughts");
	ck_assert(!present(1));
	unit_ok(store_change(store, change_cb, &(int){0}, &err), &err);
}
END_TEST

START_TEST(change_inside_a_transaction_is_not_run)
{
	unit_ok(store_begin(store, &err), &err);
	ck_assert_int_eq(store_change(store, change_cb, &(int){0}, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert(!present(1));
	unit_ok(store_commit(store, &err), &err);
	ck_assert(!present(1));
}
END_TEST

START_TEST(release_undoes_to_its_mark_alone)
{
	unit_ok(store_begin(store, &err), &err);
	unit_ok(store_mark(store, &err), &err);
	unit_ok(enroll(1, 0, NULL), &err);
	store_release(store, true);
	unit_ok(store_mark(store, &err), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	store_release(store, false);
	/* A change that fails undoes itself, and nothing else. */
	ck_assert_int_eq(enroll(1, 0, NAMES("x")), -1);
	unit_ok(enroll(3, 0, NAMES("x")), &err);
	unit_ok(store_commit(store, &err), &err);
	ck_assert(present(1));
	ck_assert(!present(2));
	ck_assert(present(3));
}
END_TEST

START_TEST(transaction_out_of_order_is_internal)
{
	char none[SCRATCH_SIZE + 64];
	char open_already[SCRATCH_SIZE + 64];

	(void)snprintf(none, sizeof none, "%s/store.db: no transaction is open", directory);
	(void)snprintf(open_already, sizeof open_already,
	    "%s/store.db: a transaction is open already", directory);
	unit_fails(store_commit(store, &err), &err, ERROR_INTERNAL, none);
	unit_fails(store_mark(store, &err), &err, ERROR_INTERNAL, none);
	store_release(store, false);
	unit_ok(store_begin(store, &err), &err);
	unit_fails(store_begin(store, &err), &err, ERROR_INTERNAL, open_already);
	unit_ok(store_commit(store, &err), &err);
}
END_TEST

START_TEST(commit_on_a_full_disk_undoes_all)
{
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(store_begin(store, &err), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	limit_files(4096);
	ck_assert_int_eq(store_commit(store, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert(present(1));
	ck_assert(!present(2));
	limit_files(RLIM_INFINITY);
	unit_ok(enroll(2, 0, NULL), &err);
	ck_assert(present(2));
}
END_TEST

/* A client is asked to come again: it answers 503, and is told nothing of the store's place. */
START_TEST(change_on_a_full_disk_is_overloaded)
{
	unsigned int number = 0;

	unit_ok(enroll(0, 0, NULL), &err);
	ck_assert_int_eq(sqlite3_exec(sqlite_of(store)->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
	    SQLITE_OK); /* no more than there are */
	do
		number++;
	while (number < 65536 && enroll((uint8_t)(number >> 8), (uint8_t)number, NULL) == 0);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ck_assert_int_eq(error_status(err.kind), 503);
	ck_assert_ptr_nonnull(strstr(err.detail, "the disk of the CA is full; its administrator must make room on it"));
	ck_assert_ptr_null(strstr(err.detail, directory));
}
END_TEST

START_TEST(read_while_another_writes_never_waits)
{
	struct store *other;

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_begin(other, &err), &err);
	ck_assert(present(1));
	store_close(other);
	unit_ok(enroll(2, 0, NULL), &err);
}
END_TEST

/* Many at once. */

#define THREADS 4
#define EACH 10

static void *
enroll_some(void *arg)
{
	uint8_t       first = *(const uint8_t *)arg;
	struct store *own = NULL;
	struct error  own_err = {0};
	size_t        enrolled = 0;

	if (store_open(directory, &own, &own_err) != 0)
		return NULL;
	for (uint8_t i = 0; i < EACH; i++) {
		struct store_device d = device(first, i, NULL);

		if (store_device_enroll(own, &d, NOW, &own_err) == 0)
			enrolled++;
	}
	store_close(own);
	return enrolled == EACH ? arg : NULL;
}

static size_t
count_devices(void)
{
	return (size_t)store_tamper_ask(directory, "SELECT count(DISTINCT revision) FROM device");
}

START_TEST(enroll_by_many_threads_loses_nothing)
{
	pthread_t threads[THREADS];
	uint8_t   firsts[THREADS];
	void     *result;

	for (uint8_t i = 0; i < THREADS; i++) {
		firsts[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, enroll_some, &firsts[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
		ck_assert_ptr_nonnull(result);
	}
	ck_assert_uint_eq(count_devices(), THREADS * EACH);
}
END_TEST

START_TEST(enroll_by_many_processes_loses_nothing)
{
	pid_t children[THREADS];
	int   status;

	/* SQLite wants no connection carried into a child. */
	store_close(store);
	store = NULL;
	for (uint8_t i = 0; i < THREADS; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0)
			_exit(enroll_some(&i) != NULL ? 0 : 1);
	}
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(count_devices(), THREADS * EACH);
}
END_TEST

/* One name, many who want it: one gets it. */
static void *
enroll_the_name(void *arg)
{
	uint8_t             first = *(const uint8_t *)arg;
	struct store       *own = NULL;
	struct error        own_err = {0};
	struct store_device d = device(first, 0, NAMES("wanted"));
	int                 rc;

	if (store_open(directory, &own, &own_err) != 0)
		return NULL;
	rc = store_device_enroll(own, &d, NOW, &own_err);
	store_close(own);
	return rc == 0 ? arg : NULL;
}

START_TEST(enroll_one_name_at_once_has_one_winner)
{
	pthread_t threads[THREADS];
	uint8_t   firsts[THREADS];
	int       winners = 0;
	void     *result;

	for (uint8_t i = 0; i < THREADS; i++) {
		firsts[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, enroll_the_name, &firsts[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
		winners += result != NULL;
	}
	ck_assert_int_eq(winners, 1);
	ck_assert_uint_eq(count_devices(), 1);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

static TCase *
case_of_files(void)
{
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup_empty, teardown);
	tcase_add_test(tc, create_without_directory_is_refused);
	tcase_add_test(tc, create_on_a_full_disk_leaves_nothing);
	tcase_add_test(tc, open_without_store_is_not_found);
	tcase_add_test(tc, open_file_that_is_no_database_is_refused);
	tcase_add_loop_test(tc, open_with_what_is_no_file_of_the_store_is_refused, 0, INTRUDERS);
	return tc;
}

static TCase *
case_of_stores(void)
{
	TCase *tc = tcase_create("stores");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, create_store_and_companions_are_private);
	tcase_add_test(tc, create_where_one_is_is_conflict);
	tcase_add_test(tc, open_place_with_scheme_is_the_directory);
	tcase_add_test(tc, open_place_of_no_engine_is_refused);
	tcase_add_test(tc, place_without_scheme_is_a_directory);
	tcase_add_test(tc, has_file_knows_its_own_and_their_companions);
	tcase_add_loop_test(tc, open_strange_store_is_refused, 0, COUNT(strange));
	return tc;
}

static TCase *
case_of_transactions(void)
{
	TCase *tc = tcase_create("transactions");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, rollback_undoes_all);
	tcase_add_test(tc, change_is_committed_when_it_returns_0);
	tcase_add_test(tc, change_is_undone_when_it_fails);
	tcase_add_test(tc, change_inside_a_transaction_is_not_run);
	tcase_add_test(tc, release_undoes_to_its_mark_alone);
	tcase_add_test(tc, transaction_out_of_order_is_internal);
	tcase_add_test(tc, commit_on_a_full_disk_undoes_all);
	tcase_add_test(tc, change_on_a_full_disk_is_overloaded);
	tcase_add_test(tc, read_while_another_writes_never_waits);
	tcase_add_test(tc, enroll_by_many_threads_loses_nothing);
	tcase_add_test(tc, enroll_by_many_processes_loses_nothing);
	tcase_add_test(tc, enroll_one_name_at_once_has_one_winner);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("store");

	suite_add_tcase(suite, case_of_files());
	suite_add_tcase(suite, case_of_stores());
	suite_add_tcase(suite, case_of_transactions());
	return unit_run(suite);
}
