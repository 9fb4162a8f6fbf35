#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "failing.h"
#include "failing_calls.h"
#include "scratch.h"
#include "unit.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/file_named.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/secret.h"

#define OLD "old content"
#define NEW "new"

static char          directory[SCRATCH_SIZE];
static char         *path;
static struct folder folder = {.fd = -1};

static void
setup(void)
{
	struct error err = {0};

	scratch_make(directory);
	path = file_join(directory, "file");
	unit_ok(folder_open(directory, &folder, &err), &err);
	failing_calls(EIO);
}

/* Empties the directory, and puts the old file there. */
static void
reset(bool old)
{
	struct error err = {0};
	DIR         *names = opendir(directory);

	for (struct dirent *entry; (entry = readdir(names)) != NULL;)
		if (entry->d_name[0] != '.')
			ck_assert_int_eq(unlinkat(dirfd(names), entry->d_name,
			                     entry->d_type == DT_DIR ? AT_REMOVEDIR : 0), 0);
	(void)closedir(names);
	if (old)
		unit_ok(file_create(path, OLD, strlen(OLD), 0600, &err), &err);
}

static void
teardown(void)
{
	reset(false);
	folder_close(&folder);
	free(path);
	scratch_remove(directory);
}

static size_t
names_count(void)
{
	DIR   *names = opendir(directory);
	size_t count = 0;

	for (struct dirent *entry; (entry = readdir(names)) != NULL;)
		count += entry->d_name[0] != '.';
	(void)closedir(names);
	return count;
}

static bool
holds(const char *text)
{
	AUTO_BYTES   found = {0};
	struct error err = {0};

	return file_read(path, 100, &found, &err) == 0 && view_equal(bytes_view(&found), view_text(text));
}

/* ---- writing ---- */

static int
replace(const void *arg, struct error *err)
{
	int rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = file_replace(path, NEW, strlen(NEW), 0640, err);
	failing_off();
	ck_assert(holds(NEW) || (rc != 0 && holds(OLD)));
	if (!failing_lasts())
		ck_assert_uint_eq(names_count(), 1);
	return rc;
}

static int
replace_in(const void *arg, struct error *err)
{
	int rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = folder_replace_group(&folder, "file", view_text(NEW), getegid(), 0640, err);
	failing_off();
	ck_assert(holds(NEW) || (rc != 0 && holds(OLD)));
	if (!failing_lasts())
		ck_assert_uint_eq(names_count(), 1);
	return rc;
}

static int
create(const void *arg, struct error *err)
{
	int rc;

	(void)arg;
	reset(false);
	failing_on();
	rc = file_create(path, NEW, strlen(NEW), 0640, err);
	if (rc == 0)
		rc = file_sync_directory(directory, err);
	failing_off();
	if (rc == 0)
		ck_assert(holds(NEW));
	else if (!failing_lasts() && strstr(err->detail, "syncing") == NULL)
		ck_assert_uint_eq(names_count(), 0);
	return rc;
}

static int
create_in(const void *arg, struct error *err)
{
	int rc;

	(void)arg;
	reset(false);
	failing_on();
	rc = folder_create(&folder, "file", NEW, strlen(NEW), 0640, err);
	failing_off();
	if (rc == 0)
		ck_assert(holds(NEW));
	else if (!failing_lasts())
		ck_assert_uint_eq(names_count(), 0);
	return rc;
}

/* ---- reading ---- */

static int
read_file(const void *arg, struct error *err)
{
	AUTO_BYTES found = {0};
	int        rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = file_read(path, 100, &found, err);
	failing_off();
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&found), view_text(OLD)));
	return rc;
}

/* Through two links, which root follows by itself. */
static int
read_link(const void *arg, struct error *err)
{
	AUTO_FREE char *link = file_join(directory, "link");
	AUTO_FREE char *other = file_join(directory, "other");
	AUTO_BYTES      found = {0};
	int             rc;

	(void)arg;
	reset(true);
	ck_assert_int_eq(symlink("other", link), 0);
	ck_assert_int_eq(symlink("file", other), 0);
	failing_on();
	rc = file_read(link, 100, &found, err);
	failing_off();
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&found), view_text(OLD)));
	return rc;
}

static int
read_in(const void *arg, struct error *err)
{
	AUTO_BYTES found = {0};
	int        rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = folder_read(&folder, "file", 100, &found, err);
	failing_off();
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&found), view_text(OLD)));
	return rc;
}

