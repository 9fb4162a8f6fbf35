/*
 * What is done with the files of a store, with each allocation of SQLite failing, each system call of
 * ours and each of SQLite's: it is done, or an error says that it is not, and nothing is left behind.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "failing.h"
#include "failing_calls.h"
#include "failing_sql.h"
#include "scratch.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/sqlite/schema.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000
#define ZEROS_31 "00000000000000000000000000000000000000000000000000000000000000"
#define TEXT(text) ((char *)(uintptr_t)(text))

static char          directory[SCRATCH_SIZE];
static struct bytes  template; /* the database that each run begins with */
static struct store *store;

static const uint8_t first[STORE_HASH_SIZE] = {1};

/* ---- SQLite's system calls ---- */

typedef ssize_t pread_call(int, void *, size_t, off_t);
typedef ssize_t pwrite_call(int, const void *, size_t, off_t);
typedef int open_call(const char *, int, int);
typedef int ftruncate_call(int, off_t);

static pread_call *real_pread;
static pwrite_call *real_pwrite;
static open_call *real_open;
static ftruncate_call *real_ftruncate;

static bool
fails(void)
{
	if (!failing_now())
		return false;
	errno = EIO;
	return true;
}

static ssize_t
pread_cb(int fd, void *data, size_t size, off_t at)
{
	return fails() ? -1 : real_pread(fd, data, size, at);
}

static ssize_t
pwrite_cb(int fd, const void *data, size_t size, off_t at)
{
	return fails() ? -1 : real_pwrite(fd, data, size, at);
}

static int
open_cb(const char *path, int flags, int mode)
{
	return fails() ? -1 : real_open(path, flags, mode);
}

static int
ftruncate_cb(int fd, off_t size)
{
	return fails() ? -1 : real_ftruncate(fd, size);
}

/* SQLite's, which are no such calls: nothing crashes here, so that nothing is written for good. */
int
fdatasync(int fd)
{
	return fails() || fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int
fsync(int fd)
{
	return fdatasync(fd);
}

/* Puts `call` in place of the default VFS's system call of that name, or of the one for large files. */
static sqlite3_syscall_ptr
replace_call(const char *name, sqlite3_syscall_ptr call)
{
	sqlite3_vfs        *vfs = sqlite3_vfs_find(NULL);
	sqlite3_syscall_ptr real;
	char                large[32];
	const char         *used = name;

	(void)snprintf(large, sizeof large, "%s64", name);
	if (vfs->xGetSystemCall(vfs, large) != NULL)
		used = large;
	real = vfs->xGetSystemCall(vfs, used);
	ck_assert_ptr_nonnull(real);
	ck_assert_int_eq(vfs->xSetSystemCall(vfs, used, call), SQLITE_OK);
	return real;
}

static void
replace_calls(void)
{
	real_pread = (pread_call *)replace_call("pread", (sqlite3_syscall_ptr)pread_cb);
	real_pwrite = (pwrite_call *)replace_call("pwrite", (sqlite3_syscall_ptr)pwrite_cb);
	real_open = (open_call *)replace_call("open", (sqlite3_syscall_ptr)open_cb);
	real_ftruncate = (ftruncate_call *)replace_call("ftruncate", (sqlite3_syscall_ptr)ftruncate_cb);
}

/* ---- the directory ---- */

static void
put_template(void)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, directory);
	struct error    err = {0};

	scratch_clear(directory);
	if (template.size != 0)
		unit_ok(file_create(path, template.data, template.size, 0600, &err), &err);
}

static void
keep_template(void)
{
	AUTO_FREE char *path = store_tamper_path(STORE_INVENTORY, directory);
	struct error    err = {0};

	bytes_clear(&template);
	unit_ok(file_read(path, 1 << 24, &template, &err), &err);
}

