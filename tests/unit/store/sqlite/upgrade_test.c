/* Stores of older versions: what was in them is there when this one has opened them. */
#include "config.h"

#include <string.h>

#include "scratch.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/inventory/similar.h"
#include "store/inventory/waiting.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* Version 1, as it was written then; with a device, its name and its certificate. */
static const char version_1[] =
    "PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = 1098138433;"
    "CREATE TABLE counter ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO counter (id, revision) VALUES (1, 0);"
    "CREATE TABLE device ("
    " id INTEGER PRIMARY KEY,"
    " ek_hash BLOB NOT NULL UNIQUE CHECK (length(ek_hash) = 32),"
    " note TEXT NOT NULL,"
    " enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
    " enrolled INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE name ("
    " name TEXT PRIMARY KEY CHECK (name <> ''),"
    " device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " UNIQUE (device, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE certificate ("
    " id INTEGER PRIMARY KEY,"
    " serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"
    " ek_hash BLOB NOT NULL CHECK (length(ek_hash) = 32),"
    " ak_name BLOB NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificate_of_device ON certificate (ek_hash);"
    "CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;"
    "PRAGMA user_version = 1;"
    "INSERT INTO device VALUES (7, zeroblob(32), 'a note', 0, 1700000000, 3);"
    "INSERT INTO name VALUES ('laptop', 7, 0, 3);"
    "INSERT INTO certificate VALUES (1, x'0102', zeroblob(32), x'000b', 1, 9, 5, 3);"
    "UPDATE counter SET revision = 3; COMMIT;";

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup(void)
{
	scratch_make(directory);
	store_tamper(directory, version_1);
}

static void
teardown(void)
{
	store_close(store);
	store = NULL;
	scratch_remove(directory);
}

static bool
check_certificate_cb(const struct store_certificate *certificate, void *arg)
{
	ck_assert_uint_eq(certificate->serial_size, 2);
	ck_assert_int_eq(certificate->not_after, 9);
	ck_assert_int_eq(certificate->revoked, 5);
	++*(int *)arg;
	return true;
}

static void
check_content(void)
{
	static const uint8_t hash[STORE_HASH_SIZE];
	struct store_device  device;
	int                  certificates = 0;

	unit_ok(store_device_resolve(store, "laptop", &device, &err), &err);
	ck_assert_str_eq(device.note, "a note");
	ck_assert(!device.enabled);
	ck_assert_int_eq(device.enrolled, 1700000000);
	ck_assert_int_eq(device.seen, 0);
	ck_assert_uint_eq(device.tag_count, 0);
	store_device_clear(&device);
	unit_ok(store_certificate_list(store, hash, check_certificate_cb, &certificates, &err), &err);
	ck_assert_int_eq(certificates, 1);
}

START_TEST(open_version_1_keeps_its_content)
{
	unit_ok(store_open(directory, &store, &err), &err);
	check_content();
	store_close(store);
	unit_ok(store_open(directory, &store, &err), &err);
	check_content();
}
END_TEST

START_TEST(open_version_1_twice_at_once_upgrades_once)
{
	struct store *other = NULL;

	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	check_content();
	store_close(other);
}
END_TEST

/* Makes a store of this version one of version 5. */
#define VERSION_5                                                                    \
	"ALTER TABLE waiting DROP COLUMN wish; DROP INDEX name_skeleton; ALTER TABLE name DROP COLUMN skeleton;"           \
	"ALTER TABLE counter DROP COLUMN skeletons; PRAGMA user_version = 5;"

/* Two entries on record as version 3 wrote them, which knew no names. */
static const char version_3_record[] =
    VERSION_5
    "ALTER TABLE audit DROP COLUMN names; DROP TABLE removed;"
    "INSERT INTO audit VALUES (1, 1700000000, 'uid 0 (root)', '', '', 'enroll', zeroblob(32),"
    " 'done', 'as laptop',"
    " x'adc57c7fb3b3b7019b88694932f39337ff1ce606eeb0fd148e69d5c686809e0d');"
    "INSERT INTO audit VALUES (2, 1700000001, 'attestd', '192.0.2.1:5', '7', 'trust import', NULL,"
    " 'done', '',"
    " x'f65364b0a89af5ff48619f6a5dc8ef5f6840770f201df3e4169adf6d524351af');"
    "PRAGMA user_version = 3;";

static bool
names_cb(const struct audit_entry *entry, void *arg)
{
	const char **wanted = arg;

	ck_assert_int_eq(entry->names == NULL, entry->id < 3);
	if (entry->names != NULL)
		ck_assert_str_eq(entry->names, *wanted);
	return true;
}

START_TEST(open_version_3_goes_on_with_its_chain)
{
	static const uint8_t hash[STORE_HASH_SIZE];
	const char          *wanted = "laptop";
	uint8_t              head[32];
	int64_t              count;

	unit_ok(store_open(directory, &store, &err), &err);
	store_close(store);
	store_tamper(directory, version_3_record);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 2);
	unit_ok(store_audit_add(store, AUDIT_ENABLE, hash, "done", "", 1700000002, &err), &err);
	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 3);
	unit_ok(store_audit_list(store, &(struct audit_filter){0}, names_cb, &wanted, &err), &err);
}
END_TEST

/*
 * Version 4: a device that is there and was replaced by once, two that were removed, the
 * second twice, and one of which only a certificate is left.
 */
