/*
 * Files of devices, as import reads and export writes them: CSV with a header, or a
 * JSON object on each line. What is written and read again is the same.
 */
#ifndef ADMIN_FLEET_DEVICE_FILE_H
#define ADMIN_FLEET_DEVICE_FILE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "admin/fleet/csv.h"
#include "store/inventory/device.h"
#include "util/bytes.h"

struct error;

/* What is said of a device, in the order in which it is written: the words of both formats. */
#define DEVICE_FIELDS(X)           \
	X(EK_HASH, "ek_hash")      \
	X(NAME, "name")            \
	X(NOTE, "note")            \
	X(TAGS, "tags")            \
	X(ENABLED, "enabled")

enum device_field {
#define X(name, word) DEVICE_FIELD_##name,
	DEVICE_FIELDS(X)
#undef X
	DEVICE_FIELD_COUNT
};

struct device_file;

/* A format: one row of a table that device_format_find looks into. */
struct device_format {
	const char *name; /* "csv", and behind the last dot of a file's name */
	int (*open)(struct device_file *file, struct error *err);
	int (*read)(struct device_file *file, struct store_device *device, struct error *err);
	void (*begin)(FILE *out);
	void (*write)(FILE *out, const struct store_device *device);
};

const struct device_format *device_csv(void);
const struct device_format *device_jsonl(void);

/* The name of each format; NULL behind the last. */
const char *device_format_name(size_t index);

/* By its name; NULL when there is none. device_format_guess: by how a path ends. */
const struct device_format *device_format_find(const char *name);
const struct device_format *device_format_guess(const char *path);

/* A file that is being read; what follows `line` is the formats' own. */
struct device_file {
	const struct device_format *format;
	FILE                       *in;
	uint64_t                    line; /* where what was read last begins */

	uint64_t          lines; /* that were read whole */
	struct csv        csv;
	enum device_field columns[CSV_CELLS_MAX];
	size_t            column_count;
	struct bytes      text;
	json_t           *object;
	char             *names[STORE_DEVICE_NAMES_MAX + 1];
	char             *tags[STORE_DEVICE_TAGS_MAX + 1];
};

/* Begins to read; the stream stays the caller's. MALFORMED when its header is none. */
int  device_file_open(struct device_file *file, const struct device_format *format, FILE *in,
    struct error *err);
void device_file_close(struct device_file *file);

/*
 * Reads the next device (ek_hash, names, tags, note, enabled), valid until the next is read:
 * 1; 0 at the end; or -1, with MALFORMED when there is something else on file->line, behind
 * which reading may go on. Fields are bounded; what is in them store_device_enroll judges,
 * of one name or tag too many nothing but that.
 */
int device_file_read(struct device_file *file, struct store_device *device, struct error *err);

#endif
