/*
 * Whatever a file holds, reading it ends, keeps its bounds and says where it is; and a
 * device that could be enrolled is, written in either format and read again, the same.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/fleet/device_file.h"
#include "fuzz.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "util/error.h"

static const char *const formats[] = {"csv", "jsonl"};

static void
check_same(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
	assert(a_count == b_count);
	for (size_t i = 0; i < a_count; i++)
		assert(strcmp(a[i], b[i]) == 0);
}

static void
check_round_trip(const struct store_device *device, const struct device_format *format)
{
	struct store_device again = *device;
	struct device_file  file;
	struct error        err = {0};
	char               *text = NULL;
	size_t              size = 0;
	FILE               *out = open_memstream(&text, &size);
	FILE               *in;

	if (again.note == NULL)
		again.note = (char *)(uintptr_t)"";
	format->begin(out);
	format->write(out, &again);
	assert(fclose(out) == 0);
	in = fmemopen(text, size, "r");
	assert(device_file_open(&file, format, in, &err) == 0);
	assert(device_file_read(&file, &again, &err) == 1);
	assert(memcmp(again.ek_hash, device->ek_hash, STORE_HASH_SIZE) == 0);
	assert(strcmp(again.note, device->note != NULL ? device->note : "") == 0);
	assert(again.enabled == device->enabled);
	check_same(device->names, device->name_count, again.names, again.name_count);
	check_same(device->tags, device->tag_count, again.tags, again.tag_count);
	assert(device_file_read(&file, &again, &err) == 0);
	device_file_close(&file);
	(void)fclose(in);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct device_format *format;
	struct device_file          file;
	struct store_device         device;
	struct error                err = {0};
	uint64_t                    line = 0;
	FILE                       *in;
	int                         rc;

	if (size < 2)
		return 0;
	format = device_format_find(formats[data[0] & 1]);
	if ((in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r")) == NULL)
		return 0;
	if (device_file_open(&file, format, in, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED && file.line >= 1);
		(void)fclose(in);
		return 0;
	}
	while ((rc = device_file_read(&file, &device, &err)) != 0) {
		assert(file.line > line);
		line = file.line;
		if (rc < 0) {
			assert(err.kind == ERROR_MALFORMED && err.detail[0] != '\0');
			continue;
		}
		assert(device.name_count <= STORE_DEVICE_NAMES_MAX + 1);
		assert(device.tag_count <= STORE_DEVICE_TAGS_MAX + 1);
		if (store_device_check(&device, &err) != 0)
			continue;
		for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
			check_round_trip(&device, device_format_find(formats[i]));
	}
	device_file_close(&file);
	(void)fclose(in);
	return 0;
}