static int
files_count(void)
{
	DIR *handle = opendir(directory);
	int  count = 0;

	ck_assert_ptr_nonnull(handle);
	for (struct dirent *entry = readdir(handle); entry != NULL; entry = readdir(handle))
		count += entry->d_name[0] != '.' && strstr(entry->d_name, ".lock") == NULL;
	(void)closedir(handle);
	return count;
}

static void
setup(void)
{
	struct error        err = {0};
	char               *names[] = {TEXT("laptop")};
	struct store_device device = {.ek_hash = {1}, .names = names, .name_count = 1};

	sqlite3_initialize();
	replace_calls();
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	store_close(store);
	store = NULL;
	keep_template();
}

static void
teardown(void)
{
	bytes_clear(&template);
	scratch_remove(directory);
}

/* Runs it with allocations, calls and statements failing, of which this one in so many is tried; and with each
 * call and statement. */
static void
fail_each(failing_operation *operation, const void *arg, unsigned step, unsigned from)
{
	failing_every(step, from);
	failing_each(operation, arg);
	failing_spare_memory();
	failing_every(1, 0);
	failing_each(operation, arg);
}

/* ---- making and opening ---- */

static int
create(const void *arg, struct error *err)
{
	const enum store_database *database = arg;
	int                        rc;

	scratch_clear(directory);
	failing_on();
	rc = store_database_create(*database, directory, err);
	failing_off();
	ck_assert_msg(rc == 0 || failing_lasts() || files_count() == 0, "a file is left of a store that was not made: %s",
	    err->detail);
	return rc;
}

START_TEST(create_that_fails_leaves_no_file)
{
	enum store_database database = (enum store_database)_i;

	fail_each(create, &database, 101, 0);
}
END_TEST

/* Opens, and looks for what was there before. */
static int
open_and_find(const void *arg, struct error *err)
{
	struct store_device device;
	int                 rc;

	(void)arg;
	put_template();
	failing_on();
	rc = store_open(directory, &store, err);
	failing_off();
	if (rc != 0)
		return -1;
	unit_ok(store_device_find(store, first, &device, err), err);
	store_device_clear(&device);
	store_close(store);
	return 0;
}

START_TEST(open_that_fails_changes_nothing)
{
	fail_each(open_and_find, NULL, 7, 0);
}
END_TEST

static unsigned owners; /* errors that name whom to run it as */

static int
open_or_name_the_owner(const void *arg, struct error *err)
{
	int rc = open_and_find(arg, err);

	owners += rc != 0 && strstr(err->detail, "may not be read; run this as the owner of the state directory") != NULL;
	return rc;
}

START_TEST(open_without_permission_names_the_owner)
{
	failing_calls(EACCES);
	fail_each(open_or_name_the_owner, NULL, 41, 0);
	ck_assert_uint_gt(owners, 0);
}
END_TEST

/* One of another version's names, whose skeletons are made when it is opened. */
START_TEST(open_that_fails_to_complete_the_names_is_tried_again)
{
	put_template();
	store_tamper(directory, "UPDATE counter SET skeletons = 0; UPDATE name SET skeleton = ''");
	keep_template();
	fail_each(open_and_find, NULL, 11, 0);
}
END_TEST

/* The tables of the first version, with a device. */
static void
make_version_1(void)
{
	char header[128];

	scratch_clear(directory);
	store_tamper(directory, "PRAGMA journal_mode = WAL");
	store_tamper(directory, sqlite_schema_inventory.texts[0]);
	(void)snprintf(header, sizeof header, "PRAGMA application_id = %d; PRAGMA user_version = 1",
	    sqlite_schema_inventory.application_id);
	store_tamper(directory, header);
	store_tamper(directory, "INSERT INTO device VALUES (7, x'01" ZEROS_31 "', '', 1, 5, 3);"
	                        "UPDATE counter SET revision = 3");
}

START_TEST(upgrade_that_fails_is_undone_and_tried_again)
{
	make_version_1();
	keep_template();
	fail_each(open_and_find, NULL, 211, 0);
}
END_TEST

