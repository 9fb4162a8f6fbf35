/*
 * attest-ca restore: makes a new state directory from a backup. Does not trust the
 * archive: checks names, sizes and hashes against the manifest and verifies the
 * store, and makes the whole directory or nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "admin/backup/manifest.h"
#include "admin/commands.h"
#include "admin/store.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "command/print.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/issuer.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file_named.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/own_command.h"

static command_run admin_restore;

const struct command admin_restore_command = {
    .name = "restore",
    .summary = "restore a CA from a backup, in a new state directory",
    .operands = "FILE | -",
    .operands_min = 1,
    .operands_max = 1,
    .check = admin_store_check_own,
    .operands_named = true,
    .run = admin_restore,
};

#define RESTORE_BLOCK     ((size_t)64 * 1024)
#define RESTORE_DIRECTORY ".attest-ca-restore."

struct restore {
	const char            *file; /* "-": standard input */
	int64_t                now;
	struct archive        *archive;
	struct backup_manifest manifest;
	struct directory_file *files;
	size_t                 count;
	bool                   issuers; /* a file is in their directory */
	int64_t                crl_number;
};

static int
restore_archive_error(const struct restore *restore, struct error *err)
{
	const char *why = archive_error_string(restore->archive);

	return error_set(err, ERROR_MALFORMED, "%s is no backup, or a damaged one: %.200s",
	    restore->file, why != NULL ? why : "it ends early");
}

/* The next member must be a regular file of this name and size. */
static int
restore_member(const struct restore *restore, const char *name, struct archive_entry **entry,
    struct error *err)
{
	int         rc = archive_read_next_header(restore->archive, entry);
	const char *found;

	if (rc == ARCHIVE_EOF)
		return error_set(err, ERROR_MALFORMED, "%s is damaged: it ends before %s", restore->file,
		    name);
	if (rc != ARCHIVE_OK)
		return restore_archive_error(restore, err);
	found = archive_entry_pathname(*entry);
	if (found == NULL || strcmp(found, name) != 0)
		return error_set(err, ERROR_MALFORMED, "%s is damaged: it has \"%.100s\" where %s should be",
		    restore->file, found != NULL ? found : "?", name);
	/* A sparse file of a few octets could expand to a disk full of zeros. */
	if (archive_entry_filetype(*entry) != AE_IFREG || archive_entry_hardlink(*entry) != NULL ||
	    archive_entry_symlink(*entry) != NULL || archive_entry_sparse_count(*entry) != 0)
		return error_set(err, ERROR_MALFORMED, "%s is damaged: %s is not a regular file in it",
		    restore->file, name);
	return 0;
}

/* Reads at most `size` octets of the member; *got is their number, 0 at its end. */
static int
restore_read(const struct restore *restore, void *data, size_t size, size_t *got,
    struct error *err)
{
	la_ssize_t count = archive_read_data(restore->archive, data, size);

	if (count < 0)
		return restore_archive_error(restore, err);
	*got = (size_t)count;
	return 0;
}

/* Reads a whole member of at most `max` octets. */
static int
restore_read_whole(const struct restore *restore, const char *name, size_t max, struct bytes *out,
    struct error *err)
{
	uint8_t *block = memory_new(RESTORE_BLOCK);
	size_t   got = 0;
	int      rc;

	while ((rc = restore_read(restore, block, RESTORE_BLOCK, &got, err)) == 0 && got != 0) {
		if (got > max - out->size) {
			rc = error_set(err, ERROR_MALFORMED, "%s is damaged: %s has more than %zu octets",
			    restore->file, name, max);
			break;
		}
		bytes_append(out, block, got);
	}
	bytes_cleanse(block, RESTORE_BLOCK);
	free(block);
	return rc;
}

