/* Which formats there are. Owns what a reading of any of them needs. */
#include "config.h"

#include "admin/fleet/device_file.h"
#include "store/inventory/device.h"

#include <string.h>

const struct device_format *
device_format_find(const char *name)
{
	const struct device_format *const formats[] = {device_csv(), device_jsonl()};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(name, formats[i]->name) == 0)
			return formats[i];
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