/* ---- looking through it ---- */

static int
check(const void *arg, struct error *err)
{
	int rc;

	(void)arg;
	unit_ok(store_open(directory, &store, err), err);
	failing_on();
	rc = store_check_integrity(store, err);
	if (rc == 0)
		rc = store_check_schema(store, err);
	failing_off();
	store_close(store);
	return rc;
}

/* Not damaged, although it could not be read. */
START_TEST(check_that_fails_says_so)
{
	fail_each(check, NULL, 151, 0);
}
END_TEST

static int
snapshot(const void *arg, struct error *err)
{
	const char *path = arg;
	int         rc;

	(void)unlink(path);
	failing_on();
	rc = store_snapshot(store, path, err);
	failing_off();
	if (!failing_lasts())
		ck_assert_int_eq(access(path, F_OK) == 0, rc == 0);
	return rc;
}

START_TEST(snapshot_that_fails_leaves_no_file)
{
	AUTO_FREE char *path = file_join(directory, "copy");
	struct error    err = {0};

	unit_ok(store_open(directory, &store, &err), &err);
	fail_each(snapshot, path, 151, 0);
	store_close(store);
}
END_TEST

static int
verify(const void *arg, struct error *err)
{
	int64_t count = 0;
	uint8_t head[32];
	int     rc;

	(void)arg;
	failing_on();
	rc = store_audit_verify(store, NULL, &count, head, err);
	failing_off();
	if (rc == 0)
		ck_assert_int_eq(count, 1);
	return rc;
}

START_TEST(verify_that_fails_says_so)
{
	struct error err = {0};

	unit_ok(store_open(directory, &store, &err), &err);
	failing_each(verify, NULL);
	store_close(store);
}
END_TEST

/* ---- imports ---- */

static void
fault_cb(uint64_t line, const struct error *why, void *arg)
{
	(void)why;
	ck_assert_uint_eq(line, 2);
	++*(int *)arg;
}

static bool many;

/* As many more as are written together, each with a tag. */
static int
stage_more(struct store_batch *batch, struct error *err)
{
	static char *const tags[] = {TEXT("more")};

	for (uint8_t i = 0; i < 8; i++) {
		struct store_device device = {.ek_hash = {5, (uint8_t)(i + 1)}, .tags = (char **)(uintptr_t)tags,
		    .tag_count = 1, .enabled = true};

		if (store_batch_add(batch, &device, i + 4U, err) != 0)
			return -1;
	}
	return 0;
}

static int
stage(struct store_batch *batch, struct error *err)
{
	static char *const   names[] = {TEXT("one"), TEXT("two")};
	static char *const   tags[] = {TEXT("lab")};
	struct store_device  device = {.ek_hash = {5}, .names = (char **)(uintptr_t)names, .name_count = 2,
	     .tags = (char **)(uintptr_t)tags, .tag_count = 1, .note = TEXT("note"), .enabled = true};
	struct store_removed removed = {.ek_hash = {6}, .at = NOW, .names = "old", .actor = "somebody",
	    .reason = "removed"};

	return store_batch_add(batch, &device, 2, err) == 0 && store_batch_add_removed(batch, &removed, 3, err) == 0
	    ? 0
	    : -1;
}

static struct store_batch *batch_of_names;

/* A device whose name is compared by ICU, which allocates for one of that length. */
static int
batch_add(const void *arg, struct error *err)
{
	static uint64_t     line;
	struct store_device device = {.ek_hash = {5}, .names = (char **)(uintptr_t)arg, .name_count = 1};
	int                 rc;

	failing_on();
	rc = store_batch_add(batch_of_names, &device, ++line, err);
	failing_off();
	return rc;
}

