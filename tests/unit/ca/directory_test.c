/* A state directory that cannot be made whole: nothing of it is left. */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <unistd.h>

#include "ca/directory.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

#define STORE_FILE "inventory"

static char            scratch[SCRATCH_SIZE];
static char           *place;
static bool            store_fails;
static enum error_kind store_fault; /* what making the store ends with, if it fails */
static struct error    err;

static void
setup(void)
{
	scratch_make(scratch);
	place = file_join(scratch, "state");
	store_fails = false;
}

static void
teardown(void)
{
	AUTO_FREE char *inside = file_join(place, "inside");

	scratch_remove(inside);
	scratch_remove(place);
	scratch_remove(scratch);
	free(place);
}

/* Makes a file of the store, and then fails as it was told to. */
static int
store_make(const struct folder *directory, void *arg, struct error *error)
{
	(void)arg;
	unit_ok(folder_create(directory, STORE_FILE, "x", 1, 0600, error), error);
	return !store_fails ? 0 : error_set(error, store_fault, "the store's fault");
}

/* Makes a directory of these two files, a subdirectory and a store. */
static int
make(const char *first, const char *second)
{
	const struct directory_file files[] = {{.name = first, .mode = 0600}, {.name = second, .mode = 0644}};
	static const char *const    store_files[] = {STORE_FILE, NULL};
	struct directory_plan       plan = {.files = files, .count = 2, .store_files = store_files,
	          .make_store = store_make, .subdirectory = "inside"};

	return directory_make(place, &plan, &err);
}

/* How many names are in the directory, not counting "." and "..". */
static int
names_in(const char *path)
{
	DIR *directory = opendir(path);
	int  count = -2;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	ck_assert_int_eq(closedir(directory), 0);
	return count;
}

static void
assert_mode(mode_t mode)
{
	struct stat st;

	ck_assert_int_eq(stat(place, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
}

START_TEST(directory_that_is_made_is_private_and_whole)
{
	unit_ok(make("a", "b"), &err);
	ck_assert_int_eq(names_in(place), 4);
	ck_assert_int_eq(names_in(scratch), 1);
	assert_mode(0700);
}
END_TEST

START_TEST(file_that_cannot_be_made_takes_the_others_with_it)
{
	ck_assert_int_eq(make("a", "a"), -1);
	ck_assert_int_eq(names_in(scratch), 0);

	ck_assert_int_eq(mkdir(place, 0750), 0);
	ck_assert_int_eq(make("a", "a"), -1);
	ck_assert_int_eq(names_in(place), 0);
	assert_mode(0750);
	unit_ok(make("a", "b"), &err);
}
END_TEST

START_TEST(store_that_cannot_be_made_takes_all_with_it)
{
	ck_assert_int_eq(mkdir(place, 0750), 0);
	store_fails = true;
	store_fault = ERROR_INTERNAL;
	unit_fails(make("a", "b"), &err, ERROR_INTERNAL, "the store's fault");
	ck_assert_int_eq(names_in(place), 0);
	assert_mode(0750);
}
END_TEST

START_TEST(store_of_another_stays)
{
	AUTO_FREE char *store = file_join(place, STORE_FILE);

	ck_assert_int_eq(mkdir(place, 0750), 0);
	store_fails = true;
	store_fault = ERROR_CONFLICT;
	unit_fails(make("a", "b"), &err, ERROR_CONFLICT, "the store's fault");
	ck_assert_int_eq(names_in(place), 1);
	ck_assert_int_eq(access(store, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("directory");
	TCase *tcase = tcase_create("directory");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, directory_that_is_made_is_private_and_whole);
	tcase_add_test(tcase, file_that_cannot_be_made_takes_the_others_with_it);
	tcase_add_test(tcase, store_that_cannot_be_made_takes_all_with_it);
	tcase_add_test(tcase, store_of_another_stays);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
