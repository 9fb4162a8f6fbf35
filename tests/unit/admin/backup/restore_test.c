/* What restoring leaves behind: the rest of the command is tested end to end. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "admin/backup/archive.h"
#include "admin/commands.h"
#include "ca/files.h"
#include "cleansed.h"
#include "command_answer.h"
#include "scratch.h"
#include "store/store.h"
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

/* What a backup has in it is made up: a member of this size behind the manifest, or more of them. */
struct member {
	const char *name;
	size_t      size;
};

/* Writes a tar of the manifest and these members, whose octets are zeros. */
static void
archive_forge(const char *path, const struct backup_manifest *manifest, const struct member *members, size_t count)
{
	static const uint8_t zeros[4096];
	struct archive      *archive = archive_write_new();
	AUTO_BYTES           text = {0};

	backup_manifest_encode(manifest, &text);
	ck_assert_int_eq(archive_write_set_format_ustar(archive), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(archive, path), ARCHIVE_OK);
	for (size_t i = 0; i <= count; i++) {
		struct archive_entry *entry = archive_entry_new();
		struct view           data = i == 0 ? bytes_view(&text) : (struct view){zeros, members[i - 1].size};

		archive_entry_set_pathname(entry, i == 0 ? BACKUP_MANIFEST_NAME : members[i - 1].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0600);
		archive_entry_set_size(entry, (la_int64_t)data.size);
		ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
		if (data.size != 0)
			ck_assert_int_eq(archive_write_data(archive, data.data, data.size), (la_ssize_t)data.size);
		archive_entry_free(entry);
	}
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	(void)archive_write_free(archive);
}

/* Restores it, and asserts that it is refused with these words. */
static void
restore_refuses(const char *path, const char *why)
{
	AUTO_FREE char *state = file_join(directory, "state");

	(void)answer_run(&attest_ca_program, state, 1, ANSWER_WORDS("restore", path));
	ck_assert_msg(strstr(answered.err, why) != NULL, "%s", answered.err);
	ck_assert_int_ne(access(state, F_OK), 0);
}

static void
hash_zeros(uint8_t hash[32], size_t size)
{
	static const uint8_t zeros[4096];

	ck_assert_int_eq(EVP_Digest(zeros, size, hash, NULL, EVP_sha256(), NULL), 1);
}

START_TEST(restore_of_another_size_than_the_manifests_is_refused)
{
	AUTO_FREE char        *path = file_join(directory, "backup");
	AUTO_FREE char        *longer = file_join(directory, "longer");
	AUTO_FREE char        *more = file_join(directory, "more");
	AUTO_FREE char        *fewer = file_join(directory, "fewer");
	struct backup_file     files[] = {{(char[]){"root.pem"}, 0644, 10, {0}}, {(char[]){BACKUP_STORE_NAME}, 0600, 20, {0}}};
	struct backup_manifest manifest = {.files = files, .count = 2};
	const struct member    members[] = {{"root.pem", 10}, {BACKUP_STORE_NAME, 21}, {"another", 1}};
	const struct member    large[] = {{"root.pem", 11}, {BACKUP_STORE_NAME, 20}};
	const struct member    exact[] = {{"root.pem", 10}, {BACKUP_STORE_NAME, 20}, {"another", 1}};

	hash_zeros(files[0].hash, 10);
	hash_zeros(files[1].hash, 20);
	archive_forge(path, &manifest, members, 2);
	restore_refuses(path, BACKUP_STORE_NAME " is not as the manifest says");
	archive_forge(longer, &manifest, large, 2);
	restore_refuses(longer, "root.pem has more than 10 octets");
	archive_forge(more, &manifest, exact, 3);
	restore_refuses(more, "there is more after the store");
	archive_forge(fewer, &manifest, exact, 1);
	restore_refuses(fewer, "it ends before " BACKUP_STORE_NAME);
}
END_TEST