START_TEST(import_of_a_name_that_cannot_be_compared_says_so)
{
	char       name[161];
	const char *const names[] = {name};
	const struct store_batch_watch watch = {.fault = NULL};
	struct error err = {0};

	for (size_t i = 0; i < sizeof name - 1; i++)
		name[i] = "\xd1\x88"[i % 2];
	name[sizeof name - 1] = '\0';
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_batch_begin(store, &watch, &batch_of_names, &err), &err);
	failing_each(batch_add, names);
	store_batch_free(batch_of_names);
	store_close(store);
}
END_TEST

enum part { BATCH_STAGES, BATCH_CHECKS, BATCH_COMMITS, BATCH_PARTS };

/* One part of an import fails; the others do not. */
static int
import(const void *arg, struct error *err)
{
	const enum part               *part = arg;
	int                            faults = 0;
	const struct store_batch_watch watch = {.fault = fault_cb, .arg = &faults};
	struct store_batch            *batch = NULL;
	struct store_device            device;
	static const uint8_t           imported[STORE_HASH_SIZE] = {5};
	static const uint8_t           last[STORE_HASH_SIZE] = {5, 8};
	struct error                   ignored;
	uint64_t                       count = 0;
	int                            rc;

	put_template();
	unit_ok(store_open(directory, &store, err), err);
	if (*part == BATCH_STAGES)
		failing_on();
	rc = store_batch_begin(store, &watch, &batch, err);
	if (rc == 0)
		rc = stage(batch, err);
	if (rc == 0 && many)
		rc = stage_more(batch, err);
	failing_off();
	if (*part == BATCH_CHECKS)
		failing_on();
	if (rc == 0)
		rc = store_batch_check(batch, &count, err);
	failing_off();
	ck_assert_int_eq(faults, 0);
	if (*part == BATCH_COMMITS)
		failing_on();
	if (rc == 0)
		rc = store_batch_commit(batch, "file", NOW, err);
	failing_off();
	if (batch != NULL)
		store_batch_free(batch);
	if (rc == 0 || !failing_lasts()) {
		ck_assert_int_eq(store_device_find(store, last, &device, &ignored), many ? rc : -1);
		if (rc == 0 && many) {
			ck_assert_uint_eq(device.tag_count, 1);
			store_device_clear(&device);
		}
		ck_assert_int_eq(store_device_find(store, imported, &device, &ignored), rc);
		if (rc == 0) {
			ck_assert_uint_eq(device.name_count, 2);
			store_device_clear(&device);
		}
	}
	store_close(store);
	return rc;
}

START_TEST(import_that_fails_enrolls_nobody)
{
	static const unsigned steps[BATCH_PARTS] = {43, 13, 31};
	enum part             part = (enum part)_i;

	failing_every(steps[part], (unsigned)_i);
	failing_each(import, &part);
	failing_spare_memory();
	many = true;
	failing_every(1, 0);
	failing_each(import, &part);
}
END_TEST

/* Somebody else takes a name between the check and the writing: whatever fails then, nobody is enrolled. */
static int
import_of_a_taken_name(const void *arg, struct error *err)
{
	static const uint8_t           imported[STORE_HASH_SIZE] = {5};
	const struct store_batch_watch watch = {.fault = NULL};
	char                          *names[] = {TEXT("two")};
	struct store_device            device = {.ek_hash = {9}, .names = names, .name_count = 1};
	struct store_batch            *batch = NULL;
	struct error                   ignored;
	uint64_t                       count = 0;
	int                            rc;

	(void)arg;
	put_template();
	unit_ok(store_open(directory, &store, err), err);
	unit_ok(store_batch_begin(store, &watch, &batch, err), err);
	unit_ok(stage(batch, err), err);
	unit_ok(store_batch_check(batch, &count, err), err);
	unit_ok(store_device_enroll(store, &device, NOW, err), err);
	failing_on();
	rc = store_batch_commit(batch, "file", NOW, err);
	failing_off();
	store_batch_free(batch);
	ck_assert_int_eq(store_device_find(store, imported, &device, &ignored), -1);
	store_close(store);
	return rc;
}

