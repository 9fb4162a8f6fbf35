/* The settings of a running daemon, read again: what the file and the command line come to. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scratch.h"
#include "service/reread.h"
#include "service/settings.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* One setting of each kind, of which two need a restart. */
struct settings {
	struct service_settings service;
	char                   *text;
	struct config_list      list;
	int64_t                 number;
	int64_t                 duration;
	bool                    flag;
	char                   *place;
	int64_t                 fixed;
	int64_t                 sum; /* derived by check */
};

#define ROW(field, type, when, ...)                                        \
	{.name = #field, .kind = CONFIG_##type, .reload = CONFIG_##when,    \
	    .offset = offsetof(struct settings, field), __VA_ARGS__}

static const struct config_row rows[] = {
    ROW(text, TEXT, RELOAD, .value = NULL),
    ROW(list, LIST, RELOAD, .value = NULL),
    ROW(number, NUMBER, RELOAD, .value = "5", .least = "0", .most = "9"),
    ROW(duration, DURATION, RELOAD, .value = "1h", .least = "1s", .most = "1d"),
    ROW(flag, FLAG, RELOAD, .value = "false"),
    ROW(place, TEXT, RESTART, .value = NULL),
    ROW(fixed, NUMBER, RESTART, .value = "1", .least = "0", .most = "9"),
};

static int
check(void *all, struct error *err)
{
	struct settings *settings = all;

	settings->sum = settings->number + settings->fixed;
	return settings->sum <= 10 ? 0 : error_set(err, ERROR_MALFORMED, "fixed: too much with number");
}

static const struct config_schema schema = {
    .rows = rows, .count = sizeof rows / sizeof rows[0], .check = check};

static char            dir[SCRATCH_SIZE];
static char           *path;
static struct reread  *reread;
static struct settings running;
static struct error    err;

static void
conf_write(const char *text)
{
	unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
}

static void
start(const struct settings *given)
{
	reread = reread_new(&schema, sizeof *given, given, path);
	config_copy(&schema, sizeof *given, given, &running);
	unit_ok(config_file_complete(&schema, path, &running, &err), &err);
	running.service.reread = reread;
	running.service.serving = 4;
}

static void
setup(void)
{
	scratch_make(dir);
	path = file_join(dir, "daemon.conf");
	conf_write("text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\n");
	start(&(struct settings){.flag = false});
}

static void
teardown(void)
{
	config_file_clear(&schema, &running);
	reread_free(reread);
	free(path);
	scratch_remove(dir);
}

static struct settings *
read_again(struct config_changes *changes)
{
	void *fresh = NULL;

	unit_ok(reread_settings(reread, &schema, sizeof running, &running, &fresh, changes, &err), &err);
	return fresh;
}

START_TEST(path_is_that_of_the_file)
{
	ck_assert_str_eq(reread_path(reread), path);
	ck_assert_ptr_null(reread_path(NULL));
}
END_TEST

static const struct {
	const char *text;
	const char *taken;
	const char *waiting;
} files[] = {
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\n", "", ""},
    {"# moved about\nnumber = 3\nlist = {\"x\", \"y\"}\ntext = \"a\"\nduration = \"60m\"\n", "", ""},
    {"text = \"b\"\nlist = {\"x\", \"y\"}\nnumber = 3\n", "text", ""},
    {"text = \"a\"\nlist = {\"y\", \"x\"}\nnumber = 3\n", "list", ""},
    {"text = \"a\"\nlist = {\"x\"}\nnumber = 3\n", "list", ""},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\n", "number", ""},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\nduration = \"2h\"\n", "duration", ""},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\nflag = true\n", "flag", ""},
    {"", "text, list, number", ""},
    {"place = \"/there\"\ntext = \"b\"\nlist = {\"x\", \"y\"}\nnumber = 3\nfixed = 2\n", "text", "place, fixed"},
};

START_TEST(settings_tells_what_the_file_says_otherwise)
{
	struct config_changes changes;
	struct settings      *fresh;
	char                  names[128];

	conf_write(files[_i].text);
	fresh = read_again(&changes);
	config_names(&schema, changes.taken, names, sizeof names);
	ck_assert_str_eq(names, files[_i].taken);
	config_names(&schema, changes.waiting, names, sizeof names);
	ck_assert_str_eq(names, files[_i].waiting);
	ck_assert_int_eq(fresh->fixed, 1);
	ck_assert_ptr_null(fresh->place);
	ck_assert_int_eq(fresh->sum, fresh->number + 1);
	ck_assert_ptr_eq(fresh->service.reread, reread);
	ck_assert_int_eq(fresh->service.serving, 4);
	reread_settings_free(&schema, fresh);
}
END_TEST

