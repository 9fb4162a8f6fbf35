/*
 * Hashes and writes the content of a backup: files from memory, the store's copy from
 * disk. Does not choose the content.
 */
#include "config.h"

#include "admin/backup/archive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "ca/files.h"
#include "util/bytes.h"
#include "util/error.h"

#define ARCHIVE_BLOCK ((size_t)64 * 1024)

/* Reads the copy of the store, to hash it or to archive it; 1 when `each` fails. */
static int
copy_read(const struct folder *directory, int (*each)(void *arg, const void *data, size_t size),
    void *arg, struct error *err)
{
	uint8_t *block = memory_new(ARCHIVE_BLOCK);
	int      fd = openat(directory->fd, BACKUP_STORE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t  size = -1;
	int      rc = 0;

	while (fd >= 0 && rc == 0 && (size = read(fd, block, ARCHIVE_BLOCK)) > 0)
		rc = each(arg, block, (size_t)size) == 0 ? 0 : 1;
	if (rc == 0 && size < 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "reading %s/%s", directory->path,
		    BACKUP_STORE_NAME);
	if (fd >= 0)
		(void)close(fd);
	free(block);
	return rc;
}

struct copy_hash {
	EVP_MD_CTX *context;
	uint64_t    size;
};

static int
copy_hash_cb(void *arg, const void *data, size_t size)
{
	struct copy_hash *hash = arg;

	hash->size += size;
	return EVP_DigestUpdate(hash->context, data, size) == 1 ? 0 : -1;
}

static int
copy_describe(const struct backup_content *content, struct backup_file *file, struct error *err)
{
	struct copy_hash hash = {.context = EVP_MD_CTX_new()};
	int                rc = -1;

	error_set(err, ERROR_INTERNAL, "hashing the copy of the store");
	if (hash.context != NULL && EVP_DigestInit_ex(hash.context, EVP_sha256(), NULL) == 1 &&
	    copy_read(&content->directory, copy_hash_cb, &hash, err) == 0 &&
	    EVP_DigestFinal_ex(hash.context, file->hash, NULL) == 1) {
		file->size = hash.size;
		rc = 0;
	}
	EVP_MD_CTX_free(hash.context);
	return rc;
}

int
backup_archive_describe(struct backup_content *content, struct error *err)
{
	struct backup_manifest *manifest = &content->manifest;
	const struct backup_files *files = &content->files;
	struct backup_file     *store;

	manifest->created = content->created;
	manifest->keys = content->keys;
	manifest->files = memory_new((files->count + 1) * sizeof *manifest->files);
	for (size_t i = 0; i < files->count; i++) {
		const struct backup_item *item = &files->items[i];
		struct backup_file       *file = &manifest->files[manifest->count++];

		*file = (struct backup_file){memory_strdup(item->name), item->mode, item->content.size, {0}};
		if (EVP_Digest(item->content.data, item->content.size, file->hash, NULL, EVP_sha256(),
		        NULL) != 1)
			return error_set(err, ERROR_INTERNAL, "hashing %s", item->name);
	}
	store = &manifest->files[manifest->count++];
	*store = (struct backup_file){memory_strdup(BACKUP_STORE_NAME), 0600, 0, {0}};
	return copy_describe(content, store, err);
}

static int
archive_fail(struct archive *archive, struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "writing the backup: %s",
	    archive_error_string(archive) != NULL ? archive_error_string(archive) : "out of memory");
}

static int
archive_write_member(struct archive *archive, const char *name, mode_t mode, uint64_t size,
    int64_t now, struct error *err)
{
	struct archive_entry *entry = memory_check(archive_entry_new());
	int                   rc;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, mode);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, now, 0);
	rc = archive_write_header(archive, entry);
	archive_entry_free(entry);
	return rc == ARCHIVE_OK ? 0 : archive_fail(archive, err);
}

/* A member whose content is in memory. */
static int
archive_write_whole(struct archive *archive, const char *name, mode_t mode, struct view data,
    int64_t now, struct error *err)
{
	int rc = archive_write_member(archive, name, mode, data.size, now, err);

	if (rc == 0 && data.size != 0 &&
	    archive_write_data(archive, data.data, data.size) != (la_ssize_t)data.size)
		rc = archive_fail(archive, err);
	return rc;
}

static int
archive_write_cb(void *arg, const void *data, size_t size)
{
	return archive_write_data(arg, data, size) == (la_ssize_t)size ? 0 : -1;
}

static int
archive_write_store(const struct backup_content *content, struct archive *archive,
    struct error *err)
{
	const struct backup_file *store = &content->manifest.files[content->manifest.count - 1];
	int                       rc = archive_write_member(archive, store->name, store->mode, store->size,
	                          content->created, err);

	if (rc == 0)
		rc = copy_read(&content->directory, archive_write_cb, archive, err);
	return rc > 0 ? archive_fail(archive, err) : rc;
}

static int
archive_write_all(const struct backup_content *content, struct archive *archive, struct error *err)
{
	AUTO_BYTES manifest = {0};
	int        rc;

	backup_manifest_encode(&content->manifest, &manifest);
	rc = archive_write_whole(archive, BACKUP_MANIFEST_NAME, 0600, bytes_view(&manifest),
	    content->created, err);
	for (size_t i = 0; rc == 0 && i < content->files.count; i++) {
		const struct backup_item *item = &content->files.items[i];

		rc = archive_write_whole(archive, item->name, item->mode, bytes_view(&item->content),
		    content->created, err);
	}
	return rc == 0 ? archive_write_store(content, archive, err) : -1;
}

int
backup_archive_write(const struct backup_content *content, int fd, uint64_t *octets,
    struct error *err)
{
	struct archive *archive = memory_check(archive_write_new());
	int             rc = -1;

	if (archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
	    archive_write_open_fd(archive, fd) != ARCHIVE_OK)
		archive_fail(archive, err);
	else if ((rc = archive_write_all(content, archive, err)) == 0 &&
	    archive_write_close(archive) != ARCHIVE_OK)
		rc = archive_fail(archive, err);
	*octets = (uint64_t)archive_filter_bytes(archive, -1);
	(void)archive_write_free(archive);
	return rc;
}
