#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleansed.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

static char         directory[SCRATCH_SIZE];
static char        *path;
static char         wanted[1024];
static struct error err;

static void
setup(void)
{
	scratch_make(directory);
	path = file_join(directory, "file");
}

static void
teardown(void)
{
	free(path);
	scratch_remove(directory);
}

static void
assert_holds(const char *file, const char *text)
{
	AUTO_BYTES content = {0};

	unit_ok(file_read(file, 1U << 20, &content, &err), &err);
	ck_assert(view_equal(bytes_view(&content), view_text(text)));
}

static int
count_files(void)
{
	DIR           *open_directory = opendir(directory);
	struct dirent *entry;
	int            count = -2; /* "." and ".." */

	while ((entry = readdir(open_directory)) != NULL)
		count++;
	(void)closedir(open_directory);
	return count;
}

START_TEST(replace_writes_content_and_mode_whatever_the_umask)
{
	static const mode_t modes[] = {0600, 0644, 0400};
	struct stat         st;

	(void)umask(_i % 2 == 0 ? 0077 : 0);
	unit_ok(file_replace(path, "text", 4, modes[_i], &err), &err);
	assert_holds(path, "text");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, modes[_i]);
	ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(replace_existing_file_leaves_only_the_new_one)
{
	FILE *reader;
	char  old[8] = "";

	unit_ok(file_replace(path, "old", 3, 0600, &err), &err);
	reader = fopen(path, "re");
	ck_assert_ptr_nonnull(reader);
	unit_ok(file_replace(path, "new text", 8, 0600, &err), &err);
	assert_holds(path, "new text");
	ck_assert_int_eq(count_files(), 1);
	/* Who had it open reads the old one to its end: it was not written over. */
	ck_assert_uint_eq(fread(old, 1, sizeof old - 1, reader), 3);
	ck_assert_str_eq(old, "old");
	(void)fclose(reader);
}
END_TEST

START_TEST(replace_with_nothing_is_an_empty_file)
{
	unit_ok(file_replace(path, NULL, 0, 0600, &err), &err);
	assert_holds(path, "");
}
END_TEST

