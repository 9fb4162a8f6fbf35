/* Refusals are logged one by one, until there are many. */
#include "config.h"

#include "util/log_refusal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/log.h"
#include "util/source.h"

static char text[65536]; /* what was logged */

/* What log_refusal_flush logs goes to text. */
static void
flush(int64_t now_ms)
{
	int     standard_error = dup(STDERR_FILENO);
	int     output[2];
	ssize_t got;

	ck_assert_int_eq(pipe2(output, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_ge(dup2(output[1], STDERR_FILENO), 0);
	log_refusal_flush(now_ms);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	(void)close(output[1]);
	got = read(output[0], text, sizeof text - 1);
	text[got > 0 ? got : 0] = '\0';
	(void)close(output[0]);
}

/* Counts how many of `count` are admitted, in one second; what is logged goes to text. */
static int
refuse(const char *peer, const char *kind, int count, int64_t now_ms)
{
	struct source source = source_of_text(view_text(peer));
	int           standard_error = dup(STDERR_FILENO);
	int           admitted = 0;
	int           output[2];
	ssize_t       got;

	ck_assert_int_eq(pipe2(output, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_ge(dup2(output[1], STDERR_FILENO), 0);
	for (int i = 0; i < count; i++)
		admitted += log_refusal(&source, kind, now_ms);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	(void)close(output[1]);
	got = read(output[0], text, sizeof text - 1);
	text[got > 0 ? got : 0] = '\0';
	(void)close(output[0]);
	return admitted;
}

static void
setup(void)
{
	log_open("x", LOG_LEVEL_INFO);
}

START_TEST(refusal_few_are_all_logged)
{
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", LOG_REFUSALS_OF_SOURCE, 1000),
	    LOG_REFUSALS_OF_SOURCE);
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", LOG_REFUSALS_OF_SOURCE, 2000),
	    LOG_REFUSALS_OF_SOURCE);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(refusal_many_of_a_source_and_kind_are_summarised)
{
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 8500, 1000), LOG_REFUSALS_OF_SOURCE);
	ck_assert_int_eq(refuse("192.0.2.1", "notEnrolled", 1, 1500), 1);
	ck_assert_int_eq(refuse("192.0.2.2", "malformed", 1, 1999), 1);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(refuse("192.0.2.3", "malformed", 1, 2000), 1);
	ck_assert_ptr_nonnull(strstr(text, " info x event=refusals source=192.0.2.1 kind=malformed "
	                                   "count=8468 reason=\"as many more were refused within a "
	                                   "second\"\n"));
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 1, 2001), 1);
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 1, 3000), 1);
	ck_assert_str_eq(text, "");
}
END_TEST

/* 1,000 sources, of which more than have a place are counted together. */
START_TEST(refusal_many_sources_have_a_bound_together)
{
	int    admitted = 0;
	size_t lines = 0;

	for (int i = 0; i < 1000; i++) {
		char peer[32];

		(void)snprintf(peer, sizeof peer, "10.0.%d.%d", i / 250, i % 250);
		admitted += refuse(peer, "malformed", 1, 1000);
	}
	ck_assert_int_eq(admitted, LOG_REFUSALS);
	ck_assert_int_eq(refuse("192.0.2.3", "malformed", 1, 2000), 1);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_uint_eq(lines, LOG_REFUSAL_SOURCES + 1);
	ck_assert_ptr_nonnull(strstr(text, " info x event=refusals count=856 ")); /* 1000 - 128 - 16 */
}
END_TEST

/* Nobody is refused any more: a timer has the count logged, once. */
START_TEST(flush_logs_the_count_of_a_second_that_is_over)
{
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 40, 1000), LOG_REFUSALS_OF_SOURCE);
	flush(1999);
	ck_assert_str_eq(text, "");
	flush(2000);
	ck_assert_ptr_nonnull(strstr(text, " event=refusals source=192.0.2.1 kind=malformed count=8 "));
	flush(3000);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 40, 3999), LOG_REFUSALS_OF_SOURCE);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(flush_at_the_end_logs_all)
{
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 40, 1000), LOG_REFUSALS_OF_SOURCE);
	flush(INT64_MAX);
	ck_assert_ptr_nonnull(strstr(text, " event=refusals source=192.0.2.1 kind=malformed count=8 "));
	flush(INT64_MAX);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(refusal_at_level_debug_is_always_logged)
{
	log_open("x", LOG_LEVEL_DEBUG);
	ck_assert_int_eq(refuse("192.0.2.1", "malformed", 1000, 1000), 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log_refusal");
	TCase *tc = tcase_create("log_refusal");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, refusal_few_are_all_logged);
	tcase_add_test(tc, refusal_many_of_a_source_and_kind_are_summarised);
	tcase_add_test(tc, refusal_many_sources_have_a_bound_together);
	tcase_add_test(tc, flush_logs_the_count_of_a_second_that_is_over);
	tcase_add_test(tc, flush_at_the_end_logs_all);
	tcase_add_test(tc, refusal_at_level_debug_is_always_logged);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
