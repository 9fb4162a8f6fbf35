/* What is said of a configuration file that has changed under a running daemon. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scratch.h"
#include "service/reread.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* One setting of each kind. */
struct settings {
	char              *text;
	struct config_list list;
	int64_t            number;
	int64_t            duration;
	bool               flag;
};

#define ROW(field, type, ...) \
	{.name = #field, .kind = CONFIG_##type, .offset = offsetof(struct settings, field), __VA_ARGS__}

static const struct config_row rows[] = {
    ROW(text, TEXT),
    ROW(list, LIST),
    ROW(number, NUMBER, .value = "5", .least = "0", .most = "9"),
    ROW(duration, DURATION, .value = "1h", .least = "1s", .most = "1d"),
    ROW(flag, FLAG, .value = "false"),
};

static const struct config_schema schema = {.rows = rows, .count = sizeof rows / sizeof rows[0]};

static char           dir[SCRATCH_SIZE];
static char          *path;
static struct reread *reread;
static struct error   err;

static void
conf_write(const char *text)
{
	unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
}

static void
setup(void)
{
	scratch_make(dir);
	path = file_join(dir, "daemon.conf");
	conf_write("text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\n");
	reread = reread_new(&schema, sizeof(struct settings), path);
	ck_assert_ptr_nonnull(reread);
}

static void
teardown(void)
{
	reread_free(reread);
	free(path);
	scratch_remove(dir);
}

static const struct {
	const char *text;
	const char *names;
} files[] = {
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\n", ""},
    {"# moved about\nnumber = 3\nlist = {\"x\", \"y\"}\ntext = \"a\"\nduration = \"60m\"\n", ""},
    {"text = \"b\"\nlist = {\"x\", \"y\"}\nnumber = 3\n", "text"},
    {"text = \"a\"\nlist = {\"y\", \"x\"}\nnumber = 3\n", "list"},
    {"text = \"a\"\nlist = {\"x\"}\nnumber = 3\n", "list"},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\n", "number"},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\nduration = \"2h\"\n", "duration"},
    {"text = \"a\"\nlist = {\"x\", \"y\"}\nnumber = 3\nflag = true\n", "flag"},
    {"", "text, list, number"},
};

START_TEST(changed_names_what_the_file_says_otherwise)
{
	char names[128];

	conf_write(files[_i].text);
	unit_ok(reread_changed(reread, names, sizeof names, &err), &err);
	ck_assert_str_eq(names, files[_i].names);
}
END_TEST

START_TEST(changed_fault_in_the_file_is_malformed)
{
	char names[128];

	conf_write("number = 10\n");
	ck_assert_int_eq(reread_changed(reread, names, sizeof names, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(changed_more_names_than_there_is_room_for_are_cut)
{
	char names[8];

	conf_write("");
	unit_ok(reread_changed(reread, names, sizeof names, &err), &err);
	ck_assert_str_eq(names, "text, l");
}
END_TEST

START_TEST(changed_without_a_file_is_nothing)
{
	char names[8] = "x";

	ck_assert_ptr_null(reread_new(&schema, sizeof(struct settings), NULL));
	unit_ok(reread_changed(NULL, names, sizeof names, &err), &err);
	ck_assert_str_eq(names, "");
	reread_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reread");
	TCase *tc = tcase_create("changed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, changed_names_what_the_file_says_otherwise, 0,
	    sizeof files / sizeof files[0]);
	tcase_add_test(tc, changed_fault_in_the_file_is_malformed);
	tcase_add_test(tc, changed_more_names_than_there_is_room_for_are_cut);
	tcase_add_test(tc, changed_without_a_file_is_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
