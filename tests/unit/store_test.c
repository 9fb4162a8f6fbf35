#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <sqlite3.h>

#include "scratch.h"
#include "store/files.h"
#include "store/hash.h"
#include "store/store.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup_empty(void)
{
	scratch_make(directory);
}

static void
setup(void)
{
	setup_empty();
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* A device whose hash begins with the two octets; names end with NULL. */
static struct store_device
device(uint8_t first, uint8_t second, const char *const *names)
{
	struct store_device d = {.ek_hash = {first, second}, .names = (char **)(uintptr_t)names};

	while (names != NULL && names[d.name_count] != NULL)
		d.name_count++;
	return d;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static int
enroll(uint8_t first, uint8_t second, const char *const *names)
{
	struct store_device d = device(first, second, names);

	return store_device_enroll(store, &d, NOW, &err);
}

static struct store_certificate
certificate(uint8_t serial, uint8_t first, int64_t not_after)
{
	return (struct store_certificate){.serial = {0x40, serial},
	    .serial_size = 20,
	    .ek_hash = {first},
	    .ak_name = {0x00, 0x0b, serial},
	    .ak_name_size = 34,
	    .not_before = NOW,
	    .not_after = not_after};
}

static int64_t
revision_of(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device found;
	int64_t             revision;

	unit_ok(store_device_find(store, hash, &found, &err), &err);
	revision = found.revision;
	store_device_clear(&found);
	return revision;
}

static int
add_certificate(uint8_t serial, uint8_t first, int64_t not_after)
{
	struct store_certificate c = certificate(serial, first, not_after);

	return store_certificate_add(store, &c, revision_of(first), &err);
}

/* Runs SQL on the file behind the store's back. */
static void
meddle(const char *sql)
{
	AUTO_FREE char *path = file_join(directory, STATE_STORE);
	sqlite3        *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* Create and open. */

START_TEST(create_store_and_companions_are_private)
{
	static const char *const names[] = {STATE_STORE, STATE_STORE "-wal", STATE_STORE "-shm",
	    STATE_STORE_LOCK};
	struct stat              st;

	unit_ok(enroll(1, 0, NULL), &err);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
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
	AUTO_FREE char *path = file_join(directory, STATE_STORE);

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
        "was made by a newer attest-ca (version 99, this one knows 2); install that one"},
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
	AUTO_FREE char *path = file_join(directory, STATE_STORE);
	static const char garbage[] = "this is no database, and it is long enough to tell";
	char            wanted[SCRATCH_SIZE + 128];

	unit_ok(file_replace(path, garbage, sizeof garbage, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted,
	    "opening the store: %s: file is not a database (26); restore it from a backup", path);
	unit_fails(store_open(directory, &store, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

/* Enrol and find. */

START_TEST(enroll_device_is_found_whole)
{
	struct store_device d = device(0x2e, 0xa8, NAMES("laptop", "anna's"));
	struct store_device found;
	struct store       *other;

	d.note = (char *)(uintptr_t) "third floor / left";
	d.tags = (char **)(uintptr_t)NAMES("sales", "floor:3");
	d.tag_count = 2;
	unit_ok(store_device_enroll(store, &d, NOW, &err), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_device_find(other, d.ek_hash, &found, &err), &err);
	ck_assert_mem_eq(found.ek_hash, d.ek_hash, STORE_HASH_SIZE);
	ck_assert_uint_eq(found.name_count, 2);
	ck_assert_str_eq(found.names[0], "laptop");
	ck_assert_str_eq(found.names[1], "anna's");
	ck_assert_uint_eq(found.tag_count, 2);
	ck_assert_str_eq(found.tags[0], "floor:3");
	ck_assert_str_eq(found.tags[1], "sales");
	ck_assert_str_eq(found.note, "third floor / left");
	ck_assert(found.enabled);
	ck_assert_int_eq(found.seen, 0);
	ck_assert_int_eq(found.enrolled, NOW);
	ck_assert_int_gt(found.revision, 0);
	store_device_clear(&found);
	store_close(other);
}
END_TEST

START_TEST(enroll_again_is_conflict)
{
	unit_ok(enroll(0x2e, 0xa8, NULL), &err);
	unit_fails(enroll(0x2e, 0xa8, NAMES("x")), &err, ERROR_CONFLICT,
	    "EK 2ea8000000000000000000000000000000000000000000000000000000000000 is enrolled already; "
	    "see \"attest-ca show 2ea8000000000000000000000000000000000000000000000000000000000000\"");
}
END_TEST

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"
#define HASH_2 "0200000000000000000000000000000000000000000000000000000000000000"
#define HASH_2_URN "urn:ek:sha256:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

START_TEST(enroll_name_in_use_is_conflict_and_changes_nothing)
{
	uint8_t             hash[STORE_HASH_SIZE] = {2};
	struct store_device found;

	unit_ok(enroll(1, 0, NAMES("laptop")), &err);
	unit_fails(enroll(2, 0, NAMES("free", "laptop")), &err, ERROR_CONFLICT,
	    "name \"laptop\" belongs to device " HASH_1
	    "; choose another name, or remove that device");
	ck_assert_int_eq(store_device_find(store, hash, &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	unit_ok(enroll(3, 0, NAMES("free")), &err);
}
END_TEST

static const struct {
	const char     *names[3];
	enum error_kind kind;
	const char     *detail;
} refused_names[] = {
    {{"a", "a"}, ERROR_CONFLICT, "name \"a\" is given twice"},
    {{HASH_2}, ERROR_CONFLICT,
        "name \"" HASH_2 "\" is the hash of another EK; choose another name"},
    {{"sha256:" HASH_2}, ERROR_CONFLICT,
        "name \"sha256:" HASH_2 "\" is the hash of another EK; choose another name"},
    {{"b", ""}, ERROR_MALFORMED, "name 2: an identifier cannot be empty"},
    {{"a/b"}, ERROR_MALFORMED, "name 1: an identifier cannot hold a \"/\""},
    {{"\x1b[31m"}, ERROR_MALFORMED, "name 1: octet 1 of the identifier is a control character"},
};

START_TEST(enroll_name_against_the_rules_is_refused)
{
	unit_fails(enroll(1, 0, refused_names[_i].names), &err, refused_names[_i].kind,
	    refused_names[_i].detail);
}
END_TEST

START_TEST(enroll_own_hash_as_name_is_taken)
{
	unit_ok(enroll(1, 0, NAMES(HASH_1)), &err);
}
END_TEST

START_TEST(enroll_too_many_names_is_malformed)
{
	char        texts[STORE_DEVICE_NAMES_MAX + 1][4];
	const char *names[STORE_DEVICE_NAMES_MAX + 2] = {NULL};

	for (int i = 0; i <= STORE_DEVICE_NAMES_MAX; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "n%02d", i);
		names[i] = texts[i];
	}
	unit_fails(enroll(1, 0, names), &err, ERROR_MALFORMED,
	    "a device has at most 32 names, this one 33");
	names[STORE_DEVICE_NAMES_MAX] = NULL;
	unit_ok(enroll(1, 0, names), &err);
	(void)revision_of(1);
}
END_TEST

static const struct {
	const char     *tags[3];
	enum error_kind kind;
	const char     *detail;
} refused_tags[] = {
    {{"a", "a"}, ERROR_CONFLICT, "tag \"a\" is given twice"},
    {{""}, ERROR_MALFORMED, "a tag has 1 to 64 octets, \"\" has 0"},
    {{"two words"}, ERROR_MALFORMED,
        "tag \"two words\": octet 4 is none of A-Z a-z 0-9 - _ . : @ + = /"},
};

START_TEST(enroll_tag_against_the_rules_is_refused)
{
	struct store_device d = device(1, 0, NULL);

	d.tags = (char **)(uintptr_t)refused_tags[_i].tags;
	while (d.tags[d.tag_count] != NULL)
		d.tag_count++;
	unit_fails(store_device_enroll(store, &d, NOW, &err), &err, refused_tags[_i].kind,
	    refused_tags[_i].detail);
}
END_TEST

START_TEST(enroll_tags_are_bounded)
{
	char                texts[STORE_DEVICE_TAGS_MAX + 1][4];
	char               *tags[STORE_DEVICE_TAGS_MAX + 1];
	struct store_device d = device(1, 0, NULL);

	for (int i = 0; i <= STORE_DEVICE_TAGS_MAX; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "t%02d", i);
		tags[i] = texts[i];
	}
	d.tags = tags;
	d.tag_count = STORE_DEVICE_TAGS_MAX + 1;
	unit_fails(store_device_enroll(store, &d, NOW, &err), &err, ERROR_MALFORMED,
	    "a device has at most 32 tags, this one 33");
	d.tag_count--;
	unit_ok(store_device_enroll(store, &d, NOW, &err), &err);
}
END_TEST

static const struct {
	const char *note;
	const char *detail;
} refused_notes[] = {
    {"two\nlines", "octet 4 of the note is a control character"},
    {"\xff", "octet 1 of the note is not UTF-8"},
};

START_TEST(enroll_note_against_the_rules_is_malformed)
{
	struct store_device d = device(1, 0, NULL);

	d.note = memory_strdup(refused_notes[_i].note);
	unit_fails(store_device_enroll(store, &d, NOW, &err), &err, ERROR_MALFORMED,
	    refused_notes[_i].detail);
	free(d.note);
}
END_TEST

START_TEST(enroll_note_length_is_bounded)
{
	struct store_device d = device(1, 0, NULL);
	char                note[STORE_NOTE_MAX + 2] = "";

	memset(note, 'x', STORE_NOTE_MAX + 1);
	d.note = note;
	unit_fails(store_device_enroll(store, &d, NOW, &err), &err, ERROR_MALFORMED,
	    "a note has at most 1024 octets, this one 1025");
	note[STORE_NOTE_MAX] = '\0';
	unit_ok(store_device_enroll(store, &d, NOW, &err), &err);
}
END_TEST

START_TEST(find_absent_device_is_not_enrolled)
{
	uint8_t             hash[STORE_HASH_SIZE] = {1};
	struct store_device found;

	unit_fails(store_device_find(store, hash, &found, &err), &err, ERROR_NOT_ENROLLED,
	    "EK " HASH_1 " is not enrolled; run \"attest-ca enroll " HASH_1 "\"");
}
END_TEST

/* Resolve. */

static const struct {
	const char *text;
	uint8_t     first; /* of the device it means */
	uint8_t     second;
} resolved[] = {
    {"laptop", 0x2e, 0xa8},
    {"second name", 0x2e, 0xa8},
    {"2ea8", 0x2e, 0xa8},
    {"2EA800", 0x2e, 0xa8},
    {"sha256:2ea8", 0x2e, 0xa8},
    {HASH_2, 0x02, 0x00},
    {"sha256:" HASH_2, 0x02, 0x00},
    {HASH_2_URN, 0x02, 0x00},
    {"abcd", 0x02, 0x00}, /* a name goes before a prefix */
    {"abcd0", 0xab, 0xcd},
};

START_TEST(resolve_each_form_finds_the_device)
{
	struct store_device found;

	unit_ok(enroll(0x2e, 0xa8, NAMES("laptop", "second name")), &err);
	unit_ok(enroll(0x2e, 0xa9, NAMES("lap")), &err);
	unit_ok(enroll(0x02, 0x00, NAMES("abcd")), &err);
	unit_ok(enroll(0xab, 0xcd, NULL), &err);
	unit_ok(store_device_resolve(store, resolved[_i].text, &found, &err), &err);
	ck_assert_uint_eq(found.ek_hash[0], resolved[_i].first);
	ck_assert_uint_eq(found.ek_hash[1], resolved[_i].second);
	store_device_clear(&found);
}
END_TEST

static const struct {
	const char     *text;
	enum error_kind kind;
	const char     *detail;
} unresolved[] = {
    {"lapto", ERROR_NOT_ENROLLED,
        "no device is called \"lapto\", and no EK hash begins so; see \"attest-ca list\""},
    {"Laptop", ERROR_NOT_ENROLLED,
        "no device is called \"Laptop\", and no EK hash begins so; see \"attest-ca list\""},
    {"", ERROR_NOT_ENROLLED,
        "no device is called \"\", and no EK hash begins so; see \"attest-ca list\""},
    {"2ea", ERROR_NOT_ENROLLED, /* too short for a prefix */
        "no device is called \"2ea\", and no EK hash begins so; see \"attest-ca list\""},
    {"2eab", ERROR_NOT_ENROLLED,
        "no device is called \"2eab\", and no EK hash begins so; see \"attest-ca list\""},
    {"7700", ERROR_CONFLICT,
        "\"7700\" begins more than one EK hash, "
        "7700000000000000000000000000000000000000000000000000000000000000 and "
        "7700000000000000000000000000000000000000000000000000000000000001 among them; "
        "give more digits"},
    {HASH_1, ERROR_NOT_ENROLLED,
        "EK " HASH_1 " is not enrolled; run \"attest-ca enroll " HASH_1 "\""},
};

START_TEST(resolve_what_is_none_or_several_is_refused)
{
	struct store_device found;
	struct store_device twin = device(0x77, 0x00, NULL);

	twin.ek_hash[STORE_HASH_SIZE - 1] = 1;
	unit_ok(enroll(0x2e, 0xa8, NAMES("laptop")), &err);
	unit_ok(enroll(0x77, 0x00, NULL), &err);
	unit_ok(store_device_enroll(store, &twin, NOW, &err), &err);
	unit_fails(store_device_resolve(store, unresolved[_i].text, &found, &err), &err,
	    unresolved[_i].kind, unresolved[_i].detail);
}
END_TEST

/* List. */

struct seen {
	uint8_t first[8];
	size_t  count;
	size_t  most; /* stop after as many */
};

static bool
see_device(const struct store_device *d, void *arg)
{
	struct seen *seen = arg;

	seen->first[seen->count++] = d->ek_hash[0];
	return seen->count < seen->most;
}

START_TEST(list_devices_is_by_name_then_hash)
{
	static const uint8_t wanted[] = {9, 5, 7, 1, 3};
	struct seen          seen = {.most = 8};

	unit_ok(enroll(3, 0, NULL), &err);
	unit_ok(enroll(7, 0, NAMES("z", "a")), &err);
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(enroll(9, 0, NAMES("b")), &err);
	unit_ok(enroll(5, 0, NAMES("c", "d")), &err);
	unit_ok(store_device_list(store, see_device, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, sizeof wanted);
	ck_assert_mem_eq(seen.first, wanted, sizeof wanted);

	seen = (struct seen){.most = 2};
	unit_ok(store_device_list(store, see_device, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 2);
	unit_ok(store_begin(store, &err), &err);
	seen = (struct seen){.most = 8};
	unit_ok(store_device_list(store, see_device, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 5);
	unit_ok(store_commit(store, &err), &err);
}
END_TEST

static bool
see_device_and_list(const struct store_device *d, void *arg)
{
	struct seen inner = {.most = 8};

	ck_assert(see_device(d, arg));
	unit_ok(store_device_list(store, see_device, &inner, &err), &err);
	ck_assert_uint_eq(inner.count, 2);
	return true;
}

START_TEST(list_within_a_list_is_independent)
{
	struct seen seen = {.most = 8};

	unit_ok(enroll(1, 0, NAMES("a")), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	unit_ok(store_device_list(store, see_device_and_list, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 2);
}
END_TEST

/* Certificates and removal. */

struct records {
	struct store_certificate all[8];
	size_t                   count;
};

static bool
see_certificate(const struct store_certificate *c, void *arg)
{
	struct records *records = arg;

	records->all[records->count++] = *c;
	return records->count < 8;
}

START_TEST(certificate_add_is_listed_oldest_first)
{
	uint8_t        hash[STORE_HASH_SIZE] = {1};
	struct records records = {.count = 0};

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	unit_ok(add_certificate(9, 1, NOW + 90), &err);
	unit_ok(add_certificate(5, 2, NOW + 90), &err);
	unit_ok(add_certificate(3, 1, NOW + 30), &err);
	unit_ok(store_certificate_list(store, hash, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 2);
	ck_assert_uint_eq(records.all[0].serial[1], 9);
	ck_assert_uint_eq(records.all[1].serial[1], 3);
	ck_assert_uint_eq(records.all[1].serial_size, 20);
	ck_assert_mem_eq(records.all[1].ek_hash, hash, STORE_HASH_SIZE);
	ck_assert_uint_eq(records.all[1].ak_name_size, 34);
	ck_assert_uint_eq(records.all[1].ak_name[2], 3);
	ck_assert_int_eq(records.all[1].not_before, NOW);
	ck_assert_int_eq(records.all[1].not_after, NOW + 30);
	ck_assert_int_eq(records.all[1].revoked, 0);
}
END_TEST

START_TEST(certificate_add_for_absent_device_is_not_enrolled)
{
	struct store_certificate c = certificate(1, 1, NOW + 90);

	ck_assert_int_eq(store_certificate_add(store, &c, 1, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
}
END_TEST

START_TEST(certificate_add_for_disabled_device_is_refused)
{
	unit_ok(enroll(1, 0, NULL), &err);
	meddle("UPDATE device SET enabled = 0");
	unit_fails(add_certificate(1, 1, NOW + 90), &err, ERROR_DEVICE_DISABLED,
	    "device " HASH_1 " is switched off");
}
END_TEST

START_TEST(certificate_add_for_device_enrolled_anew_is_conflict)
{
	uint8_t                  hash[STORE_HASH_SIZE] = {1};
	struct store_certificate c = certificate(1, 1, NOW + 90);
	int64_t                  revision;

	unit_ok(enroll(1, 0, NAMES("before")), &err);
	revision = revision_of(1);
	unit_ok(store_device_remove(store, hash, NOW, &err), &err);
	unit_ok(enroll(1, 0, NAMES("after")), &err);
	ck_assert_int_gt(revision_of(1), revision);
	unit_fails(store_certificate_add(store, &c, revision, &err), &err, ERROR_CONFLICT,
	    "device " HASH_1 " was changed while it attested; let it attest again");
}
END_TEST

START_TEST(certificate_add_of_impossible_size_is_refused)
{
	struct store_certificate c = certificate(1, 1, NOW + 90);

	unit_ok(enroll(1, 0, NULL), &err);
	c.serial_size = 0;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "a serial number of 0 octets");
	c.serial_size = STORE_SERIAL_MAX + 1;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "a serial number of 21 octets");
	c = certificate(1, 1, NOW + 90);
	c.ak_name_size = 0;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "an AK Name of 0 octets");
	c.ak_name_size = STORE_NAME_MAX + 1;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "an AK Name of 67 octets");
}
END_TEST

START_TEST(certificate_add_serial_again_is_refused)
{
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	ck_assert_int_eq(add_certificate(1, 1, NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
}
END_TEST

START_TEST(remove_device_revokes_and_frees_its_names)
{
	uint8_t             hash[STORE_HASH_SIZE] = {1};
	struct records      records = {.count = 0};
	struct store_device found;

	unit_ok(enroll(1, 0, NAMES("laptop")), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	unit_ok(add_certificate(2, 1, NOW + 30), &err);
	unit_ok(add_certificate(3, 2, NOW + 90), &err);
	unit_ok(store_device_remove(store, hash, NOW + 10, &err), &err);
	ck_assert_int_eq(store_device_resolve(store, "laptop", &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);

	unit_ok(store_revoked_list(store, 0, NOW + 30, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 2);
	ck_assert_uint_eq(records.all[0].serial[1], 2);
	ck_assert_uint_eq(records.all[1].serial[1], 1);
	ck_assert_int_eq(records.all[0].revoked, NOW + 10);
	records.count = 0;
	unit_ok(store_revoked_list(store, 0, NOW + 31, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 1);

	unit_ok(enroll(3, 0, NAMES("laptop")), &err);
	unit_fails(store_device_remove(store, hash, NOW + 20, &err), &err, ERROR_NOT_ENROLLED,
	    "EK " HASH_1 " is not enrolled; run \"attest-ca enroll " HASH_1 "\"");
}
END_TEST

START_TEST(remove_again_keeps_the_first_date)
{
	uint8_t        hash[STORE_HASH_SIZE] = {1};
	struct records records = {.count = 0};

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	unit_ok(store_device_remove(store, hash, NOW + 10, &err), &err);
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(store_device_remove(store, hash, NOW + 20, &err), &err);
	unit_ok(store_certificate_list(store, hash, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 1);
	ck_assert_int_eq(records.all[0].revoked, NOW + 10);
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

START_TEST(generation_changes_with_the_commits_of_others)
{
	struct store *other;
	struct store *mine = store;
	int64_t       before;
	int64_t       after;

	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_generation(mine, &before, &err), &err);
	unit_ok(store_generation(mine, &after, &err), &err);
	ck_assert_int_eq(before, after);
	store = other;
	unit_ok(enroll(1, 0, NULL), &err);
	store = mine;
	unit_ok(store_generation(mine, &after, &err), &err);
	ck_assert_int_ne(before, after);
	store_close(other);
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
	AUTO_FREE char *path = file_join(directory, STATE_STORE);
	sqlite3        *db = NULL;
	sqlite3_stmt   *statement = NULL;
	int             count;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(DISTINCT revision) FROM device", -1,
	                     &statement, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return (size_t)count;
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
	return tc;
}

static TCase *
case_of_devices(void)
{
	TCase *tc = tcase_create("devices");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, create_store_and_companions_are_private);
	tcase_add_test(tc, create_where_one_is_is_conflict);
	tcase_add_loop_test(tc, open_strange_store_is_refused, 0, COUNT(strange));
	tcase_add_test(tc, enroll_device_is_found_whole);
	tcase_add_test(tc, enroll_again_is_conflict);
	tcase_add_test(tc, enroll_name_in_use_is_conflict_and_changes_nothing);
	tcase_add_loop_test(tc, enroll_name_against_the_rules_is_refused, 0, COUNT(refused_names));
	tcase_add_test(tc, enroll_own_hash_as_name_is_taken);
	tcase_add_test(tc, enroll_too_many_names_is_malformed);
	tcase_add_loop_test(tc, enroll_tag_against_the_rules_is_refused, 0, COUNT(refused_tags));
	tcase_add_test(tc, enroll_tags_are_bounded);
	tcase_add_loop_test(tc, enroll_note_against_the_rules_is_malformed, 0, COUNT(refused_notes));
	tcase_add_test(tc, enroll_note_length_is_bounded);
	tcase_add_test(tc, find_absent_device_is_not_enrolled);
	tcase_add_loop_test(tc, resolve_each_form_finds_the_device, 0, COUNT(resolved));
	tcase_add_loop_test(tc, resolve_what_is_none_or_several_is_refused, 0, COUNT(unresolved));
	tcase_add_test(tc, list_devices_is_by_name_then_hash);
	tcase_add_test(tc, list_within_a_list_is_independent);
	return tc;
}

static TCase *
case_of_certificates(void)
{
	TCase *tc = tcase_create("certificates");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, certificate_add_is_listed_oldest_first);
	tcase_add_test(tc, certificate_add_for_absent_device_is_not_enrolled);
	tcase_add_test(tc, certificate_add_for_disabled_device_is_refused);
	tcase_add_test(tc, certificate_add_for_device_enrolled_anew_is_conflict);
	tcase_add_test(tc, certificate_add_of_impossible_size_is_refused);
	tcase_add_test(tc, certificate_add_serial_again_is_refused);
	tcase_add_test(tc, remove_device_revokes_and_frees_its_names);
	tcase_add_test(tc, remove_again_keeps_the_first_date);
	return tc;
}

static TCase *
case_of_transactions(void)
{
	TCase *tc = tcase_create("transactions");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, rollback_undoes_all);
	tcase_add_test(tc, release_undoes_to_its_mark_alone);
	tcase_add_test(tc, transaction_out_of_order_is_internal);
	tcase_add_test(tc, commit_on_a_full_disk_undoes_all);
	tcase_add_test(tc, read_while_another_writes_never_waits);
	tcase_add_test(tc, generation_changes_with_the_commits_of_others);
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
	suite_add_tcase(suite, case_of_devices());
	suite_add_tcase(suite, case_of_certificates());
	suite_add_tcase(suite, case_of_transactions());
	return unit_run(suite);
}
