#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/file_named.h"

static char         place[32];
static struct error err;

static void
setup(void)
{
	(void)strcpy(place, "/tmp/attest.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chdir(place), 0);
	err = (struct error){0};
}

static void
teardown(void)
{
	char command[64];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

/* What file_read gives is what was opened, however often, whatever has the name by now. */
START_TEST(open_keeps_what_was_there)
{
	unit_ok(file_create("file", "old", 3, 0600, &err), &err);
	file_named_open("file");
	unit_ok(file_replace("file", "new", 3, 0600, &err), &err);
	file_named_open("file");
	for (int i = 0; i < 2; i++) {
		AUTO_BYTES content = {0};

		unit_ok(file_read("file", 10, &content, &err), &err);
		ck_assert_mem_eq(content.data, "old", 3);
	}
	ck_assert_int_eq(file_named_fd("./file"), -1);
}
END_TEST

START_TEST(open_what_is_not_there_keeps_nothing)
{
	AUTO_BYTES content = {0};

	file_named_open("none");
	ck_assert_int_eq(file_named_fd("none"), -1);
	unit_fails(file_read("none", 10, &content, &err), &err, ERROR_NOT_FOUND,
	    "opening none: No such file or directory");
}
END_TEST

/* As whoever may open none of it any more. */
START_TEST(open_tree_keeps_all_that_is_in_it)
{
	pid_t child;
	int   status = 0;

	ck_assert_int_eq(mkdir("tree", 0700), 0);
	ck_assert_int_eq(mkdir("tree/deep", 0700), 0);
	unit_ok(file_create("tree/deep/file", "text", 4, 0600, &err), &err);
	ck_assert_int_eq(symlink("file", "tree/deep/link"), 0);
	ck_assert_int_eq(mkfifo("tree/fifo", 0600), 0);
	unit_ok(file_named_open_tree("tree", 3, &err), &err);
	if ((child = fork()) == 0) {
		struct dirent **entries = NULL;
		struct bytes    content = {0};
		struct stat     st;

		if (geteuid() == 0 && (setresuid(12345, 12345, 12345) != 0 || access("tree/deep", F_OK) == 0))
			_exit(2);
		_exit(file_named_stat("tree/deep", &st) == 0 && S_ISDIR(st.st_mode) &&
		            file_named_scan("tree/deep", &entries) == 4 &&
		            file_read("tree/deep/file", 10, &content, &err) == 0 && content.size == 4 &&
		            file_named_fd("tree/deep/link") == -1 && file_named_fd("tree/fifo") == -1
		        ? 0
		        : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(open_tree_of_too_many_is_too_large)
{
	ck_assert_int_eq(mkdir("tree", 0700), 0);
	unit_ok(file_create("tree/a", "", 0, 0600, &err), &err);
	unit_ok(file_create("tree/b", "", 0, 0600, &err), &err);
	unit_fails(file_named_open_tree("tree", 1, &err), &err, ERROR_TOO_LARGE,
	    "tree/b: there are more files than are looked at");
}
END_TEST

/* Nobody writes to the first, and somebody to the second. */
START_TEST(read_a_fifo_needs_that_it_was_named)
{
	AUTO_BYTES content = {0};
	pid_t      child;

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	unit_fails(file_read("fifo", 10, &content, &err), &err, ERROR_INTERNAL,
	    "fifo is a FIFO, and no regular file");
	if ((child = fork()) == 0) {
		int fd = open("fifo", O_WRONLY);

		_exit(write(fd, "text", 4) == 4 ? 0 : 1);
	}
	file_named_open("fifo");
	unit_ok(file_read("fifo", 10, &content, &err), &err);
	ck_assert_uint_eq(content.size, 4);
	(void)waitpid(child, NULL, 0);
}
END_TEST

/* As a shell gives one for <(command); its writer may be late. */
START_TEST(read_a_pipe_by_its_descriptor_waits_for_the_writer)
{
	AUTO_BYTES content = {0};
	char       path[32];
	int        ends[2];
	pid_t      child;

	ck_assert_int_eq(pipe(ends), 0);
	(void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	if ((child = fork()) == 0) {
		(void)usleep(50000);
		_exit(write(ends[1], "text", 4) == 4 ? 0 : 1);
	}
	(void)close(ends[1]);
	unit_ok(file_read(path, 10, &content, &err), &err);
	ck_assert_uint_eq(content.size, 4);
	(void)close(ends[0]);
	(void)waitpid(child, NULL, 0);
}
END_TEST

/* It takes no octet of it to say so. */
START_TEST(read_a_sparse_file_above_the_bound_is_too_large)
{
	AUTO_BYTES content = {0};

	unit_ok(file_create("sparse", "", 0, 0600, &err), &err);
	ck_assert_int_eq(truncate("sparse", (off_t)1 << 40), 0);
	unit_fails(file_read("sparse", 10, &content, &err), &err, ERROR_TOO_LARGE,
	    "sparse has more than 10 octets");
	ck_assert_uint_eq(content.size, 0);
}
END_TEST

/* A program that was started without descriptors gets the first one for a file. */
START_TEST(read_by_descriptor_0_is_read)
{
	AUTO_BYTES content = {0};

	unit_ok(file_create("file", "text", 4, 0600, &err), &err);
	ck_assert_int_eq(close(0), 0);
	file_named_open("file");
	ck_assert_int_eq(file_named_fd("file"), 0);
	ck_assert_int_eq(unlink("file"), 0);
	unit_ok(file_read("file", 100, &content, &err), &err);
	ck_assert(view_equal(bytes_view(&content), view_text("text")));
}
END_TEST

/* What was named is a file by now: it has no names to list. */
START_TEST(scan_of_a_file_is_none)
{
	AUTO_FREE char *name = memory_strdup("plain");
	struct dirent **entries = NULL;

	unit_ok(file_create(name, "x", 1, 0600, &err), &err);
	file_named_open(name);
	ck_assert_int_ge(file_named_fd(name), 0);
	ck_assert_int_eq(file_named_scan(name, &entries), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(unlink(name), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file_named");
	TCase *tc = tcase_create("file_named");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_keeps_what_was_there);
	tcase_add_test(tc, open_what_is_not_there_keeps_nothing);
	tcase_add_test(tc, open_tree_keeps_all_that_is_in_it);
	tcase_add_test(tc, open_tree_of_too_many_is_too_large);
	tcase_add_test(tc, read_a_fifo_needs_that_it_was_named);
	tcase_add_test(tc, read_a_pipe_by_its_descriptor_waits_for_the_writer);
	tcase_add_test(tc, read_by_descriptor_0_is_read);
	tcase_add_test(tc, read_a_sparse_file_above_the_bound_is_too_large);
	tcase_add_test(tc, scan_of_a_file_is_none);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
