/* Each kind of option: what it takes, what it refuses, and what it is when not given. */
#include "config.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command/option.h"
#include "unit.h"
#include "util/error.h"

#define NOW INT64_C(1000000)

struct fields {
	bool               flag;
	const char        *text;
	const char        *word;
	int64_t            number;
	int64_t            duration;
	int64_t            time;
	int                descriptor;
	struct option_list list;
};

static const char *
colour(size_t index)
{
	static const char *const colours[] = {"red", "green", "blue"};

	return index < 3 ? colours[index] : NULL;
}

static const char *
only(size_t index)
{
	return index == 0 ? "this" : NULL;
}

static const struct command_option flag = {OPTION(FLAG, "flag", NULL, struct fields, flag, "f")};
static const struct command_option text = {OPTION(TEXT, "text", "T", struct fields, text, "t")};
static const struct command_option filled = {
    OPTION(TEXT, "filled", "T", struct fields, text, "t"), .filled = true};
static const struct command_option word = {
    OPTION(WORD, "colour", "C", struct fields, word, "w"), .word = colour, .value = "green"};
static const struct command_option number = {
    OPTION(NUMBER, "number", "N", struct fields, number, "n")};
static const struct command_option workers = {
    OPTION(NUMBER, "workers", "N", struct fields, number, "n"), .least = "1", .most = "64",
    .value = "8"};
static const struct command_option duration = {
    OPTION(DURATION, "duration", "D", struct fields, duration, "d"), .value = "7d"};
static const struct command_option lifetime = {
    OPTION(DURATION, "lifetime", "D", struct fields, duration, "d"), .least = "1h", .most = "1y"};
static const struct command_option longer = {
    OPTION(DURATION, "longer", "D", struct fields, duration, "d"), .least = "1h"};
static const struct command_option shorter = {
    OPTION(DURATION, "shorter", "D", struct fields, duration, "d"), .most = "1h"};
static const struct command_option since = {
    OPTION(TIME, "since", "T", struct fields, time, "t")};
static const struct command_option descriptor = {
    OPTION(DESCRIPTOR, "fd", "N", struct fields, descriptor, "n")};
static const struct command_option list = {OPTION(LIST, "list", "L", struct fields, list, "l")};

static struct fields fields;
static struct error  err;

static void
setup(void)
{
	memset(&fields, 0, sizeof fields);
}

/* That it failed, and how the sentence begins. */
static void
malformed(int rc, const char *beginning)
{
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, beginning, strlen(beginning)) == 0, "%s", err.detail);
}

START_TEST(set_flag_is_true)
{
	unit_ok(command_option_set(&flag, NULL, NOW, &fields, &err), &err);
	ck_assert(fields.flag);
}
END_TEST

START_TEST(set_text_is_taken_as_it_is)
{
	unit_ok(command_option_set(&text, "", NOW, &fields, &err), &err);
	ck_assert_str_eq(fields.text, "");
	unit_ok(command_option_set(&text, " a b", NOW, &fields, &err), &err);
	ck_assert_str_eq(fields.text, " a b");
}
END_TEST

START_TEST(set_filled_text_that_is_empty_is_malformed)
{
	malformed(command_option_set(&filled, "", NOW, &fields, &err), "--filled cannot be empty");
	ck_assert_ptr_null(fields.text);
	unit_ok(command_option_set(&filled, "x", NOW, &fields, &err), &err);
}
END_TEST

START_TEST(set_word_is_one_of_the_list)
{
	unit_ok(command_option_set(&word, "blue", NOW, &fields, &err), &err);
	ck_assert_str_eq(fields.word, "blue");
	malformed(command_option_set(&word, "Blue", NOW, &fields, &err), "there is no colour \"Blue\", but red, green and blue");
	malformed(command_option_set(&word, "", NOW, &fields, &err), "there is no colour \"\"");
	ck_assert_str_eq(fields.word, "blue");
}
END_TEST

START_TEST(words_are_joined)
{
	struct command_option one = {.kind = OPTION_WORD, .word = only};
	char                  joined[64];
	char                  small[8];

	command_option_words(&word, "and", joined, sizeof joined);
	ck_assert_str_eq(joined, "red, green and blue");
	command_option_words(&one, "or", joined, sizeof joined);
	ck_assert_str_eq(joined, "this");
	command_option_words(&word, "and", small, sizeof small);
	ck_assert_str_eq(small, "red, gr");
}
END_TEST

