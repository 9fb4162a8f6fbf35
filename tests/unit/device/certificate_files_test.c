#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "device/certificate_files.h"
#include "device/pair.h"
#include "device/renewal.h"
#include "rename_watch.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

static const struct view old_key = {(const uint8_t *)"old key", 7};
static const struct view old_chain = {(const uint8_t *)"old chain", 9};
static const struct view new_key = {(const uint8_t *)"new key", 7};
static const struct view new_chain = {(const uint8_t *)"new chain", 9};

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* Writes the file, or removes it when `text` is NULL. */
static void
put(const char *name, const char *text)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct error    err = {0};

	if (text == NULL)
		(void)unlink(path);
	else
		unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
}

/* The file holds this, or is not there when `text` is NULL. */
static void
holds(const char *name, const char *text)
{
	AUTO_FREE char *path = file_join(directory, name);
	AUTO_BYTES      found = {0};
	struct error    err = {0};

	if (text == NULL) {
		ck_assert_int_ne(access(path, F_OK), 0);
		return;
	}
	unit_ok(file_read(path, 100, &found, &err), &err);
	ck_assert(view_equal(bytes_view(&found), view_text(text)));
}

START_TEST(replace_puts_both_in_place)
{
	AUTO_FREE char *path = file_join(directory, PAIR_KEY);
	struct stat     status;
	struct error    err = {0};

	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, old_key, old_chain, &err), &err);
	holds("device.key", "old key");
	holds("device.pem", "old chain");
	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, new_key, new_chain, &err), &err);
	holds("device.key", "new key");
	holds("device.pem", "new chain");
	holds("device.key.new", NULL);
	holds("device.pem.new", NULL);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

/* Key and chain are on disk under new names, then the key is, and then the chain. */
START_TEST(replace_survives_a_crash_between_its_steps)
{
	struct error err = {0};

	rename_watch_begin();
	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, new_key, new_chain, &err), &err);
	rename_watch_end(4);
}
END_TEST

START_TEST(replace_makes_the_directory)
{
	AUTO_FREE char *below = file_join(directory, "below");
	AUTO_FREE char *key = file_join(below, "device.key");
	AUTO_FREE char *chain = file_join(below, "device.pem");
	struct error    err = {0};

	unit_ok(certificate_files_replace(below, PAIR_NO_GROUP, new_key, new_chain, &err), &err);
	ck_assert_int_eq(unlink(key), 0);
	ck_assert_int_eq(unlink(chain), 0);
	ck_assert_int_eq(rmdir(below), 0);
}
END_TEST

/* Every state in which a crash can leave the directory, in the order in which they come to be. */
static const struct {
	const char *key;
	const char *chain;
	const char *key_new;
	const char *chain_new;
	const char *key_then;
	const char *chain_then;
} crashes[] = {
    {"old key", "old chain", NULL, NULL, "old key", "old chain"},
    {"old key", "old chain", "new key", NULL, "old key", "old chain"},
    {"old key", "old chain", "new key", "new chain", "new key", "new chain"},
    {"new key", "old chain", NULL, "new chain", "new key", "new chain"},
    {"new key", "new chain", NULL, NULL, "new key", "new chain"},
    /* the same, the first time */
    {NULL, NULL, "new key", NULL, NULL, NULL},
    {NULL, NULL, "new key", "new chain", "new key", "new chain"},
    {"new key", NULL, NULL, "new chain", "new key", "new chain"},
};

START_TEST(recover_after_a_crash_leaves_a_pair)
{
	struct error err = {0};

	put("device.key", crashes[_i].key);
	put("device.pem", crashes[_i].chain);
	put("device.key.new", crashes[_i].key_new);
	put("device.pem.new", crashes[_i].chain_new);
	for (int twice = 0; twice < 2; twice++) {
		unit_ok(certificate_files_recover(directory, &err), &err);
		holds("device.key", crashes[_i].key_then);
		holds("device.pem", crashes[_i].chain_then);
		holds("device.key.new", NULL);
		holds("device.pem.new", NULL);
	}
}
END_TEST

/* What a crash left is no part of what comes next. */
START_TEST(replace_after_a_crash_leaves_the_newest_pair)
{
	struct error err = {0};

	put("device.key", crashes[_i].key);
	put("device.pem", crashes[_i].chain);
	put("device.key.new", crashes[_i].key_new);
	put("device.pem.new", crashes[_i].chain_new);
	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, (struct view){(const uint8_t *)"k3", 2},
	            (struct view){(const uint8_t *)"c3", 2}, &err), &err);
	holds("device.key", "k3");
	holds("device.pem", "c3");
}
END_TEST

/* Where the key cannot be put in place, the chain is not either: it would belong to no key. */
START_TEST(recover_puts_the_key_in_place_first)
{
	AUTO_FREE char *key = file_join(directory, "device.key");
	AUTO_FREE char *inside = file_join(key, "x");
	struct error    err = {0};

	put("device.pem", "old chain");
	put("device.key.new", "new key");
	put("device.pem.new", "new chain");
	ck_assert_int_eq(mkdir(key, 0700), 0);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	ck_assert_int_eq(certificate_files_recover(directory, &err), -1);
	holds("device.pem", "old chain");
	holds("device.pem.new", "new chain");
	ck_assert_int_eq(rmdir(inside), 0);
	ck_assert_int_eq(rmdir(key), 0);
	unit_ok(certificate_files_recover(directory, &err), &err);
	holds("device.key", "new key");
	holds("device.pem", "new chain");
}
END_TEST

