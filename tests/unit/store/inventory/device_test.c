/* The devices of a store: enrolled by the rules of names, tags and notes; found, listed. */
#include "config.h"

#include <string.h>

#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store_devices.h"
#include "util/bytes.h"

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

START_TEST(enroll_and_set_keep_each_text_apart)
{
	struct store_device d = device(1, 0, NULL);
	struct store_device found;
	struct store_edit   edit = {.set_names = false};
	size_t              revoked;

#define X(name, ...) d.name = (char *)(uintptr_t) #name;
	DEVICE_TEXTS(X)
#undef X
	unit_ok(store_device_enroll(store, &d, NOW, &err), &err);
	unit_ok(store_device_find(store, d.ek_hash, &found, &err), &err);
#define X(name, ...)                                \
	ck_assert_str_eq(found.name, #name);        \
	edit.name = "another " #name;
	DEVICE_TEXTS(X)
#undef X
	store_device_clear(&found);
	unit_ok(store_device_set(store, d.ek_hash, &edit, NOW, &revoked, &err), &err);
	unit_ok(store_device_find(store, d.ek_hash, &found, &err), &err);
#define X(name, ...) ck_assert_str_eq(found.name, "another " #name);
	DEVICE_TEXTS(X)
#undef X
	store_device_clear(&found);
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

#define HASH_2 "0200000000000000000000000000000000000000000000000000000000000000"
#define HASH_2_URN "urn:ek:sha256:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

START_TEST(enroll_name_in_use_is_conflict_and_changes_nothing)
{
	uint8_t             hash[STORE_HASH_SIZE] = {2};
	struct store_device found;

	unit_ok(enroll(1, 0, NAMES("laptop")), &err);
	unit_fails(enroll(2, 0, NAMES("free", "laptop")), &err, ERROR_CONFLICT,
	    "name \"laptop\" belongs to device " HASH_1
	    "; when this is the EK of its new mainboard, run \"attest-ca replace " HASH_1 " " HASH_2
	    "\"; else choose another name, or remove that device");
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

/* A row alone is nobody: the next device comes into it. */
START_TEST(at_a_row_is_who_is_there_by_now)
{
	uint8_t             first[STORE_HASH_SIZE] = {1};
	struct store_device was;
	struct store_device found;

	unit_ok(enroll(1, 0, NAMES("laptop")), &err);
	unit_ok(store_device_find(store, first, &was, &err), &err);
	unit_ok(store_device_at(store, was.row, STORE_DEVICE_NAMES, &found, &err), &err);
	ck_assert_mem_eq(found.ek_hash, first, STORE_HASH_SIZE);
	ck_assert_uint_eq(found.name_count, 1);
	ck_assert_int_eq(found.row, was.row);
	ck_assert_int_eq(found.revision, was.revision);
	store_device_clear(&found);
	unit_fails(store_device_at(store, was.row + 1, 0, &found, &err), &err, ERROR_NOT_ENROLLED,
	    "the device is not enrolled any more");

	unit_ok(store_device_remove(store, first, NOW, &err), &err);
	unit_fails(store_device_at(store, was.row, 0, &found, &err), &err, ERROR_NOT_ENROLLED,
	    "the device is not enrolled any more");
	unit_ok(enroll(2, 0, NAMES("laptop")), &err);
	unit_ok(store_device_at(store, was.row, 0, &found, &err), &err);
	ck_assert_int_eq(found.ek_hash[0], 2);
	ck_assert_int_gt(found.revision, was.revision);
	store_device_clear(&found);
	store_device_clear(&was);
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

#define COUNT(table) (int)(sizeof table / sizeof table[0])

static TCase *
case_of_devices(void)
{
	TCase *tc = tcase_create("devices");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, enroll_device_is_found_whole);
	tcase_add_test(tc, enroll_and_set_keep_each_text_apart);
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
	tcase_add_test(tc, at_a_row_is_who_is_there_by_now);
	tcase_add_loop_test(tc, resolve_each_form_finds_the_device, 0, COUNT(resolved));
	tcase_add_loop_test(tc, resolve_what_is_none_or_several_is_refused, 0, COUNT(unresolved));
	tcase_add_test(tc, list_devices_is_by_name_then_hash);
	tcase_add_test(tc, list_within_a_list_is_independent);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("store_device");

	suite_add_tcase(suite, case_of_devices());
	return unit_run(suite);
}