static int
restore_check_hash(const struct restore *restore, const struct backup_file *file, uint64_t size,
    const uint8_t hash[32], struct error *err)
{
	if (size == file->size && memcmp(hash, file->hash, sizeof file->hash) == 0)
		return 0;
	return error_set(err, ERROR_MALFORMED, "%s is damaged: %s is not as the manifest says",
	    restore->file, file->name);
}

static int
restore_read_manifest(struct restore *restore, struct error *err)
{
	struct archive_entry *entry;
	AUTO_BYTES            text = {0};

	if (restore_member(restore, BACKUP_MANIFEST_NAME, &entry, err) != 0 ||
	    restore_read_whole(restore, BACKUP_MANIFEST_NAME, BACKUP_MANIFEST_MAX, &text, err) != 0)
		return -1;
	if (backup_manifest_decode(bytes_view(&text), &restore->manifest, err) != 0)
		return error_wrap(err, "%s", restore->file);
	return 0;
}

/* CRLs are not restored: the daemon signs a new one with a greater number at once. */
static bool
restore_is_stale(const struct restore *restore, const char *name)
{
	const char *end = strrchr(name, '.');
	size_t      stem = end != NULL ? (size_t)(end - name) : 0;

	if (strcmp(name, STATE_ISSUING_CRL) == 0 || strcmp(name, STATE_CRL_PEM) == 0)
		return true;
	if (end == NULL || strcmp(end, ".crl") != 0 ||
	    strncmp(name, STATE_ISSUERS "/", sizeof STATE_ISSUERS) != 0)
		return false;
	for (size_t i = 0; i < restore->manifest.count; i++) {
		const char *other = restore->manifest.files[i].name;

		if (strncmp(other, name, stem) == 0 &&
		    (strcmp(other + stem, ".key") == 0 || strcmp(other + stem, ".uri") == 0))
			return true;
	}
	return false;
}

/* Reads all files but the last, which is the store. */
static int
restore_read_files(struct restore *restore, struct error *err)
{
	restore->files = memory_new((restore->manifest.count + 1) * sizeof *restore->files);
	for (size_t i = 0; i + 1 < restore->manifest.count; i++) {
		const struct backup_file *wanted = &restore->manifest.files[i];
		struct archive_entry     *entry;
		AUTO_BYTES                content = {0};
		uint8_t                   hash[32];

		if (restore_member(restore, wanted->name, &entry, err) != 0 ||
		    restore_read_whole(restore, wanted->name, (size_t)wanted->size, &content, err) != 0)
			return -1;
		if (EVP_Digest(content.data, content.size, hash, NULL, EVP_sha256(), NULL) != 1)
			return error_set(err, ERROR_INTERNAL, "hashing %s", wanted->name);
		if (restore_check_hash(restore, wanted, content.size, hash, err) != 0)
			return -1;
		if (restore_is_stale(restore, wanted->name))
			continue;
		restore->issuers = restore->issuers || strchr(wanted->name, '/') != NULL;
		restore->files[restore->count++] =
		    (struct directory_file){wanted->name, wanted->mode, content};
		content = (struct bytes){0};
	}
	return 0;
}

/* Copies the member to the file and computes its hash. */
static int
restore_copy_store(const struct restore *restore, const struct backup_file *wanted, int fd,
    EVP_MD_CTX *context, uint64_t *size, struct error *err)
{
	uint8_t *block = memory_new(RESTORE_BLOCK);
	size_t   got = 0;
	int      rc;

	while ((rc = restore_read(restore, block, RESTORE_BLOCK, &got, err)) == 0 && got != 0) {
		*size += got;
		if (*size > wanted->size)
			break; /* it differs from the manifest */
		if (EVP_DigestUpdate(context, block, got) != 1)
			rc = error_set(err, ERROR_INTERNAL, "hashing %s", wanted->name);
		else if (write(fd, block, got) != (ssize_t)got)
			rc = error_set_errno(err, ERROR_INTERNAL, "writing the store");
		if (rc != 0)
			break;
	}
	free(block);
	return rc;
}

