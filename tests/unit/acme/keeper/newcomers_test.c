/* Which new account gives way to others. */
#include "config.h"

#include "acme/keeper/newcomers.h"

#include <stdio.h>

#include "unit.h"

#define NOW INT64_C(1795253400)

static struct newcomers *newcomers;

static void
setup(void)
{
	newcomers = newcomers_new();
}

static void
teardown(void)
{
	newcomers_free(newcomers);
}

static void
add(const char *id, const char *peer, int64_t now)
{
	char text[STORE_ID_SIZE] = "";

	(void)snprintf(text, sizeof text, "%s", id);
	newcomers_add(newcomers, text, view_text(peer), now);
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
	tcase_add_test(tc, prove_keeps_an_account);
	tcase_add_test(tc, add_forgets_those_of_an_hour_ago);
	tcase_add_test(tc, free_takes_null);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