/* A decision of an earlier run stands, even when there is no room for what this one wants to write. */
START_TEST(replace_carries_an_earlier_decision_out_first)
{
	const struct rlimit none = {0, RLIM_INFINITY};
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct error        err = {0};
	int                 rc;

	put("device.key", "old key");
	put("device.pem", "old chain");
	put("device.key.new", "new key");
	put("device.pem.new", "new chain");
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	rc = certificate_files_replace(directory, PAIR_NO_GROUP, old_key, old_chain, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	ck_assert_int_eq(rc, -1);
	holds("device.key", "new key");
	holds("device.pem", "new chain");
}
END_TEST

START_TEST(recover_missing_directory_is_nothing_to_do)
{
	struct error err = {0};

	unit_ok(certificate_files_recover("/nonexistent/directory", &err), &err);
}
END_TEST

START_TEST(replace_in_the_directory_of_another_keeps_the_key_roots)
{
	AUTO_FREE char *key = file_join(directory, "device.key");
	AUTO_FREE char *chain = file_join(directory, "device.pem");
	struct stat     st;
	struct error    err = {0};

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(directory, 12345, 12345), 0);
	ck_assert_int_eq(symlink("/nowhere", key), 0);
	ck_assert_int_eq(mkfifo(chain, 0600), 0);
	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, new_key, new_chain, &err), &err);
	ck_assert_int_eq(lstat(key, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	holds("device.key", "new key");
	holds("device.pem", "new chain");
}
END_TEST

#define DAYS(n) ((n) * INT64_C(86400))

static const struct {
	int64_t not_before;
	int64_t not_after;
	int64_t when;
} renewals[] = {
    {0, 90, 60},
    {1000, 1300, 1200},
    {0, DAYS(90), DAYS(60)},
    {100, 100, 100},                                    /* no life at all */
    {200, 100, 100},                                    /* over before it began */
    {0, INT64_C(253402300799), INT64_C(168934867198)},  /* 9999-12-31 */
};

START_TEST(renewal_is_due_from_two_thirds_on)
{
	ck_assert_int_eq(renewal_time(renewals[_i].not_before, renewals[_i].not_after),
	    renewals[_i].when);
	ck_assert(!renewal_is_due(renewals[_i].not_before, renewals[_i].not_after,
	    renewals[_i].when - 1));
	ck_assert(renewal_is_due(renewals[_i].not_before, renewals[_i].not_after, renewals[_i].when));
	ck_assert(renewal_is_due(renewals[_i].not_before, renewals[_i].not_after,
	    renewals[_i].not_after + 1));
}
END_TEST

START_TEST(days_left_rounds_down)
{
	ck_assert_int_eq(renewal_days_left(DAYS(3), 0), 3);
	ck_assert_int_eq(renewal_days_left(DAYS(3) - 1, 0), 2);
	ck_assert_int_eq(renewal_days_left(0, 0), 0);
	ck_assert_int_eq(renewal_days_left(0, 1), -1);
	ck_assert_int_eq(renewal_days_left(0, DAYS(2)), -2);
}
END_TEST

static const struct {
	int64_t seconds;
	const char *text;
} lefts[] = {
    {DAYS(30) + 5, "30 days"}, {DAYS(2), "2 days"}, {DAYS(2) - 1, "47 h 59 min"},
    {3600, "1 h 0 min"}, {3599, "59 min 59 s"}, {59, "0 min 59 s"}, {0, "0 min 0 s"},
    {-5, "0 min 0 s"},
};

START_TEST(left_is_told_in_hours_below_two_days)
{
	char text[RENEWAL_LEFT_SIZE];

	renewal_left_format(lefts[_i].seconds, text);
	ck_assert_str_eq(text, lefts[_i].text);
}
END_TEST

/* A timer of this interval comes twice in the last third, however it falls. */
START_TEST(interval_is_a_sixth_of_the_life)
{
	ck_assert_int_eq(renewal_interval(0, 600), 100);
	ck_assert_int_eq(renewal_interval(1000, 1000 + DAYS(90)), DAYS(15));
	ck_assert_int_eq(renewal_interval(0, 3), 1);
	ck_assert_int_eq(renewal_interval(100, 100), 1);
	ck_assert_int_lt(renewal_interval(0, INT64_C(6) * 3600), RENEWAL_TIMER);
	ck_assert_int_ge(renewal_interval(0, INT64_C(7) * 3600), RENEWAL_TIMER);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate_files");
	TCase *tc = tcase_create("certificate_files");
	int    count = (int)(sizeof crashes / sizeof crashes[0]);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, replace_puts_both_in_place);
	tcase_add_test(tc, replace_survives_a_crash_between_its_steps);
	tcase_add_test(tc, replace_makes_the_directory);
	tcase_add_loop_test(tc, recover_after_a_crash_leaves_a_pair, 0, count);
	tcase_add_loop_test(tc, replace_after_a_crash_leaves_the_newest_pair, 0, count);
	tcase_add_test(tc, recover_puts_the_key_in_place_first);
	tcase_add_test(tc, replace_carries_an_earlier_decision_out_first);
	tcase_add_test(tc, recover_missing_directory_is_nothing_to_do);
	tcase_add_test(tc, replace_in_the_directory_of_another_keeps_the_key_roots);
	tcase_add_loop_test(tc, renewal_is_due_from_two_thirds_on, 0,
	    (int)(sizeof renewals / sizeof renewals[0]));
	tcase_add_test(tc, days_left_rounds_down);
	tcase_add_loop_test(tc, left_is_told_in_hours_below_two_days, 0,
	    (int)(sizeof lefts / sizeof lefts[0]));
	tcase_add_test(tc, interval_is_a_sixth_of_the_life);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
