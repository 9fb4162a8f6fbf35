/* The archive that is written, as libarchive reads it, and what becomes of one that cannot be written. */
#include "config.h"

#include "admin/backup/archive.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define CREATED 1800000000
#define LARGE ((size_t)300 * 1024) /* some blocks, and not a whole number of them */

static char                  directory[SCRATCH_SIZE];
static char                  names[][16] = {"empty.pem", "issuing.key", "issuers/1.pem"};
static struct error          err;
static struct backup_item    items[3];
static struct backup_content content;
static struct bytes          copy; /* of the store */

static void
setup(void)
{
	AUTO_FREE char *store = NULL;

	scratch_make(directory);
	items[0] = (struct backup_item){.name = names[0], .mode = 0644};
	items[1] = (struct backup_item){.name = names[1], .mode = 0600};
	items[2] = (struct backup_item){.name = names[2], .mode = 0644};
	bytes_append(&items[1].content, "key", 3);
	for (unsigned i = 0; i < 70000; i++)
		bytes_append_u8(&items[2].content, (uint8_t)(i % 251));
	for (unsigned i = 0; i < LARGE; i++)
		bytes_append_u8(&copy, (uint8_t)(i % 241));
	content = (struct backup_content){.created = CREATED, .keys = true, .files = {.items = items, .count = 3}};
	store = file_join(directory, BACKUP_STORE_NAME);
	unit_ok(file_create(store, copy.data, copy.size, 0600, &err), &err);
	unit_ok(folder_open(directory, &content.directory, &err), &err);
}

static void
teardown(void)
{
	for (size_t i = 0; i < 3; i++)
		bytes_clear(&items[i].content);
	bytes_clear(&copy);
	backup_manifest_clear(&content.manifest);
	folder_close(&content.directory);
	scratch_remove(directory);
}

static void
describes(const struct backup_file *file, const char *name, mode_t mode, struct view data)
{
	uint8_t hash[32];

	ck_assert_str_eq(file->name, name);
	ck_assert_uint_eq(file->mode, mode);
	ck_assert_uint_eq(file->size, data.size);
	ck_assert_int_eq(EVP_Digest(data.data, data.size, hash, NULL, EVP_sha256(), NULL), 1);
	ck_assert_mem_eq(file->hash, hash, sizeof hash);
}

START_TEST(describe_has_each_file_with_its_hash_and_the_store_last)
{
	unit_ok(backup_archive_describe(&content, &err), &err);
	ck_assert_int_eq(content.manifest.created, CREATED);
	ck_assert(content.manifest.keys);
	ck_assert_uint_eq(content.manifest.count, 4);
	for (size_t i = 0; i < 3; i++)
		describes(&content.manifest.files[i], items[i].name, items[i].mode, bytes_view(&items[i].content));
	describes(&content.manifest.files[3], BACKUP_STORE_NAME, 0600, bytes_view(&copy));
}
END_TEST

START_TEST(describe_without_a_copy_of_the_store_says_so)
{
	scratch_clear(directory);
	ck_assert_int_eq(backup_archive_describe(&content, &err), -1);
	ck_assert_msg(strstr(err.detail, "/" BACKUP_STORE_NAME) != NULL, "%s", err.detail);
}
END_TEST

