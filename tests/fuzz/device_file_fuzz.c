/*
 * Whatever a file holds, reading it ends, keeps its bounds and says where it is; and a device that
 * could be enrolled, or a tombstone that could be taken, is, written in either format and read
 * again, the same.
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
#include "store/inventory/removed.h"
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
	format->begin(out, false);
	format->write(out, &again, false);
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

static void
check_removed_round_trip(const struct store_removed *removed, const struct device_format *format)
{
	struct store_device device;
	struct device_file  file;
	struct error        err = {0};
	char               *text = NULL;
	size_t              size = 0;
	FILE               *out = open_memstream(&text, &size);
	FILE               *in;

	format->begin(out, true);
	format->write_removed(out, removed);
	assert(fclose(out) == 0);
	in = fmemopen(text, size, "r");
	assert(device_file_open(&file, format, in, &err) == 0);
	assert(device_file_read(&file, &device, &err) == 1 && file.is_removed);
	assert(memcmp(file.removed.ek_hash, removed->ek_hash, STORE_HASH_SIZE) == 0);
	assert(file.removed.at == removed->at);
	assert(strcmp(file.removed.names, removed->names) == 0);
	assert(strcmp(file.removed.actor, removed->actor) == 0);
	assert(strcmp(file.removed.reason, removed->reason) == 0);
	assert(device_file_read(&file, &device, &err) == 0);
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
		for (size_t i = 0; file.is_removed && i < sizeof formats / sizeof formats[0]; i++)
			if (store_removed_check(&file.removed, &err) == 0)
				check_removed_round_trip(&file.removed, device_format_find(formats[i]));
		if (file.is_removed || store_device_check(&device, &err) != 0)
			continue;
		for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
			check_round_trip(&device, device_format_find(formats[i]));
	}
	device_file_close(&file);
	(void)fclose(in);
	return 0;
}
