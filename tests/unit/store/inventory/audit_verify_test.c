/* The chain of the audit: each way to tamper with it is told, and a cut is not one. */
#include "config.h"

#include "audit_world.h"

/* Verifying: what was done to five entries, and what is said of it. */

static const struct {
	const char *sql;
	const char *wanted;
} tamperings[] = {
    {"UPDATE audit SET at = at + 1 WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET actor = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET peer = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET request = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET action = 'deny' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = randomblob(32) WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = NULL WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET ek_hash = zeroblob(32) WHERE id = 4", /* it had none */
        "audit entry 4 was altered, or the one before it"},
    {"UPDATE audit SET outcome = 'refused' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = '', outcome = outcome || detail WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET detail = detail || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET actor = actor || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET peer = peer || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET request = request || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET action = action || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET outcome = outcome || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET names = 'x' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = NULL WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = detail, detail = '' WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET names = names || char(0) || 'x' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET hash = zeroblob(32) WHERE id = 3",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE audit SET hash = zeroblob(32) WHERE id = 5",
        "audit entry 5 was altered, or the one before it"},
    {"PRAGMA ignore_check_constraints = 1; UPDATE audit SET hash = x'01' WHERE id = 3",
        "audit entry 3 was altered"},
    {"PRAGMA ignore_check_constraints = 1; UPDATE audit SET ek_hash = x'01' WHERE id = 3",
        "audit entry 3 was altered"},
    {"UPDATE audit SET id = 9 WHERE id = 5", "audit entries 5 to 8 are missing"},
    {"UPDATE audit SET id = 6 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4;"
     "UPDATE audit SET id = 4 WHERE id = 6",
        "audit entry 3 was altered, or the one before it"},
    {"DELETE FROM audit WHERE id = 1", "audit entry 1 is missing"},
    {"DELETE FROM audit WHERE id = 3", "audit entry 3 is missing"},
    {"DELETE FROM audit WHERE id = 5", "audit entry 5 is missing"},
    {"DELETE FROM audit WHERE id BETWEEN 2 AND 4", "audit entries 2 to 4 are missing"},
    {"DELETE FROM audit", "audit entries 1 to 5 are missing"},
    {"DELETE FROM audit WHERE id <= 2; UPDATE counter SET audit_cut = 2,"
     " audit_cut_hash = (SELECT hash FROM audit WHERE id = 3)",
        "audit entry 3 was altered, or the one before it"},
    {"UPDATE counter SET audit_cut = 2, audit_cut_hash = (SELECT hash FROM audit WHERE id = 2);"
     "DELETE FROM audit WHERE id <= 2",
        "audit entries up to 2 are missing, and no entry says that they were cut"},
};

START_TEST(verify_tells_what_was_tampered_with)
{
	add_many(5);
	ck_assert_int_eq(verify(NULL, NULL), 5);
	tamper(tamperings[_i].sql);
	verify_fails(NULL, tamperings[_i].wanted);
}
END_TEST

/* A store that lost the row of its counters takes nothing more. */
START_TEST(enroll_without_the_counters_says_so)
{
	struct store_device device = {.ek_hash = {9}};

	tamper("DELETE FROM counter");
	ck_assert_int_eq(store_device_enroll(store, &device, NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, "lacks a row; restore it from a backup") != NULL, "%s", err.detail);
}
END_TEST

START_TEST(verify_after_the_end_was_taken_and_more_added_tells)
{
	add_many(5);
	tamper("DELETE FROM audit WHERE id >= 4");
	add_many(1);
	listed(&(struct audit_filter){0}, "1 2 3 6");
	verify_fails(NULL, "audit entries 4 to 5 are missing");
}
END_TEST

START_TEST(verify_of_nothing_holds)
{
	static const uint8_t zeros[32];
	uint8_t              head[32];

	ck_assert_int_eq(verify(NULL, head), 0);
	ck_assert_mem_eq(head, zeros, sizeof head);
}
END_TEST

START_TEST(verify_expects_what_was_noted)
{
	static const char wanted[] = "no audit entry has the expected hash: the record was written "
	                             "anew, or cut since";
	uint8_t noted[32];
	uint8_t head[32];
	uint8_t other[32];

	add_many(3);
	ck_assert_int_eq(verify(NULL, noted), 3);
	add_many(2);
	ck_assert_int_eq(verify(noted, head), 5);
	ck_assert_mem_ne(head, noted, sizeof head);
	ck_assert_int_eq(verify(head, NULL), 5);
	memcpy(other, noted, sizeof other);
	other[31] ^= 1;
	verify_fails(other, wanted);
}
END_TEST

/* The end is taken off, and whoever did it knew of the store's own count. */
START_TEST(verify_without_what_was_noted_tells)
{
	uint8_t noted[32];

	add_many(5);
	(void)verify(NULL, noted);
	tamper("DELETE FROM audit WHERE id = 5; UPDATE sqlite_sequence SET seq = 4");
	ck_assert_int_eq(verify(NULL, NULL), 4);
	verify_fails(noted, "no audit entry has the expected hash: the record was written anew, or "
	                    "cut since");
}
END_TEST

START_TEST(verify_does_not_mind_other_writers)
{
	struct store *other = NULL;

	add_many(3);
	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_begin(other, &err), &err);
	unit_ok(store_audit_add(other, AUDIT_SET, NULL, "done", "", NOW, &err), &err);
	ck_assert_int_eq(verify(NULL, NULL), 3);
	unit_ok(store_commit(other, &err), &err);
	store_close(other);
	ck_assert_int_eq(verify(NULL, NULL), 4);
	add_many(1); /* the transaction that it read in is over */
}
END_TEST