static int
restore_extract_store(const struct restore *restore, int fd, struct error *err)
{
	const struct backup_file *wanted = &restore->manifest.files[restore->manifest.count - 1];
	EVP_MD_CTX               *context = EVP_MD_CTX_new();
	struct archive_entry     *entry;
	uint8_t                   hash[32];
	uint64_t                  size = 0;
	int                       rc = -1;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		error_set(err, ERROR_INTERNAL, "hashing the store");
	else if (restore_member(restore, wanted->name, &entry, err) == 0 &&
	    restore_copy_store(restore, wanted, fd, context, &size, err) == 0) {
		rc = EVP_DigestFinal_ex(context, hash, NULL) == 1
		    ? restore_check_hash(restore, wanted, size, hash, err)
		    : error_set(err, ERROR_INTERNAL, "hashing the store");
		if (rc == 0 && fsync(fd) != 0)
			rc = error_set_errno(err, ERROR_INTERNAL, "writing the store");
	}
	EVP_MD_CTX_free(context);
	return rc;
}

static int
restore_check_end(const struct restore *restore, struct error *err)
{
	struct archive_entry *entry;
	int                   rc = archive_read_next_header(restore->archive, &entry);

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK)
		return restore_archive_error(restore, err);
	return error_set(err, ERROR_MALFORMED, "%s is damaged: there is more after the store",
	    restore->file);
}

/* Verifies the store, and raises its CRL numbers above all that were used since the backup. */
static int
restore_verify_store(struct restore *restore, const struct folder *directory, struct error *err)
{
	struct store *store = NULL;
	int64_t       count;
	uint8_t       head[32];
	char          created[CLOCK_TEXT_SIZE];
	char          detail[128];
	int           rc;

	clock_format(restore->manifest.created, created);
	(void)snprintf(detail, sizeof detail, "a backup of %s", created);
	rc = store_open(directory->path, &store, err);
	if (rc == 0)
		rc = store_check_schema(store, err) != 0 || store_check_integrity(store, err) != 0 ||
		        store_audit_verify(store, NULL, &count, head, err) != 0 ||
		        store_crl_number_next(store, 0, restore->now, &restore->crl_number, err) != 0 ||
		        store_audit_add(store, AUDIT_RESTORE, NULL, "done", detail, restore->now, err) != 0
		    ? -1
		    : 0;
	store_close(store);
	return rc;
}

static void
restore_remove_directory(const struct folder *directory, const struct folder *temporary,
    const char *name)
{
	const char *const *files = store_files(STORE_INVENTORY, temporary->path);
	struct error       ignored;

	for (size_t i = 0; files[i] != NULL; i++)
		(void)folder_remove(temporary, files[i], &ignored);
	(void)unlinkat(directory->fd, name, AT_REMOVEDIR);
}

/* Makes the file in the separate directory, verifies it, and puts it in its place. */
static int
restore_put_store(struct restore *restore, const struct folder *directory,
    const struct folder *temporary, struct error *err)
{
	const char *file = store_files(STORE_INVENTORY, directory->path)[0];
	int         fd;
	int         rc;

	if (folder_create_open(temporary, file, &fd, err) != 0)
		return -1;
	rc = restore_extract_store(restore, fd, err);
	(void)close(fd);
	if (rc != 0 || restore_check_end(restore, err) != 0 ||
	    restore_verify_store(restore, temporary, err) != 0)
		return -1;
	return renameat(temporary->fd, file, directory->fd, file) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "renaming %s/%s to %s", temporary->path, file,
	          directory->path);
}

/*
 * The store is verified in a separate directory: a daemon that starts meanwhile finds
 * a complete store or none.
 */
static int
restore_make_store(const struct folder *directory, void *arg, struct error *err)
{
	AUTO_FOLDER     temporary = {.fd = -1};
	AUTO_FREE char *name = NULL;
	int             rc;

	if (folder_make_new(directory, RESTORE_DIRECTORY, &temporary, &name, err) != 0)
		return -1;
	rc = restore_put_store(arg, directory, &temporary, err);
	restore_remove_directory(directory, &temporary, name);
	return rc == 0 ? 0 : error_wrap(err, "nothing was restored");
}

