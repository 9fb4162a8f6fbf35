/*
 * attest-ca backup: the store as of one instant and the files that belong to it, in one
 * archive, while everything runs. What it writes is whole under its name, or not there.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "admin/backup_files.h"
#include "admin/backup_manifest.h"
#include "admin/call.h"
#include "admin/describe.h"
#include "admin/print.h"
#include "store/audit.h"
#include "store/check.h"
#include "store/files.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* How often files may change under the backup before it gives up. */
#define BACKUP_TRIES 3

#define BACKUP_BLOCK ((size_t)64 * 1024)

struct backup {
	const char            *file; /* "-": standard output */
	bool                   keys;
	bool                   force;
	int64_t                now;
	struct backup_files    files;
	char                  *directory; /* a private one, for the next two */
	char                  *copy;      /* of the store */
	char                  *archive;   /* before it has its name */
	struct backup_manifest manifest;
	uint64_t               octets;
};

static bool
backup_is_stream(const struct backup *backup)
{
	return strcmp(backup->file, "-") == 0;
}

static char *
backup_parent(const char *path)
{
	AUTO_FREE char *copy = memory_strdup(path);

	return memory_strdup(dirname(copy));
}

/* A private directory for the copy: beside the archive, or where temporary files are. */
static int
backup_make_directory(struct backup *backup, struct error *err)
{
	const char     *temporary = getenv("TMPDIR");
	AUTO_FREE char *parent = backup_is_stream(backup)
	    ? memory_strdup(temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp")
	    : backup_parent(backup->file);

	backup->directory = file_join(parent, ".attest-ca-backup.XXXXXX");
	if (mkdtemp(backup->directory) == NULL) {
		free(backup->directory);
		backup->directory = NULL;
		return error_set_errno(err, ERROR_INTERNAL, "making a directory in %s", parent);
	}
	backup->copy = file_join(backup->directory, STATE_STORE);
	backup->archive = file_join(backup->directory, "archive");
	return 0;
}

/* Does only what a signal's handler may. */
static void
backup_empty_directory(const struct backup *backup)
{
	if (backup->directory == NULL)
		return;
	(void)unlink(backup->copy);
	(void)unlink(backup->archive);
	(void)rmdir(backup->directory);
}

static const struct backup *volatile backup_running;

static void
backup_interrupt_cb(int signal_number)
{
	if (backup_running != NULL)
		backup_empty_directory(backup_running);
	_exit(128 + signal_number);
}

/* Whoever is tired of waiting leaves nothing behind. */
static void
backup_catch_signals(const struct backup *backup)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
	struct sigaction action = {.sa_handler = backup_interrupt_cb};

	backup_running = backup;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)sigaction(signals[i], &action, NULL);
}

static void
backup_clear(struct backup *backup)
{
	backup_empty_directory(backup);
	backup_running = NULL;
	free(backup->directory);
	free(backup->copy);
	free(backup->archive);
	backup_files_clear(&backup->files);
	backup_manifest_clear(&backup->manifest);
}

/* Files and store that belong together: none of the files changed while the store was copied. */
static int
backup_collect(struct backup *backup, struct store *store, const char *state_dir,
    struct error *err)
{
	for (int i = 0; i < BACKUP_TRIES; i++) {
		struct backup_files after = {0};
		bool                equal;

		backup_files_clear(&backup->files);
		if ((unlink(backup->copy) != 0 && errno != ENOENT) ||
		    backup_files_read(state_dir, backup->keys, &backup->files, err) != 0 ||
		    store_snapshot(store, backup->copy, err) != 0 ||
		    backup_files_read(state_dir, backup->keys, &after, err) != 0)
			return -1;
		equal = backup_files_equal(&backup->files, &after);
		backup_files_clear(&after);
		if (equal)
			return 0;
	}
	return error_set(err, ERROR_CONFLICT,
	    "the files of %s change while they are being copied; try again when that is over",
	    state_dir);
}

/* Reads the copy of the store, for its size and hash, or into the archive; 1 when `each` fails. */
static int
backup_read_copy(const char *path, int (*each)(void *arg, const void *data, size_t size),
    void *arg, struct error *err)
{
	uint8_t *block = memory_new(BACKUP_BLOCK);
	int      fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t  size = -1;
	int      rc = 0;

	while (fd >= 0 && rc == 0 && (size = read(fd, block, BACKUP_BLOCK)) > 0)
		rc = each(arg, block, (size_t)size) == 0 ? 0 : 1;
	if (rc == 0 && size < 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "reading %s", path);
	if (fd >= 0)
		(void)close(fd);
	free(block);
	return rc;
}

struct backup_hash {
	EVP_MD_CTX *context;
	uint64_t    size;
};

static int
backup_hash_cb(void *arg, const void *data, size_t size)
{
	struct backup_hash *hash = arg;

	hash->size += size;
	return EVP_DigestUpdate(hash->context, data, size) == 1 ? 0 : -1;
}

