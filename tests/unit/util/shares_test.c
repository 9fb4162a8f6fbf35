/* Entries found by pointers: each is the one that was entered. The rules are share_tree_test.c's. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "util/shares.h"
#include "util/source.h"

#define ENTRIES 600

struct item {
	uint64_t           before; /* an entry need not come first */
	struct share_entry share;
};

static struct item    items[ENTRIES];
static struct shares *shares;

static void
enter(size_t i, const char *peer, const char *subject, bool held)
{
	struct source source = source_of_text(view_text(peer));

	shares_enter(shares, &items[i].share, &source, view_text(subject), held);
}

static size_t
victim(void)
{
	struct share_entry *entry = shares_victim(shares);

	return entry != NULL ? (size_t)(SHARES_ITEM(entry, struct item, share) - items) : ENTRIES;
}

static void
setup(void)
{
	memset(items, 0, sizeof items);
	shares = shares_new();
}

static void
teardown(void)
{
	for (size_t i = 0; i < ENTRIES; i++)
		shares_leave(shares, &items[i].share);
	ck_assert_uint_eq(shares_count(shares), 0);
	ck_assert_ptr_null(shares_victim(shares));
	shares_free(shares);
}

START_TEST(victim_of_nothing_is_none)
{
	shares_free(NULL);
	ck_assert_uint_eq(victim(), ENTRIES);
	enter(0, "192.0.2.1", "a", true);
	ck_assert_uint_eq(victim(), ENTRIES);
}
END_TEST

START_TEST(victim_fullest_source_gives_way_with_its_oldest)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.2", "b", false);
	enter(2, "192.0.2.2", "c", false);
	enter(3, "192.0.2.3", "d", false);
	ck_assert_uint_eq(victim(), 1);
	shares_leave(shares, &items[1].share);
	ck_assert_uint_eq(victim(), 0); /* of equals, who came first */
}
END_TEST

START_TEST(hold_what_is_held_stays_and_counts_for_nobody)
{
	struct source source = source_of_text(view_text("192.0.2.1"));

	enter(0, "192.0.2.1", "a", true);
	enter(1, "192.0.2.1", "a", true);
	enter(2, "192.0.2.1", "a", false);
	enter(3, "192.0.2.2", "b", false);
	enter(4, "192.0.2.2", "b", false);
	ck_assert_uint_eq(shares_count(shares), 5);
	ck_assert_uint_eq(shares_held(shares, &source, view_text("a")), 2);
	ck_assert_uint_eq(shares_held(shares, &source, view_text("b")), 0);
	ck_assert_uint_eq(shares_of_source(shares, &source), 1);
	ck_assert_uint_eq(victim(), 3);
	shares_hold(shares, &items[3].share, true);
	ck_assert(shares_holds(shares, &items[3].share));
	ck_assert_uint_eq(victim(), 2); /* each has one, and this source came first */
	shares_hold(shares, &items[2].share, true);
	ck_assert_uint_eq(victim(), 4);
	shares_hold(shares, &items[3].share, false); /* as its newest */
	ck_assert(!shares_holds(shares, &items[3].share));
	ck_assert_uint_eq(victim(), 4);
}
END_TEST

START_TEST(leave_twice_counts_once)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.1", "a", false);
	shares_leave(shares, &items[0].share);
	shares_leave(shares, &items[0].share);
	shares_hold(shares, &items[0].share, true); /* it is not there */
	ck_assert_uint_eq(shares_count(shares), 1);
	ck_assert_uint_eq(victim(), 1);
}
END_TEST

/* More than a chunk of cells has, with the longest subjects: each comes out once, the oldest first. */
START_TEST(victims_come_out_in_order)
{
	char peer[32];
	char subject[SHARES_SUBJECT_MAX + 1];

	for (size_t i = 0; i < ENTRIES; i++) {
		(void)snprintf(peer, sizeof peer, "10.0.%zu.%zu", i / 250, i % 250);
		(void)snprintf(subject, sizeof subject, "%032zu", i);
		enter(i, peer, subject, false);
	}
	for (size_t i = 0; i < ENTRIES; i++) {
		ck_assert_uint_eq(victim(), i);
		shares_leave(shares, &items[i].share);
	}
}
END_TEST

/* It would be cut, and two subjects be one. */
START_TEST(enter_of_a_subject_that_is_too_long_aborts)
{
	static const uint8_t long_subject[SHARES_SUBJECT_MAX + 1];
	struct source        source = source_of_text(view_text("192.0.2.1"));

	shares_enter(shares, &items[0].share, &source, (struct view){long_subject, sizeof long_subject}, false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shares");
	TCase *tc = tcase_create("shares");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, victim_of_nothing_is_none);
	tcase_add_test(tc, victim_fullest_source_gives_way_with_its_oldest);
	tcase_add_test(tc, hold_what_is_held_stays_and_counts_for_nobody);
	tcase_add_test(tc, leave_twice_counts_once);
	tcase_add_test(tc, victims_come_out_in_order);
	tcase_add_test_raise_signal(tc, enter_of_a_subject_that_is_too_long_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
