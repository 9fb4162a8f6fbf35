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
#include "util/error.h"
#include "util/file.h"

struct settings {
	char              *text;
	char              *none;
	struct config_list list;
	struct config_list empty;
	int64_t            number;
	int64_t            duration;
	bool               flag;
};

static const struct config_row rows[] = {
    {"text", CONFIG_TEXT, offsetof(struct settings, text), "word", NULL, NULL},
    {"none", CONFIG_TEXT, offsetof(struct settings, none), NULL, NULL, NULL},
    {"list", CONFIG_LIST, offsetof(struct settings, list), "one", NULL, NULL},
    {"empty", CONFIG_LIST, offsetof(struct settings, empty), NULL, NULL, NULL},
    {"number", CONFIG_NUMBER, offsetof(struct settings, number), "7", "1", "9"},
    {"duration", CONFIG_DURATION, offsetof(struct settings, duration), "1h", "1m", "2h"},
    {"flag", CONFIG_FLAG, offsetof(struct settings, flag), "true", NULL, NULL},
};

#define ROWS (sizeof rows / sizeof rows[0])

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
	config_file_clear(rows, ROWS, &settings);
	free(path);
	scratch_remove(dir);
}

static int
complete(const char *content)
{
	if (content == NULL)
		return config_file_complete(rows, ROWS, NULL, &settings, &err);
	unit_ok(file_replace(path, content, strlen(content), 0600, &err), &err);
	return config_file_complete(rows, ROWS, path, &settings, &err);
}

static const char *const silent[] = {NULL, "", "# nothing\n"};

START_TEST(complete_from_nothing_is_all_defaults)
{
	unit_ok(complete(silent[_i]), &err);
	ck_assert_str_eq(settings.text, "word");
	ck_assert_ptr_null(settings.none);
	ck_assert_uint_eq(settings.list.count, 1);
	ck_assert_str_eq(settings.list.texts[0], "one");
	ck_assert_uint_eq(settings.empty.count, 0);
	ck_assert_int_eq(settings.number, 7);
	ck_assert_int_eq(settings.duration, 3600);
	ck_assert(settings.flag);
}
END_TEST

START_TEST(complete_from_a_file_takes_what_it_says)
{
	unit_ok(complete("text = \"other\"\nnone = x\nlist = {\"a\", \"b\"}\nempty = {\"c\"}\n"
	                 "number = 9\nduration = 2m\nflag = false\n"), &err);
	ck_assert_str_eq(settings.text, "other");
	ck_assert_str_eq(settings.none, "x");
	ck_assert_uint_eq(settings.list.count, 2);
	ck_assert_str_eq(settings.list.texts[1], "b");
	ck_assert_uint_eq(settings.empty.count, 1);
	ck_assert_int_eq(settings.number, 9);
	ck_assert_int_eq(settings.duration, 120);
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
    {"number = 10\n", ": number must lie between 1 and 9"},
    {"number = 0\n", ": number must lie between 1 and 9"},
    {"number = 3x\n", ": number: \"3x\" is no number"},
    {"number = \"\"\n", ": number: \"\" is no number"},
    {"number = 99999999999999999999\n", ": number: \"99999999999999999999\" is no number"},
    {"duration = 1s\n", ": duration must lie between 1m and 2h"},
    {"flag = maybe\n", ": flag is true or false, not \"maybe\""},
    {"text = \"a\"\nbogus = 1\n", " line 2: no such option 'bogus'"},
};

START_TEST(complete_from_a_wrong_file_says_where)
{
	char detail[512];

	(void)snprintf(detail, sizeof detail, "%s%s", path, wrong[_i].detail);
	unit_fails(complete(wrong[_i].content), &err, ERROR_MALFORMED, detail);
}
END_TEST

START_TEST(complete_from_no_file_is_not_found)
{
	ck_assert_int_eq(config_file_complete(rows, ROWS, path, &settings, &err), -1);
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
	tcase_add_test(tc, complete_from_no_file_is_not_found);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