START_TEST(settings_new_values_are_there_and_the_running_ones_stay)
{
	struct config_changes changes;
	struct settings      *fresh;

	conf_write("text = \"b\"\nnumber = 9\nduration = \"2h\"\nflag = true\n");
	fresh = read_again(&changes);
	ck_assert_str_eq(fresh->text, "b");
	ck_assert_uint_eq(fresh->list.count, 0);
	ck_assert_int_eq(fresh->number, 9);
	ck_assert_int_eq(fresh->duration, 7200);
	ck_assert(fresh->flag);
	ck_assert_str_eq(running.text, "a");
	ck_assert_int_eq(running.number, 3);
	ck_assert_uint_eq(running.list.count, 2);
	reread_settings_free(&schema, fresh);
}
END_TEST

START_TEST(settings_of_the_command_line_hold_whatever_the_file_says)
{
	struct settings       given = {.number = 7};
	struct config_changes changes;
	struct settings      *fresh;

	config_file_clear(&schema, &running);
	reread_free(reread);
	given.text = memory_strdup("mine");
	start(&given);
	config_file_clear(&schema, &given);
	conf_write("text = \"b\"\nnumber = 1\nduration = \"2h\"\n");
	fresh = read_again(&changes);
	ck_assert_str_eq(fresh->text, "mine");
	ck_assert_int_eq(fresh->number, 7);
	ck_assert_int_eq(fresh->duration, 7200);
	reread_settings_free(&schema, fresh);
}
END_TEST

static const struct {
	const char *text;
	const char *detail; /* the end of it */
} faults[] = {
    {"number = 10\n", "number must lie between 0 and 9"},
    {"text = a\n", "text: put the value in double quotes: \"a\""},
    {"nothing = 1\n", "no such option 'nothing'"},
    {"number = 9\nfixed = 2\n", "fixed: too much with number"},
};

START_TEST(settings_fault_in_the_file_is_malformed)
{
	struct config_changes changes;
	void                 *fresh = NULL;

	conf_write(faults[_i].text);
	ck_assert_int_eq(reread_settings(reread, &schema, sizeof running, &running, &fresh, &changes, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, faults[_i].detail));
	ck_assert_ptr_null(fresh);
}
END_TEST

/* By itself the file is right, but its `fixed` is not that of the daemon. */
START_TEST(settings_that_do_not_go_with_what_waits_are_malformed)
{
	struct config_changes changes;
	void                 *fresh = NULL;

	running.fixed = 4;
	conf_write("number = 7\nfixed = 3\n");
	unit_fails(reread_settings(reread, &schema, sizeof running, &running, &fresh, &changes, &err), &err,
	    ERROR_MALFORMED,
	    "together with the settings that need a restart: fixed: too much with number");
	ck_assert_ptr_null(fresh);
}
END_TEST

START_TEST(settings_file_that_is_gone_is_not_found)
{
	struct config_changes changes;
	void                 *fresh = NULL;

	ck_assert_int_eq(remove(path), 0);
	ck_assert_int_eq(reread_settings(reread, &schema, sizeof running, &running, &fresh, &changes, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_null(fresh);
}
END_TEST

START_TEST(settings_without_a_source_are_copied)
{
	struct config_changes changes;
	void                 *copy = NULL;

	conf_write("text = \"b\"\n");
	unit_ok(reread_settings(NULL, &schema, sizeof running, &running, &copy, &changes, &err), &err);
	ck_assert_uint_eq(changes.taken | changes.waiting, 0);
	ck_assert_str_eq(((struct settings *)copy)->text, "a");
	ck_assert_ptr_ne(((struct settings *)copy)->text, running.text);
	reread_settings_free(&schema, copy);
	reread_settings_free(&schema, NULL);
	reread_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reread");
	TCase *tc = tcase_create("settings");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, path_is_that_of_the_file);
	tcase_add_loop_test(tc, settings_tells_what_the_file_says_otherwise, 0,
	    sizeof files / sizeof files[0]);
	tcase_add_test(tc, settings_new_values_are_there_and_the_running_ones_stay);
	tcase_add_test(tc, settings_of_the_command_line_hold_whatever_the_file_says);
	tcase_add_loop_test(tc, settings_fault_in_the_file_is_malformed, 0,
	    sizeof faults / sizeof faults[0]);
	tcase_add_test(tc, settings_that_do_not_go_with_what_waits_are_malformed);
	tcase_add_test(tc, settings_file_that_is_gone_is_not_found);
	tcase_add_test(tc, settings_without_a_source_are_copied);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