static int
restore_make(struct restore *restore, const char *state_dir, struct error *err)
{
	struct directory_plan plan = {.store_files = store_files(STORE_INVENTORY, state_dir),
	    .make_store = restore_make_store,
	    .arg = restore};

	if (restore_read_manifest(restore, err) != 0 || restore_read_files(restore, err) != 0)
		return -1;
	plan.files = restore->files;
	plan.count = restore->count;
	plan.subdirectory = restore->issuers ? STATE_ISSUERS : NULL;
	return directory_make(state_dir, &plan, err);
}

/* Only the tar format is enabled: nested archives are refused. */
static int
restore_open(struct restore *restore, int fd, struct error *err)
{
	restore->archive = memory_check(archive_read_new());
	if (archive_read_support_format_tar(restore->archive) != ARCHIVE_OK ||
	    archive_read_open_fd(restore->archive, fd, RESTORE_BLOCK) != ARCHIVE_OK)
		return restore_archive_error(restore, err);
	return 0;
}

static void
restore_say_json(const struct restore *restore, const struct command_call *call)
{
	char created[CLOCK_TEXT_SIZE];

	clock_format(restore->manifest.created, created);
	print_json(json_pack("{s:o, s:s, s:I, s:b, s:I}", "state_dir", print_json_text(call->state_dir),
	    "created", created, "files", (json_int_t)restore->count + 1, "keys",
	    restore->manifest.keys, "crl_number", (json_int_t)restore->crl_number));
}

static void
restore_say(const struct restore *restore, const struct command_call *call)
{
	char created[CLOCK_TEXT_SIZE];

	clock_format(restore->manifest.created, created);
	(void)printf("restored the CA as it was at %s in ", created);
	print_text(stdout, call->state_dir);
	(void)printf(": %zu files\n", restore->count + 1);
	if (!restore->manifest.keys)
		(void)printf("private keys were not in the backup: put issuing.key where it was\n");
	(void)printf(
	    "the next CRLs have numbers above %" PRId64 "\n\n"
	    "later changes are not in this backup:\n"
	    "  devices that were removed or disabled since are in the inventory and enabled: remove or disable them again\n"
	    "  certificates that were revoked since are good: revoke them again\n"
	    "  certificates that were issued since cannot be revoked one by one: where that\n"
	    "    matters, run \"%s issuing renew\", and trust the earlier issuing CA no more\n\n"
	    "next: %s check\n",
	    restore->crl_number, own_command("attest-ca"), own_command("attest-ca"));
}

static void
restore_clear(struct restore *restore)
{
	for (size_t i = 0; i < restore->count; i++)
		bytes_clear(&restore->files[i].content);
	free(restore->files);
	backup_manifest_clear(&restore->manifest);
	if (restore->archive != NULL)
		(void)archive_read_free(restore->archive);
}

static int
admin_restore(const struct command_call *call, struct error *err)
{
	struct restore restore = {.file = call->operands[0], .now = call->now};
	bool           stream = strcmp(restore.file, "-") == 0;
	int            fd;
	int            rc = -1;

	if (directory_check(call->state_dir, err) != 0)
		return -1;
	fd = stream ? STDIN_FILENO : file_named_fd(restore.file);
	if (fd < 0) {
		file_named_open(restore.file); /* again, to say why it could not be opened */
		fd = file_named_fd(restore.file);
	}
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", restore.file);
	if (restore_open(&restore, fd, err) == 0)
		rc = restore_make(&restore, call->state_dir, err);
	if (rc == 0 && call->json)
		restore_say_json(&restore, call);
	else if (rc == 0)
		restore_say(&restore, call);
	restore_clear(&restore);
	return rc;
}
