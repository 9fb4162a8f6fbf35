/* What is told of a database that others hold, a disk that fails and files that may not be written. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "store/inventory/device.h"
#include "store/sqlite/connection.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define NOW 1800000000

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

/* ---- SQLite's system calls, which fail when they are told to ---- */

typedef ssize_t pwrite_call(int, const void *, size_t, off_t);
typedef int open_call(const char *, int, int);

static pwrite_call *real_pwrite;
static open_call   *real_open;

static int  syncs_fail;     /* so many of the next */
static ino_t unwritable; /* the file whose writes fail; 0: none */
static bool may_not_write;
static char put_there[SCRATCH_SIZE + 32]; /* takes the database's place when it is opened; "": nothing does */

int
fdatasync(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return -1;
	if (syncs_fail > 0) {
		syncs_fail--;
		errno = EIO;
		return -1;
	}
	return 0;
}

int
fsync(int fd)
{
	return fdatasync(fd);
}

static ssize_t
pwrite_cb(int fd, const void *data, size_t size, off_t at)
{
	struct stat st;

	if (unwritable != 0 && fstat(fd, &st) == 0 && st.st_ino == unwritable) {
		errno = EIO;
		return -1;
	}
	return real_pwrite(fd, data, size, at);
}

static int
open_cb(const char *path, int flags, int mode)
{
	if (put_there[0] != '\0' && strstr(path, "store.db") != NULL) {
		ck_assert_int_eq(rename(put_there, path), 0);
		put_there[0] = '\0';
	}
	if (may_not_write && (flags & O_ACCMODE) != O_RDONLY) {
		errno = EACCES;
		return -1;
	}
	return real_open(path, flags, mode);
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
setup(void)
{
	memset(&err, 0, sizeof err);
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_acme_create(directory, &err), &err);
	real_pwrite = (pwrite_call *)replace_call("pwrite", (sqlite3_syscall_ptr)pwrite_cb);
	real_open = (open_call *)replace_call("open", (sqlite3_syscall_ptr)open_cb);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

static int
enroll(uint8_t first)
{
	struct store_device device = {.ek_hash = {first}};

	return store_device_enroll(store, &device, NOW, &err);
}

static bool
is_enrolled(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device device;

	if (store_device_find(store, hash, &device, &err) != 0)
		return false;
	store_device_clear(&device);
	return true;
}

static void
assert_says(const char *wanted)
{
	ck_assert_msg(strstr(err.detail, wanted) != NULL, "%s", err.detail);
}

START_TEST(begin_beside_a_foreign_writer_is_overloaded)
{
	sqlite3 *foreign;

	unit_ok(store_open(directory, &store, &err), &err);
	ck_assert_int_eq(sqlite3_busy_timeout(sqlite_of(store)->db, 0), SQLITE_OK);
	foreign = store_tamper_open(STORE_INVENTORY, directory);
	ck_assert_int_eq(sqlite3_exec(foreign, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(store_begin(store, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	assert_says("is locked by a program that is not ours");
	ck_assert_int_eq(sqlite3_close(foreign), SQLITE_OK);
	unit_ok(enroll(1), &err); /* the queue was left */
}
END_TEST

START_TEST(commit_whose_sync_fails_is_refused_and_the_next_is_not)
{
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(enroll(1), &err);
	syncs_fail = 1;
	ck_assert_int_eq(enroll(2), -1);
	assert_says("the disk fails: see the kernel's log");
	ck_assert(!store_is_lost(store));
	ck_assert(!is_enrolled(2));
	unit_ok(enroll(3), &err);
	ck_assert(is_enrolled(1) && is_enrolled(3));
}
END_TEST

START_TEST(commit_whose_sync_fails_twice_is_the_last)
{
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(enroll(1), &err);
	syncs_fail = 2;
	ck_assert_int_eq(enroll(2), -1);
	assert_says("has failed twice, and whether the last change was kept is not known");
	ck_assert(store_is_lost(store));
	ck_assert_int_eq(enroll(3), -1);
	assert_says("the disk has failed; start again");
}
END_TEST

/* The commit is on disk; what moves the log into the database fails, and is tried again. */
START_TEST(checkpoint_that_fails_leaves_the_commit)
{
	struct store_issued issued = {.id = "certificate", .account = "account", .order = "order",
	    .serial = {1}, .serial_size = 1, .names = (char *)(uintptr_t)"dns", .not_after = NOW};
	struct store_issued found;
	AUTO_FREE char     *path = store_tamper_path(STORE_ACME, directory);
	struct stat         st;
	FILE               *said = tmpfile();
	int                 before = dup(STDERR_FILENO);
	char                text[1024] = "";

	unit_ok(store_acme_open(directory, &store, &err), &err);
	(void)bytes_extend(&issued.der, (size_t)6 << 20); /* more pages than the log is to have */
	ck_assert_ptr_nonnull(said);
	ck_assert_int_ge(dup2(fileno(said), STDERR_FILENO), 0);
	log_open("connection_test", LOG_LEVEL_ERROR);
	ck_assert_int_eq(stat(path, &st), 0);
	unwritable = st.st_ino;
	ck_assert_int_eq(store_issued_add(store, &issued, &err), 0);
	unwritable = 0;
	log_flush();
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	rewind(said);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, said), 0);
	ck_assert_msg(strstr(text, "event=checkpoint") != NULL, "%s", text);
	ck_assert_msg(strstr(text, "moving the log into the store") != NULL, "%s", text);
	(void)fclose(said);
	(void)close(before);
	unit_ok(store_issued_find(store, "certificate", &found, &err), &err);
	ck_assert_uint_eq(found.der.size, issued.der.size);
	store_issued_clear(&found);
	bytes_clear(&issued.der);
}
END_TEST

START_TEST(open_of_a_file_that_may_not_be_written_is_refused)
{
	may_not_write = true;
	ck_assert_int_eq(store_open(directory, &store, &err), -1);
	may_not_write = false;
	store = NULL;
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	assert_says("run this as the owner of the state directory");
	unit_ok(store_open(directory, &store, &err), &err);
}
END_TEST

/* What SQLite opened is not what was looked at. */
START_TEST(open_of_a_file_that_is_replaced_meanwhile_is_refused)
{
	char           other[SCRATCH_SIZE];
	AUTO_FREE char *path = NULL;

	scratch_make(other);
	unit_ok(store_create(other, &err), &err);
	path = store_tamper_path(STORE_INVENTORY, other);
	(void)snprintf(put_there, sizeof put_there, "%s", path);
	ck_assert_int_eq(store_open(directory, &store, &err), -1);
	store = NULL;
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	assert_says("was replaced while it was opened");
	scratch_remove(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("connection");
	TCase *tc = tcase_create("connection");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, begin_beside_a_foreign_writer_is_overloaded);
	tcase_add_test(tc, commit_whose_sync_fails_is_refused_and_the_next_is_not);
	tcase_add_test(tc, commit_whose_sync_fails_twice_is_the_last);
	tcase_add_test(tc, checkpoint_that_fails_leaves_the_commit);
	tcase_add_test(tc, open_of_a_file_that_may_not_be_written_is_refused);
	tcase_add_test(tc, open_of_a_file_that_is_replaced_meanwhile_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
