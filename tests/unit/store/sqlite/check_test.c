/* What is told of a store that is not whole, and copies of one that is. */
#include "config.h"

#include <sys/stat.h>

#include <string.h>

#include "scratch.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000

static char          directory[SCRATCH_SIZE];
static char          copy_directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
enroll(struct store *into, uint8_t first)
{
	struct store_device device = {.ek_hash = {first}};

	unit_ok(store_device_enroll(into, &device, NOW, &err), &err);
}

static void
setup(void)
{
	scratch_make(directory);
	scratch_make(copy_directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	enroll(store, 1);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
	scratch_remove(copy_directory);
}

static void
meddle(const char *sql)
{
	store_tamper(directory, sql);
}

START_TEST(check_fresh_store_is_whole)
{
	unit_ok(store_check_integrity(store, &err), &err);
	unit_ok(store_check_schema(store, &err), &err);
	enroll(store, 2); /* nothing is left attached or open */
	unit_ok(store_check_schema(store, &err), &err);
}
END_TEST

static const struct {
	const char *sql;
	const char *wanted; /* of the detail */
} strange[] = {
    {"DROP TRIGGER audit_only_grows", "\"audit_only_grows\" is missing or not as it was made"},
    {"DROP INDEX audit_by_time", "\"audit_by_time\" is missing or not as it was made"},
    {"DROP TRIGGER audit_is_kept; CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN 0"
     " BEGIN SELECT 1; END",
        "\"audit_is_kept\" is missing or not as it was made"},
    {"CREATE TRIGGER spy AFTER INSERT ON device BEGIN UPDATE device SET enabled = 1; END",
        "\"spy\" is not of this program's making"},
    {"CREATE TABLE more (x)", "\"more\" is not of this program's making"},
    {"CREATE VIEW seen AS SELECT 1", "\"seen\" is not of this program's making"},
};

START_TEST(check_schema_tells_what_is_not_ours)
{
	meddle(strange[_i].sql);
	ck_assert_int_eq(store_check_schema(store, &err), -1);
	ck_assert_msg(strstr(err.detail, strange[_i].wanted) != NULL, "%s", err.detail);
}
END_TEST

static void
watch_cb(void *arg)
{
	++*(size_t *)arg;
}

START_TEST(watch_is_called_while_the_store_is_checked)
{
	size_t calls = 0;
	size_t before;

	meddle("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
	       " INSERT INTO removed SELECT randomblob(32), i, '', '', '' FROM n");
	store_watch(store, watch_cb, &calls);
	unit_ok(store_check_integrity(store, &err), &err);
	ck_assert_uint_gt(calls, 0);
	before = calls;
	store_watch(store, NULL, NULL);
	unit_ok(store_check_integrity(store, &err), &err);
	ck_assert_uint_eq(calls, before);
}
END_TEST

START_TEST(check_schema_allows_statistics)
{
	meddle("ANALYZE");
	unit_ok(store_check_schema(store, &err), &err);
}
END_TEST

START_TEST(check_integrity_tells_of_lost_references)
{
	meddle("PRAGMA foreign_keys = OFF; INSERT INTO tag VALUES (99, 'x')");
	ck_assert_int_eq(store_check_integrity(store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "a row of the table tag refers to one that is not"));
}
END_TEST

START_TEST(check_integrity_tells_of_damage)
{
	/* A row that the index of devices' entries ought to have by this and has not. */
	unit_ok(store_audit_add(store, AUDIT_SET, NULL, "done", "", NOW, &err), &err);
	meddle("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
	       " replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'audit_of_device'");
	store_close(store);
	store = NULL;
	unit_ok(store_open(directory, &store, &err), &err);
	ck_assert_int_eq(store_check_integrity(store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "is damaged: "));
}
END_TEST

START_TEST(snapshot_is_a_store)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, copy_directory);
	uint8_t         hash[STORE_HASH_SIZE] = {1};
	struct store   *copy = NULL;
	struct stat     st;
	struct store_device device;
	int64_t         count;
	uint8_t         head[32];

	unit_ok(store_snapshot(store, path, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	enroll(store, 2); /* after it */
	unit_ok(store_open(copy_directory, &copy, &err), &err);
	unit_ok(store_check_integrity(copy, &err), &err);
	unit_ok(store_check_schema(copy, &err), &err);
	unit_ok(store_audit_verify(copy, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 1);
	unit_ok(store_device_find(copy, hash, &device, &err), &err);
	store_device_clear(&device);
	hash[0] = 2;
	ck_assert_int_eq(store_device_find(copy, hash, &device, &err), -1);
	enroll(copy, 3);
	unit_ok(store_audit_verify(copy, NULL, &count, head, &err), &err);
	store_close(copy);
}
END_TEST

START_TEST(snapshot_beside_a_writer_does_not_wait)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, copy_directory);
	struct store   *other = NULL;

	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_begin(other, &err), &err);
	enroll(other, 2);
	unit_ok(store_snapshot(store, path, &err), &err);
	unit_ok(store_commit(other, &err), &err);
	store_close(other);
}
END_TEST

START_TEST(snapshot_over_a_file_is_conflict)
{
	AUTO_FREE char *path = file_join(copy_directory, "there");
	char            wanted[SCRATCH_SIZE + 64];

	unit_ok(file_create(path, "x", 1, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "%s is there already", path);
	unit_fails(store_snapshot(store, path, &err), &err, ERROR_CONFLICT, wanted);
}
END_TEST

static Suite *
store_check_suite(void)
{
	Suite *suite = suite_create("store_check");
	TCase *tc = tcase_create("store_check");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_fresh_store_is_whole);
	tcase_add_loop_test(tc, check_schema_tells_what_is_not_ours, 0,
	    (int)(sizeof strange / sizeof strange[0]));
	tcase_add_test(tc, watch_is_called_while_the_store_is_checked);
	tcase_add_test(tc, check_schema_allows_statistics);
	tcase_add_test(tc, check_integrity_tells_of_lost_references);
	tcase_add_test(tc, check_integrity_tells_of_damage);
	tcase_add_test(tc, snapshot_is_a_store);
	tcase_add_test(tc, snapshot_beside_a_writer_does_not_wait);
	tcase_add_test(tc, snapshot_over_a_file_is_conflict);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(store_check_suite());
}