START_TEST(import_of_a_taken_name_never_succeeds)
{
	failing_spare_memory();
	failing_refuses(import_of_a_taken_name, NULL);
}
END_TEST

/* ---- what a killed import has left ---- */

static int
sweep_leftovers(struct error *err)
{
	bool more = true;

	while (more)
		if (store_batch_sweep(store, &more, err) != 0)
			return -1;
	return 0;
}

static int
find_leftovers(struct error *err)
{
	bool abandoned = false;

	if (store_batch_abandoned(store, &abandoned, err) != 0)
		return -1;
	ck_assert(abandoned);
	return 0;
}

static int
enroll_hash(struct error *err)
{
	struct store_device device = {.ek_hash = {5}};

	return store_device_enroll(store, &device, NOW, err);
}

static int
enroll_name(struct error *err)
{
	char               *names[] = {TEXT("one")};
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = 1};

	return store_device_enroll(store, &device, NOW, err);
}

static int
enroll_similar(struct error *err)
{
	char               *names[] = {TEXT("0ne")};
	struct store_device device = {.ek_hash = {8}, .names = names, .name_count = 1};

	return store_device_enroll(store, &device, NOW, err);
}

static int (*const over_leftovers[])(struct error *err) = {sweep_leftovers, find_leftovers, enroll_hash,
    enroll_name, enroll_similar};

static int
over_leftover(const void *arg, struct error *err)
{
	const int *which = arg;
	int        rc;

	unit_ok(store_begin(store, err), err);
	failing_on();
	rc = over_leftovers[*which](err);
	failing_off();
	store_rollback(store);
	return rc;
}

/* On a store that has no statements prepared. */
static int
over_leftover_fresh(const void *arg, struct error *err)
{
	int rc;

	unit_ok(store_open(directory, &store, err), err);
	rc = over_leftover(arg, err);
	store_close(store);
	return rc;
}

START_TEST(what_meets_a_killed_import_goes_on_or_says_why_not)
{
	const struct store_batch_watch watch = {.fault = NULL};
	struct store_batch            *batch = NULL;
	struct error                   err = {0};

	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	unit_ok(stage(batch, &err), &err);
	unit_ok(store_batch_commit(batch, "file", NOW, &err), &err);
	store_batch_free(batch);
	/* Its last transaction is taken back, as if it had been killed before. */
	store_tamper(directory, "INSERT INTO batch (id, first_device, started)"
	                        " SELECT batch, min(id), 0 FROM device WHERE batch IS NOT NULL GROUP BY batch");
	failing_each(over_leftover, &_i);
	store_close(store);
	fail_each(over_leftover_fresh, &_i, 67, 0);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	failing_prepare_names();
	failing_sql(SQLITE_IOERR);
	suite = suite_create("store/sqlite/failing");
	tcase = tcase_create("failing");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, create_that_fails_leaves_no_file, 0, STORE_DATABASE_COUNT);
	tcase_add_test(tcase, open_that_fails_changes_nothing);
	tcase_add_test(tcase, open_without_permission_names_the_owner);
	tcase_add_test(tcase, open_that_fails_to_complete_the_names_is_tried_again);
	tcase_add_test(tcase, upgrade_that_fails_is_undone_and_tried_again);
	tcase_add_test(tcase, check_that_fails_says_so);
	tcase_add_test(tcase, snapshot_that_fails_leaves_no_file);
	tcase_add_test(tcase, verify_that_fails_says_so);
	tcase_add_test(tcase, import_of_a_name_that_cannot_be_compared_says_so);
	tcase_add_loop_test(tcase, import_that_fails_enrolls_nobody, 0, BATCH_PARTS);
	tcase_add_test(tcase, import_of_a_taken_name_never_succeeds);
	tcase_add_loop_test(tcase, what_meets_a_killed_import_goes_on_or_says_why_not, 0,
	    sizeof over_leftovers / sizeof over_leftovers[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
