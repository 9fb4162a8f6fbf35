/* When a daemon says that something ends, at which level, and how often. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "service/keeper/deadlines.h"
#include "unit.h"

#define HOUR ((int64_t)3600)
#define DAY  (24 * HOUR)
#define END  ((int64_t)1795262400)

static struct deadlines *deadlines;
static FILE             *captured;
static int               before;

/* The log is what is judged: it goes to a file meanwhile. */
static void
setup(void)
{
	deadlines = deadlines_new();
	captured = tmpfile();
	ck_assert_ptr_nonnull(captured);
	before = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fileno(captured), STDERR_FILENO), 0);
}

static void
teardown(void)
{
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	(void)fclose(captured);
	deadlines_free(deadlines);
}

/* How many lines of the log have this word. */
static size_t
lines(const char *word)
{
	char   line[2048];
	size_t count = 0;

	rewind(captured);
	while (fgets(line, sizeof line, captured) != NULL)
		count += strstr(line, word) != NULL ? 1 : 0;
	return count;
}

static void
watch(const char *what, int64_t life, int64_t now)
{
	deadlines_watch(deadlines, what, END - life, END, now, "renew it");
}

static const struct {
	int64_t     life;
	int64_t     left;
	const char *level; /* NULL: nothing is said */
} moments[] = {
    {9 * DAY, 9 * DAY, NULL},
    {9 * DAY, 3 * DAY + 1, NULL},
    {9 * DAY, 3 * DAY, " warning "},
    {9 * DAY, 1, " warning "},
    {9 * DAY, 0, " error "},
    {9 * DAY, -DAY, " error "},
    {3650 * DAY, 90 * DAY + 1, NULL}, /* of a long life a third is years */
    {3650 * DAY, 90 * DAY, " warning "},
};

START_TEST(watch_says_what_ends_in_time)
{
	watch("CRL", moments[_i].life, END - moments[_i].left);
	ck_assert_uint_eq(lines("event=expiry"), moments[_i].level != NULL ? 1 : 0);
	if (moments[_i].level != NULL)
		ck_assert_uint_eq(lines(moments[_i].level), 1);
}
END_TEST

START_TEST(watch_line_has_the_thing_the_time_and_the_remedy)
{
	watch("issuing certificate", 9 * DAY, END);
	ck_assert_uint_eq(lines("event=expiry what=\"issuing certificate\" until=2026-11-21T12:00:00Z "
	                        "reason=\"it has expired; renew it\"\n"), 1);
}
END_TEST

START_TEST(watch_says_what_is_over_each_hour)
{
	for (int64_t now = END; now <= END + 3 * HOUR; now += 60)
		watch("CRL", 9 * DAY, now);
	ck_assert_uint_eq(lines(" error "), 4);
}
END_TEST

START_TEST(watch_says_what_ends_soon_each_day)
{
	for (int64_t now = END - 3 * DAY; now < END; now += 600)
		watch("CRL", 9 * DAY, now);
	ck_assert_uint_eq(lines(" warning "), 3);
}
END_TEST

START_TEST(watch_says_that_a_thing_is_over_at_once)
{
	watch("CRL", 9 * DAY, END - 1);
	watch("CRL", 9 * DAY, END);
	ck_assert_uint_eq(lines(" warning "), 1);
	ck_assert_uint_eq(lines(" error "), 1);
}
END_TEST

START_TEST(watch_renewed_thing_that_ends_again_is_said_again)
{
	watch("CRL", 9 * DAY, END);
	deadlines_watch(deadlines, "CRL", END, END + 9 * DAY, END + 1, "renew it");
	deadlines_watch(deadlines, "CRL", END - DAY, END, END + 2, "renew it");
	ck_assert_uint_eq(lines(" error "), 2);
}
END_TEST

START_TEST(watch_things_are_each_their_own)
{
	watch("one", 9 * DAY, END);
	watch("two", 9 * DAY, END);
	watch("one", 9 * DAY, END);
	ck_assert_uint_eq(lines("what=one "), 1);
	ck_assert_uint_eq(lines("what=two "), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deadlines");
	TCase *tc = tcase_create("watch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, watch_says_what_ends_in_time, 0, sizeof moments / sizeof moments[0]);
	tcase_add_test(tc, watch_line_has_the_thing_the_time_and_the_remedy);
	tcase_add_test(tc, watch_says_what_is_over_each_hour);
	tcase_add_test(tc, watch_says_what_ends_soon_each_day);
	tcase_add_test(tc, watch_says_that_a_thing_is_over_at_once);
	tcase_add_test(tc, watch_renewed_thing_that_ends_again_is_said_again);
	tcase_add_test(tc, watch_things_are_each_their_own);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
