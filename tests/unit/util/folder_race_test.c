/*
 * An attacker who owns the directory moves things in it while somebody works there: a thousand
 * times each. Whoever works gets what it asked for or an error, and never what is behind a link.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "race.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

static char          place[RACE_PATH_SIZE];
static struct error  err;
static struct folder folder;

static void
setup(void)
{
	race_directory_make(place);
	ck_assert_int_eq(chdir(place), 0);
	ck_assert_int_eq(mkdir("state", 0700), 0);
	ck_assert_int_eq(mkdir("state/issuers", 0700), 0);
	ck_assert_int_eq(mkdir("roots", 0700), 0);
	unit_ok(file_create("roots/secret", "secret", 6, 0600, &err), &err);
	unit_ok(file_create("roots/a.pem", "secret", 6, 0600, &err), &err);
	unit_ok(file_create("state/file", "public", 6, 0600, &err), &err);
	unit_ok(file_create("state/issuers/a.pem", "public", 6, 0600, &err), &err);
	ck_assert_int_eq(symlink("../roots/secret", "state/link"), 0);
	ck_assert_int_eq(symlink("../roots", "state/elsewhere"), 0);
	ck_assert_int_eq(mkfifo("state/fifo", 0600), 0);
	unit_ok(folder_open("state", &folder, &err), &err);
}

static void
teardown(void)
{
	char command[96];

	folder_close(&folder);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

/* Root's directory has the two files with their content, and nothing else. */
static void
roots_is_as_before(void)
{
	static const char *const names[] = {"roots/secret", "roots/a.pem"};
	DIR                     *roots = opendir("roots");
	size_t                   count = 0;

	ck_assert_ptr_nonnull(roots);
	while (readdir(roots) != NULL)
		count++;
	(void)closedir(roots);
	ck_assert_uint_eq(count, 4);
	for (size_t i = 0; i < 2; i++) {
		AUTO_BYTES content = {0};

		unit_ok(file_read(names[i], 64, &content, &err), &err);
		ck_assert_uint_eq(content.size, 6);
		ck_assert_int_eq(memcmp(content.data, "secret", 6), 0);
	}
}

/* name, and what changes places with it */
static const struct {
	const char *name;
	const char *one;
	const char *other;
} reads[] = {
    {"file", "file", "link"},
    {"file", "file", "fifo"},
    {"issuers/a.pem", "issuers", "elsewhere"},
};

START_TEST(read_never_gives_what_is_behind_a_link)
{
	struct swap  swap = {.directory = folder.fd, .one = reads[_i].one, .other = reads[_i].other};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		AUTO_BYTES content = {0};

		if (folder_read(&folder, reads[_i].name, 64, &content, &err) != 0) {
			score.refused++;
			continue;
		}
		score.worked++;
		ck_assert_uint_eq(content.size, 6);
		ck_assert_int_eq(memcmp(content.data, "public", 6), 0);
	}
	swap_end(&swap);
	score_check(&score);
}
END_TEST

START_TEST(write_never_goes_behind_a_link)
{
	struct swap  swap = {.directory = folder.fd, .one = "issuers", .other = "elsewhere"};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		int rc = 0;

		switch (score.tries % 4) {
		case 0:
			rc = folder_replace(&folder, "issuers/a.pem", "public", 6, 0600, &err);
			break;
		case 1:
			rc = folder_create(&folder, "issuers/new", "public", 6, 0600, &err);
			break;
		case 2:
			rc = folder_rename(&folder, "issuers/new", "issuers/a.pem", &err);
			break;
		default:
			rc = folder_remove(&folder, "issuers/a.pem", &err);
			break;
		}
		*(rc == 0 ? &score.worked : &score.refused) += 1;
	}
	swap_end(&swap);
	score_check(&score);
	roots_is_as_before();
}
END_TEST

/* As restore and init fill a directory: it is put away and a link stands where it was. */
START_TEST(directory_that_is_filled_and_captured_fills_no_other)
{
	struct swap swap = {.directory = folder.fd, .one = ".new.", .other = "../roots"};
	int64_t     deadline = clock_monotonic_ms() + RACE_MS;
	unsigned    filled = 0;

	capture_begin(&swap);
	for (unsigned tries = 0; (tries < RACES || filled < WINS) && clock_monotonic_ms() < deadline;
	     tries++) {
		AUTO_FREE char *name = NULL;
		AUTO_FOLDER     inside = {.fd = -1};

		if (folder_make_new(&folder, ".new.", &inside, &name, &err) != 0)
			continue;
		(void)sched_yield();
		unit_ok(folder_create(&inside, "secret.key", "key", 3, 0600, &err), &err);
		unit_ok(folder_replace(&inside, "a.pem", "public", 6, 0600, &err), &err);
		ck_assert(folder_has(&inside, "secret.key"));
		unit_ok(folder_remove(&inside, "secret.key", &err), &err);
		unit_ok(folder_remove(&inside, "a.pem", &err), &err);
		(void)unlinkat(folder.fd, name, AT_REMOVEDIR);
		filled++;
	}
	swap_end(&swap);
	ck_assert_uint_ge(filled, WINS);
	roots_is_as_before();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("folder_race");
	TCase *tc = tcase_create("folder_race");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, read_never_gives_what_is_behind_a_link, 0,
	    sizeof reads / sizeof reads[0]);
	tcase_add_test(tc, write_never_goes_behind_a_link);
	tcase_add_test(tc, directory_that_is_filled_and_captured_fills_no_other);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