static int
backup_hash_copy(const struct backup *backup, struct backup_file *file, struct error *err)
{
	struct backup_hash hash = {.context = EVP_MD_CTX_new()};
	int                rc = -1;

	error_set(err, ERROR_INTERNAL, "hashing the copy of the store");
	if (hash.context != NULL && EVP_DigestInit_ex(hash.context, EVP_sha256(), NULL) == 1 &&
	    backup_read_copy(backup->copy, backup_hash_cb, &hash, err) == 0 &&
	    EVP_DigestFinal_ex(hash.context, file->hash, NULL) == 1) {
		file->size = hash.size;
		rc = 0;
	}
	EVP_MD_CTX_free(hash.context);
	return rc;
}

static int
backup_describe(struct backup *backup, struct error *err)
{
	struct backup_manifest *manifest = &backup->manifest;
	const struct backup_files *files = &backup->files;
	struct backup_file     *store;

	manifest->created = backup->now;
	manifest->keys = backup->keys;
	manifest->files = memory_new((files->count + 1) * sizeof *manifest->files);
	for (; manifest->count < files->count; manifest->count++) {
		const struct backup_item *item = &files->items[manifest->count];
		struct backup_file       *file = &manifest->files[manifest->count];

		*file = (struct backup_file){memory_strdup(item->name), item->mode, item->content.size, {0}};
		if (EVP_Digest(item->content.data, item->content.size, file->hash, NULL, EVP_sha256(),
		        NULL) != 1)
			return error_set(err, ERROR_INTERNAL, "hashing %s", item->name);
	}
	store = &manifest->files[manifest->count++];
	*store = (struct backup_file){memory_strdup(STATE_STORE), 0600, 0, {0}};
	return backup_hash_copy(backup, store, err);
}

static int
backup_archive_error(struct archive *archive, struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "writing the backup: %s",
	    archive_error_string(archive) != NULL ? archive_error_string(archive) : "out of memory");
}

static int
backup_write_header(struct archive *archive, const char *name, mode_t mode, uint64_t size,
    int64_t now, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int                   rc;

	if (entry == NULL)
		return backup_archive_error(archive, err);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, mode);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, now, 0);
	rc = archive_write_header(archive, entry);
	archive_entry_free(entry);
	return rc == ARCHIVE_OK ? 0 : backup_archive_error(archive, err);
}

static int
backup_write_data(struct archive *archive, struct view data, struct error *err)
{
	if (data.size != 0 &&
	    archive_write_data(archive, data.data, data.size) != (la_ssize_t)data.size)
		return backup_archive_error(archive, err);
	return 0;
}

static int
backup_archive_cb(void *arg, const void *data, size_t size)
{
	return archive_write_data(arg, data, size) == (la_ssize_t)size ? 0 : -1;
}

static int
backup_write_store(const struct backup *backup, struct archive *archive, struct error *err)
{
	const struct backup_file *store = &backup->manifest.files[backup->manifest.count - 1];
	int                       rc;

	if (backup_write_header(archive, store->name, store->mode, store->size, backup->now, err) != 0)
		return -1;
	rc = backup_read_copy(backup->copy, backup_archive_cb, archive, err);
	return rc > 0 ? backup_archive_error(archive, err) : rc;
}

static int
backup_write_members(const struct backup *backup, struct archive *archive, struct error *err)
{
	AUTO_BYTES manifest = {0};

	backup_manifest_encode(&backup->manifest, &manifest);
	if (backup_write_header(archive, BACKUP_MANIFEST_NAME, 0600, manifest.size, backup->now,
	        err) != 0 ||
	    backup_write_data(archive, bytes_view(&manifest), err) != 0)
		return -1;
	for (size_t i = 0; i < backup->files.count; i++) {
		const struct backup_item *item = &backup->files.items[i];

		if (backup_write_header(archive, item->name, item->mode, item->content.size,
		        backup->now, err) != 0 ||
		    backup_write_data(archive, bytes_view(&item->content), err) != 0)
			return -1;
	}
	return backup_write_store(backup, archive, err);
}

static int
backup_write(struct backup *backup, int fd, struct error *err)
{
	struct archive *archive = archive_write_new();
	int             rc = -1;

	if (archive == NULL)
		return error_set(err, ERROR_INTERNAL, "writing the backup: out of memory");
	if (archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
	    archive_write_open_fd(archive, fd) != ARCHIVE_OK)
		backup_archive_error(archive, err);
	else if ((rc = backup_write_members(backup, archive, err)) == 0 &&
	    archive_write_close(archive) != ARCHIVE_OK)
		rc = backup_archive_error(archive, err);
	backup->octets = (uint64_t)archive_filter_bytes(archive, -1);
	(void)archive_write_free(archive);
	return rc;
}

static int
backup_refuse_there(const char *file, struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "%s is there already; give another name, or --force to replace it", file);
}

