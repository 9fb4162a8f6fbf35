/* The table of formats, and the common part of reading them. */
#include "config.h"

#include "admin/fleet/device_file.h"
#include "store/inventory/device.h"

#include <string.h>

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

int
device_file_read(struct device_file *file, struct store_device *device, struct error *err)
{
	*device = (struct store_device){.names = file->names, .tags = file->tags, .enabled = true};
	return file->format->read(file, device, err);
}