/* What the table itself refuses, without any hash. */
static const char *const forbidden[] = {
    "UPDATE audit SET detail = 'x' WHERE id = 1",
    "UPDATE audit SET id = 9 WHERE id = 1",
    "DELETE FROM audit WHERE id = 1",
    "DELETE FROM audit WHERE id = 3",
    "DELETE FROM audit",
    "REPLACE INTO audit SELECT id, at, 'x', peer, '', action, ek_hash, '', detail, hash FROM audit",
    "UPDATE OR REPLACE audit SET id = 1 WHERE id = 2",
    "UPDATE counter SET audit_cut = -1",
};

START_TEST(table_only_grows)
{
	add_many(3);
	ck_assert_int_ne(meddle(forbidden[_i]), SQLITE_OK);
	ck_assert_int_eq(verify(NULL, NULL), 3);
}
END_TEST

/* Cutting. */

static size_t
cut(int64_t before, size_t max)
{
	size_t removed;

	unit_ok(store_audit_cut(store, before, max, NOW + 1000, &removed, &err), &err);
	return removed;
}

START_TEST(cut_removes_the_oldest_and_says_so)
{
	uint8_t noted[32];
	uint8_t at_cut[32];

	add_many(4);
	(void)verify(NULL, at_cut);
	add_many(1);
	(void)verify(NULL, noted);
	add_at(AUDIT_SET, 0, "", NOW + 5);
	ck_assert_uint_eq(cut(NOW, 10), 0);
	listed(&(struct audit_filter){0}, "1 2 3 4 5 6");
	ck_assert_uint_eq(cut(NOW + 4, 10), 5);
	listed(&(struct audit_filter){0}, "6 7");
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last,
	    "|cut|-1|done|entries up to 5, the last with hash "));
	ck_assert_int_eq(verify(NULL, NULL), 2);
	ck_assert_int_eq(verify(noted, NULL), 2);
	verify_fails(at_cut, "no audit entry has the expected hash: the record was written anew, or "
	                     "cut since");
	ck_assert_uint_eq(cut(NOW + 4, 10), 0);
	listed(&(struct audit_filter){0}, "6 7");
}
END_TEST

START_TEST(cut_in_steps_is_one_cut)
{
	add_many(10);
	ck_assert_uint_eq(cut(NOW + 7, 3), 3);
	listed(&(struct audit_filter){0}, "8 9 10 11");
	ck_assert_int_eq(verify(NULL, NULL), 4);
	ck_assert_uint_eq(cut(NOW + 7, 3), 3);
	ck_assert_uint_eq(cut(NOW + 7, 3), 1);
	ck_assert_uint_eq(cut(NOW + 7, 3), 0);
	listed(&(struct audit_filter){0}, "8 9 10 11");
	ck_assert_int_ne(meddle("DELETE FROM audit WHERE id = 8"), SQLITE_OK);
	ck_assert_int_eq(verify(NULL, NULL), 4);
}
END_TEST

START_TEST(cut_of_everything_leaves_the_cut)
{
	add_many(3);
	ck_assert_uint_eq(cut(NOW + 2000, 10), 3);
	listed(&(struct audit_filter){0}, "4");
	ck_assert_int_eq(verify(NULL, NULL), 1);
	ck_assert_uint_eq(cut(NOW + 2000, 10), 1);
	listed(&(struct audit_filter){0}, "5");
	add_many(1);
	ck_assert_int_eq(verify(NULL, NULL), 2);
}
END_TEST

START_TEST(cut_stops_at_the_first_that_stays)
{
	add_at(AUDIT_SET, 0, "", NOW);
	add_at(AUDIT_SET, 0, "", NOW + 100);
	add_at(AUDIT_SET, 0, "", NOW); /* the clock went back */
	ck_assert_uint_eq(cut(NOW + 50, 10), 1);
	listed(&(struct audit_filter){0}, "2 3 4");
	ck_assert_int_eq(verify(NULL, NULL), 3);
}
END_TEST

/* A cut that is on record cannot be taken for a larger one. */
START_TEST(cut_and_then_more_taken_tells)
{
	add_many(6);
	ck_assert_uint_eq(cut(NOW + 2, 10), 2);
	tamper("DELETE FROM audit WHERE id = 3");
	verify_fails(NULL, "audit entry 3 is missing");
	tamper("UPDATE counter SET audit_cut = 0");
	verify_fails(NULL, "audit entries 1 to 3 are missing");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("audit_verify");
	TCase *tc = tcase_create("audit_verify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, verify_tells_what_was_tampered_with, 0, sizeof tamperings / sizeof tamperings[0]);
	tcase_add_test(tc, enroll_without_the_counters_says_so);
	tcase_add_test(tc, verify_after_the_end_was_taken_and_more_added_tells);
	tcase_add_test(tc, verify_of_nothing_holds);
	tcase_add_test(tc, verify_expects_what_was_noted);
	tcase_add_test(tc, verify_without_what_was_noted_tells);
	tcase_add_test(tc, verify_does_not_mind_other_writers);
	tcase_add_loop_test(tc, table_only_grows, 0, sizeof forbidden / sizeof forbidden[0]);
	tcase_add_test(tc, cut_removes_the_oldest_and_says_so);
	tcase_add_test(tc, cut_in_steps_is_one_cut);
	tcase_add_test(tc, cut_of_everything_leaves_the_cut);
	tcase_add_test(tc, cut_stops_at_the_first_that_stays);
	tcase_add_test(tc, cut_and_then_more_taken_tells);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
