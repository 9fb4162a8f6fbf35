/* The table of formats, and the common part of reading them. */
#include "config.h"

#include "admin/fleet/device_file.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "util/clock.h"
#include "util/error.h"

static const struct device_format *
device_format_at(size_t index)
{
	const struct device_format *const formats[] = {device_csv(), device_jsonl()};

	return index < sizeof formats / sizeof formats[0] ? formats[index] : NULL;
}

const char *
device_format_name(size_t index)
{
	const struct device_format *format = device_format_at(index);

	return format != NULL ? format->name : NULL;
}

const struct device_format *
device_format_find(const char *name)
{
	const struct device_format *format;

	for (size_t i = 0; (format = device_format_at(i)) != NULL; i++)
		if (strcmp(name, format->name) == 0)
			return format;
	return NULL;
}

const struct device_format *
device_format_guess(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? device_format_find(dot + 1) : NULL;
}

int
device_file_open(struct device_file *file, const struct device_format *format, FILE *in,
    struct error *err)
{
	*file = (struct device_file){.format = format, .in = in};
	if (format->open(file, err) == 0)
		return 0;
	device_file_close(file);
	return -1;
}

void
device_file_close(struct device_file *file)
{
	csv_close(&file->csv);
	bytes_clear(&file->text);
	json_decref(file->object);
	file->object = NULL;
}

/* The former names, a line each. */
static int
device_file_take_names(struct store_removed *removed, const struct store_device *device,
    struct error *err)
{
	size_t used = 0;

	/* The last may be empty: it stands for those that did not fit. */
	if (device->name_count > STORE_DEVICE_NAMES_MAX && *device->names[STORE_DEVICE_NAMES_MAX] != '\0')
		return error_set(err, ERROR_MALFORMED, "a device had at most %d names",
		    STORE_DEVICE_NAMES_MAX);
	for (size_t i = 0; i < device->name_count; i++) {
		size_t length = strlen(device->names[i]);

		if (used + length + 2 > sizeof removed->names)
			return error_set(err, ERROR_MALFORMED, "its former names have more than %d octets",
			    STORE_REMOVED_NAMES_MAX);
		if (i != 0)
			removed->names[used++] = '\n';
		memcpy(removed->names + used, device->names[i], length + 1);
		used += length;
	}
	return 0;
}

static int
device_file_take_text(const char *text, const char *what, char out[STORE_REMOVED_TEXT_MAX + 1],
    struct error *err)
{
	if (text != NULL && strlen(text) > STORE_REMOVED_TEXT_MAX)
		return error_set(err, ERROR_MALFORMED, "\"%s\" has more than %d octets", what,
		    STORE_REMOVED_TEXT_MAX);
	(void)snprintf(out, STORE_REMOVED_TEXT_MAX + 1, "%s", text != NULL ? text : "");
	return 0;
}

#define TIME_MAX INT64_C(253402300799) /* the end of the year 9999 */
#define SAYS(text) ((text) != NULL && *(text) != '\0')
#define OR_SAYS(name, ...) || SAYS(device->name)

/* Makes a tombstone of a record that has the time of a removal. 1, or -1. */
static int
device_file_take_removed(struct device_file *file, const struct store_device *device,
    struct error *err)
{
	const char *const    *texts = file->removed_texts;
	struct store_removed *removed = &file->removed;

	file->is_removed = SAYS(texts[0]);
	if (!file->is_removed)
		return SAYS(texts[1]) || SAYS(texts[2])
		    ? error_set(err, ERROR_MALFORMED, "who removed it and why, but not when (\"removed\")")
		    : 1;
	*removed = (struct store_removed){.at = 0};
	memcpy(removed->ek_hash, device->ek_hash, STORE_HASH_SIZE);
	if (!clock_parse(texts[0], &removed->at) || removed->at < 0 || removed->at > TIME_MAX)
		return error_set(err, ERROR_MALFORMED, "\"removed\" is a time of RFC 3339, not \"%.80s\"",
		    texts[0]);
	if (device->tag_count != 0 || !device->enabled DEVICE_TEXTS(OR_SAYS))
		return error_set(err, ERROR_MALFORMED, "a removed EK has former names, and nothing else");
	return device_file_take_names(removed, device, err) != 0 ||
	        device_file_take_text(texts[1], "removed_by", removed->actor, err) != 0 ||
	        device_file_take_text(texts[2], "removed_reason", removed->reason, err) != 0
	    ? -1
	    : 1;
}

int
device_file_read(struct device_file *file, struct store_device *device, struct error *err)
{
	int rc;

	*device = (struct store_device){.names = file->names, .tags = file->tags, .enabled = true};
	memset(file->removed_texts, 0, sizeof file->removed_texts);
	file->is_removed = false;
	rc = file->format->read(file, device, err);
	return rc > 0 ? device_file_take_removed(file, device, err) : rc;
}