/* The header of a member is overwritten: the second, and one where the archive should end. */
START_TEST(restore_of_a_damaged_header_is_refused)
{
	AUTO_FREE char        *path = file_join(directory, "backup");
	AUTO_FREE char        *other = file_join(directory, "other");
	AUTO_BYTES             content = {0};
	struct backup_file     files[] = {{(char[]){"root.pem"}, 0644, 10, {0}}, {(char[]){BACKUP_STORE_NAME}, 0600, 20, {0}}};
	struct backup_manifest manifest = {.files = files, .count = 2};
	const struct member    members[] = {{"root.pem", 10}, {BACKUP_STORE_NAME, 20}, {"another", 1}};
	struct error           err = {0};
	uint8_t               *found;

	hash_zeros(files[0].hash, 10);
	hash_zeros(files[1].hash, 20);
	archive_forge(path, &manifest, members, 3);
	unit_ok(file_read(path, 1U << 20, &content, &err), &err);
	ck_assert_ptr_nonnull(found = memmem(content.data, content.size, "another\0\0", 9));
	found[20] = 'x';
	unit_ok(file_create(other, content.data, content.size, 0600, &err), &err);
	restore_refuses(other, "is no backup, or a damaged one");
	ck_assert_ptr_nonnull(found = memmem(content.data, content.size, "root.pem\0\0", 10));
	found[20] = 'x';
	(void)unlink(path);
	unit_ok(file_create(path, content.data, content.size, 0600, &err), &err);
	restore_refuses(path, "is no backup, or a damaged one");
}
END_TEST

/* Of an earlier issuer that can sign, the CRL is not restored; of one whose key is elsewhere, it is. */
START_TEST(restore_leaves_out_crls_that_are_signed_again)
{
	AUTO_FREE char    *store = file_join(directory, BACKUP_STORE_NAME);
	AUTO_FREE char    *place = file_join(directory, "place");
	AUTO_FREE char    *path = file_join(directory, "backup");
	AUTO_FREE char    *state = file_join(directory, "state");
	char               names[][24] = {"crl.pem", "issuers/1.crl", "issuers/1.key", "issuers/2.crl", "issuers/2.uri",
	                  "issuers/3.crl", "root.crl"};
	const bool         restored[] = {false, false, true, false, true, true, true};
	struct backup_item items[sizeof restored];
	struct backup_content content = {.keys = true, .files = {.items = items, .count = sizeof restored}};
	char               command[2 * SCRATCH_SIZE];
	uint64_t           octets;
	struct error       err = {0};
	int                fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(mkdir(place, 0700), 0);
	unit_ok(store_create(place, &err), &err);
	(void)snprintf(command, sizeof command, "mv '%s'/* '%s'", place, directory);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(access(store, F_OK), 0);
	for (size_t i = 0; i < sizeof restored; i++)
		items[i] = (struct backup_item){.name = names[i], .mode = 0600};
	unit_ok(folder_open(directory, &content.directory, &err), &err);
	unit_ok(backup_archive_describe(&content, &err), &err);
	unit_ok(backup_archive_write(&content, fd, &octets, &err), &err);
	backup_manifest_clear(&content.manifest);
	folder_close(&content.directory);
	(void)close(fd);
	(void)answer_run(&attest_ca_program, state, 0, ANSWER_WORDS("restore", path));
	for (size_t i = 0; i < sizeof restored; i++) {
		AUTO_FREE char *file = file_join(state, names[i]);

		ck_assert_msg((access(file, F_OK) == 0) == restored[i], "%s", names[i]);
	}
	(void)snprintf(command, sizeof command, "rm -rf '%s' '%s'", state, place);
	ck_assert_int_eq(system(command), 0);
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
	tcase_add_test(tc, restore_of_another_size_than_the_manifests_is_refused);
	tcase_add_test(tc, restore_of_a_damaged_header_is_refused);
	tcase_add_test(tc, restore_leaves_out_crls_that_are_signed_again);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