static const char version_4_record[] =
    VERSION_5
    "DROP TABLE removed;"
    "INSERT INTO audit (at, actor, peer, request, action, ek_hash, outcome, detail, hash) VALUES"
    " (1, 'ann', '', '', 'replace', zeroblob(32), 'done', '', zeroblob(32)),"
    " (2, 'ann', '', '', 'remove', CAST(x'01' || zeroblob(31) AS BLOB), 'done', '', zeroblob(32)),"
    " (3, 'ann', '', '', 'remove', CAST(x'02' || zeroblob(31) AS BLOB), 'done', '', zeroblob(32)),"
    " (4, 'bob', '', '', 'remove', CAST(x'02' || zeroblob(31) AS BLOB), 'done', '', zeroblob(32)),"
    " (5, 'bob', '', '', 'remove', CAST(x'03' || zeroblob(31) AS BLOB), 'refused', '', zeroblob(32));"
    "INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)"
    " VALUES (x'04', CAST(x'04' || zeroblob(31) AS BLOB), x'000b', 7, 9, 8, 1),"
    " (x'05', CAST(x'02' || zeroblob(31) AS BLOB), x'000b', 7, 9, 8, 1);"
    "PRAGMA user_version = 4;";

START_TEST(open_version_4_keeps_who_was_removed)
{
	static const struct {
		uint8_t     ek_hash[STORE_HASH_SIZE];
		int64_t     at;
		const char *actor;
	} wanted[] = {{{1}, 2, "ann"}, {{2}, 4, "bob"}, {{4}, 7, ""}};
	struct store_removed removed;

	unit_ok(store_open(directory, &store, &err), &err);
	store_close(store);
	store_tamper(directory, version_4_record);
	unit_ok(store_open(directory, &store, &err), &err);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		unit_ok(store_removed_find(store, wanted[i].ek_hash, &removed, &err), &err);
		ck_assert_int_eq(removed.at, wanted[i].at);
		ck_assert_str_eq(removed.actor, wanted[i].actor);
	}
	ck_assert_int_eq(store_tamper_ask(directory, "SELECT count(*) FROM removed"), 3);
}
END_TEST

/* Version 5, which compared names by their octets only: two that look alike, and many others. */
static const char version_5_record[] =
    VERSION_5
    "INSERT INTO device (id, ek_hash, note, enabled, enrolled, revision)"
    " VALUES (8, CAST(x'08' || zeroblob(31) AS BLOB), '', 1, 1, 4);"
    "INSERT INTO name (name, device, position, since) VALUES ('Laptop', 8, 0, 4);"
    "INSERT INTO waiting VALUES (CAST(x'09' || zeroblob(31) AS BLOB), 0, 'absent', '', 'id:0', '',"
    " 'id:0', x'', '192.0.2.1', '192.0.2.1', 1, 2, 3);"
    "WITH RECURSIVE numbers (n) AS (VALUES (100000) UNION ALL SELECT n + 1 FROM numbers"
    " WHERE n < 104999) INSERT INTO name (name, device, position, since)"
    " SELECT 'PC-' || n, 8, n, 4 FROM numbers;";

static bool
pair_cb(const char *one, const char *other, void *arg)
{
	ck_assert_str_eq(one, "Laptop");
	ck_assert_str_eq(other, "laptop");
	++*(int *)arg;
	return true;
}

START_TEST(open_version_5_serves_names_that_look_alike)
{
	char                *name = (char[]){"pc-104999"};
	struct store_device  device = {.ek_hash = {9}, .names = &name, .name_count = 1};
	struct store_similar other;
	struct store_waiting waiting;
	int                  pairs = 0;

	unit_ok(store_open(directory, &store, &err), &err);
	store_close(store);
	store_tamper(directory, version_5_record);
	unit_ok(store_open(directory, &store, &err), &err);
	check_content();
	unit_ok(store_similar_list(store, pair_cb, &pairs, &err), &err);
	ck_assert_int_eq(pairs, 1);
	unit_ok(store_similar_find(store, "LAPTOP", (const uint8_t[STORE_HASH_SIZE]){8}, &other, &err),
	    &err);
	ck_assert_str_eq(other.name, "laptop");
	ck_assert_int_eq(store_device_enroll(store, &device, 2, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	unit_ok(store_waiting_find(store, device.ek_hash, &waiting, &err), &err);
	ck_assert_str_eq(waiting.wish, "");
	ck_assert_int_eq(waiting.times, 3);
	unit_ok(store_check_schema(store, &err), &err);
}
END_TEST

START_TEST(open_with_newer_tables_makes_skeletons_again)
{
	struct store_similar other;

	unit_ok(store_open(directory, &store, &err), &err);
	store_close(store);
	store_tamper(directory, "UPDATE name SET skeleton = 'x'; UPDATE counter SET skeletons = 1");
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_similar_find(store, "Laptop", (const uint8_t[STORE_HASH_SIZE]){8}, &other, &err),
	    &err);
	store_close(store);
	/* A program with older tables leaves those of a newer one. */
	store_tamper(directory,
	    "UPDATE name SET skeleton = 'x'; UPDATE counter SET skeletons = 1 << 40");
	unit_ok(store_open(directory, &store, &err), &err);
	ck_assert_int_eq(store_tamper_ask(directory, "SELECT count(*) FROM name WHERE skeleton = 'x'"), 1);
}
END_TEST

static Suite *
store_upgrade_suite(void)
{
	Suite *suite = suite_create("store_upgrade");
	TCase *tc = tcase_create("upgrade");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_version_1_keeps_its_content);
	tcase_add_test(tc, open_version_1_twice_at_once_upgrades_once);
	tcase_add_test(tc, open_version_3_goes_on_with_its_chain);
	tcase_add_test(tc, open_version_4_keeps_who_was_removed);
	tcase_add_test(tc, open_version_5_serves_names_that_look_alike);
	tcase_add_test(tc, open_with_newer_tables_makes_skeletons_again);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(store_upgrade_suite());
}
