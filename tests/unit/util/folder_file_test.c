#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

static char          place[SCRATCH_SIZE];
static struct error  err;
static struct folder folder;

static void
setup(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int                fd = socket(AF_UNIX, SOCK_STREAM, 0);

	scratch_make(place);
	ck_assert_int_eq(chdir(place), 0);
	unit_ok(folder_open(".", &folder, &err), &err);
	unit_ok(file_create("file", "text", 4, 0640, &err), &err);
	ck_assert_int_eq(symlink("file", "link"), 0);
	ck_assert_int_eq(symlink("/nowhere", "broken"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(mkdir("inside", 0700), 0);
	ck_assert_int_eq(symlink("inside", "elsewhere"), 0);
	unit_ok(file_create("inside/file", "deep", 4, 0600, &err), &err);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	(void)close(fd);
}

static void
teardown(void)
{
	folder_close(&folder);
	(void)unlink("inside/file");
	(void)unlink("inside/new");
	(void)rmdir("inside");
	scratch_remove(place);
}

START_TEST(read_takes_regular_files_only)
{
	static const struct {
		const char *name;
		bool        regular;
	} rows[] = {{"file", true}, {"inside/file", true}, {"link", false}, {"broken", false},
	    {"fifo", false}, {"inside", false}, {"socket", false}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO_BYTES  content = {0};
		struct stat st;
		bool        regular;
		char        wanted[128];

		unit_ok(folder_read_any(&folder, rows[i].name, 4, &content, &st, &regular, &err), &err);
		ck_assert_msg(regular == rows[i].regular, "%s", rows[i].name);
		ck_assert_uint_eq(content.size, regular ? 4 : 0);
		bytes_clear(&content);
		(void)snprintf(wanted, sizeof wanted,
		    "./%s is no regular file; a link is not followed: put the file itself there",
		    rows[i].name);
		if (rows[i].regular)
			unit_ok(folder_read(&folder, rows[i].name, 4, &content, &err), &err);
		else
			unit_fails(folder_read(&folder, rows[i].name, 4, &content, &err), &err,
			    ERROR_INTERNAL, wanted);
	}
}
END_TEST

START_TEST(read_what_is_missing_or_too_large_says_so)
{
	AUTO_BYTES content = {0};

	unit_fails(folder_read(&folder, "none", 4, &content, &err), &err, ERROR_NOT_FOUND,
	    "opening ./none: No such file or directory");
	unit_fails(folder_read(&folder, "none/file", 4, &content, &err), &err, ERROR_NOT_FOUND,
	    "reading ./none: No such file or directory");
	unit_fails(folder_read(&folder, "file", 3, &content, &err), &err, ERROR_TOO_LARGE,
	    "./file has more than 3 octets");
	unit_fails(folder_read(&folder, "elsewhere/file", 4, &content, &err), &err, ERROR_INTERNAL,
	    "./elsewhere is no directory, or a link: it is not followed");
	ck_assert_uint_eq(content.size, 0);
}
END_TEST

START_TEST(read_file_of_another_user_is_refused)
{
	AUTO_BYTES content = {0};

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown("file", 12345, 12345), 0);
	unit_fails(folder_read(&folder, "file", 4, &content, &err), &err, ERROR_INTERNAL,
	    "./file belongs to uid 12345, and its directory to uid 0; give it to that one");
	/* Of root's in the directory of another user: unless it is a second name of it. */
	ck_assert_int_eq(chown("file", 0, 0), 0);
	ck_assert_int_eq(chown(place, 12345, 12345), 0);
	unit_ok(folder_read(&folder, "file", 4, &content, &err), &err);
	bytes_clear(&content);
	ck_assert_int_eq(link("file", "second"), 0);
	unit_fails(folder_read(&folder, "file", 4, &content, &err), &err, ERROR_INTERNAL,
	    "./file has another name elsewhere (a hard link); put a copy in its place");
	ck_assert_uint_eq(content.size, 0);
}
END_TEST

/* The permissions, owner and content of a file. */
static void
file_is(const char *name, mode_t mode, uid_t uid, const char *text)
{
	AUTO_BYTES  content = {0};
	struct stat st;

	ck_assert_int_eq(lstat(name, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, mode);
	ck_assert_uint_eq(st.st_uid, uid);
	unit_ok(file_read(name, 64, &content, &err), &err);
	ck_assert_uint_eq(content.size, strlen(text));
	ck_assert_int_eq(memcmp(content.data, text, content.size), 0);
}

static size_t
entries(const char *path)
{
	struct folder   listed;
	struct dirent **names;
	int             count;

	unit_ok(folder_open(path, &listed, &err), &err);
	count = folder_list(&listed, &names, &err);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	folder_close(&listed);
	ck_assert_int_ge(count, 2);
	return (size_t)count - 2;
}

START_TEST(create_makes_once_and_follows_no_link)
{
	unit_ok(folder_create(&folder, "inside/new", "new", 3, 0644, &err), &err);
	file_is("inside/new", 0644, geteuid(), "new");
	unit_fails(folder_create(&folder, "inside/new", "x", 1, 0644, &err), &err, ERROR_CONFLICT,
	    "./inside/new is there already");
	unit_fails(folder_create(&folder, "broken", "x", 1, 0644, &err), &err, ERROR_CONFLICT,
	    "./broken is there already");
	unit_fails(folder_create(&folder, "elsewhere/other", "x", 1, 0600, &err), &err,
	    ERROR_INTERNAL, "./elsewhere is no directory, or a link: it is not followed");
	file_is("inside/new", 0644, geteuid(), "new");
	ck_assert_uint_eq(entries("inside"), 2);
}
END_TEST

/* Whatever stands under the name is replaced, and not what it leads to. */
static const char *const replaced[] = {"file", "link", "broken", "fifo", "socket", "inside/file",
    "fresh"};

START_TEST(replace_puts_a_file_in_place_of_anything)
{
	size_t before = entries(".");

	unit_ok(folder_replace(&folder, replaced[_i], "new text", 8, 0604, &err), &err);
	file_is(replaced[_i], 0604, geteuid(), "new text");
	if (strcmp(replaced[_i], "file") != 0)
		file_is("file", 0640, geteuid(), "text");
	ck_assert_uint_eq(entries("."), before + (strcmp(replaced[_i], "fresh") == 0));
	ck_assert_int_eq(access("/nowhere", F_OK), -1);
}
END_TEST

START_TEST(replace_that_fails_leaves_nothing)
{
	size_t before = entries(".");
	char   name[NAME_MAX + 1] = {0};

	ck_assert_int_eq(folder_replace(&folder, "inside", "x", 1, 0600, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	unit_fails(folder_replace(&folder, "elsewhere/file", "x", 1, 0600, &err), &err,
	    ERROR_INTERNAL, "./elsewhere is no directory, or a link: it is not followed");
	file_is("inside/file", 0600, geteuid(), "deep");
	/* A name that leaves no room for that of the temporary file. */
	memset(name, 'n', sizeof name - 1);
	ck_assert_int_eq(folder_replace(&folder, name, "x", 1, 0600, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(entries("."), before);
	ck_assert_uint_eq(entries("inside"), 1);
}
END_TEST

START_TEST(write_by_root_gives_to_the_owner)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(place, 12345, 12346), 0);
	unit_ok(folder_create(&folder, "new", "a", 1, 0600, &err), &err);
	unit_ok(folder_replace(&folder, "file", "b", 1, 0600, &err), &err);
	file_is("new", 0600, 12345, "a");
	file_is("file", 0600, 12345, "b");
}
END_TEST

static void
group_is(const char *name, gid_t group, mode_t mode)
{
	struct stat st;

	ck_assert_int_eq(lstat(name, &st), 0);
	ck_assert_uint_eq(st.st_gid, group);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
}

START_TEST(replace_group_gives_the_new_file_to_the_group)
{
	gid_t group = geteuid() == 0 ? 12346 : getegid();

	unit_ok(folder_replace_group(&folder, "file", view_text("new"), group, 0640, &err), &err);
	file_is("file", 0640, geteuid(), "new");
	group_is("file", group, 0640);
}
END_TEST

/* Nobody but root gives files to a group that is not theirs; no file is left of the attempt. */
START_TEST(replace_group_that_may_not_be_given_fails)
{
	size_t before = entries(".");

	if (geteuid() == 0 && setresuid(12345, 12345, 0) != 0)
		return;
	if (geteuid() == 12345 && access(".", W_OK) != 0) { /* the directory is root's */
		ck_assert_int_eq(setresuid(0, 0, 0), 0);
		ck_assert_int_eq(chmod(place, 0777), 0);
		ck_assert_int_eq(setresuid(12345, 12345, 0), 0);
	}
	ck_assert_int_eq(folder_replace_group(&folder, "fresh", view_text("new"), 0x7ffffffe, 0640, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, " to the group 2147483646: "));
	ck_assert_uint_eq(entries("."), before);
	if (getuid() == 12345)
		ck_assert_int_eq(setresuid(0, 0, 0), 0);
}
END_TEST

START_TEST(share_gives_what_was_meant_and_nothing_else)
{
	gid_t group = geteuid() == 0 ? 12346 : getegid();

	ck_assert_int_eq(chmod("inside/file", 0600), 0);
	unit_ok(folder_share(&folder, "inside/file", view_text("deep"), group, 0640, &err), &err);
	group_is("inside/file", group, 0640);
	unit_fails(folder_share(&folder, "nothing", view_text("text"), group, 0640, &err), &err,
	    ERROR_NOT_FOUND, "opening ./nothing: No such file or directory");
	ck_assert_int_eq(chmod("file", 0600), 0);
	unit_fails(folder_share(&folder, "file", view_text("tex"), group, 0640, &err), &err,
	    ERROR_CONFLICT, "./file was replaced by something else");
	unit_fails(folder_share(&folder, "file", view_text("other"), group, 0640, &err), &err,
	    ERROR_CONFLICT, "./file was replaced by something else");
	ck_assert_int_eq(folder_share(&folder, "link", view_text("text"), group, 0640, &err), -1);
	ck_assert_int_eq(folder_share(&folder, "fifo", view_text(""), group, 0640, &err), -1);
	ck_assert_int_eq(link("file", "second"), 0);
	ck_assert_int_eq(folder_share(&folder, "file", view_text("text"), group, 0640, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "a hard link"));
	file_is("file", 0600, geteuid(), "text");
}
END_TEST

START_TEST(mark_tells_a_change_and_follows_no_link)
{
	struct file_mark none;
	struct file_mark first;
	struct file_mark second;

	folder_mark_take(&folder, "nothing", &none);
	folder_mark_take(&folder, "file", &first);
	ck_assert_int_ne(memcmp(&none, &first, sizeof first), 0);
	folder_mark_take(&folder, "file", &second);
	ck_assert_int_eq(memcmp(&second, &first, sizeof first), 0);
	unit_ok(folder_replace(&folder, "file", "texts", 5, 0600, &err), &err);
	folder_mark_take(&folder, "file", &second);
	ck_assert_int_ne(memcmp(&second, &first, sizeof first), 0);
	folder_mark_take(&folder, "link", &first);
	ck_assert_int_ne(memcmp(&second, &first, sizeof first), 0);
}
END_TEST

START_TEST(file_of_an_odd_name_is_refused)
{
	int fd = 0;

	err = (struct error){0};
	ck_assert_int_eq(folder_create_open(&folder, "../file", &fd, &err), -1);
	ck_assert_int_eq(fd, -1);
	ck_assert(err.detail[0] != '\0');
	err = (struct error){0};
	ck_assert_int_eq(folder_share(&folder, "../file", view_text("x"), getegid(), 0640, &err), -1);
	ck_assert(err.detail[0] != '\0');
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("folder_file");
	TCase *tc = tcase_create("folder_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_takes_regular_files_only);
	tcase_add_test(tc, read_what_is_missing_or_too_large_says_so);
	tcase_add_test(tc, read_file_of_another_user_is_refused);
	tcase_add_test(tc, create_makes_once_and_follows_no_link);
	tcase_add_loop_test(tc, replace_puts_a_file_in_place_of_anything, 0,
	    sizeof replaced / sizeof replaced[0]);
	tcase_add_test(tc, replace_that_fails_leaves_nothing);
	tcase_add_test(tc, write_by_root_gives_to_the_owner);
	tcase_add_test(tc, replace_group_gives_the_new_file_to_the_group);
	tcase_add_test(tc, replace_group_that_may_not_be_given_fails);
	tcase_add_test(tc, share_gives_what_was_meant_and_nothing_else);
	tcase_add_test(tc, mark_tells_a_change_and_follows_no_link);
	tcase_add_test(tc, file_of_an_odd_name_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
