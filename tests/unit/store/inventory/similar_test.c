/* Names that look like another device's: found, refused, and allowed where that is wanted. */
#include "config.h"

#include "store/inventory/similar.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/change.h"
#include "store/inventory/name_check.h"
#include "store_devices.h"
#include "util/bytes.h"

#define WEB_CYRILLIC "\xd1\x81\xd0\xbe\xd1\x80" /* looks like "cop" */

static const struct {
	const char *one;
	const char *other;
	bool        alike;
} pairs[] = {
    {"web", "Web", true},
    {"web", "WEB", true},
    {"cop", WEB_CYRILLIC, true},
    {"cop", "\xd0\xa1\xd0\x9e\xd0\xa0", true},          /* the same in capitals */
    {"M\xc3\xbcnchen", "mu\xcc\x88nchen", true},         /* composed and not */
    {"\xef\xbd\x97\xef\xbd\x85\xef\xbd\x82", "web", true}, /* full width */
    {"modern", "modem", true},
    {"pc-1", "pc-l", true},
    {"pc-0", "PC-O", true},
    {"stra\xc3\x9f" "e", "STRASSE", true},
    {"web", "web1", false},
    {"web-1", "web-2", false},
    {"caf\xc3\xa9", "cafe", false},
    {"a", "b", false},
};

START_TEST(skeleton_is_equal_of_names_that_look_alike)
{
	AUTO_BYTES one = {0};
	AUTO_BYTES other = {0};

	unit_ok(name_skeleton(pairs[_i].one, &one, &err), &err);
	unit_ok(name_skeleton(pairs[_i].other, &other, &err), &err);
	ck_assert_int_eq(strcmp((const char *)one.data, (const char *)other.data) == 0, pairs[_i].alike);
}
END_TEST

/* "\xe2\x80\x99" folds to ASCII, so that ICU makes the one and the table the other. */
START_TEST(skeleton_of_ascii_is_that_of_icu)
{
	for (int c = ' ' + 1; c < 0x7f; c++) {
		const char one[] = {'a', (char)c, '1', '\'', 'b', '\0'};
		const char other[] = {'a', (char)c, '1', '\xe2', '\x80', '\x99', 'b', '\0'};
		AUTO_BYTES a = {0};
		AUTO_BYTES b = {0};

		unit_ok(name_skeleton(one, &a, &err), &err);
		unit_ok(name_skeleton(other, &b, &err), &err);
		ck_assert_str_eq((const char *)a.data, (const char *)b.data);
	}
}
END_TEST

START_TEST(skeleton_of_the_longest_name_is_made)
{
	AUTO_BYTES skeleton = {0};
	char       name[256] = "";

	for (int i = 0; i < 85; i++)
		memcpy(name + 3 * i, "\xef\xb7\xba", 3); /* 18 characters in NFKC */
	unit_ok(name_skeleton(name, &skeleton, &err), &err);
	ck_assert_uint_gt(skeleton.size, sizeof name);
}
END_TEST