static int
read_secret(const void *arg, struct error *err)
{
	AUTO_BYTES found = {0};
	int        rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = secret_read_file(path, &found, err);
	failing_off();
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&found), view_text(OLD)));
	return rc;
}

/* By the name that a shell gives to what a program writes. */
static int
read_pipe(const void *arg, struct error *err)
{
	AUTO_BYTES found = {0};
	char       name[32];
	int        ends[2];
	int        rc;

	(void)arg;
	failing_off();
	reset(false);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(write(ends[1], OLD, strlen(OLD)), (ssize_t)strlen(OLD));
	ck_assert_int_eq(close(ends[1]), 0);
	(void)snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
	failing_on();
	rc = file_read(name, 100, &found, err);
	failing_off();
	ck_assert_int_eq(close(ends[0]), 0);
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&found), view_text(OLD)));
	return rc;
}

/* A file of ours gets its group and mode, or keeps them. */
static int
share(const void *arg, struct error *err)
{
	struct stat st;
	int         rc;

	(void)arg;
	reset(true);
	failing_on();
	rc = folder_share(&folder, "file", view_text(OLD), getegid(), 0640, err);
	failing_off();
	ck_assert(holds(OLD));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert((st.st_mode & 07777) == (rc == 0 ? 0640 : 0600) || rc != 0);
	return rc;
}

/* ---- directories and names ---- */

static int
make_directory(const void *arg, struct error *err)
{
	struct folder made = {.fd = -1};
	int           rc;

	(void)arg;
	reset(false);
	failing_on();
	rc = folder_make(&folder, "made", &made, err);
	failing_off();
	ck_assert_int_eq(rc == 0, made.fd >= 0);
	folder_close(&made);
	return rc;
}

static int
make_new_directory(const void *arg, struct error *err)
{
	struct folder made = {.fd = -1};
	char         *name = NULL;
	int           rc;

	(void)arg;
	reset(false);
	failing_on();
	rc = folder_make_new(&folder, "made.", &made, &name, err);
	failing_off();
	ck_assert_int_eq(rc == 0, name != NULL);
	free(name);
	folder_close(&made);
	return rc;
}

/* Into a directory in it, and away from there. */
static int
move(const void *arg, struct error *err)
{
	AUTO_FREE char *inside = file_join(directory, "inside");
	AUTO_FREE char *moved = file_join(inside, "moved");
	int             rc;

	(void)arg;
	reset(true);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	failing_on();
	rc = folder_rename(&folder, "file", "inside/moved", err) != 0 ||
	        folder_sync_of(&folder, "inside/moved", err) != 0 || folder_sync(&folder, err) != 0 ||
	        folder_remove(&folder, "inside/moved", err) != 0
	    ? -1
	    : 0;
	failing_off();
	if (rc == 0)
		ck_assert_int_ne(access(moved, F_OK), 0);
	(void)unlink(moved);
	return rc;
}

static failing_operation *const operations[] = {replace, replace_in, create, create_in, read_file,
    read_link, read_in, read_pipe, share, read_secret, make_directory, make_new_directory, move};

START_TEST(file_whose_calls_fail_is_whole_or_an_error_is_told)
{
	failing_each(operations[_i], NULL);
}
END_TEST

/* A signal between two octets is no failure. */
START_TEST(file_whose_calls_are_interrupted_is_whole)
{
	failing_calls(EINTR);
	failing_succeeds(operations[_i], NULL);
}
END_TEST

/* ---- locks ---- */

static int
acquire(const void *arg, struct error *err)
{
	struct file_lock lock = {.fd = -1};
	int              rc;

	(void)arg;
	failing_on();
	rc = file_lock_open(&folder, "lock", &lock, err);
	if (rc == 0 && (rc = file_lock_acquire(&lock, 0, err)) == 0)
		file_lock_release(&lock);
	failing_off();
	file_lock_close(&lock);
	return rc;
}

START_TEST(lock_whose_calls_fail_is_taken_or_an_error_is_told)
{
	failing_each(acquire, NULL);
}
END_TEST