/* The next member of the archive. */
static void
member_is(struct archive *archive, const char *name, mode_t mode, struct view data)
{
	struct archive_entry *entry = NULL;
	AUTO_BYTES            read = {0};

	ck_assert_int_eq(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	ck_assert_str_eq(archive_entry_pathname(entry), name);
	ck_assert_uint_eq(archive_entry_filetype(entry), AE_IFREG);
	ck_assert_uint_eq(archive_entry_perm(entry), mode);
	ck_assert_int_eq(archive_entry_mtime(entry), CREATED);
	ck_assert_int_eq(archive_entry_size(entry), (la_int64_t)data.size);
	ck_assert_int_eq(archive_read_data(archive, bytes_extend(&read, data.size + 1), data.size + 1),
	    (la_ssize_t)data.size);
	if (data.size != 0)
		ck_assert_mem_eq(read.data, data.data, data.size);
}

START_TEST(write_gives_a_tar_of_the_manifest_the_files_and_the_store)
{
	AUTO_FREE char *path = file_join(directory, "backup.tar");
	AUTO_BYTES      manifest = {0};
	struct archive *archive = archive_read_new();
	struct stat     st;
	uint64_t        octets = 0;
	int             fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	unit_ok(backup_archive_describe(&content, &err), &err);
	unit_ok(backup_archive_write(&content, fd, &octets, &err), &err);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(octets, (uint64_t)st.st_size);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	backup_manifest_encode(&content.manifest, &manifest);
	ck_assert_int_eq(archive_read_support_format_tar(archive), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_open_fd(archive, fd, 512), ARCHIVE_OK);
	member_is(archive, BACKUP_MANIFEST_NAME, 0600, bytes_view(&manifest));
	for (size_t i = 0; i < 3; i++)
		member_is(archive, items[i].name, items[i].mode, bytes_view(&items[i].content));
	member_is(archive, BACKUP_STORE_NAME, 0600, bytes_view(&copy));
	ck_assert_int_eq(archive_read_next_header(archive, &(struct archive_entry *){NULL}), ARCHIVE_EOF);
	(void)archive_read_free(archive);
	(void)close(fd);
}
END_TEST

/* The store's copy is read a second time: it may have gone. */
START_TEST(write_without_the_copy_says_so)
{
	uint64_t octets;
	int      fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	unit_ok(backup_archive_describe(&content, &err), &err);
	scratch_clear(directory);
	ck_assert_int_eq(backup_archive_write(&content, fd, &octets, &err), -1);
	ck_assert_msg(strstr(err.detail, "/" BACKUP_STORE_NAME) != NULL, "%s", err.detail);
	(void)close(fd);
}
END_TEST

/* Room for so many octets, then none: a pipe that nobody reads on. */
static int
room_for(size_t octets, int *reader)
{
	static uint8_t filling[1 << 16];
	int            ends[2];
	int            size;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	size = fcntl(ends[1], F_GETPIPE_SZ);
	ck_assert_int_gt(size, (int)octets);
	for (size_t left = (size_t)size - octets; left != 0;) {
		ssize_t written = write(ends[1], filling, left < sizeof filling ? left : sizeof filling);

		ck_assert_int_gt(written, 0);
		left -= (size_t)written;
	}
	*reader = ends[0];
	return ends[1];
}

static const size_t rooms[] = {0, 10240, 40960};

START_TEST(write_without_room_says_why)
{
	uint64_t octets;
	int      reader;
	int      fd = room_for(rooms[_i], &reader);

	unit_ok(backup_archive_describe(&content, &err), &err);
	ck_assert_int_eq(backup_archive_write(&content, fd, &octets, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	ck_assert_msg(strncmp(err.detail, "writing the backup: ", 20) == 0, "%s", err.detail);
	(void)close(fd);
	(void)close(reader);
}
END_TEST

/* What fits a block is written at the end. */
START_TEST(write_of_a_small_one_without_room_says_why)
{
	AUTO_FREE char *path = file_join(directory, BACKUP_STORE_NAME);
	uint64_t        octets;
	int             reader;
	int             fd = room_for(0, &reader);

	content.files.count = 1;
	unit_ok(file_replace(path, "store", 5, 0600, &err), &err);
	unit_ok(backup_archive_describe(&content, &err), &err);
	ck_assert_int_eq(backup_archive_write(&content, fd, &octets, &err), -1);
	ck_assert_msg(strncmp(err.detail, "writing the backup: ", 20) == 0, "%s", err.detail);
	(void)close(fd);
	(void)close(reader);
	ck_assert_int_eq(backup_archive_write(&content, -1, &octets, &err), -1);
	ck_assert_msg(strncmp(err.detail, "writing the backup: ", 20) == 0, "%s", err.detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup/archive");
	TCase *tc = tcase_create("archive");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, describe_has_each_file_with_its_hash_and_the_store_last);
	tcase_add_test(tc, describe_without_a_copy_of_the_store_says_so);
	tcase_add_test(tc, write_gives_a_tar_of_the_manifest_the_files_and_the_store);
	tcase_add_test(tc, write_without_the_copy_says_so);
	tcase_add_loop_test(tc, write_without_room_says_why, 0, sizeof rooms / sizeof rooms[0]);
	tcase_add_test(tc, write_of_a_small_one_without_room_says_why);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
