/*
 * attest-ca backup: a snapshot of the store and the files that belong to it, in one
 * archive, while the daemon runs. The archive appears under its name only when it is
 * complete.
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

#include "admin/backup/archive.h"
#include "admin/commands.h"
#include "admin/store.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "command/output.h"
#include "command/print.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/identity.h"

struct backup_options {
	bool           without_keys;
	bool           force;
	struct output *file; /* NULL: standard output */
};

static const struct command_option backup_rows[] = {
    {OPTION(FLAG, "without-keys", NULL, struct backup_options, without_keys,
        "leave the private keys out")},
    {OPTION(FLAG, "force", NULL, struct backup_options, force,
        "replace the file if it is there")},
    {0},
};

static command_open backup_open;
static command_run  admin_backup;

const struct command admin_backup_command = {
    .name = "backup",
    .summary = "write the whole CA to one archive",
    .size = sizeof(struct backup_options),
    .options = {{backup_rows, 0}},
    .operands = "FILE | -",
    .operands_min = 1,
    .operands_max = 1,
    .open = backup_open,
    .state = true,
    .run = admin_backup,
};

/* Most tries when files change during the backup. */
#define BACKUP_TRIES 3

struct backup {
	const char            *file; /* "-": standard output */
	struct backup_content  content;
	struct output         *output;    /* the archive; NULL: standard output */
	struct folder          parent;    /* where the private directory is, */
	char                  *directory; /* and its name there */
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

static int
backup_make_directory_in(struct backup *backup, const char *parent, struct error *err)
{
	if (folder_open(parent, &backup->parent, err) != 0)
		return error_wrap(err, "making a directory in %s", parent);
	return folder_make_new(&backup->parent, ".attest-ca-backup.", &backup->content.directory,
	    &backup->directory, err);
}

/* Async-signal-safe. */
static void
backup_empty_directory(const struct backup *backup)
{
	output_interrupt(backup->output);
	if (backup->directory == NULL)
		return;
	(void)unlinkat(backup->content.directory.fd, BACKUP_STORE_NAME, 0);
	(void)unlinkat(backup->parent.fd, backup->directory, AT_REMOVEDIR);
}

/* SQLite writes by the path, so nobody else may put another directory in its place. */
static bool
backup_directory_is_safe(const struct backup *backup)
{
	struct identity owner;
	struct error    ignored;

	return identity_find(backup->content.directory.path, &owner, &ignored) == 0 && !owner.other;
}

/*
 * A private directory for the copy: beside the archive, or where temporary files are; in the
 * state directory when its owner may write in neither, or root would not be alone there.
 */
static int
backup_make_directory(struct backup *backup, const struct command_call *call, struct error *err)
{
	const char     *temporary = getenv("TMPDIR");
	AUTO_FREE char *parent = call->other_identity ? memory_strdup(call->state_dir)
	    : backup_is_stream(backup)
	    ? memory_strdup(temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp")
	    : backup_parent(backup->file);

	if (backup_make_directory_in(backup, parent, err) != 0)
		return -1;
	if (call->other_identity || backup_directory_is_safe(backup))
		return 0;
	(void)unlinkat(backup->parent.fd, backup->directory, AT_REMOVEDIR);
	free(backup->directory);
	backup->directory = NULL;
	folder_close(&backup->content.directory);
	folder_close(&backup->parent);
	return backup_make_directory_in(backup, call->state_dir, err);
}

static const struct backup *volatile backup_running;

static void
backup_interrupt_cb(int signal_number)
{
	if (backup_running != NULL)
		backup_empty_directory(backup_running);
	_exit(128 + signal_number);
}

/* An interrupted backup leaves nothing behind. */
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
	output_free(backup->output);
	free(backup->directory);
	folder_close(&backup->content.directory);
	folder_close(&backup->parent);
	backup_files_clear(&backup->content.files);
	backup_manifest_clear(&backup->content.manifest);
}

/* Reads files and store consistently: no file changed while the store was copied. */
static int
backup_collect(struct backup *backup, struct store *store, const struct folder *state,
    struct error *err)
{
	const struct folder *directory = &backup->content.directory;
	AUTO_FREE char      *copy = file_join(directory->path, BACKUP_STORE_NAME);

	for (int i = 0; i < BACKUP_TRIES; i++) {
		struct backup_files after = {0};
		bool                equal;

		backup_files_clear(&backup->content.files);
		if (folder_remove(directory, BACKUP_STORE_NAME, err) != 0 ||
		    backup_files_read(state, backup->content.keys, &backup->content.files, err) != 0 ||
		    store_snapshot(store, copy, err) != 0 ||
		    backup_files_read(state, backup->content.keys, &after, err) != 0)
			return -1;
		equal = backup_files_equal(&backup->content.files, &after);
		backup_files_clear(&after);
		if (equal)
			return 0;
	}
	return error_set(err, ERROR_CONFLICT,
	    "the files of %s change while they are being copied; try again when that is over",
	    state->path);
}

static int
backup_refuse_there(const char *file, struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "%s is there already; give another name, or --force to replace it", file);
}