/* An option and a text; `wanted` when it is taken, else what the failure says. */
static const struct {
	const struct command_option *option;
	const char                  *given;
	int64_t                      wanted;
	const char                  *detail; /* NULL: it is taken */
} numbers[] = {
    {&number, "0", 0, NULL},
    {&number, "9223372036854775807", INT64_MAX, NULL},
    {&number, "9223372036854775808", 0, "--number takes a number, 0 or more, not 9223372036854775808"},
    {&number, "-1", 0, "--number takes a number"},
    {&number, "+1", 0, "--number takes a number"},
    {&number, " 1", 0, "--number takes a number"},
    {&number, "", 0, "--number takes a number"},
    {&number, "1x", 0, "--number takes a number"},
    {&workers, "1", 1, NULL},
    {&workers, "64", 64, NULL},
    {&workers, "0", 0, "--workers takes a number from 1 to 64, not 0"},
    {&workers, "65", 0, "--workers takes a number from 1 to 64, not 65"},
    {&duration, "90s", 90, NULL},
    {&duration, "90", 0, "--duration: \"90\" is no duration"},
    {&duration, "0s", 0, "--duration: \"0s\" is not between"},
    {&lifetime, "1h", 3600, NULL},
    {&lifetime, "365d", INT64_C(365) * 86400, NULL},
    {&lifetime, "3599s", 0, "--lifetime must lie between 1h and 1y"},
    {&lifetime, "366d", 0, "--lifetime must lie between 1h and 1y"},
    {&longer, "100y", INT64_C(100) * 365 * 86400, NULL},
    {&longer, "59m", 0, "--longer must be at least 1h"},
    {&shorter, "1s", 1, NULL},
    {&shorter, "61m", 0, "--shorter must be at most 1h"},
    {&since, "10s", NOW - 10, NULL},
    {&since, "1y", 1, NULL}, /* before 1970 */
    {&since, "2026-11-21", INT64_C(1795219200), NULL},
    {&since, "2026-11-21T00:00:01Z", INT64_C(1795219201), NULL},
    {&since, "2026-11-31", 0, "--since is a time like 2026-11-21 or"},
    {&since, "yesterday", 0, "--since is a time like"},
    {&since, "2026-11-2", 0, "--since is a time like"},
};

START_TEST(set_number_duration_and_time_keep_their_bounds)
{
	const struct command_option *option = numbers[_i].option;
	const int64_t *field = option->kind == OPTION_NUMBER ? &fields.number
	    : option->kind == OPTION_DURATION                ? &fields.duration
	                                                     : &fields.time;
	int rc = command_option_set(option, numbers[_i].given, NOW, &fields, &err);

	if (numbers[_i].detail == NULL)
		unit_ok(rc, &err);
	else
		malformed(rc, numbers[_i].detail);
	if (option->kind != OPTION_TIME || numbers[_i].detail == NULL)
		ck_assert_int_eq(*field, numbers[_i].wanted);
}
END_TEST

START_TEST(set_descriptor_is_a_number_of_int)
{
	unit_ok(command_option_set(&descriptor, "0", NOW, &fields, &err), &err);
	ck_assert_int_eq(fields.descriptor, 0);
	unit_ok(command_option_set(&descriptor, "2147483647", NOW, &fields, &err), &err);
	ck_assert_int_eq(fields.descriptor, INT_MAX);
	malformed(command_option_set(&descriptor, "2147483648", NOW, &fields, &err), "--fd takes the number of an open descriptor, as in \"--fd 3 3<file\"");
	malformed(command_option_set(&descriptor, "-1", NOW, &fields, &err), "--fd takes the number");
	malformed(command_option_set(&descriptor, "x", NOW, &fields, &err), "--fd takes the number");
}
END_TEST

START_TEST(set_list_keeps_the_order)
{
	char names[100][4];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(names[i], sizeof names[i], "%d", i);
		unit_ok(command_option_set(&list, names[i], NOW, &fields, &err), &err);
	}
	ck_assert_uint_eq(fields.list.count, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_str_eq(fields.list.texts[i], names[i]);
	command_option_clear(&list, &fields);
	ck_assert_uint_eq(fields.list.count, 0);
	ck_assert_ptr_null(fields.list.texts);
}
END_TEST

START_TEST(default_is_what_the_row_says)
{
	command_option_default(&word, &fields);
	command_option_default(&workers, &fields);
	command_option_default(&duration, &fields);
	command_option_default(&descriptor, &fields);
	command_option_default(&text, &fields);
	command_option_default(&since, &fields);
	ck_assert_str_eq(fields.word, "green");
	ck_assert_int_eq(fields.number, 8);
	ck_assert_int_eq(fields.duration, INT64_C(7) * 86400);
	ck_assert_int_eq(fields.descriptor, -1);
	ck_assert_ptr_null(fields.text);
	ck_assert_int_eq(fields.time, 0);
}
END_TEST

/* A mistake in a table ends every test that comes across it. */
START_TEST(default_that_the_row_refuses_aborts)
{
	const struct command_option wrong = {OPTION(NUMBER, "n", "N", struct fields, number, "x"), .value = "many"};

	command_option_default(&wrong, &fields);
}
END_TEST

START_TEST(duration_whose_bound_is_none_aborts)
{
	const struct command_option wrong = {OPTION(DURATION, "d", "D", struct fields, duration, "x"), .least = "soon"};

	(void)command_option_set(&wrong, "1d", NOW, &fields, &err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("option");
	TCase *tc = tcase_create("option");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test_raise_signal(tc, default_that_the_row_refuses_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, duration_whose_bound_is_none_aborts, SIGABRT);
	tcase_add_test(tc, set_flag_is_true);
	tcase_add_test(tc, set_text_is_taken_as_it_is);
	tcase_add_test(tc, set_filled_text_that_is_empty_is_malformed);
	tcase_add_test(tc, set_word_is_one_of_the_list);
	tcase_add_test(tc, words_are_joined);
	tcase_add_loop_test(tc, set_number_duration_and_time_keep_their_bounds, 0,
	    (int)(sizeof numbers / sizeof numbers[0]));
	tcase_add_test(tc, set_descriptor_is_a_number_of_int);
	tcase_add_test(tc, set_list_keeps_the_order);
	tcase_add_test(tc, default_is_what_the_row_says);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
