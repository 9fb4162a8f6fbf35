/*
 * Devices as CSV: a header names the columns, in any order. Several names are separate
 * lines of one quoted cell, because a name may contain anything but control characters;
 * tags, which cannot contain a space, are separated by spaces.
 */
#include "config.h"

#include <string.h>

#include "admin/fleet/device_file.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "util/ek_hash.h"
#include "util/clock.h"
#include "util/error.h"

static const char *const words[DEVICE_FIELD_COUNT] = {
#define X(name, word)         [DEVICE_FIELD_##name] = word,
#define TEXT(word, name, ...) [DEVICE_FIELD_##name] = #word,
    DEVICE_FIELDS(X, TEXT)
#undef TEXT
#undef X
};

/* Parts of lists of words. */
#define CSV_WORD(word, ...) #word ", "
#define CSV_CELL(word, ...) #word ","

static int
device_csv_find_column(const char *word, enum device_field *field, struct error *err)
{
	for (size_t i = 0; i < DEVICE_FIELD_COUNT; i++)
		if (strcmp(word, words[i]) == 0) {
			*field = (enum device_field)i;
			return 0;
		}
	return error_set(err, ERROR_MALFORMED,
	    "there is no column \"%.80s\"; the header names ek_hash, and name, " DEVICE_TEXTS(CSV_WORD)
	    "tags, enabled, removed, removed_by, removed_reason if they are there, with commas between", word);
}

static int
device_csv_open(struct device_file *file, struct error *err)
{
	unsigned int seen = 0;
	int          rc;

	csv_open(&file->csv, file->in);
	rc = csv_read(&file->csv, err);
	file->line = rc > 0 ? file->csv.begun : 1;
	if (rc == 0)
		return error_set(err, ERROR_MALFORMED,
		    "there is no header, \"ek_hash,name," DEVICE_TEXTS(CSV_CELL) "tags\"");
	if (rc < 0)
		return -1;
	for (size_t i = 0; i < file->csv.count; i++) {
		const char *word = file->csv.cells[i];

		if (device_csv_find_column(word, &file->columns[i], err) != 0)
			return -1;
		if ((seen & 1U << file->columns[i]) != 0)
			return error_set(err, ERROR_MALFORMED, "column \"%s\" is there twice", word);
		seen |= 1U << file->columns[i];
	}
	if ((seen & 1U << DEVICE_FIELD_EK_HASH) == 0)
		return error_set(err, ERROR_MALFORMED, "there is no column \"ek_hash\"");
	file->column_count = file->csv.count;
	return 0;
}

/* Splits the cell in place; an empty cell has no parts. Beyond the maximum it keeps one part, so
 * that the store refuses the device. */
static size_t
device_csv_split(char *cell, char separator, char **texts, size_t max)
{
	size_t count = 0;
	char  *end = cell;

	if (*cell == '\0')
		return 0;
	for (; end != NULL && count < max; cell = end) {
		texts[count++] = cell;
		if ((end = strchr(cell, separator)) == NULL)
			break;
		if (separator == '\n' && end > cell && end[-1] == '\r')
			end[-1] = '\0';
		*end++ = '\0';
	}
	return count;
}

static int
device_csv_read_enabled(const char *cell, bool *enabled, struct error *err)
{
	if (strcmp(cell, "true") != 0 && strcmp(cell, "false") != 0 && *cell != '\0')
		return error_set(err, ERROR_MALFORMED, "enabled is true or false, not \"%.80s\"", cell);
	*enabled = *cell != 'f';
	return 0;
}

static int
device_csv_read_cell(struct device_file *file, enum device_field field, char *cell,
    struct store_device *device, struct error *err)
{
	struct ek_hash hash;

