/* Settings from files: what they say, what they do not, and what they get wrong. */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/config_scan.h"
#include "util/error.h"
#include "util/file.h"

struct settings {
	char              *text;
	char              *none;
	struct config_list list;
	struct config_list empty;
	int64_t            number;
	int64_t            duration;
	int64_t            delay;
	bool               flag;
};

#define ROW(field, type, ...) \
	{.name = #field, .kind = CONFIG_##type, .offset = offsetof(struct settings, field), __VA_ARGS__}

static const struct config_row rows[] = {
    ROW(text, TEXT, .value = "word"),
    ROW(none, TEXT, .value = NULL),
    ROW(list, LIST, .value = "one, two"),
    ROW(empty, LIST, .value = NULL),
    ROW(number, NUMBER, .value = "7", .least = "1", .most = "9"),
    ROW(duration, DURATION, .value = "1h", .least = "1m", .most = "2h"),
    ROW(delay, DURATION, .value = "1m", .least = "0s", .most = "2h"),
    ROW(flag, FLAG, .value = "true"),
};

/* A check across rows, whose detail may begin with the name of one. */
static int
check(void *all, struct error *error)
{
	const struct settings *checked = all;

	if (checked->number == 8)
		return error_set(error, ERROR_MALFORMED, "number may not be eight");
	if (checked->number == 6)
		return error_set(error, ERROR_MALFORMED, "six is too many");
	return 0;
}

static const struct config_schema schema = {.rows = rows, .count = sizeof rows / sizeof rows[0], .check = check};

static char            dir[SCRATCH_SIZE];
static char           *path;
static struct settings settings;
static struct error    err;

static void
setup(void)
{
	scratch_make(dir);
	path = file_join(dir, "file.conf");
	memset(&settings, 0, sizeof settings);
	memset(&err, 0, sizeof err);
}

static void
teardown(void)
{
	config_file_clear(&schema, &settings);
	free(path);
	scratch_remove(dir);
}

static int
complete(const char *content)
{
	if (content == NULL)
		return config_file_complete(&schema, NULL, &settings, &err);
	unit_ok(file_replace(path, content, strlen(content), 0600, &err), &err);
	return config_file_complete(&schema, path, &settings, &err);
}

static const char *const silent[] = {NULL, "", "# nothing\n"};

START_TEST(complete_from_nothing_is_all_defaults)
{
	unit_ok(complete(silent[_i]), &err);
	ck_assert_str_eq(settings.text, "word");
	ck_assert_ptr_null(settings.none);
	ck_assert_uint_eq(settings.list.count, 2);
	ck_assert_str_eq(settings.list.texts[0], "one");
	ck_assert_str_eq(settings.list.texts[1], "two");
	ck_assert_uint_eq(settings.empty.count, 0);
	ck_assert_int_eq(settings.number, 7);
	ck_assert_int_eq(settings.duration, 3600);
	ck_assert_int_eq(settings.delay, 60);
	ck_assert(settings.flag);
}
END_TEST

START_TEST(complete_from_a_file_takes_what_it_says)
{
	unit_ok(complete("text = \"other\"\nnone = 'x'\nlist = {\"a\", \"b\"}\nempty = {\"c\"}\n"
	                 "number = 9\nduration = 2m\ndelay = 0s\nflag = false\n"), &err);
	ck_assert_str_eq(settings.text, "other");
	ck_assert_str_eq(settings.none, "x");
	ck_assert_uint_eq(settings.list.count, 2);
	ck_assert_str_eq(settings.list.texts[1], "b");
	ck_assert_uint_eq(settings.empty.count, 1);
	ck_assert_int_eq(settings.number, 9);
	ck_assert_int_eq(settings.duration, 120);
	ck_assert_int_eq(settings.delay, 0);
	ck_assert(!settings.flag);
}
END_TEST

START_TEST(complete_leaves_what_is_set)
{
	config_list_append(&settings.list, "mine");
	settings.text = memory_strdup("mine");
	settings.number = 1000; /* whoever set it has checked it */
	unit_ok(complete("text = \"other\"\nlist = {\"a\"}\nnumber = 2\n"), &err);
	ck_assert_str_eq(settings.text, "mine");
	ck_assert_uint_eq(settings.list.count, 1);
	ck_assert_str_eq(settings.list.texts[0], "mine");
	ck_assert_int_eq(settings.number, 1000);
}
END_TEST

START_TEST(complete_from_an_empty_list_is_empty)
{
	unit_ok(complete("list = {}\n"), &err);
	ck_assert_uint_eq(settings.list.count, 0);
}
END_TEST

static const struct {
	const char *content;
	const char *detail; /* behind the path */
} wrong[] = {
    {"number = 10\n", " line 1: number must lie between 1 and 9"},
    {"number = 0\n", " line 1: number must lie between 1 and 9"},
    {"number = 3x\n", " line 1: number: \"3x\" is no number"},
    {"number = \"\"\n", " line 1: number: \"\" is no number"},
    {"number = 99999999999999999999\n", " line 1: number: \"99999999999999999999\" is no number"},
    {"duration = 1s\n", " line 1: duration must lie between 1m and 2h"},
    {"flag = maybe\n", " line 1: flag is true or false, not \"maybe\""},
    {"duration = 0s\n", " line 1: duration must lie between 1m and 2h"},
    {"number = 8\n", " line 1: number may not be eight"},
    {"flag = true\nnumber = 6\n", ": six is too many"},
    {"/* a\n b */ # c\nnumber = 10\n", " line 3: number must lie between 1 and 9"},
    {"text = \"a\\\"\nb\" number = 10\n", " line 2: number must lie between 1 and 9"},
    {"text = word\n", " line 1: text: put the value in double quotes: \"word\""},
    {"// c\ntext = ${HOME}\n", " line 2: text: put the value in double quotes: \"${HOME}\""},
    {"list = {\"a\",\n b/c\n}\n", " line 2: list: put the value in double quotes: \"b/c\""},
    {"list = {\"a\"}\nlist += {b}\n", " line 2: list: put the value in double quotes: \"b\""},
    {"list = a\n", " line 1: list: put the value in double quotes: \"a\""},
    {"text = \"a\"\nbogus = 1\n", " line 2: no such option 'bogus'"},
    {"# a\n// b\n/* c\n */ text = \"/* #\" # \"d\nbogus = 1\n", " line 5: no such option 'bogus'"},
    {"/*/ text = \"a\" */\nbogus = 1\n", " line 2: no such option 'bogus'"},
    {"number = 3\n\"\" = 1\n", " line 2: the name of a setting is expected"},
};

START_TEST(complete_from_a_wrong_file_says_where)
{
	char detail[512];

	(void)snprintf(detail, sizeof detail, "%s%s", path, wrong[_i].detail);
	unit_fails(complete(wrong[_i].content), &err, ERROR_MALFORMED, detail);
}
END_TEST

/* The text ends behind a value, or within a comment; no octet behind it is read. */
static const struct {
	const char *text;
	size_t      size; /* of a value */
} ends[] = {{"number = 12", 2}, {"number = 1 # end", 1}, {"number = 1 /* end", 1}, {"number = 5//five", 1},
    {"number = 5/*five*/", 1}};

static int
see_value(const struct config_word *word, void *arg)
{
	*(size_t *)arg = word->text.size;
	return 0;
}

START_TEST(scan_ends_where_the_text_does)
{
	size_t     size = 0;
	AUTO_BYTES text = {0};

	bytes_append(&text, ends[_i].text, strlen(ends[_i].text));
	ck_assert_int_eq(config_scan(bytes_view(&text), see_value, &size), 0);
	ck_assert_uint_eq(size, ends[_i].size);
	config_scan_blank_comments(&text);
	ck_assert_ptr_null(memmem(text.data, text.size, "five", 4));
	ck_assert_ptr_null(memmem(text.data, text.size, "end", 3));
}
END_TEST

START_TEST(complete_from_what_is_no_text_is_malformed)
{
	char detail[512];

	unit_ok(file_replace(path, "number = 3\n\0", 12, 0600, &err), &err);
	(void)snprintf(detail, sizeof detail, "%s: it is no text: it has NUL octets", path);
	unit_fails(config_file_complete(&schema, path, &settings, &err), &err, ERROR_MALFORMED, detail);
}
END_TEST

START_TEST(complete_from_no_file_is_not_found)
{
	ck_assert_int_eq(config_file_complete(&schema, path, &settings, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config_file");
	TCase *tc = tcase_create("config_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, complete_from_nothing_is_all_defaults, 0, 3);
	tcase_add_test(tc, complete_from_a_file_takes_what_it_says);
	tcase_add_test(tc, complete_leaves_what_is_set);
	tcase_add_test(tc, complete_from_an_empty_list_is_empty);
	tcase_add_loop_test(tc, complete_from_a_wrong_file_says_where, 0,
	    sizeof wrong / sizeof wrong[0]);
	tcase_add_loop_test(tc, scan_ends_where_the_text_does, 0, sizeof ends / sizeof ends[0]);
	tcase_add_test(tc, complete_from_no_file_is_not_found);
	tcase_add_test(tc, complete_from_what_is_no_text_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