/* Somebody holds it, who was alone or has a ticket. */
START_TEST(lock_of_another_is_never_taken_when_calls_fail)
{
	struct file_lock alone = {.fd = -1};
	struct file_lock ticket = {.fd = -1};
	struct error     err = {0};

	unit_ok(file_lock_open(&folder, "lock", &alone, &err), &err);
	unit_ok(file_lock_open(&folder, "lock", &ticket, &err), &err);
	unit_ok(file_lock_acquire(&alone, 0, &err), &err);
	failing_refuses(acquire, NULL);
	file_lock_close(&ticket);
	file_lock_close(&alone);
}
END_TEST

static int
try_lock(const void *arg, struct error *err)
{
	struct file_lock lock = {.fd = -1};
	bool             taken = false;
	bool             seen = false;
	int              rc;

	(void)arg;
	failing_on();
	rc = file_lock_open(&folder, "other", &lock, err);
	if (rc == 0)
		rc = file_lock_look(&lock, &seen, err);
	if (rc == 0 && !seen)
		rc = file_lock_try(&lock, &taken, err);
	failing_off();
	file_lock_close(&lock);
	return rc == 0 && !taken ? error_set(err, ERROR_CONFLICT, "it is held") : rc;
}

START_TEST(lock_that_is_tried_is_never_taken_from_another_when_calls_fail)
{
	struct file_lock held = {.fd = -1};
	struct error     err = {0};
	bool             taken = false;

	failing_each(try_lock, NULL);
	unit_ok(file_lock_open(&folder, "other", &held, &err), &err);
	unit_ok(file_lock_try(&held, &taken, &err), &err);
	ck_assert(taken);
	failing_refuses(try_lock, NULL);
	file_lock_close(&held);
}
END_TEST

/* ---- directories that were named: what is opened stays open, so that each run names its own way ---- */

static int
named_open(const void *arg, struct error *err)
{
	static unsigned runs;
	AUTO_FREE char *way = NULL;
	AUTO_FREE char *inside = NULL;
	char            suffix[16];
	int             rc;

	(void)arg;
	(void)snprintf(suffix, sizeof suffix, "%05u", runs++);
	way = file_join(directory, suffix);
	inside = file_join(way, "file");
	ck_assert_int_eq(mkdir(way, 0700), 0);
	unit_ok(file_create(inside, OLD, strlen(OLD), 0600, err), err);
	failing_on();
	rc = file_named_open_tree(way, 10, err);
	failing_off();
	ck_assert_int_eq(unlink(inside), 0);
	ck_assert_int_eq(rmdir(way), 0);
	return rc;
}

START_TEST(directory_whose_calls_fail_is_open_or_an_error_is_told)
{
	struct error err = {0};

	failing_among_threads();
	failing_each(named_open, NULL);
	unit_ok(file_named_open_tree(directory, 1000, &err), &err);
	unit_ok(file_named_open_tree(directory, 1000, &err), &err); /* it is open */
	unit_ok(file_named_open_tree("/nonexistent", 10, &err), &err); /* which is told when it is read */
}
END_TEST

START_TEST(directory_that_is_too_deep_is_too_large)
{
	char         way[SCRATCH_SIZE + 200];
	struct error err = {0};
	int          length = snprintf(way, sizeof way, "%s", directory);

	for (int i = 0; i < 66; i++) {
		length += snprintf(way + length, sizeof way - (size_t)length, "/d");
		ck_assert_int_eq(mkdir(way, 0700), 0);
	}
	ck_assert_int_eq(file_named_open_tree(directory, 1000, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	for (; length > (int)strlen(directory); way[length -= 2] = '\0')
		ck_assert_int_eq(rmdir(way), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("util/failing_calls");
	TCase *tcase = tcase_create("failing_calls");
	int    count = sizeof operations / sizeof operations[0];

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, file_whose_calls_fail_is_whole_or_an_error_is_told, 0, count);
	tcase_add_loop_test(tcase, file_whose_calls_are_interrupted_is_whole, 0, count);
	tcase_add_test(tcase, directory_whose_calls_fail_is_open_or_an_error_is_told);
	tcase_add_test(tcase, directory_that_is_too_deep_is_too_large);
	tcase_add_test(tcase, lock_whose_calls_fail_is_taken_or_an_error_is_told);
	tcase_add_test(tcase, lock_of_another_is_never_taken_when_calls_fail);
	tcase_add_test(tcase, lock_that_is_tried_is_never_taken_from_another_when_calls_fail);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
