/*
 * Files of devices for import and export: CSV with a header, or JSON lines. Writing
 * and reading again gives the same devices.
 */
#ifndef ADMIN_FLEET_DEVICE_FILE_H
#define ADMIN_FLEET_DEVICE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "admin/fleet/csv.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "util/bytes.h"

struct error;

/* The fields of a device, in the order of writing: the words of both formats. TEXT takes a row of
 * DEVICE_TEXTS. */
#define DEVICE_FIELDS(X, TEXT)     \
	X(EK_HASH, "ek_hash")      \
	X(NAME, "name")            \
	DEVICE_TEXTS(TEXT)         \
	X(TAGS, "tags")            \
	X(ENABLED, "enabled")      \
	X(REMOVED, "removed")      \
	X(REMOVED_BY, "removed_by") \
	X(REMOVED_REASON, "removed_reason")

enum device_field {
#define X(name, word)         DEVICE_FIELD_##name,
#define TEXT(word, name, ...) DEVICE_FIELD_##name,
	DEVICE_FIELDS(X, TEXT)
#undef TEXT
#undef X
	DEVICE_FIELD_COUNT
};

struct device_file;

/* A format: a row of the table. */
struct device_format {
	const char *name; /* "csv"; also the suffix of a file's name */
	int (*open)(struct device_file *file, struct error *err);
	int (*read)(struct device_file *file, struct store_device *device, struct error *err);
	/* `removed`: the file has tombstones too, which write_removed writes. Both write nothing, and are false,
	 * when the format cannot hold a text, which is not UTF-8. Errors of the stream stay in it. */
	void (*begin)(FILE *out, bool removed);
	bool (*write)(FILE *out, const struct store_device *device, bool removed);
	bool (*write_removed)(FILE *out, const struct store_removed *removed);
};

const struct device_format *device_csv(void);
const struct device_format *device_jsonl(void);

/* The name of each format; NULL after the last. */
const char *device_format_name(size_t index);

/* Finds a format by its name, or by the suffix of a path; NULL when there is none. */
const struct device_format *device_format_find(const char *name);
const struct device_format *device_format_guess(const char *path);

/* A file being read; the members after `removed` are private to the formats. */
struct device_file {
	const struct device_format *format;
	FILE                       *in;
	uint64_t                    line; /* first line of the last record */
	bool                        is_removed; /* it was a tombstone … */
	struct store_removed        removed;    /* … which is this */

	uint64_t          lines; /* number of complete ones read */
	struct csv        csv;
	enum device_field columns[CSV_CELLS_MAX];
	size_t            column_count;
	struct bytes      text;
	json_t           *object;
	char             *names[STORE_DEVICE_NAMES_MAX + 1];
	char             *tags[STORE_DEVICE_TAGS_MAX + 1];
	const char       *removed_texts[3]; /* time, actor, reason as they are written; NULL: none */
};

/* Begins reading; the caller keeps the stream. MALFORMED when the header is not valid. */
int  device_file_open(struct device_file *file, const struct device_format *format, FILE *in,
    struct error *err);
void device_file_close(struct device_file *file);

/*
 * Reads the next device (ek_hash, names, tags, note, enabled), valid until the next is read, or
 * with file->is_removed the tombstone of one: 1; 0 at the end; or -1, with MALFORMED when file->line is not a device; reading may
 * continue after it. Fields are bounded; store_device_enroll checks their content. If there
 * are too many names or tags, one more than the maximum is returned, so that it refuses the
 * device.
 */
int device_file_read(struct device_file *file, struct store_device *device, struct error *err);

#endif