/* Gives the complete archive its name atomically; replaces another file only with --force. */
static int
backup_write_file(struct backup *backup, struct error *err)
{
	if (backup_archive_write(&backup->content, output_fd(backup->output), &backup->octets, err) != 0)
		return -1;
	if (output_commit(backup->output, err) == 0)
		return 0;
	return err->kind == ERROR_CONFLICT ? backup_refuse_there(backup->file, err) : -1;
}

/* A copy of keys is put in the audit trail before it is made, even if it fails later. */
static int
backup_record(const struct backup *backup, struct store *store, struct error *err)
{
	char detail[512];

	(void)snprintf(detail, sizeof detail, "%s, to %s",
	    backup->content.keys ? "with the private keys" : "without private keys",
	    backup_is_stream(backup) ? "standard output" : backup->file);
	return store_audit_add(store, AUDIT_BACKUP, NULL, "done", detail, backup->content.created, err);
}

static int
backup_make(struct backup *backup, const struct command_call *call, struct error *err)
{
	struct store *store = NULL;
	int           rc = -1;

	if (admin_store_open(call, &store, err) == 0 &&
	    backup_make_directory(backup, call, err) == 0 && backup_record(backup, store, err) == 0 &&
	    backup_collect(backup, store, call->state, err) == 0)
		rc = backup_archive_describe(&backup->content, err);
	store_close(store);
	if (rc == 0)
		rc = backup_is_stream(backup)
		    ? backup_archive_write(&backup->content, STDOUT_FILENO, &backup->octets, err)
		    : backup_write_file(backup, err);
	return rc;
}

static void
backup_say_json(const struct backup *backup)
{
	const struct backup_content *content = &backup->content;
	const char                  *left_out = content->files.left_out;
	json_t                      *names = json_array();

	for (size_t i = 0; i < content->manifest.count; i++)
		(void)json_array_append_new(names, print_json_text(content->manifest.files[i].name));
	print_json(json_pack("{s:o, s:I, s:b, s:o, s:o}", "file", print_json_text(backup->file), "octets",
	    (json_int_t)backup->octets, "keys", content->keys, "files", names, "left_out",
	    print_json_text(left_out)));
}

static void
backup_say(const struct backup *backup)
{
	FILE *out = backup_is_stream(backup) ? stderr : stdout;

	(void)fputs("wrote ", out);
	print_text(out, backup_is_stream(backup) ? "the backup" : backup->file);
	(void)fprintf(out, ": %zu files, %" PRIu64 " octets, %s\n", backup->content.manifest.count,
	    backup->octets,
	    backup->content.keys ? "with the private keys: keep it as safe as them"
	                         : "without private keys: a restored CA needs them from elsewhere");
	if (backup->content.files.left_out == NULL)
		return;
	(void)fputs("it does not have ", out);
	print_text(out, backup->content.files.left_out);
	(void)fputs(", which is no regular file or has an odd name: save it yourself\n", out);
}

/* A backup in the state directory itself would be lost together with it. */
static int
backup_check_place(const struct command_call *call, bool force, struct error *err)
{
	const char *file = call->operands[0];
	struct stat there;

	if (directory_check_outside(call->state_dir, file, err) != 0)
		return -1;
	if (lstat(file, &there) != 0)
		return 0;
	if (!force)
		return backup_refuse_there(file, err);
	if (!S_ISREG(there.st_mode))
		return error_set(err, ERROR_CONFLICT,
		    "%s is not a regular file; give \"-\" and redirect it there", file);
	return 0;
}

static int
backup_open(const struct command_call *call, void *options, struct error *err)
{
	struct backup_options *backup = options;

	if (strcmp(call->operands[0], "-") == 0) {
		if (call->json) {
			error_set(err, ERROR_MALFORMED,
			    "--json and \"-\" would both write to standard output");
			return COMMAND_USAGE;
		}
		return isatty(STDOUT_FILENO) == 1
		    ? error_set(err, ERROR_MALFORMED, "an archive cannot go to a terminal: redirect it")
		    : 0;
	}
	if (backup_check_place(call, backup->force, err) != 0)
		return -1;
	return output_open(call->operands[0],
	    &(struct output_plan){
	        .mode = 0600, .replace = backup->force, .guarded = call->other_identity},
	    &backup->file, err);
}

static int
admin_backup(const struct command_call *call, struct error *err)
{
	const struct backup_options *options = call->options;
	struct backup backup = {
	    .file = call->operands[0],
	    .output = options->file,
	    .parent = {.fd = -1},
	    .content = {.created = call->now, .keys = !options->without_keys, .directory = {.fd = -1}},
	};
	int rc;

	backup_catch_signals(&backup);
	rc = backup_make(&backup, call, err);
	if (rc == 0 && call->json)
		backup_say_json(&backup);
	else if (rc == 0)
		backup_say(&backup);
	backup_clear(&backup);
	return rc;
}