	switch (field) {
	case DEVICE_FIELD_EK_HASH:
		if (ek_hash_parse(cell, &hash, err) != 0)
			return -1;
		memcpy(device->ek_hash, hash.bytes, STORE_HASH_SIZE);
		return 0;
	case DEVICE_FIELD_NAME:
		device->name_count =
		    device_csv_split(cell, '\n', file->names, STORE_DEVICE_NAMES_MAX + 1);
		return 0;
	case DEVICE_FIELD_TAGS:
		device->tag_count = device_csv_split(cell, ' ', file->tags, STORE_DEVICE_TAGS_MAX + 1);
		return 0;
#define X(name, FIELD, ...)      \
	case DEVICE_FIELD_##FIELD:   \
		device->name = cell; \
		return 0;
	DEVICE_TEXTS(X)
#undef X
	case DEVICE_FIELD_ENABLED:
		return device_csv_read_enabled(cell, &device->enabled, err);
	default: /* the three of a removed device */
		file->removed_texts[field - DEVICE_FIELD_REMOVED] = cell;
		return 0;
	}
}

static int
device_csv_read(struct device_file *file, struct store_device *device, struct error *err)
{
	int rc = csv_read(&file->csv, err);

	file->line = file->csv.begun;
	if (rc <= 0)
		return rc;
	if (file->csv.count != file->column_count)
		return error_set(err, ERROR_MALFORMED, "%zu cells, the header has %zu", file->csv.count,
		    file->column_count);
	for (size_t i = 0; i < file->column_count; i++)
		if (device_csv_read_cell(file, file->columns[i], (char *)(uintptr_t)file->csv.cells[i],
		        device, err) != 0)
			return -1;
	return 1;
}

static void
device_csv_begin(FILE *out, bool removed)
{
	for (size_t i = 0; i < (removed ? DEVICE_FIELD_COUNT : DEVICE_FIELD_REMOVED); i++)
		csv_write_cell(out, words[i], i == 0);
	csv_write_end(out);
}

static void
device_csv_write_list(FILE *out, char *const *texts, size_t count, char separator)
{
	AUTO_BYTES cell = {0};

	for (size_t i = 0; i < count; i++) {
		if (i != 0)
			bytes_append_u8(&cell, (uint8_t)separator);
		bytes_append(&cell, texts[i], strlen(texts[i]));
	}
	bytes_append_u8(&cell, '\0');
	csv_write_cell(out, (const char *)cell.data, false);
}

static bool
device_csv_write(FILE *out, const struct store_device *device, bool removed)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	csv_write_cell(out, hash, true);
	device_csv_write_list(out, device->names, device->name_count, '\n');
#define X(name, ...) csv_write_cell(out, device->name, false);
	DEVICE_TEXTS(X)
#undef X
	device_csv_write_list(out, device->tags, device->tag_count, ' ');
	csv_write_cell(out, device->enabled ? "true" : "false", false);
	for (size_t i = DEVICE_FIELD_REMOVED; removed && i < DEVICE_FIELD_COUNT; i++)
		csv_write_cell(out, "", false);
	csv_write_end(out);
	return true;
}

static bool
device_csv_write_removed(FILE *out, const struct store_removed *removed)
{
	char hash[STORE_HASH_TEXT_SIZE];
	char when[CLOCK_TEXT_SIZE];

	store_hash_format(removed->ek_hash, hash);
	clock_format(removed->at, when);
	csv_write_cell(out, hash, true);
	csv_write_cell(out, removed->names, false);
	for (size_t i = DEVICE_FIELD_NAME + 1; i < DEVICE_FIELD_REMOVED; i++)
		csv_write_cell(out, "", false);
	csv_write_cell(out, when, false);
	csv_write_cell(out, removed->actor, false);
	csv_write_cell(out, removed->reason, false);
	csv_write_end(out);
	return true;
}

const struct device_format *
device_csv(void)
{
	static const struct device_format format = {
	    .name = "csv",
	    .open = device_csv_open,
	    .read = device_csv_read,
	    .begin = device_csv_begin,
	    .write = device_csv_write,
	    .write_removed = device_csv_write_removed,
	};

	return &format;
}
