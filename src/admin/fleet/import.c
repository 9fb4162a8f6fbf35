/*
 * attest-ca import: enrolls all devices of a file or none. Reads and checks each line,
 * has the batch compared and written, and reports faults by line.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fleet/device_file.h"
#include "admin/fleet/fault.h"
#include "admin/similar.h"
#include "admin/store.h"
#include "command/print.h"
#include "command/progress.h"
#include "pki/device_name.h"
#include "store/inventory/batch.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"
#include "util/file_named.h"

struct import_options {
	const char            *format; /* NULL: by the file's name */
	bool                   dry_run;
	struct similar_options similar;
};

static const struct command_option import_rows[] = {
    {OPTION(WORD, "format", "FORMAT", struct import_options, format,
         "if the file's name does not tell it"),
        .word = device_format_name},
    {OPTION(FLAG, "dry-run", NULL, struct import_options, dry_run,
        "only check, and change nothing")},
    {0},
};

static command_run admin_import;

const struct command admin_import_command = {
    .name = "import",
    .summary = "enroll the devices of a file, all of them or none",
    .size = sizeof(struct import_options),
    .options = {{import_rows, 0}, {similar_rows, offsetof(struct import_options, similar)}},
    .operands = "FILE.csv | FILE.jsonl | -",
    .operands_min = 1,
    .operands_max = 1,
    .operands_named = true,
    .run = admin_import,
};

#define IMPORT_STDIN "-"

/* Lines between two updates of the progress. */
#define IMPORT_GLANCE 256

struct import {
	const char                 *path;
	const struct device_format *format;
	FILE                       *in;
	uint64_t                    size; /* 0: unknown */
	struct store               *store;
	struct store_batch         *batch;
	struct faults               faults;
	struct similar              similar;
	struct progress             progress;
	bool                        rehearsal;
	uint64_t            long_names; /* names too long for a CN */
	uint64_t            long_line;  /* of the first */
};

static int
import_find_format(const char *name, struct import *import, struct error *err)
{
	import->format =
	    name != NULL ? device_format_find(name) : device_format_guess(import->path);
	if (import->format != NULL)
		return 0;
	error_set(err, ERROR_MALFORMED,
	    "what is in \"%.300s\" its name does not say; give --format csv or --format jsonl",
	    import->path);
	return COMMAND_USAGE;
}

