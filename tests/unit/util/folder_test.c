#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
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

START_TEST(read_takes_regular_files_only)
{
	static const struct {
		const char *name;
		bool        regular;
	} rows[] = {{"file", true}, {"link", false}, {"fifo", false}, {"inside", false}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO_BYTES  content = {0};
		struct stat st;
		bool        regular;

		unit_ok(folder_read(&folder, rows[i].name, 4, &content, &st, &regular, &err), &err);
		ck_assert_msg(regular == rows[i].regular, "%s", rows[i].name);
		ck_assert_uint_eq(content.size, regular ? 4 : 0);
	}
}
END_TEST

START_TEST(read_what_is_missing_or_too_large_says_so)
{
	AUTO_BYTES  content = {0};
	struct stat st;
	bool        regular;

	unit_fails(folder_read(&folder, "none", 4, &content, &st, &regular, &err), &err,
	    ERROR_NOT_FOUND, "opening ./none: No such file or directory");
	unit_fails(folder_read(&folder, "file", 3, &content, &st, &regular, &err), &err,
	    ERROR_TOO_LARGE, "./file has more than 3 octets");
}
END_TEST

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

int
main(void)
{
	Suite *suite = suite_create("folder");
	TCase *tc = tcase_create("folder");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_takes_regular_files_only);
	tcase_add_test(tc, read_what_is_missing_or_too_large_says_so);
	tcase_add_test(tc, open_in_follows_no_link);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
