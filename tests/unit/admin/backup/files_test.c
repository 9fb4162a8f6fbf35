/* Which files of a state directory a backup has. */
#include "config.h"

#include "admin/backup/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/backup/manifest.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"

static char                directory[SCRATCH_SIZE];
static struct folder       folder = {.fd = -1};
static struct backup_files files;
static struct error        err;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
}

static void
teardown(void)
{
	backup_files_clear(&files);
	folder_close(&folder);
	scratch_remove(directory);
}

static void
put(const char *name, const char *text)
{
	unit_ok(folder_create(&folder, name, text, strlen(text), 0600, &err), &err);
}

START_TEST(read_leaves_out_keys_unless_they_are_wanted)
{
	put("a.pem", "certificate");
	put("b.key", "key");
	put("c.pem", "-----BEGIN TSS2 PRIVATE KEY-----");
	put("d.lock", "");
	put(".hidden", "");
	unit_ok(backup_files_read(&folder, false, &files, &err), &err);
	ck_assert_uint_eq(files.count, 1);
	ck_assert_str_eq(files.items[0].name, "a.pem");
	backup_files_clear(&files);
	unit_ok(backup_files_read(&folder, true, &files, &err), &err);
	ck_assert_uint_eq(files.count, 3);
	ck_assert_str_eq(files.items[2].name, "c.pem");
	ck_assert_ptr_null(files.left_out);
}
END_TEST

START_TEST(read_tells_the_first_that_is_left_out)
{
	put("odd name", "");
	ck_assert_int_eq(mkdirat(folder.fd, "directory", 0700), 0);
	unit_ok(backup_files_read(&folder, true, &files, &err), &err);
	ck_assert_uint_eq(files.count, 0);
	ck_assert_str_eq(files.left_out, "directory");
	ck_assert_int_eq(unlinkat(folder.fd, "directory", AT_REMOVEDIR), 0);
}
END_TEST

START_TEST(read_of_too_many_is_too_large)
{
	char name[32];

	for (size_t i = 0; i <= BACKUP_FILES_MAX; i++) {
		int fd;

		(void)snprintf(name, sizeof name, "file%zu", i);
		ck_assert_int_ge(fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 0);
		(void)close(fd);
	}
	ck_assert_int_eq(backup_files_read(&folder, true, &files, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert_uint_eq(files.count, 0);
	ck_assert_int_eq(unlinkat(folder.fd, name, 0), 0);
	unit_ok(backup_files_read(&folder, true, &files, &err), &err);
	ck_assert_uint_eq(files.count, BACKUP_FILES_MAX);
}
END_TEST

/* CRLs are signed while a backup is made. */
START_TEST(equal_passes_by_crls_only)
{
	struct backup_files after = {0};

	put("a.pem", "certificate");
	put("issuing.crl", "1");
	unit_ok(backup_files_read(&folder, true, &files, &err), &err);
	unit_ok(folder_remove(&folder, "issuing.crl", &err), &err);
	unit_ok(backup_files_read(&folder, true, &after, &err), &err);
	ck_assert(backup_files_equal(&files, &after));
	backup_files_clear(&after);
	unit_ok(folder_remove(&folder, "a.pem", &err), &err);
	unit_ok(backup_files_read(&folder, true, &after, &err), &err);
	ck_assert(!backup_files_equal(&files, &after));
	put("a.pem", "another");
	backup_files_clear(&after);
	unit_ok(backup_files_read(&folder, true, &after, &err), &err);
	ck_assert(!backup_files_equal(&files, &after));
	backup_files_clear(&after);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup/files");
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_leaves_out_keys_unless_they_are_wanted);
	tcase_add_test(tc, read_tells_the_first_that_is_left_out);
	tcase_add_test(tc, read_of_too_many_is_too_large);
	tcase_add_test(tc, equal_passes_by_crls_only);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
