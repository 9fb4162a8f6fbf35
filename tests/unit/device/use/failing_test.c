/* A program's file is written or removed whole, or left as it was, whichever system call fails. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/place.h"
#include "device/use/program.h"
#include "failing.h"
#include "failing_calls.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define BEGIN "# BEGIN attest-device use x\n"
#define END   "# END attest-device use x\n"

static const struct use_program program = {.name = "x", .file = "~/a/b/file", .text = "t\n", .mode = 0640};

static char directory[SCRATCH_SIZE];
static char above[SCRATCH_SIZE + 8];
static char below[SCRATCH_SIZE + 8];

static void
setup(void)
{
	scratch_make(directory);
	(void)snprintf(above, sizeof above, "%s/a", directory);
	(void)snprintf(below, sizeof below, "%s/a/b", directory);
	ck_assert_int_eq(setenv("HOME", directory, 1), 0);
	ck_assert_int_eq(unsetenv("XDG_CONFIG_HOME"), 0);
}

static void
clear(void)
{
	scratch_clear(below);
	(void)rmdir(below);
	(void)rmdir(above);
}

static void
teardown(void)
{
	clear();
	scratch_remove(directory);
}

/* What is there before, NULL: not even the directory; and what is wanted then, NULL: no file. */
struct change {
	bool        removes;
	const char *before;
	const char *wanted;
};

static const struct change changes[] = {
    {false, NULL, BEGIN "t\n" END},
    {false, "a\n", "a\n" BEGIN "t\n" END},
    {false, "a\n" BEGIN "old\n" END "b\n", "a\n" BEGIN "t\n" END "b\n"},
    {true, "a\n" BEGIN "t\n" END "b\n", "a\nb\n"},
    {true, BEGIN "t\n" END, NULL},
};

static bool
holds(const char *text)
{
	AUTO_FREE char *path = file_join(below, "file");
	AUTO_BYTES      found = {0};
	struct error    err = {0};

	if (text == NULL)
		return access(path, F_OK) != 0;
	return file_read(path, 1000, &found, &err) == 0 && view_equal(bytes_view(&found), view_text(text));
}

static void
put(const char *text)
{
	AUTO_FREE char *path = file_join(below, "file");
	struct error    err = {0};

	clear();
	if (text == NULL)
		return;
	ck_assert_int_eq(mkdir(above, 0700), 0);
	ck_assert_int_eq(mkdir(below, 0700), 0);
	unit_ok(file_create(path, text, strlen(text), 0600, &err), &err);
}

static int
change_once(const struct change *change, struct error *err)
{
	enum use_state state;
	bool           changed;

	if (use_place_look(&program, view_text("t\n"), &state, err) != 0)
		return -1;
	return change->removes ? use_place_remove(&program, view_text("t\n"), &changed, err)
	                       : use_place_write(&program, view_text("t\n"), &changed, err);
}

/* And the next time it is done. */
static int
change_try(const void *arg, struct error *err)
{
	const struct change *change = arg;
	struct error         later = {0};
	int                  rc;

	put(change->before);
	failing_on();
	rc = change_once(change, err);
	failing_off();
	ck_assert_msg(holds(change->wanted) || (rc != 0 && holds(change->before)), "%s", err->detail);
	unit_ok(change_once(change, &later), &later);
	ck_assert(holds(change->wanted));
	return rc;
}

START_TEST(change_whose_calls_fail_is_whole_or_none)
{
	failing_calls(EIO);
	failing_each(change_try, &changes[_i]);
}
END_TEST

START_TEST(directory_in_the_place_of_the_file_is_told)
{
	AUTO_FREE char *path = file_join(below, "file");
	enum use_state  state;
	struct error    err = {0};

	put("a\n");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(use_place_look(&program, view_text("t\n"), &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("use_failing");
	TCase *tc = tcase_create("use_failing");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, change_whose_calls_fail_is_whole_or_none, 0, sizeof changes / sizeof changes[0]);
	tcase_add_test(tc, directory_in_the_place_of_the_file_is_told);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
