/* Names and tags that are set, devices that are disabled, and changes that are undone. */
#include "config.h"

#include <string.h>

#include "change_support.h"

static int
set_names(uint8_t first, const char *const *names)
{
	struct store_edit edit = {.set_names = true, .names = names, .name_count = length(names)};

	return store_device_set(store, EK(first), &edit, NOW + 1, &revoked, &err);
}

static int
set_tags(uint8_t first, const char *const *tags)
{
	struct store_edit edit = {.set_tags = true, .tags = tags, .tag_count = length(tags)};

	return store_device_set(store, EK(first), &edit, NOW + 1, &revoked, &err);
}

/* Names, and whose certificates end with them. */

START_TEST(set_name_away_revokes_those_that_carry_it)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("a", "b")), &err);
	ck_assert_uint_eq(revoked, 0);
	certify(1, 2);
	unit_ok(set_names(1, LIST("a")), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(certificates_of(1), "1:good 2:3@1000001");
	last_is("set", 1, "certificates revoked: 1; names: a");
	certify(1, 3);
	unit_ok(set_names(1, LIST("c")), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:3@1000001 3:3@1000001");
}
END_TEST

START_TEST(set_names_in_another_order_revokes_nothing)
{
	enroll(1, LIST("a", "b", "c"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("c", "a", "b")), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_str_eq(text_of(1), "c,a,b||");
	/* They are as old as they were: the certificate from before ends with one of them. */
	unit_ok(set_names(1, LIST("c", "a")), &err);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
}
END_TEST

START_TEST(set_no_names_revokes_what_carries_one)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, NULL), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(text_of(1), "||");
	last_is("set", 1, "certificates revoked: 1; names: none");
	/* With the hash as its identifier, which stays its own. */
	certify(1, 2);
	unit_ok(set_names(1, LIST("b")), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:good");
}
END_TEST

START_TEST(set_name_away_and_back_revokes_each_time)
{
	enroll(1, LIST("a", "b"), NULL, NULL);
	certify(1, 1);
	unit_ok(set_names(1, LIST("a")), &err);
	certify(1, 2);
	unit_ok(set_names(1, LIST("a", "b")), &err);
	certify(1, 3);
	unit_ok(set_names(1, LIST("a")), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001 2:good 3:3@1000001");
}
END_TEST

START_TEST(set_name_away_leaves_others_alone)
{
	enroll(1, LIST("a"), NULL, NULL);
	enroll(2, LIST("b"), NULL, NULL);
	certify(1, 1);
	certify(2, 2);
	unit_ok(set_names(1, LIST("x")), &err);
	ck_assert_str_eq(certificates_of(2), "2:good");
	unit_ok(set_names(2, LIST("a", "b")), &err);
	certify(2, 3);
	unit_ok(set_names(2, LIST("b")), &err);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
	ck_assert_str_eq(certificates_of(2), "2:good 3:3@1000001");
}
END_TEST

START_TEST(set_name_away_revokes_what_has_expired_and_does_not_count_it)
{
	enroll(1, LIST("a"), NULL, NULL);
	unit_ok(add_at(1, 1, revision_of(1), NOW - 5), &err);
	unit_ok(set_names(1, NULL), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:3@1000001");
}
END_TEST

START_TEST(set_name_of_another_is_conflict_and_changes_nothing)
{
	int64_t revision;

	enroll(1, LIST("a"), LIST("t"), "note");
	enroll(2, LIST("b"), NULL, NULL);
	certify(1, 1);
	revision = revision_of(1);
	unit_fails(set_names(1, LIST("c", "b")), &err, ERROR_CONFLICT,
	    "name \"b\" belongs to device " HASH_2 "; choose another name, or remove that device");
	ck_assert_str_eq(text_of(1), "a|t|note");
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_int_eq(revision_of(1), revision);
}
END_TEST

/* What store_device_enroll refuses, set refuses; each with no other fault. */
START_TEST(set_what_enroll_refuses_is_refused)
{
	const char       *many[STORE_DEVICE_NAMES_MAX + 1];
	struct store_edit names = {
	    .set_names = true, .names = many, .name_count = STORE_DEVICE_NAMES_MAX + 1};
	struct store_edit note = {.note = "a\nb"};

	enroll(1, LIST("a"), NULL, NULL);
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = "x";
	unit_fails(store_device_set(store, EK(1), &names, NOW, &revoked, &err), &err, ERROR_MALFORMED,
	    "a device has at most 32 names, this one 33");
	unit_fails(store_device_set(store, EK(1), &note, NOW, &revoked, &err), &err, ERROR_MALFORMED,
	    "octet 2 of the note is a control character");
	unit_fails(set_names(1, LIST(HASH_2)), &err, ERROR_CONFLICT,
	    "name \"" HASH_2 "\" is the hash of another EK; choose another name");
	unit_fails(set_tags(1, LIST("a b")), &err, ERROR_MALFORMED,
	    "tag \"a b\": octet 2 is none of A-Z a-z 0-9 - _ . : @ + = /");
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

START_TEST(set_tags_and_note_revokes_nothing)
{
	struct store_edit both = {
	    .set_tags = true, .tags = LIST("y", "x"), .tag_count = 2, .note = "a note"};
	int64_t revision;

	enroll(1, LIST("a"), LIST("t"), NULL);
	certify(1, 1);
	revision = revision_of(1);
	unit_ok(store_device_set(store, EK(1), &both, NOW, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(text_of(1), "a|x,y|a note");
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_int_gt(revision_of(1), revision);
	last_is("set", 1, "certificates revoked: 0; tags: y, x; note: a note");
	unit_ok(set_tags(1, NULL), &err);
	ck_assert_str_eq(text_of(1), "a||a note");
}
END_TEST

START_TEST(set_what_is_so_already_does_nothing)
{
	struct store_edit edit = {
	    .set_names = true, .names = LIST("a", "b"), .name_count = 2,
	    .set_tags = true, .tags = LIST("y", "x"), .tag_count = 2, .note = "note"};
	int64_t revision;
	size_t  entries;

	enroll(1, LIST("a", "b"), LIST("x", "y"), "note");
	revision = revision_of(1);
	entries = last_entry().count;
	unit_ok(store_device_set(store, EK(1), &edit, NOW, &revoked, &err), &err);
	ck_assert_int_eq(revision_of(1), revision);
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

/* Switched off and on. */

START_TEST(disable_revokes_and_enable_restores_nothing)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	certify(1, 2);
	unit_ok(store_device_enable(store, EK(1), false, NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:9@1000001 2:9@1000001");
	last_is("disable", 1, "certificates revoked: 2");
	ck_assert_int_eq(add_at(1, 3, revision_of(1), NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, ERROR_DEVICE_DISABLED);
	unit_ok(store_device_enable(store, EK(1), true, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:9@1000001 2:9@1000001");
	last_is("enable", 1, "");
	certify(1, 4);
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

START_TEST(disable_again_does_nothing)
{
	int64_t revision;
	size_t  entries;

	enroll(1, NULL, NULL, NULL);
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	revision = revision_of(1);
	entries = last_entry().count;
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	ck_assert_int_eq(revision_of(1), revision);
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

static void
change_disable_and_enable(void)
{
	change_disable();
	unit_ok(store_device_enable(store, EK(1), true, NOW, &revoked, &err), &err);
}

static void
change_names(void)
{
	unit_ok(set_names(1, LIST("x")), &err);
}

static void
change_name_away_and_back(void)
{
	change_names();
	unit_ok(set_names(1, LIST("a")), &err);
}

static void
change_remove(void)
{
	unit_ok(store_device_remove(store, EK(1), NOW, &err), &err);
}

static void
change_remove_and_enroll(void)
{
	change_remove();
	enroll(1, LIST("a"), NULL, NULL);
}

static void
change_replace(void)
{
	unit_ok(store_device_replace(store, EK(1), EK(9), NOW, &revoked, &err), &err);
}

static void
change_replace_and_back(void)
{
	change_replace();
	unit_ok(store_device_replace(store, EK(9), EK(1), NOW, &revoked, &err), &err);
}

static void
change_revoke(void)
{
	unit_ok(store_revoke_device(store, EK(1), REASON_KEY_COMPROMISE, NOW, &revoked, &err), &err);
}

static const struct {
	void (*change)(void);
	enum error_kind kind;
} changes[] = {
    {change_disable, ERROR_DEVICE_DISABLED},
    {change_disable_and_enable, ERROR_CONFLICT},
    {change_names, ERROR_CONFLICT},
    {change_name_away_and_back, ERROR_CONFLICT},
    {change_remove, ERROR_NOT_ENROLLED},
    {change_remove_and_enroll, ERROR_CONFLICT},
    {change_replace, ERROR_NOT_ENROLLED},
    {change_replace_and_back, ERROR_CONFLICT},
    {change_revoke, ERROR_CONFLICT},
};

START_TEST(certificate_of_before_a_change_is_refused_after_it)
{
	int64_t revision;

	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	revision = revision_of(1);
	changes[_i].change();
	ck_assert_int_eq(add_at(1, 2, revision, NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, (int)changes[_i].kind);
	/* And what was recorded before it is revoked. */
	ck_assert_ptr_null(strstr(certificates_of(1), "good"));
}
END_TEST

/* One that is not there, or not yet. */

static void
absent_is_refused(void)
{
	struct store_edit edit = {.note = "x"};

	ck_assert_int_eq(store_device_set(store, EK(1), &edit, NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_enable(store, EK(1), false, NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_remove(store, EK(1), NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
}

START_TEST(change_of_what_is_absent_is_not_enrolled)
{
	absent_is_refused();
}
END_TEST

START_TEST(change_of_what_is_being_imported_is_not_enrolled)
{
	enroll(1, LIST("a"), NULL, NULL);
	meddle("INSERT INTO batch (id, first_device, started) VALUES (1, 1, 1);"
	       "UPDATE device SET batch = 1");
	absent_is_refused();
	meddle("DELETE FROM batch");
	ck_assert_str_eq(text_of(1), "a||");
}
END_TEST

/* As a part of something greater. */

START_TEST(changes_undone_with_their_transaction_leave_nothing)
{
	size_t entries;

	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	entries = last_entry().count;
	unit_ok(store_begin(store, &err), &err);
	unit_ok(set_names(1, LIST("b")), &err);
	unit_ok(store_device_enable(store, EK(1), false, NOW, &revoked, &err), &err);
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	store_rollback(store);
	ck_assert_str_eq(text_of(1), "a||");
	ck_assert(!is_enrolled(2));
	ck_assert_str_eq(certificates_of(1), "1:good");
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_change");
	TCase *tc = case_of("set");

	tcase_add_test(tc, set_name_away_revokes_those_that_carry_it);
	tcase_add_test(tc, set_names_in_another_order_revokes_nothing);
	tcase_add_test(tc, set_no_names_revokes_what_carries_one);
	tcase_add_test(tc, set_name_away_and_back_revokes_each_time);
	tcase_add_test(tc, set_name_away_leaves_others_alone);
	tcase_add_test(tc, set_name_away_revokes_what_has_expired_and_does_not_count_it);
	tcase_add_test(tc, set_name_of_another_is_conflict_and_changes_nothing);
	tcase_add_test(tc, set_what_enroll_refuses_is_refused);
	tcase_add_test(tc, set_tags_and_note_revokes_nothing);
	tcase_add_test(tc, set_what_is_so_already_does_nothing);
	suite_add_tcase(suite, tc);
	tc = case_of("switch");
	tcase_add_test(tc, disable_revokes_and_enable_restores_nothing);
	tcase_add_test(tc, disable_again_does_nothing);
	tcase_add_loop_test(tc, certificate_of_before_a_change_is_refused_after_it, 0,
	    (int)(sizeof changes / sizeof changes[0]));
	suite_add_tcase(suite, tc);
	tc = case_of("transactions");
	tcase_add_test(tc, change_of_what_is_absent_is_not_enrolled);
	tcase_add_test(tc, change_of_what_is_being_imported_is_not_enrolled);
	tcase_add_test(tc, changes_undone_with_their_transaction_leave_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