static int
import_open_file(struct import *import, struct error *err)
{
	struct stat st;
	int         fd;

	if (strcmp(import->path, IMPORT_STDIN) == 0) {
		import->in = stdin;
		return 0;
	}
	fd = file_named_fd(import->path);
	if (fd >= 0)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(import->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (import->in = fdopen(fd, "r")) == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", import->path);
	if (fstat(fileno(import->in), &st) == 0 && S_ISREG(st.st_mode))
		import->size = (uint64_t)st.st_size;
	return 0;
}

static void
import_close(struct import *import)
{
	progress_end(&import->progress);
	store_batch_free(import->batch);
	store_close(import->store);
	if (import->in != NULL && import->in != stdin)
		(void)fclose(import->in);
	faults_clear(&import->faults);
	similar_end(&import->similar, false);
}

static void
import_fault_cb(uint64_t line, const struct error *why, void *arg)
{
	struct import *import = arg;

	faults_add(&import->faults, line, why->detail);
}

static void
import_step_cb(uint64_t units, void *arg)
{
	struct import *import = arg;

	progress_step(&import->progress, units);
}

static void
import_show_place(struct import *import)
{
	off_t place = ftello(import->in);

	if (place > 0 && (uint64_t)place > import->progress.done)
		progress_step(&import->progress, (uint64_t)place - import->progress.done);
}

/* Remembers names that are too long for a CN. */
static void
import_note_names(struct import *import, const struct store_device *device, uint64_t line)
{
	char name[DEVICE_COMMON_NAME_SIZE];

	for (size_t i = 0; i < device->name_count; i++) {
		if (!device_common_name(device->names[i], name) && import->long_names++ == 0)
			import->long_line = line;
	}
}

/* Processes a line: a device, or a fault; -1 ends the import. */
static int
import_take(struct import *import, struct device_file *file, int rc,
    const struct store_device *device, struct error *err)
{
	if (rc > 0 && file->is_removed &&
	    store_batch_add_removed(import->batch, &file->removed, file->line, err) == 0)
		return 0;
	if (rc > 0 && !file->is_removed && store_batch_add(import->batch, device, file->line, err) == 0) {
		import_note_names(import, device, file->line);
		return 0;
	}
	if (err->kind != ERROR_MALFORMED && err->kind != ERROR_CONFLICT)
		return -1;
	faults_add(&import->faults, file->line, err->detail);
	return 0;
}

static int
import_read(struct import *import, struct error *err)
{
	struct device_file  file;
	struct store_device device;
	uint64_t            count = 0;
	int                 rc;

	progress_begin(&import->progress, stderr, "reading", import->size);
	if (device_file_open(&file, import->format, import->in, err) != 0) {
		if (err->kind != ERROR_MALFORMED)
			return -1;
		faults_add(&import->faults, file.line, err->detail);
		return 0;
	}
	while ((rc = device_file_read(&file, &device, err)) != 0) {
		if ((rc = import_take(import, &file, rc, &device, err)) != 0)
			break;
		if (++count % IMPORT_GLANCE != 0)
			continue;
		if (import->size != 0)
			import_show_place(import);
		else
			progress_step(&import->progress, IMPORT_GLANCE);
	}
	device_file_close(&file);
	return rc;
}

static int
import_compare(struct import *import, struct error *err)
{
	uint64_t faults;

	progress_end(&import->progress);
	progress_begin(&import->progress, stderr, "comparing", store_batch_units(import->batch));
	return store_batch_check(import->batch, &faults, err);
}

static int
import_write(struct import *import, int64_t now, struct error *err)
{
	progress_end(&import->progress);
	if (import->rehearsal ||
	    (store_batch_count(import->batch) == 0 && store_batch_removed(import->batch) == 0))
		return 0;
	progress_begin(&import->progress, stderr, "importing", store_batch_units(import->batch));
	return store_batch_commit(import->batch, import->path, now, err);
}

/* In JSON the faults are the answer; the error that ends the program is printed in addition. */
static int
import_refuse(const struct command_call *call, const struct import *import, struct error *err)
{
	if (call->json)
		print_json(json_pack("{s:b, s:I, s:o}", "imported", 0, "fault_count",
		    (json_int_t)import->faults.count, "faults", faults_json(&import->faults)));
	else
		faults_print(&import->faults);
	return error_set(err, ERROR_MALFORMED, "%.300s has %" PRIu64 " %s; nothing was imported",
	    import->path, import->faults.count, import->faults.count == 1 ? "fault" : "faults");
}

static void
import_say(const struct command_call *call, const struct import *import)
{
	uint64_t count = store_batch_count(import->batch);
	uint64_t removed = store_batch_removed(import->batch);

	if (call->json) {
		print_json(json_pack("{s:b, s:I, s:I}", "imported", !import->rehearsal, "devices",
		    (json_int_t)count, "removed", (json_int_t)removed));
		return;
	}
	(void)printf(import->rehearsal ? "nothing is wrong with %" PRIu64 " %s"
	                               : "imported %" PRIu64 " %s",
	    count, count == 1 ? "device" : "devices");
	if (removed != 0)
		(void)printf(" and %" PRIu64 " removed EK%s", removed, removed == 1 ? "" : "s");
	(void)printf(import->rehearsal ? " of " : " from ");
	print_text(stdout, import->path);
	(void)putchar('\n');
}

static void
import_say_names(const struct import *import)
{
	if (import->long_names != 0)
		(void)fprintf(stderr,
		    "%" PRIu64 " %s more than 64 characters, the first in line %" PRIu64
		    ": device certificates of attest-acmed hold them whole as PermanentIdentifier, and"
		    " shortened as CN\n",
		    import->long_names, import->long_names == 1 ? "name has" : "names have",
		    import->long_line);
}

/* Cleaning up after a killed import takes as long as that import did: shows progress. */
static int
import_clear(struct import *import, struct error *err)
{
	bool more = !import->rehearsal;

	while (more) {
		if (store_batch_sweep(import->store, &more, err) != 0)
			return -1;
		if (more && import->progress.label == NULL)
			progress_begin(&import->progress, stderr, "clearing away the rest of an import, step",
			    0);
		if (more)
			progress_step(&import->progress, 1);
	}
	progress_end(&import->progress);
	return 0;
}

static int
import_run(const struct command_call *call, struct import *import, struct error *err)
{
	const struct store_batch_watch watch = {import_fault_cb, import_step_cb, import};
	const struct import_options   *options = call->options;

	if (import_open_file(import, err) != 0 ||
	    admin_store_open(call, &import->store, err) != 0 ||
	    import_clear(import, err) != 0)
		return -1;
	similar_begin(&options->similar, import->store, &import->similar);
	if (store_batch_begin(import->store, &watch, &import->batch, err) != 0 ||
	    import_read(import, err) != 0 || import_compare(import, err) != 0)
		return -1;
	if (import->faults.count == 0 && import_write(import, call->now, err) != 0)
		return -1;
	progress_end(&import->progress);
	if (import->faults.count != 0)
		return import_refuse(call, import, err);
	import_say(call, import);
	import_say_names(import);
	similar_end(&import->similar, true);
	return 0;
}

static int
admin_import(const struct command_call *call, struct error *err)
{
	const struct import_options *options = call->options;
	struct import import = {.path = call->operands[0], .rehearsal = options->dry_run};
	int           rc = import_find_format(options->format, &import, err);

	if (rc == 0)
		rc = import_run(call, &import, err);
	import_close(&import);
	return rc;
}