START_TEST(replace_without_directory_names_the_path)
{
	AUTO_FREE char *missing = file_join(directory, "none/file");

	ck_assert_int_eq(file_replace(missing, "x", 1, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	(void)snprintf(wanted, sizeof wanted, "creating %s", missing);
	ck_assert_int_eq(strncmp(err.detail, wanted, strlen(wanted)), 0);
	ck_assert_ptr_nonnull(strstr(err.detail, ": No such file or directory"));
}
END_TEST

START_TEST(replace_a_directory_fails_and_leaves_nothing_behind)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(file_replace(path, "x", 1, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(count_files(), 1);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(replace_in_the_working_directory_needs_no_slash)
{
	ck_assert_int_eq(chdir(directory), 0);
	unit_ok(file_replace("here", "x", 1, 0600, &err), &err);
	assert_holds("here", "x");
}
END_TEST

START_TEST(create_writes_content_and_mode)
{
	struct stat st;

	unit_ok(file_create(path, "text", 4, 0644, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	assert_holds(path, "text");
}
END_TEST

START_TEST(create_where_something_is_is_conflict_and_changes_nothing)
{
	unit_ok(file_create(path, "first", 5, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "%s is there already", path);
	unit_fails(file_create(path, "second", 6, 0600, &err), &err, ERROR_CONFLICT, wanted);
	assert_holds(path, "first");
}
END_TEST

START_TEST(create_at_a_dangling_link_follows_it_not)
{
	AUTO_FREE char *target = file_join(directory, "target");

	ck_assert_int_eq(symlink("target", path), 0);
	(void)snprintf(wanted, sizeof wanted, "%s is there already", path);
	unit_fails(file_create(path, "x", 1, 0600, &err), &err, ERROR_CONFLICT, wanted);
	ck_assert_int_eq(access(target, F_OK), -1);
}
END_TEST

START_TEST(create_without_directory_is_internal)
{
	AUTO_FREE char *missing = file_join(path, "file");

	ck_assert_int_eq(file_create(missing, "x", 1, 0600, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
}
END_TEST

START_TEST(create_on_a_full_disk_leaves_no_file)
{
	struct rlimit limit = {2, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(file_create(path, "text", 4, 0600, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(read_appends)
{
	AUTO_BYTES content = {0};

	unit_ok(file_replace(path, "b", 1, 0600, &err), &err);
	bytes_append(&content, "a", 1);
	unit_ok(file_read(path, 10, &content, &err), &err);
	ck_assert_uint_eq(content.size, 2);
	ck_assert_int_eq(memcmp(content.data, "ab", 2), 0);
}
END_TEST

static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};

START_TEST(read_up_to_the_bound_and_no_more)
{
	size_t             size = sizes[_i];
	AUTO_FREE uint8_t *octets = memory_new(size + 1);
	AUTO_BYTES         content = {0};

	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i % 251);
	unit_ok(file_replace(path, octets, size, 0600, &err), &err);
	unit_ok(file_read(path, size, &content, &err), &err);
	ck_assert_uint_eq(content.size, size);
	ck_assert(view_equal(bytes_view(&content), (struct view){octets, size}));
	if (size == 0)
		return;
	bytes_clear(&content);
	(void)snprintf(wanted, sizeof wanted, "%s has more than %zu octets", path, size - 1);
	unit_fails(file_read(path, size - 1, &content, &err), &err, ERROR_TOO_LARGE, wanted);
}
END_TEST

START_TEST(read_endless_file_stops_at_the_bound)
{
	AUTO_BYTES content = {0};

	unit_fails(file_read("/dev/zero", 10000, &content, &err), &err, ERROR_TOO_LARGE,
	    "/dev/zero has more than 10000 octets");
	ck_assert_uint_le(content.size, 10000);
}
END_TEST

START_TEST(read_missing_file_is_not_found)
{
	AUTO_BYTES content = {0};

	(void)snprintf(wanted, sizeof wanted, "opening %s: No such file or directory", path);
	unit_fails(file_read(path, 10, &content, &err), &err, ERROR_NOT_FOUND, wanted);
}
END_TEST

START_TEST(read_directory_fails)
{
	AUTO_BYTES content = {0};

	(void)snprintf(wanted, sizeof wanted, "reading %s: Is a directory", directory);
	unit_fails(file_read(directory, 10, &content, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

/* Root works in the directory of a service's user, who must not read through it. */
START_TEST(read_link_as_root_needs_its_owner_to_own_the_file)
{
	static const struct {
		uid_t file;
		uid_t link;
		bool  good;
	} rows[] = {
	    {0, 0, true},
	    {65534, 0, true},
	    {65534, 65534, true},
	    {0, 65534, false},
	    {65533, 65534, false},
	};
	AUTO_FREE char *link_path = file_join(directory, "link");
	AUTO_FREE char *target = file_join(directory, "target");

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO_BYTES data = {0};

		unit_ok(file_replace(target, "x", 1, 0600, &err), &err);
		(void)unlink(link_path);
		ck_assert_int_eq(symlink(target, link_path), 0);
		ck_assert_int_eq(chown(target, rows[i].file, (gid_t)-1), 0);
		ck_assert_int_eq(lchown(link_path, rows[i].link, (gid_t)-1), 0);
		ck_assert_msg((file_read(link_path, 10, &data, &err) == 0) == rows[i].good, "row %zu", i);
		if (!rows[i].good)
			ck_assert_ptr_nonnull(strstr(err.detail, "does not own what it leads to"));
	}
}
END_TEST

START_TEST(is_roots_when_nobody_else_can_replace_it)
{
	static const struct {
		uid_t  file;
		uid_t  directory;
		mode_t mode; /* of the directory */
		bool   good;
	} rows[] = {
	    {0, 0, 0755, true},
	    {65534, 0, 0755, false},
	    {0, 65534, 0755, false},
	    {0, 0, 0775, false},
	    {0, 0, 01777, false},
	};
	char            place[] = "/run/attest-file.XXXXXX"; /* above it all is root's */
	AUTO_FREE char *file = NULL;
	AUTO_FREE char *other = NULL;

	ck_assert(!file_is_roots("etc/passwd"));
	ck_assert(!file_is_roots("/nonexistent"));
	ck_assert(file_is_roots("/"));
	if (geteuid() != 0 || !file_is_roots("/run") || mkdtemp(place) == NULL)
		return;
	file = file_join(place, "file");
	other = file_join(place, "link");
	unit_ok(file_create(file, "x", 1, 0755, &err), &err);
	ck_assert_int_eq(symlink(file, other), 0);
	ck_assert(!file_is_roots(other));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_int_eq(chown(file, rows[i].file, (gid_t)-1), 0);
		ck_assert_int_eq(chown(place, rows[i].directory, (gid_t)-1), 0);
		ck_assert_int_eq(chmod(place, rows[i].mode), 0);
		ck_assert_msg(file_is_roots(file) == rows[i].good, "row %zu", i);
	}
	(void)unlink(other);
	(void)unlink(file);
	(void)rmdir(place);
}
END_TEST

START_TEST(sync_directory_that_is_none_fails)
{
	unit_ok(file_sync_directory(directory, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "syncing %s: No such file or directory", path);
	unit_fails(file_sync_directory(path, &err), &err, ERROR_INTERNAL, wanted);
	unit_ok(file_replace(path, "x", 1, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "syncing %s: Not a directory", path);
	unit_fails(file_sync_directory(path, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

START_TEST(below_is_the_directory_and_what_is_in_it)
{
	ck_assert(file_is_below("/a/b", "/a/b") && file_is_below("/a/b", "/a/b/c"));
	ck_assert(!file_is_below("/a/b", "/a/bc") && !file_is_below("/a/b", "/a") && !file_is_below("/a/b", "/"));
	ck_assert(file_is_below("/", "/a") && file_is_below("/", "/"));
}
END_TEST

START_TEST(join_puts_a_slash_between)
{
	AUTO_FREE char *joined = file_join("/var/lib", "root.pem");

	ck_assert_str_eq(joined, "/var/lib/root.pem");
}
END_TEST

START_TEST(read_fd_leaves_no_copy_behind)
{
	const struct view text = view_text("a private key");
	AUTO_BYTES        content = {0};
	int               fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], text.data, text.size), (ssize_t)text.size);
	(void)close(fds[1]);
	cleansed_watch();
	unit_ok(file_read_fd(fds[0], "a pipe", 100, &content, &err), &err);
	(void)close(fds[0]);
	ck_assert(view_equal(bytes_view(&content), text));
	ck_assert_uint_eq(cleansed_count(0, text), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, replace_writes_content_and_mode_whatever_the_umask, 0, 3);
	tcase_add_test(tc, replace_existing_file_leaves_only_the_new_one);
	tcase_add_test(tc, replace_with_nothing_is_an_empty_file);
	tcase_add_test(tc, replace_without_directory_names_the_path);
	tcase_add_test(tc, replace_a_directory_fails_and_leaves_nothing_behind);
	tcase_add_test(tc, replace_in_the_working_directory_needs_no_slash);
	tcase_add_test(tc, create_writes_content_and_mode);
	tcase_add_test(tc, create_where_something_is_is_conflict_and_changes_nothing);
	tcase_add_test(tc, create_at_a_dangling_link_follows_it_not);
	tcase_add_test(tc, create_without_directory_is_internal);
	tcase_add_test(tc, create_on_a_full_disk_leaves_no_file);
	tcase_add_test(tc, read_appends);
	tcase_add_loop_test(tc, read_up_to_the_bound_and_no_more, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tc, read_endless_file_stops_at_the_bound);
	tcase_add_test(tc, read_missing_file_is_not_found);
	tcase_add_test(tc, read_directory_fails);
	tcase_add_test(tc, read_link_as_root_needs_its_owner_to_own_the_file);
	tcase_add_test(tc, is_roots_when_nobody_else_can_replace_it);
	tcase_add_test(tc, sync_directory_that_is_none_fails);
	tcase_add_test(tc, below_is_the_directory_and_what_is_in_it);
	tcase_add_test(tc, join_puts_a_slash_between);
	tcase_add_test(tc, read_fd_leaves_no_copy_behind);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
