/* Our part of a configuration file: where it goes, what it leaves alone. */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/place.h"
#include "device/use/program.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define BEGIN "# BEGIN attest-device use x\n"
#define END   "# END attest-device use x\n"

static const struct use_program program = {.name = "x", .file = "~/file", .text = "t\n", .mode = 0640};
static const struct use_program json = {
    .name = "json", .file = "~/file", .text = "{}\n", .whole = true, .mode = 0644};

static char         directory[SCRATCH_SIZE];
static struct error err;

static void
setup(void)
{
	scratch_make(directory);
	ck_assert_int_eq(setenv("HOME", directory, 1), 0);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

static void
put(const char *text)
{
	AUTO_FREE char *path = file_join(directory, "file");

	unit_ok(file_replace(path, text, strlen(text), 0604, &err), &err);
}

static void
holds(const char *name, const char *text)
{
	AUTO_FREE char *path = file_join(directory, name);
	AUTO_BYTES      found = {0};

	if (text == NULL) {
		ck_assert_int_ne(access(path, F_OK), 0);
		return;
	}
	unit_ok(file_read(path, 1000, &found, &err), &err);
	ck_assert_msg(view_equal(bytes_view(&found), view_text(text)), "%.*s", (int)found.size,
	    (const char *)found.data);
}

/* What is there, after writing, and after removing; NULL: no file. */
static const struct {
	const char    *before;
	enum use_state state;
	const char    *written;
	const char    *removed;
	bool           backup;
} rows[] = {
    {NULL, USE_ABSENT, BEGIN "t\n" END, NULL, false},
    {"a\n", USE_ABSENT, "a\n" BEGIN "t\n" END, "a\n", true},
    {"a", USE_ABSENT, "a\n" BEGIN "t\n" END, "a\n", true},
    {"", USE_ABSENT, BEGIN "t\n" END, NULL, true},
    {BEGIN "t\n" END, USE_SET, BEGIN "t\n" END, NULL, false},
    {"a\n" BEGIN "t\n" END "b\n", USE_SET, "a\n" BEGIN "t\n" END "b\n", "a\nb\n", false},
    {"a\n" BEGIN "old\n" END "b\n", USE_OTHER, "a\n" BEGIN "t\n" END "b\n", "a\nb\n", false},
    /* no end: whoever cut it off has it whole, and ours behind it */
    {"a\n" BEGIN "t\n", USE_ABSENT, "a\n" BEGIN "t\n" BEGIN "t\n" END, "a\n" BEGIN "t\n",
        true},
    /* an editor has taken the last line end away */
    {"a\n" BEGIN "t\n# END attest-device use x", USE_OTHER, "a\n" BEGIN "t\n" END, "a\n", false},
    {BEGIN "# END attest-device use x", USE_OTHER, BEGIN "t\n" END, NULL, false},
    /* a mark amid a line is none */
    {"x" BEGIN "t\n" END, USE_ABSENT, "x" BEGIN "t\n" END BEGIN "t\n" END, "x" BEGIN "t\n" END, true},
};

START_TEST(write_and_remove_leave_the_rest_alone)
{
	enum use_state state;
	bool           changed;

	if (rows[_i].before != NULL)
		put(rows[_i].before);
	unit_ok(use_place_look(&program, view_text("t\n"), &state, &err), &err);
	ck_assert_int_eq((int)state, (int)rows[_i].state);
	unit_ok(use_place_write(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert_int_eq(changed, rows[_i].state != USE_SET);
	holds("file", rows[_i].written);
	holds("file.attest-device.bak", rows[_i].backup ? rows[_i].before : NULL);
	unit_ok(use_place_write(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert(!changed);
	unit_ok(use_place_remove(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert(changed);
	holds("file", rows[_i].removed);
}
END_TEST

START_TEST(write_keeps_the_mode_of_the_file)
{
	AUTO_FREE char *path = file_join(directory, "file");
	struct stat     st;
	bool            changed;

	unit_ok(use_place_write(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	put("a\n");
	unit_ok(use_place_write(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
}
END_TEST

START_TEST(a_whole_file_of_others_is_not_touched)
{
	enum use_state state;
	bool           changed;

	put("{\"theirs\": 1}\n");
	unit_ok(use_place_look(&json, view_text("{}\n"), &state, &err), &err);
	ck_assert_int_eq((int)state, (int)USE_FOREIGN);
	ck_assert_int_eq(use_place_write(&json, view_text("{}\n"), &changed, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	unit_ok(use_place_remove(&json, view_text("{}\n"), &changed, &err), &err);
	ck_assert(!changed);
	holds("file", "{\"theirs\": 1}\n");
}
END_TEST

START_TEST(a_whole_file_is_ours)
{
	bool changed;

	unit_ok(use_place_write(&json, view_text("{}\n"), &changed, &err), &err);
	holds("file", "{}\n");
	unit_ok(use_place_remove(&json, view_text("{}\n"), &changed, &err), &err);
	holds("file", NULL);
}
END_TEST

START_TEST(root_does_not_write_for_another_user)
{
	bool changed;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(directory, 12345, 12345), 0);
	ck_assert_int_eq(use_place_write(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, " is uid 12345's; run this as that user"));
	holds("file", NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("place");
	TCase *tc = tcase_create("place");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, write_and_remove_leave_the_rest_alone, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, write_keeps_the_mode_of_the_file);
	tcase_add_test(tc, a_whole_file_of_others_is_not_touched);
	tcase_add_test(tc, a_whole_file_is_ours);
	tcase_add_test(tc, root_does_not_write_for_another_user);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
