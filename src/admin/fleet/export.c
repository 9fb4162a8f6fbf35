/* attest-ca export: writes a snapshot of all devices for import, without keeping them in memory. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/filter.h"
#include "admin/fleet/device_file.h"
#include "admin/store.h"
#include "ca/directory.h"
#include "command/output.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

struct export_options {
	struct filter_options filter;
	const char           *format;
	const char           *output; /* NULL or "-": standard output */
	struct output        *file;   /* what becomes of it; NULL when it is no file */
	int                   special; /* … but this descriptor, or 0 */
};

static const struct command_option export_rows[] = {
    {OPTION(WORD, "format", "FORMAT", struct export_options, format, NULL),
        .value = "csv", .word = device_format_name},
    {OPTION(TEXT, "output", "FILE", struct export_options, output,
         "write to this file, all or nothing, not to standard output"),
        .letter = 'o'},
    {0},
};

static command_open export_open;
static command_run  admin_export;

const struct command admin_export_command = {
    .name = "export",
    .summary = "write the devices in a format of import",
    .size = sizeof(struct export_options),
    .options = {{filter_rows, offsetof(struct export_options, filter)}, {export_rows, 0}},
    .open = export_open,
    .run = admin_export,
};

struct export {
	const struct device_format *format;
	struct store_filter         filter;
	FILE                       *out;
	uint64_t                    count;
	bool                        whole;   /* no filter: the tombstones are part of it */
	uint64_t                    removed; /* tombstones */
	bool                        failed;
	struct error               *err;     /* why; only set if it has */
};

/* Goes on if that EK was written. */
static bool
export_wrote(struct export *export, bool written, const uint8_t ek_hash[STORE_HASH_SIZE])
{
	char hash[STORE_HASH_TEXT_SIZE];

	if (!written) {
		store_hash_format(ek_hash, hash);
		error_set(export->err, ERROR_INTERNAL, "EK %s: a name, tag or text of it is not UTF-8; somebody has "
		    "changed the store by other means: restore it from a backup", hash);
		export->failed = true;
	}
	return written && ferror(export->out) == 0;
}

static bool
export_write_cb(const struct store_device *device, void *arg)
{
	struct export *export = arg;

	export->count++;
	return export_wrote(export, export->format->write(export->out, device, export->removed != 0),
	    device->ek_hash);
}

static bool
export_count_cb(const struct store_removed *removed, void *arg)
{
	struct export *export = arg;

	(void)removed;
	export->removed++;
	return true;
}

static bool
export_removed_cb(const struct store_removed *removed, void *arg)
{
	struct export *export = arg;

	return export_wrote(export, export->format->write_removed(export->out, removed), removed->ek_hash);
}

/* The devices, and then the EKs that were removed, which an inventory elsewhere is to know too. */
static int
export_all_cb(struct store *store, void *arg, struct error *err)
{
	struct export *export = arg;

	if (export->whole && store_removed_list(store, export_count_cb, export, err) != 0)
		return -1;
	export->format->begin(export->out, export->removed != 0);
	if (store_device_search(store, &export->filter, export_write_cb, export, err) != 0)
		return -1;
	if (!export->failed && export->whole && store_removed_list(store, export_removed_cb, export, err) != 0)
		return -1;
	return export->failed ? -1 : 0;
}

static int
export_run(const struct command_call *call, struct export *export, struct error *err)
{
	struct store *store;
	int           rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	export->err = err;
	rc = store_look(store, export_all_cb, export, err);
	store_close(store);
	return rc;
}

/* Checks that everything was written; closes the stream in any case. */
static int
export_finish(FILE *out, bool sync, const char *path, struct error *err)
{
	int failed = fflush(out) != 0 || ferror(out) != 0 || (sync && fsync(fileno(out)) != 0) ? errno : 0;

	failed = fclose(out) != 0 && failed == 0 ? errno : failed;
	errno = failed;
	return failed == 0 ? 0 : error_set_errno(err, ERROR_INTERNAL, "writing %s", path);
}

/*
 * A symbolic link stays one: what it leads to is written. A device or a pipe is written to,
 * and never replaced by a file.
 */
static int
export_open(const struct command_call *call, void *options, struct error *err)
{
	struct export_options *export = options;
	const char            *path = export->output;
	AUTO_FREE char        *target = NULL;
	struct output_plan     plan = {.mode = 0600, .replace = true, .guarded = call->other_identity};
	struct stat            st;

	if (path == NULL || strcmp(path, "-") == 0)
		return 0;
	target = realpath(path, NULL);
	if (directory_check_outside(call->state_dir, path, err) != 0)
		return -1;
	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return output_open(target != NULL ? target : path, &plan, &export->file, err);
	if ((export->special = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
	return 0;
}

static int
export_to(const struct command_call *call, struct export *export,
    const struct export_options *options, struct error *err)
{
	bool whole = options->file != NULL;
	int  fd = whole ? fcntl(output_fd(options->file), F_DUPFD_CLOEXEC, 0) : options->special;
	int  rc;

	if (fd < 0 || (export->out = fdopen(fd, "w")) == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "writing %s", options->output);
	rc = export_run(call, export, err);
	if (export_finish(export->out, whole, options->output, err) != 0)
		rc = -1;
	return rc == 0 && whole ? output_commit(options->file, err) : rc;
}

static void
export_say(const struct command_call *call, const struct export *export, const char *path)
{
	if (call->json) {
		print_json(json_pack("{s:I, s:I, s:o}", "devices", (json_int_t)export->count, "removed",
		    (json_int_t)export->removed, "file", print_json_text(path)));
		return;
	}
	(void)printf("wrote %" PRIu64 " %s", export->count, export->count == 1 ? "device" : "devices");
	if (export->removed != 0)
		(void)printf(" and %" PRIu64 " removed EK%s", export->removed,
		    export->removed == 1 ? "" : "s");
	(void)printf(" to ");
	print_text(stdout, path);
	(void)putchar('\n');
}

static int
admin_export(const struct command_call *call, struct error *err)
{
	const struct export_options *options = call->options;
	const char                  *path = options->output;
	struct export export = {.format = device_format_find(options->format), .out = stdout};
	int           rc = filter_read(&options->filter, call->now, &export.filter, err);

	export.whole = export.filter.tag == NULL && export.filter.name_glob == NULL &&
	    export.filter.unseen_since == 0 && !export.filter.never_seen;
	if (rc != 0) {
		output_free(options->file);
		return rc;
	}
	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	if (path == NULL && call->json) {
		error_set(err, ERROR_MALFORMED,
		    "export writes the devices themselves; for JSON give --format jsonl, and --json with"
		    " --output");
		return COMMAND_USAGE;
	}
	if (path == NULL)
		return export_run(call, &export, err);
	rc = export_to(call, &export, options, err);
	output_free(options->file);
	if (rc != 0)
		return -1;
	export_say(call, &export, path);
	return 0;
}
