/* Our part of a configuration file: where it goes, what it leaves alone. */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
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
	ck_assert_int_eq(unsetenv("XDG_CONFIG_HOME"), 0);
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

/* Without an end nobody knows what is ours: nothing is changed, and the line is named. */
static const struct {
	const char *before;
	const char *line;
} broken_rows[] = {
    {"a\n" BEGIN "t\n", "line 2 of "},
    {"a\nb\n" BEGIN, "line 3 of "},
    {"# BEGIN attest-device use x", "line 1 of "},
    {BEGIN "t\n" BEGIN "t\n" END, "line 1 of "},
    {BEGIN "t\n" END "a\n" BEGIN "t\n", "line 5 of "},
};

START_TEST(a_mark_without_its_end_is_refused)
{
	enum use_state state;
	bool           changed;

	put(broken_rows[_i].before);
	unit_ok(use_place_look(&program, view_text("t\n"), &state, &err), &err);
	ck_assert_int_eq((int)state, USE_BROKEN);
	ck_assert_int_eq(use_place_write(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	ck_assert_msg(strncmp(err.detail, broken_rows[_i].line, strlen(broken_rows[_i].line)) == 0, "%s",
	    err.detail);
	ck_assert_int_eq(use_place_remove(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	holds("file", broken_rows[_i].before);
	holds("file.attest-device.bak", NULL);
}
END_TEST

START_TEST(path_goes_by_the_variables_of_the_user)
{
	const struct use_program of_config = {.name = "x", .file = "~/.config/a/b"};
	AUTO_FREE char          *config = NULL;
	AUTO_FREE char          *home = NULL;
	AUTO_FREE char          *none = NULL;
	enum use_state           state;
	bool                     changed;

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/c", 1), 0);
	ck_assert_int_eq(setenv("HOME", "/h", 1), 0);
	config = use_place_path(&of_config);
	ck_assert_str_eq(config, "/c/a/b");
	home = use_place_path(&program);
	ck_assert_str_eq(home, "/h/file");
	ck_assert_int_eq(unsetenv("XDG_CONFIG_HOME"), 0);
	ck_assert_int_eq(unsetenv("HOME"), 0);
	none = use_place_path(&of_config);
	ck_assert_str_eq(none, "~/.config/a/b");
	unit_ok(use_place_look(&program, view_text("t\n"), &state, &err), &err);
	ck_assert_int_eq((int)state, USE_ABSENT);
	ck_assert_int_eq(use_place_write(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "HOME is not set"));
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
	ck_assert_int_eq(use_place_remove(&json, view_text("{}\n"), &changed, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "/file is not as it was written, and stays"));
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

/* ---- root and links ---- */

static const struct use_program deep = {
    .name = "x", .file = "~/home/sub/file", .text = "t\n", .mode = 0640};

/* "home/sub" and "others" in the directory, and what a test has put into them. */
static void
deep_teardown(void)
{
	static const char *const files[] = {"home/sub/file", "home/sub/file.attest-device.bak", "home/sub",
	    "home/file", "home", "others/file", "others/file.attest-device.bak", "others/sub/file", "others/sub",
	    "others"};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		AUTO_FREE char *path = file_join(directory, files[i]);

		(void)remove(path);
	}
	teardown();
}

static void
make(const char *name, mode_t mode)
{
	AUTO_FREE char *path = file_join(directory, name);

	ck_assert_int_eq(mkdir(path, mode), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
give(const char *name, uid_t user, gid_t group)
{
	AUTO_FREE char *path = file_join(directory, name);

	ck_assert_int_eq(lchown(path, user, group), 0);
}

static void
put_at(const char *name, mode_t mode)
{
	AUTO_FREE char *path = file_join(directory, name);

	unit_ok(file_replace(path, "theirs\n", 7, mode, &err), &err);
}

static void
link_at(const char *target, const char *name)
{
	AUTO_FREE char *path = file_join(directory, name);

	ck_assert_int_eq(symlink(target, path), 0);
}

/* Neither written nor removed, and nothing made. */
static void
refused(const char *why)
{
	bool changed;

	ck_assert_int_eq(use_place_write(&deep, view_text("t\n"), &changed, &err), -1);
	ck_assert_msg(strstr(err.detail, why) != NULL, "%s", err.detail);
	ck_assert_int_eq(use_place_remove(&deep, view_text("t\n"), &changed, &err), -1);
	ck_assert_msg(strstr(err.detail, why) != NULL, "%s", err.detail);
}

START_TEST(root_does_not_go_through_another_users_directory)
{
	if (geteuid() != 0)
		return;
	make("home", 0755);
	give("home", 12345, 12345);
	refused("/home is uid 12345's; run this as that user, or set HOME");
	holds("home/sub", NULL);
	make("home/sub", 0755); /* root's, in the other user's */
	refused("/home is uid 12345's; run this as that user, or set HOME");
	holds("home/sub/file", NULL);
}
END_TEST

START_TEST(root_does_not_follow_another_users_link)
{
	if (geteuid() != 0)
		return;
	make("home", 01777); /* sticky, as /tmp */
	make("others", 0755);
	put_at("others/file", 0640);
	give("others/file", 0, 42);
	link_at("../others", "home/sub");
	give("home/sub", 12345, 12345);
	refused("the link ");
	refused("/home/sub is uid 12345's; run this as that user");
	holds("others/file", "theirs\n");
	holds("others/file.attest-device.bak", NULL);
}
END_TEST

START_TEST(root_does_not_follow_another_users_link_in_the_last_place)
{
	if (geteuid() != 0)
		return;
	make("home", 0755);
	make("home/sub", 01777);
	make("others", 0755);
	put_at("others/file", 0640);
	link_at("../../others/file", "home/sub/file");
	give("home/sub/file", 12345, 12345);
	refused("/home/sub/file is uid 12345's; run this as that user");
	holds("others/file", "theirs\n");
}
END_TEST

START_TEST(root_follows_its_own_link_but_not_into_another_users_directory)
{
	if (geteuid() != 0)
		return;
	make("home", 0755);
	make("others", 0755);
	give("others", 12345, 12345);
	link_at("../others", "home/sub");
	refused("others is uid 12345's; run this as that user");
	holds("others/file", NULL);
}
END_TEST

START_TEST(root_does_not_write_where_others_can)
{
	if (geteuid() != 0)
		return;
	make("home", 0775);
	refused("other users can write in ");
	holds("home/sub", NULL);
}
END_TEST

START_TEST(directories_are_made_on_the_way)
{
	bool changed;

	unit_ok(use_place_remove(&deep, view_text("t\n"), &changed, &err), &err);
	ck_assert(!changed);
	holds("home", NULL);
	unit_ok(use_place_write(&deep, view_text("t\n"), &changed, &err), &err);
	holds("home/sub/file", BEGIN "t\n" END);
}
END_TEST

/* Relative and absolute, to a directory and to a file. */
START_TEST(own_links_are_followed_and_stay)
{
	AUTO_FREE char *others = file_join(directory, "others");
	AUTO_FREE char *link = file_join(directory, "home/sub");
	struct stat     st;
	bool            changed;

	make("home", 0755);
	make("others", 0755);
	put_at("others/file", 0604);
	link_at(_i == 0 ? "../others" : others, "home/sub");
	unit_ok(use_place_write(&deep, view_text("t\n"), &changed, &err), &err);
	holds("others/file", "theirs\n" BEGIN "t\n" END);
	holds("others/file.attest-device.bak", "theirs\n");
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	unit_ok(use_place_remove(&deep, view_text("t\n"), &changed, &err), &err);
	holds("others/file", "theirs\n");
}
END_TEST

START_TEST(a_link_to_a_file_is_followed_and_stays)
{
	AUTO_FREE char *link = file_join(directory, "home/sub/file");
	struct stat     st;
	bool            changed;

	make("home", 0755);
	make("home/sub", 0755);
	make("others", 0755);
	put_at("others/file", 0604);
	link_at("../../others/file", "home/sub/file");
	unit_ok(use_place_write(&deep, view_text("t\n"), &changed, &err), &err);
	holds("others/file", "theirs\n" BEGIN "t\n" END);
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(links_in_a_circle_are_told)
{
	bool changed;

	make("home", 0755);
	link_at("sub", "home/sub");
	ck_assert_int_eq(use_place_write(&deep, view_text("t\n"), &changed, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "following "));
}
END_TEST

START_TEST(write_and_remove_keep_the_group_of_the_file)
{
	AUTO_FREE char *path = file_join(directory, "file");
	AUTO_FREE char *backup = file_join(directory, "file.attest-device.bak");
	struct stat     st;
	bool            changed;

	if (geteuid() != 0)
		return;
	put("a\n");
	give("file", 0, 42);
	unit_ok(use_place_write(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_gid, 42);
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	ck_assert_int_eq(stat(backup, &st), 0);
	ck_assert_uint_eq(st.st_gid, 42);
	unit_ok(use_place_remove(&program, view_text("t\n"), &changed, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_gid, 42);
}
END_TEST

/* A directory in which everybody may write decides nothing for a user whose it is not. */
START_TEST(user_does_not_write_in_the_directory_of_another)
{
	bool changed;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(directory, 0777), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert_int_eq(use_place_write(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_msg(strstr(err.detail, " is root's; run this as root, with --state-dir") != NULL, "%s", err.detail);
	holds("file", NULL);
	ck_assert_int_eq(chown(directory, 12346, 0), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert_int_eq(use_place_write(&program, view_text("t\n"), &changed, &err), -1);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_msg(strstr(err.detail, " is uid 12346's; run this as that user") != NULL, "%s", err.detail);
	holds("file", NULL);
}
END_TEST

START_TEST(a_link_to_the_root_directory_is_told)
{
	bool changed;

	make("home", 0755);
	make("home/sub", 0755);
	link_at("/", "home/sub/file");
	ck_assert_int_eq(use_place_write(&deep, view_text("t\n"), &changed, &err), -1);
	ck_assert_msg(strstr(err.detail, " is a directory") != NULL, "%s", err.detail);
}
END_TEST

static TCase *
paths_case(void)
{
	TCase *tc = tcase_create("paths");

	tcase_add_checked_fixture(tc, setup, deep_teardown);
	tcase_add_test(tc, root_does_not_go_through_another_users_directory);
	tcase_add_test(tc, root_does_not_follow_another_users_link);
	tcase_add_test(tc, root_does_not_follow_another_users_link_in_the_last_place);
	tcase_add_test(tc, root_follows_its_own_link_but_not_into_another_users_directory);
	tcase_add_test(tc, root_does_not_write_where_others_can);
	tcase_add_test(tc, directories_are_made_on_the_way);
	tcase_add_loop_test(tc, own_links_are_followed_and_stay, 0, 2);
	tcase_add_test(tc, a_link_to_a_file_is_followed_and_stays);
	tcase_add_test(tc, links_in_a_circle_are_told);
	tcase_add_test(tc, a_link_to_the_root_directory_is_told);
	tcase_add_test(tc, write_and_remove_keep_the_group_of_the_file);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("place");
	TCase *tc = tcase_create("place");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, write_and_remove_leave_the_rest_alone, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(tc, a_mark_without_its_end_is_refused, 0,
	    sizeof broken_rows / sizeof broken_rows[0]);
	tcase_add_test(tc, path_goes_by_the_variables_of_the_user);
	tcase_add_test(tc, write_keeps_the_mode_of_the_file);
	tcase_add_test(tc, a_whole_file_of_others_is_not_touched);
	tcase_add_test(tc, a_whole_file_is_ours);
	tcase_add_test(tc, root_does_not_write_for_another_user);
	tcase_add_test(tc, user_does_not_write_in_the_directory_of_another);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, paths_case());
	return unit_run(suite);
}
