/*
 * Configuration files of both daemons and the device: the first octet chooses the program. What is
 * taken keeps its bounds, and all of it is freed; what is refused says why.
 */
#include "config.h"

#include <sys/mman.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acme/settings.h"
#include "attestation/settings.h"
#include "device/device_settings.h"
#include "fuzz.h"
#include "util/config_file.h"
#include "util/error.h"

union settings {
	struct attestation_settings attestation;
	struct acme_settings        acme;
	struct device_settings      device;
};

/* A file in memory, since settings are read from a path. */
static int
file_open(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("settings", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return fd;
}

static void
flags_check(const struct config_schema *schema, const void *settings)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];
		const char              *field = (const char *)settings + row->offset;

		if (row->kind == CONFIG_FLAG)
			assert(*(const unsigned char *)field <= 1);
		if (row->kind == CONFIG_LIST)
			for (size_t j = 0; j < ((const struct config_list *)(const void *)field)->count; j++)
				assert(((const struct config_list *)(const void *)field)->texts[j] != NULL);
		if (row->kind == CONFIG_NUMBER || row->kind == CONFIG_DURATION)
			assert(*(const int64_t *)(const void *)field >= 0 || row->least == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_schema *schemas[] = {
	    attestation_settings_schema(), acme_settings_schema(), device_settings_schema()};
	const struct config_schema *schema;
	union settings              settings;
	struct error                err = {0};
	char                        path[64];

	if (size == 0)
		return 0;
	schema = schemas[data[0] % 3];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", file_open(data + 1, size - 1));
	memset(&settings, 0, sizeof settings);
	if (config_file_complete(schema, path, &settings, &err) == 0)
		flags_check(schema, &settings);
	else
		assert(err.detail[0] != '\0');
	config_file_clear(schema, &settings);
	return 0;
}
