#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

static char          place[32];
static struct error  err;
static struct folder folder;

static void
setup(void)
{
	(void)strcpy(place, "/tmp/attest.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chdir(place), 0);
	unit_ok(file_create("file", "text", 4, 0640, &err), &err);
	ck_assert_int_eq(symlink("file", "link"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(mkdir("inside", 0700), 0);
	ck_assert_int_eq(symlink("inside", "elsewhere"), 0);
	unit_ok(folder_open(".", &folder, &err), &err);
}

static void
teardown(void)
{
	char command[64];

	folder_close(&folder);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(open_in_follows_no_link)
{
	struct folder inside;

	unit_ok(folder_open_in(&folder, "inside", &inside, &err), &err);
	folder_close(&inside);
	unit_fails(folder_open_in(&folder, "elsewhere", &inside, &err), &err, ERROR_INTERNAL,
	    "./elsewhere is no directory, or a link: it is not followed");
	unit_fails(folder_open_in(&folder, "file", &inside, &err), &err, ERROR_INTERNAL,
	    "./file is no directory, or a link: it is not followed");
	unit_fails(folder_open_in(&folder, "none", &inside, &err), &err, ERROR_NOT_FOUND,
	    "reading ./none: No such file or directory");
	folder_close(&inside);
}
END_TEST

START_TEST(open_says_what_is_wrong)
{
	struct folder other;

	unit_fails(folder_open("none", &other, &err), &err, ERROR_NOT_FOUND,
	    "reading none: No such file or directory");
	unit_fails(folder_open("file", &other, &err), &err, ERROR_INTERNAL, "file is not a directory");
	unit_fails(folder_open("file/below", &other, &err), &err, ERROR_INTERNAL,
	    "looking at file/below: Not a directory");
	unit_ok(folder_open("elsewhere", &other, &err), &err); /* the way to it is not its own */
	folder_close(&other);
}
END_TEST

START_TEST(open_in_what_belongs_to_another_is_refused)
{
	struct folder inside;

	if (geteuid() != 0)
		return; /* nobody else can give it away */
	ck_assert_int_eq(chown("inside", 12345, 12345), 0);
	unit_fails(folder_open_in(&folder, "inside", &inside, &err), &err, ERROR_INTERNAL,
	    "./inside belongs to uid 12345, and its directory to uid 0; give it to that one");
	ck_assert_int_eq(inside.fd, -1);
}
END_TEST

static const char *const odd_names[] = {"", ".", "..", "../file", "/etc/passwd", "inside/",
    "inside/..", "inside/deep/file", "./file", "inside//file"};

START_TEST(place_odd_name_is_refused)
{
	struct folder_place found;
	char                wanted[64];

	(void)snprintf(wanted, sizeof wanted, "\"%s\" is no name of a file in .", odd_names[_i]);
	unit_fails(folder_place_find(&folder, odd_names[_i], &found, &err), &err, ERROR_INTERNAL,
	    wanted);
	folder_place_leave(&found);
	ck_assert(!folder_has(&folder, odd_names[_i]));
}
END_TEST

START_TEST(look_follows_no_link)
{
	struct stat st;

	ck_assert_int_eq(folder_look(&folder, "link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert(folder_has(&folder, "file"));
	ck_assert(!folder_has(&folder, "none"));
	unit_ok(file_create("inside/deep", "", 0, 0600, &err), &err);
	ck_assert(folder_has(&folder, "inside/deep"));
	ck_assert(!folder_has(&folder, "elsewhere/deep"));
	ck_assert_int_eq(folder_look(&folder, "nowhere/deep", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(is_at_tells_directories_apart)
{
	ck_assert(folder_is_at(&folder, place));
	ck_assert(!folder_is_at(&folder, "inside"));
	ck_assert(!folder_is_at(&folder, "none"));
}
END_TEST

START_TEST(make_makes_opens_and_refuses)
{
	struct folder inside;
	struct stat   st;

	unit_ok(folder_make(&folder, "new", &inside, &err), &err);
	ck_assert_int_eq(fstat(inside.fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	folder_close(&inside);
	unit_ok(folder_make(&folder, "new", &inside, &err), &err);
	folder_close(&inside);
	unit_fails(folder_make(&folder, "elsewhere", &inside, &err), &err, ERROR_INTERNAL,
	    "./elsewhere is no directory, or a link: it is not followed");
	ck_assert_int_eq(inside.fd, -1);
}
END_TEST

START_TEST(make_by_root_gives_to_the_owner)
{
	struct folder inside;
	struct stat   st;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(place, 12345, 12346), 0);
	unit_ok(folder_make(&folder, "new", &inside, &err), &err);
	ck_assert_int_eq(fstat(inside.fd, &st), 0);
	ck_assert_uint_eq(st.st_uid, 12345);
	ck_assert_uint_eq(st.st_gid, 12346);
	folder_close(&inside);
}
END_TEST

START_TEST(make_new_is_private_and_another_each_time)
{
	struct folder   first;
	struct folder   second;
	AUTO_FREE char *one = NULL;
	AUTO_FREE char *two = NULL;
	AUTO_FREE char *none = NULL;
	struct stat     st;

	unit_ok(folder_make_new(&folder, ".new.", &first, &one, &err), &err);
	unit_ok(folder_make_new(&folder, ".new.", &second, &two, &err), &err);
	ck_assert_uint_eq(strlen(one), strlen(".new.XXXXXX"));
	ck_assert_int_eq(strncmp(one, ".new.", 5), 0);
	ck_assert_str_ne(one, two);
	ck_assert_int_eq(fstat(first.fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	folder_close(&first);
	folder_close(&second);
	unit_fails(folder_make_new(&folder, "none/", &first, &none, &err), &err, ERROR_INTERNAL,
	    "making a directory in .: No such file or directory");
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(rename_moves_between_directories_and_through_no_link)
{
	unit_ok(folder_rename(&folder, "file", "inside/file", &err), &err);
	ck_assert_int_eq(access("inside/file", F_OK), 0);
	unit_fails(folder_rename(&folder, "file", "other", &err), &err, ERROR_NOT_FOUND,
	    "renaming ./file to other: No such file or directory");
	unit_fails(folder_rename(&folder, "inside/file", "elsewhere/other", &err), &err,
	    ERROR_INTERNAL, "./elsewhere is no directory, or a link: it is not followed");
	ck_assert_int_eq(access("inside/file", F_OK), 0);
}
END_TEST

START_TEST(remove_takes_the_link_and_not_what_it_leads_to)
{
	unit_ok(folder_remove(&folder, "link", &err), &err);
	ck_assert(!folder_has(&folder, "link"));
	ck_assert(folder_has(&folder, "file"));
	unit_ok(folder_remove(&folder, "link", &err), &err);
	unit_ok(folder_remove(&folder, "nowhere/file", &err), &err);
	unit_fails(folder_remove(&folder, "inside", &err), &err, ERROR_INTERNAL,
	    "removing ./inside: Is a directory");
	unit_ok(file_create("inside/file", "", 0, 0600, &err), &err);
	unit_fails(folder_remove(&folder, "elsewhere/file", &err), &err, ERROR_INTERNAL,
	    "./elsewhere is no directory, or a link: it is not followed");
	unit_ok(folder_remove(&folder, "inside/file", &err), &err);
	ck_assert_int_eq(access("inside/file", F_OK), -1);
	unit_ok(folder_sync(&folder, &err), &err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("folder");
	TCase *tc = tcase_create("folder");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_in_follows_no_link);
	tcase_add_test(tc, open_says_what_is_wrong);
	tcase_add_test(tc, open_in_what_belongs_to_another_is_refused);
	tcase_add_loop_test(tc, place_odd_name_is_refused, 0, sizeof odd_names / sizeof odd_names[0]);
	tcase_add_test(tc, look_follows_no_link);
	tcase_add_test(tc, is_at_tells_directories_apart);
	tcase_add_test(tc, make_makes_opens_and_refuses);
	tcase_add_test(tc, make_by_root_gives_to_the_owner);
	tcase_add_test(tc, make_new_is_private_and_another_each_time);
	tcase_add_test(tc, rename_moves_between_directories_and_through_no_link);
	tcase_add_test(tc, remove_takes_the_link_and_not_what_it_leads_to);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
