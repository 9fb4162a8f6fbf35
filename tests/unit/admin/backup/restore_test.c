/* What restoring leaves behind: the rest of the command is tested end to end. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "admin/backup/archive.h"
#include "admin/commands.h"
#include "ca/files.h"
#include "cleansed.h"
#include "command/command.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

#define KEY "a private key that nobody else may have"

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

/* A backup with a key, whose store is none. */
static void
backup_make(const char *path)
{
	AUTO_FREE char       *store = file_join(directory, BACKUP_STORE_NAME);
	struct backup_item    key = {.name = (char[]){STATE_ISSUING_KEY}, .mode = 0600};
	struct backup_content content = {.keys = true, .files = {.items = &key, .count = 1}};
	uint64_t              octets;
	struct error          err = {0};
	int                   fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	bytes_append(&key.content, KEY, sizeof KEY - 1);
	unit_ok(file_replace(store, "no store", 8, 0600, &err), &err);
	unit_ok(folder_open(directory, &content.directory, &err), &err);
	unit_ok(backup_archive_describe(&content, &err), &err);
	unit_ok(backup_archive_write(&content, fd, &octets, &err), &err);
	backup_manifest_clear(&content.manifest);
	folder_close(&content.directory);
	bytes_clear(&key.content);
	(void)close(fd);
	(void)unlink(store);
}

START_TEST(restore_leaves_no_copy_of_a_key)
{
	AUTO_FREE char *backup = file_join(directory, "backup");
	AUTO_FREE char *state = file_join(directory, "state");
	char           *argv[] = {(char[]){"attest-ca"}, (char[]){"--state-dir"}, state,
	              (char[]){"restore"}, backup, NULL};

	backup_make(backup);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	cleansed_watch();
	ck_assert_int_eq(command_main(&attest_ca_program, 5, argv), 1);
	/* Where it was read to, and where it was kept until the store was found to be none. */
	ck_assert_uint_eq(cleansed_count((size_t)64 * 1024, view_text(KEY)), 1);
	ck_assert_uint_eq(cleansed_count(0, view_text(KEY)), 2);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

/* An octet of a file was changed. */
START_TEST(restore_of_a_damaged_file_says_so)
{
	AUTO_FREE char *backup = file_join(directory, "backup");
	AUTO_FREE char *state = file_join(directory, "state");
	AUTO_FREE char *said = file_join(directory, "said");
	char           *argv[] = {(char[]){"attest-ca"}, (char[]){"--state-dir"}, state,
	              (char[]){"restore"}, backup, NULL};
	AUTO_BYTES      content = {0};
	AUTO_BYTES      text = {0};
	struct error    err = {0};
	uint8_t        *key;

	backup_make(backup);
	unit_ok(file_read(backup, 1U << 20, &content, &err), &err);
	ck_assert_ptr_nonnull(key = memmem(content.data, content.size, KEY, sizeof KEY - 1));
	*key ^= 1;
	unit_ok(file_replace(backup, content.data, content.size, 0600, &err), &err);
	ck_assert_ptr_nonnull(freopen(said, "w", stderr));
	ck_assert_int_eq(command_main(&attest_ca_program, 5, argv), 1);
	(void)fflush(stderr);
	unit_ok(file_read(said, 4096, &text, &err), &err);
	ck_assert_msg(memmem(text.data, text.size, "is damaged: ", 12) != NULL, "%.*s", (int)text.size,
	    (const char *)text.data);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("restore");
	TCase *tc = tcase_create("restore");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, restore_of_a_damaged_file_says_so);
	tcase_add_test(tc, restore_leaves_no_copy_of_a_key);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