/* Under its name at once and whole; never over another without --force. */
static int
backup_put(const struct backup *backup, const char *temporary, struct error *err)
{
	AUTO_FREE char *parent = backup_parent(backup->file);

	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, backup->file,
	        backup->force ? 0 : RENAME_NOREPLACE) != 0) {
		if (errno == EEXIST)
			return backup_refuse_there(backup->file, err);
		return error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", temporary, backup->file);
	}
	return file_sync_directory(parent, err);
}

static int
backup_write_file(struct backup *backup, struct error *err)
{
	const char *temporary = backup->archive;
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int         rc;

	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", temporary);
	rc = backup_write(backup, fd, err);
	if (rc == 0 && fsync(fd) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "writing %s", temporary);
	(void)close(fd);
	return rc == 0 ? backup_put(backup, temporary, err) : -1;
}

/* The copy of keys is on record before there is one, whatever becomes of it. */
static int
backup_record(const struct backup *backup, struct store *store, struct error *err)
{
	char detail[512];

	(void)snprintf(detail, sizeof detail, "%s, to %s",
	    backup->keys ? "with the private keys" : "without private keys",
	    backup_is_stream(backup) ? "standard output" : backup->file);
	return store_audit_add(store, AUDIT_BACKUP, NULL, "done", detail, backup->now, err);
}

static int
backup_make(struct backup *backup, const char *state_dir, struct error *err)
{
	struct store *store = NULL;
	int           rc = -1;

	if (store_open(state_dir, &store, err) == 0 && backup_make_directory(backup, err) == 0 &&
	    backup_record(backup, store, err) == 0 &&
	    backup_collect(backup, store, state_dir, err) == 0 && backup_describe(backup, err) == 0)
		rc = 0;
	store_close(store);
	if (rc == 0)
		rc = backup_is_stream(backup) ? backup_write(backup, STDOUT_FILENO, err)
		                              : backup_write_file(backup, err);
	return rc;
}

static void
backup_say_json(const struct backup *backup)
{
	json_t *names = json_array();

	for (size_t i = 0; i < backup->manifest.count; i++)
		(void)json_array_append_new(names, json_string(backup->manifest.files[i].name));
	print_json(json_pack("{s:o, s:I, s:b, s:o, s:o}", "file", describe_text(backup->file), "octets",
	    (json_int_t)backup->octets, "keys", backup->keys, "files", names, "left_out",
	    backup->files.left_out != NULL ? describe_text(backup->files.left_out) : json_null()));
}

static void
backup_say(const struct backup *backup)
{
	FILE *out = backup_is_stream(backup) ? stderr : stdout;

	(void)fputs("wrote ", out);
	print_text(out, backup_is_stream(backup) ? "the backup" : backup->file);
	(void)fprintf(out, ": %zu files, %" PRIu64 " octets, %s\n", backup->manifest.count,
	    backup->octets,
	    backup->keys ? "with the private keys: keep it as safe as them"
	                 : "without private keys: a restored CA needs them from elsewhere");
	if (backup->files.left_out == NULL)
		return;
	(void)fputs("it does not have ", out);
	print_text(out, backup->files.left_out);
	(void)fputs(", which is no plain file: keep what it stands for yourself\n", out);
}

/* A backup in the directory that it is of is lost together with it. */
static int
backup_check_place(const struct admin_call *call, const struct backup *backup, struct error *err)
{
	AUTO_FREE char *parent = backup_parent(backup->file);
	struct stat     place;
	struct stat     state;
	struct stat     there;

	if (backup_is_stream(backup))
		return isatty(STDOUT_FILENO) == 1
		    ? error_set(err, ERROR_MALFORMED, "an archive is nothing for a terminal: redirect it")
		    : 0;
	if (stat(parent, &place) == 0 && stat(call->state_dir, &state) == 0 &&
	    place.st_dev == state.st_dev && place.st_ino == state.st_ino)
		return error_set(err, ERROR_CONFLICT,
		    "%s would be in the state directory, and lost with it; put it somewhere else",
		    backup->file);
	if (!backup->force && lstat(backup->file, &there) == 0)
		return backup_refuse_there(backup->file, err);
	return 0;
}

int
admin_backup(const struct admin_call *call, struct error *err)
{
	struct backup backup = {
	    .file = call->operands[0],
	    .keys = !admin_call_given(call, "without-keys"),
	    .force = admin_call_given(call, "force"),
	    .now = call->now,
	};
	int rc;

	if (call->json && backup_is_stream(&backup)) {
		error_set(err, ERROR_MALFORMED, "--json and \"-\" would both write to standard output");
		return ADMIN_USAGE;
	}
	rc = backup_check_place(call, &backup, err);
	backup_catch_signals(&backup);
	if (rc == 0)
		rc = backup_make(&backup, call->state_dir, err);
	if (rc == 0 && call->json)
		backup_say_json(&backup);
	else if (rc == 0)
		backup_say(&backup);
	backup_clear(&backup);
	return rc;
}
