/* What the device keeps is whole after whichever system call fails, and the failure is said. */
#include "config.h"

#include <sys/file.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "device/certificate_files.h"
#include "device/former.h"
#include "device/pair.h"
#include "device/state.h"
#include "failing.h"
#include "failing_calls.h"
#include "scratch.h"
#include "unit.h"
#include "util/file.h"
#include "util/folder.h"

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

static bool
holds(const char *name, const char *text)
{
	AUTO_FREE char *path = file_join(directory, name);
	AUTO_BYTES      found = {0};
	struct error    err = {0};

	if (text == NULL)
		return access(path, F_OK) != 0;
	return file_read(path, 100, &found, &err) == 0 && view_equal(bytes_view(&found), view_text(text));
}

static bool
holds_pair(const char *key, const char *chain)
{
	return holds("device.key", key) && holds("device.pem", chain) && holds("device.key.new", NULL) &&
	    holds("device.pem.new", NULL);
}

/* What a crash left, and what it has to become. */
struct crash {
	const char *key;
	const char *chain;
	const char *key_new;
	const char *chain_new;
	const char *key_then;
	const char *chain_then;
};

static const struct crash crashes[] = {
    {"old key", "old chain", NULL, NULL, "old key", "old chain"},
    {"old key", "old chain", "new key", NULL, "old key", "old chain"},
    {"old key", "old chain", "new key", "new chain", "new key", "new chain"},
    {"new key", "old chain", NULL, "new chain", "new key", "new chain"},
    {NULL, NULL, "new key", "new chain", "new key", "new chain"},
};

static void
leave(const struct crash *crash)
{
	put("device.key", crash->key);
	put("device.pem", crash->chain);
	put("device.key.new", crash->key_new);
	put("device.pem.new", crash->chain_new);
}

/* Whatever the first attempt does, the next one brings it to the same end. */
static int
recover(const void *arg, struct error *err)
{
	const struct crash *crash = arg;
	struct error        later = {0};
	int                 rc;

	leave(crash);
	failing_on();
	rc = certificate_files_recover(directory, err);
	failing_off();
	if (rc == 0)
		ck_assert(holds_pair(crash->key_then, crash->chain_then));
	unit_ok(certificate_files_recover(directory, &later), &later);
	ck_assert_msg(holds_pair(crash->key_then, crash->chain_then), "%s", err->detail);
	return rc;
}

START_TEST(recover_whose_calls_fail_loses_nothing)
{
	failing_each(recover, &crashes[_i]);
}
END_TEST

/* The old pair or the new one, after the next recovery; what was decided before comes first. */
static int
replace(const void *arg, struct error *err)
{
	const struct crash *crash = arg;
	struct error        later = {0};
	int                 rc;

	leave(crash);
	failing_on();
	rc = certificate_files_replace(directory, PAIR_NO_GROUP,
	    (struct view){(const uint8_t *)"k3", 2}, (struct view){(const uint8_t *)"c3", 2}, err);
	failing_off();
	if (rc == 0)
		ck_assert(holds_pair("k3", "c3"));
	unit_ok(certificate_files_recover(directory, &later), &later);
	ck_assert_msg(holds_pair("k3", "c3") || (rc != 0 && holds_pair(crash->key_then, crash->chain_then)),
	    "%s", err->detail);
	scratch_clear(directory);
	return rc;
}

START_TEST(replace_whose_calls_fail_leaves_a_pair)
{
	failing_each(replace, &crashes[_i]);
}
END_TEST

/* The chain alone: the key is never another one. */
static int
replace_chain(const void *arg, struct error *err)
{
	const struct crash *crash = arg;
	struct error        later = {0};
	int                 rc;

	leave(crash);
	failing_on();
	rc = certificate_files_chain_replace(directory, (struct view){(const uint8_t *)"c3", 2}, err);
	failing_off();
	unit_ok(certificate_files_recover(directory, &later), &later);
	ck_assert_msg(holds_pair(crash->key_then, "c3") || (rc != 0 && holds_pair(crash->key_then, crash->chain_then)),
	    "%s", err->detail);
	scratch_clear(directory);
	return rc;
}

START_TEST(chain_replace_whose_calls_fail_keeps_the_key)
{
	failing_each(replace_chain, &crashes[_i]);
}
END_TEST

/* ---- the state directory ---- */

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int
__wrap_flock(int fd, int operation)
{
	if (failing_now()) {
		errno = ENOLCK;
		return -1;
	}
	return __real_flock(fd, operation);
}

/* Two directories below are made, and that of a named key in them, and opened to everybody. */
static int
open_state(const void *arg, struct error *err)
{
	AUTO_FREE char *above = file_join(directory, "a");
	AUTO_FREE char *inside = file_join(above, "b");
	AUTO_FREE char *keys = file_join(inside, "keys");
	AUTO_FREE char *named = file_join(keys, "web");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	int             rc;

	(void)arg;
	failing_on();
	rc = device_state_open(inside, "web", &state, err) == 0 && device_state_show(&state, err) == 0 ? 0 : -1;
	failing_off();
	(void)rmdir(named);
	(void)rmdir(keys);
	(void)rmdir(inside);
	(void)rmdir(above);
	return rc;
}

START_TEST(open_whose_calls_fail_says_so)
{
	failing_each(open_state, NULL);
}
END_TEST

/* A key alone is no pair: it goes, or it is said. */
static int
prune(const void *arg, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};
	int         rc;

	(void)arg;
	put("former-0123456789abcdef.key", "key");
	unit_ok(folder_open(directory, &folder, err), err);
	failing_on();
	rc = former_prune(&folder, 1, err);
	failing_off();
	if (rc == 0)
		ck_assert(holds("former-0123456789abcdef.key", NULL));
	return rc;
}

START_TEST(prune_whose_calls_fail_says_so)
{
	failing_each(prune, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device/failing_calls");
	TCase *tcase = tcase_create("failing_calls");
	int    count = sizeof crashes / sizeof crashes[0];

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, recover_whose_calls_fail_loses_nothing, 0, count);
	tcase_add_loop_test(tcase, replace_whose_calls_fail_leaves_a_pair, 0, count);
	tcase_add_loop_test(tcase, chain_replace_whose_calls_fail_keeps_the_key, 0, count);
	tcase_add_test(tcase, open_whose_calls_fail_says_so);
	tcase_add_test(tcase, prune_whose_calls_fail_says_so);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
