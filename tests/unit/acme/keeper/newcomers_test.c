/* Which new account or order gives way to others. */
#include "config.h"

#include "acme/keeper/newcomers.h"

#include <stdio.h>

#include "unit.h"

#define NOW INT64_C(1795253400)

static struct newcomers *newcomers;

static void
setup(void)
{
	newcomers = newcomers_new(3600);
}

static void
teardown(void)
{
	newcomers_free(newcomers);
}

static void
add_of(const char *id, const char *peer, const char *subject, int64_t now)
{
	char text[STORE_ID_SIZE] = "";

	(void)snprintf(text, sizeof text, "%s", id);
	newcomers_add(newcomers, text, view_text(peer), view_text(subject), now);
}

static void
add(const char *id, const char *peer, int64_t now)
{
	add_of(id, peer, "", now);
}

static void
displaces(const char *wanted)
{
	char id[STORE_ID_SIZE] = "nothing";

	newcomers_displace(newcomers, id);
	ck_assert_str_eq(id, wanted);
}

START_TEST(displace_of_none_is_nobody)
{
	displaces("");
}
END_TEST

START_TEST(displace_takes_the_oldest_of_who_made_most)
{
	add("quiet", "192.0.2.1:5", NOW);
	add("first", "198.51.100.9:5", NOW + 1);
	add("second", "198.51.100.9:6", NOW + 2);
	displaces("first");
	displaces("quiet");
	displaces("second");
	displaces("");
}
END_TEST

START_TEST(displace_takes_the_oldest_of_the_subject_that_made_most)
{
	add_of("quiet", "192.0.2.1:5", "one", NOW);
	add_of("first", "10.1.0.1:5", "other", NOW + 1);
	add_of("second", "10.2.0.1:6", "other", NOW + 2);
	displaces("first");
}
END_TEST

START_TEST(count_is_of_those_that_are_not_proven_nor_old)
{
	ck_assert_uint_eq(newcomers_count(newcomers, NOW), 0);
	add("first", "192.0.2.1:5", NOW);
	add("second", "192.0.2.1:5", NOW + 1);
	add("third", "192.0.2.1:5", NOW + 2);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 2), 3);
	newcomers_prove(newcomers, "second");
	newcomers_prove(newcomers, "second");
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 2), 2);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 3600), 1);
	displaces("third");
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 3600), 0);
}
END_TEST

START_TEST(prove_keeps_an_account)
{
	add("first", "198.51.100.9:5", NOW);
	add("second", "198.51.100.9:6", NOW);
	newcomers_prove(newcomers, "first");
	newcomers_prove(newcomers, "unknown");
	displaces("second");
	displaces("");
}
END_TEST

START_TEST(add_forgets_those_of_an_hour_ago)
{
	add("old", "192.0.2.1:5", NOW);
	add("almost", "192.0.2.2:5", NOW + 1);
	add("new", "192.0.2.3:5", NOW + 3600);
	displaces("almost");
	displaces("new");
	displaces("");
}
END_TEST

/* Else it would keep all that come after it. */
START_TEST(one_of_a_clock_that_was_set_back_is_forgotten)
{
	add("a second ahead", "192.0.2.3:5", NOW + 1);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW), 1);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 3601), 0);
	add("ahead", "192.0.2.1:5", NOW + 86400);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 86400), 1);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW), 0);
	add("new", "192.0.2.2:5", NOW);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW), 1);
	ck_assert_uint_eq(newcomers_count(newcomers, NOW + 3600), 0);
}
END_TEST

START_TEST(free_takes_null)
{
	newcomers_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("newcomers");
	TCase *tc = tcase_create("newcomers");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, displace_of_none_is_nobody);
	tcase_add_test(tc, displace_takes_the_oldest_of_who_made_most);
	tcase_add_test(tc, displace_takes_the_oldest_of_the_subject_that_made_most);
	tcase_add_test(tc, count_is_of_those_that_are_not_proven_nor_old);
	tcase_add_test(tc, prove_keeps_an_account);
	tcase_add_test(tc, add_forgets_those_of_an_hour_ago);
	tcase_add_test(tc, one_of_a_clock_that_was_set_back_is_forgotten);
	tcase_add_test(tc, free_takes_null);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
