#include "config.h"

#include "util/turns.h"

#include <stdio.h>

#include "unit.h"
#include "util/bytes.h"

#define ENTRIES 64

static struct turns *turns;
static struct turn   entries[ENTRIES];

static void
setup(void)
{
	turns = turns_new();
}

static void
teardown(void)
{
	while (turns_next(turns) != NULL)
		continue;
	turns_free(turns);
}

static void
add(size_t number, const char *peer, size_t size)
{
	struct source source = source_of_text(view_text(peer));

	turns_add(turns, &entries[number], &source, (struct view){0}, size);
}

static void
add_of(size_t number, const char *peer, const char *subject, size_t size)
{
	struct source source = source_of_text(view_text(peer));

	turns_add(turns, &entries[number], &source, view_text(subject), size);
}

static void
assert_next(size_t number)
{
	struct turn *next = turns_next(turns);

	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq((size_t)(next - entries), number);
	ck_assert_ptr_null(next->party);
}

START_TEST(next_of_one_source_is_in_order)
{
	ck_assert_ptr_null(turns_next(turns));
	add(0, "192.0.2.1:1", 10);
	add(1, "192.0.2.1:2", 20);
	ck_assert_uint_eq(turns_count(turns), 2);
	ck_assert_uint_eq(turns_size(turns), 30);
	assert_next(0);
	ck_assert_uint_eq(turns_size(turns), 20);
	assert_next(1);
	ck_assert_ptr_null(turns_next(turns));
	ck_assert_uint_eq(turns_count(turns), 0);
}
END_TEST

/* However many came before, who comes from elsewhere is the next but one. */
START_TEST(next_gives_each_source_a_turn)
{
	for (size_t i = 0; i < 10; i++)
		add(i, "192.0.2.1:1", 1);
	assert_next(0);
	add(10, "192.0.2.2:1", 1);
	add(11, "192.0.2.2:1", 1);
	assert_next(1);
	assert_next(10);
	assert_next(2);
	add(12, "192.0.2.3:1", 1);
	assert_next(11);
	assert_next(3);
	assert_next(12);
	assert_next(4);
	assert_next(5);
}
END_TEST

/* All the /64 of one /48 have one turn among them, and in it one after the other. */
START_TEST(next_gives_each_network_a_turn)
{
	add(0, "[2001:db8:0:1::1]:1", 1);
	add(1, "[2001:db8:0:1::2]:1", 1);
	add(2, "[2001:db8:0:2::1]:1", 1);
	add(3, "[2001:db8:0:3::1]:1", 1);
	add(4, "[2001:db8:1::1]:1", 1);
	add(5, "[2001:db8:1::1]:1", 1);
	add(6, "192.0.2.1:1", 1);
	assert_next(0);
	assert_next(4);
	assert_next(6);
	assert_next(2);
	assert_next(5);
	assert_next(3);
	assert_next(1);
}
END_TEST

START_TEST(remove_leaves_the_others_in_order)
{
	for (size_t i = 0; i < 3; i++)
		add(i, "192.0.2.1:1", 1);
	add(3, "192.0.2.2:1", 5);
	turns_remove(turns, &entries[1]);
	turns_remove(turns, &entries[1]);
	turns_remove(turns, &entries[3]);
	ck_assert_uint_eq(turns_count(turns), 2);
	ck_assert_uint_eq(turns_size(turns), 2);
	add(3, "192.0.2.2:1", 5);
	assert_next(0);
	assert_next(3);
	assert_next(2);
}
END_TEST

START_TEST(fullest_is_the_last_of_the_fullest_network_and_source)
{
	ck_assert_ptr_null(turns_fullest(turns));
	add(0, "192.0.2.1:1", 30);
	ck_assert_ptr_eq(turns_fullest(turns), &entries[0]);
	add(1, "[2001:db8:0:1::1]:1", 20);
	add(2, "[2001:db8:0:2::1]:1", 10);
	add(3, "[2001:db8:0:2::1]:1", 9);
	ck_assert_ptr_eq(turns_fullest(turns), &entries[1]);
	add(4, "[2001:db8:0:2::2]:1", 2);
	ck_assert_ptr_eq(turns_fullest(turns), &entries[4]);
	turns_remove(turns, turns_fullest(turns));
	turns_remove(turns, turns_fullest(turns));
	ck_assert_ptr_eq(turns_fullest(turns), &entries[0]);
	ck_assert_uint_eq(turns_size(turns), 49);
}
END_TEST

/* Anybody may say that it is of an account, of a new one each time. */
START_TEST(next_gives_a_source_no_more_turns_for_its_subjects)
{
	char subject[16];

	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(subject, sizeof subject, "account-%zu", i);
		add_of(i, "192.0.2.1:1", subject, 1);
	}
	add_of(10, "192.0.2.2:1", "account-0", 1);
	add_of(11, "192.0.2.2:1", "account-0", 1);
	assert_next(0);
	assert_next(10);
	assert_next(1);
	assert_next(11);
	assert_next(2);
}
END_TEST

/* Behind one address. */
START_TEST(next_gives_each_subject_of_a_source_a_turn)
{
	add_of(0, "192.0.2.1:1", "a", 1);
	add_of(1, "192.0.2.1:1", "a", 1);
	add_of(2, "192.0.2.1:2", "b", 1);
	add(3, "192.0.2.1:3", 1);
	assert_next(0);
	assert_next(2);
	assert_next(3);
	assert_next(1);
}
END_TEST

/* Small ones under many names are no reason to evict the one large one of somebody else. */
START_TEST(fullest_is_of_the_source_whatever_its_subjects)
{
	char subject[16];

	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(subject, sizeof subject, "account-%zu", i);
		add_of(i, "192.0.2.1:1", subject, i == 4 ? 4 : 3);
	}
	add_of(10, "192.0.2.2:1", "account-0", 20);
	ck_assert_ptr_eq(turns_fullest(turns), &entries[4]);
}
END_TEST

/* More sources than buckets, in and out. */
START_TEST(next_of_many_sources_is_in_order)
{
	static struct turn many[3000];
	char               peer[32];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 3000; i++) {
			struct source source;

			(void)snprintf(peer, sizeof peer, "10.0.%zu.%zu:1", i / 250, i % 250);
			source = source_of_text(view_text(peer));
			turns_add(turns, &many[i], &source, (struct view){0}, 1);
		}
		for (size_t i = 0; i < 3000; i++)
			ck_assert_ptr_eq(turns_next(turns), &many[i]);
		ck_assert_ptr_null(turns_next(turns));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("turns");
	TCase *tcase = tcase_create("turns");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, next_of_one_source_is_in_order);
	tcase_add_test(tcase, next_gives_each_source_a_turn);
	tcase_add_test(tcase, next_gives_each_network_a_turn);
	tcase_add_test(tcase, remove_leaves_the_others_in_order);
	tcase_add_test(tcase, fullest_is_the_last_of_the_fullest_network_and_source);
	tcase_add_test(tcase, next_gives_a_source_no_more_turns_for_its_subjects);
	tcase_add_test(tcase, next_gives_each_subject_of_a_source_a_turn);
	tcase_add_test(tcase, fullest_is_of_the_source_whatever_its_subjects);
	tcase_add_test(tcase, next_of_many_sources_is_in_order);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