START_TEST(skeleton_of_what_is_not_utf8_is_malformed)
{
	AUTO_BYTES skeleton = {0};

	ck_assert_int_eq(name_skeleton("web\xff", &skeleton, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

#define REFUSED(name, other)                                                                 \
	"name \"" name "\" looks like \"" other "\" of device " HASH_1 "; choose another name,"   \
	" or allow it with --similar-names warn"

START_TEST(enroll_of_a_name_that_looks_like_anothers_is_conflict)
{
	unit_ok(enroll(1, 0, NAMES("Web", "cop")), &err);
	unit_fails(enroll(2, 0, NAMES("other", "web")), &err, ERROR_CONFLICT, REFUSED("web", "Web"));
	unit_fails(enroll(2, 0, NAMES(WEB_CYRILLIC)), &err, ERROR_CONFLICT, REFUSED(WEB_CYRILLIC, "cop"));
	unit_ok(enroll(2, 0, NAMES("other")), &err);
}
END_TEST

START_TEST(enroll_of_ones_own_that_look_alike_is_no_conflict)
{
	unit_ok(enroll(1, 0, NAMES("Web", "web")), &err);
}
END_TEST

static int
set(uint8_t first, const char *const *names)
{
	struct store_edit edit = {.set_names = true, .names = names};
	size_t            revoked;

	while (names[edit.name_count] != NULL)
		edit.name_count++;
	return store_device_set(store, (const uint8_t[STORE_HASH_SIZE]){first}, &edit, NOW, &revoked,
	    &err);
}

START_TEST(set_of_a_name_that_looks_like_anothers_is_conflict)
{
	unit_ok(enroll(1, 0, NAMES("Web")), &err);
	unit_ok(enroll(2, 0, NAMES("other")), &err);
	unit_fails(set(2, NAMES("other", "web")), &err, ERROR_CONFLICT, REFUSED("web", "Web"));
	unit_ok(set(2, NAMES("other", "OTHER")), &err);
	unit_ok(set(2, NAMES("another")), &err);
	unit_ok(set(1, NAMES("other")), &err);
}
END_TEST

/* What an older version has let in stays, and can be worked on. */
START_TEST(set_keeps_a_name_that_looks_like_anothers)
{
	unit_ok(enroll(1, 0, NAMES("Web")), &err);
	unit_ok(enroll(2, 0, NAMES("other")), &err);
	meddle("UPDATE name SET name = 'web', skeleton = 'web' WHERE name = 'other'");
	unit_ok(set(2, NAMES("web", "third")), &err);
}
END_TEST

static void
warn_cb(const char *name, const struct store_similar *other, void *arg)
{
	(void)snprintf(arg, 128, "%.40s looks like %.40s of %u", name, other->name, other->ek_hash[0]);
}

START_TEST(replace_of_one_that_looks_like_anothers_is_conflict)
{
	const uint8_t old[STORE_HASH_SIZE] = {2};
	const uint8_t new[STORE_HASH_SIZE] = {3};
	size_t        revoked;

	unit_ok(enroll(1, 0, NAMES("Web")), &err);
	unit_ok(enroll(2, 0, NAMES("other")), &err);
	meddle("UPDATE name SET name = 'web', skeleton = 'web' WHERE name = 'other'");
	unit_fails(store_device_replace(store, old, new, NOW, &revoked, &err), &err, ERROR_CONFLICT,
	    REFUSED("web", "Web"));
	store_similar_allow(store, warn_cb, (char[128]){""});
	unit_ok(store_device_replace(store, old, new, NOW, &revoked, &err), &err);
}
END_TEST

START_TEST(allowed_name_is_told_of_and_enrolled)
{
	char told[128] = "";

	unit_ok(enroll(1, 0, NAMES("Web")), &err);
	store_similar_allow(store, warn_cb, told);
	unit_ok(enroll(2, 0, NAMES("web")), &err);
	ck_assert_str_eq(told, "web looks like Web of 1");
	store_similar_allow(store, NULL, NULL);
	ck_assert_int_eq(enroll(3, 0, NAMES("WEB")), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
}
END_TEST

static bool
pair_cb(const char *one, const char *other, void *arg)
{
	(void)snprintf((char *)arg + strlen(arg), 64, "%s %s\n", one, other);
	return true;
}

START_TEST(list_has_names_of_several_devices)
{
	char seen[256] = "";

	unit_ok(enroll(1, 0, NAMES("Web", "pc-1", "own", "OWN")), &err);
	unit_ok(enroll(2, 0, NAMES("else")), &err);
	store_similar_allow(store, warn_cb, (char[128]){""});
	unit_ok(enroll(3, 0, NAMES("web", "pc-l")), &err);
	unit_ok(store_similar_list(store, pair_cb, seen, &err), &err);
	ck_assert_str_eq(seen, "pc-1 pc-l\nWeb web\n");
}
END_TEST

START_TEST(find_looks_for_other_names_of_other_devices)
{
	const uint8_t        one[STORE_HASH_SIZE] = {1};
	const uint8_t        two[STORE_HASH_SIZE] = {2};
	struct store_similar other;

	unit_ok(enroll(1, 0, NAMES("Web")), &err);
	unit_ok(store_similar_find(store, "web", two, &other, &err), &err);
	ck_assert_str_eq(other.name, "Web");
	ck_assert_mem_eq(other.ek_hash, one, sizeof one);
	ck_assert_int_eq(store_similar_find(store, "web", one, &other, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(store_similar_find(store, "Web", two, &other, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("similar");
	TCase *tc = tcase_create("similar");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, skeleton_is_equal_of_names_that_look_alike, 0,
	    (int)(sizeof pairs / sizeof pairs[0]));
	tcase_add_test(tc, skeleton_of_ascii_is_that_of_icu);
	tcase_add_test(tc, skeleton_of_the_longest_name_is_made);
	tcase_add_test(tc, skeleton_of_what_is_not_utf8_is_malformed);
	tcase_add_test(tc, enroll_of_a_name_that_looks_like_anothers_is_conflict);
	tcase_add_test(tc, enroll_of_ones_own_that_look_alike_is_no_conflict);
	tcase_add_test(tc, set_of_a_name_that_looks_like_anothers_is_conflict);
	tcase_add_test(tc, set_keeps_a_name_that_looks_like_anothers);
	tcase_add_test(tc, replace_of_one_that_looks_like_anothers_is_conflict);
	tcase_add_test(tc, allowed_name_is_told_of_and_enrolled);
	tcase_add_test(tc, list_has_names_of_several_devices);
	tcase_add_test(tc, find_looks_for_other_names_of_other_devices);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
