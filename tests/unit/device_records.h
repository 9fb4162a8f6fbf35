/* Files of devices, and what of them is read. */
#ifndef TESTS_UNIT_DEVICE_RECORDS_H
#define TESTS_UNIT_DEVICE_RECORDS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/fleet/device_file.h"
#include "store/inventory/device.h"
#include "unit.h"
#include "util/error.h"

#define A "aa00000000000000000000000000000000000000000000000000000000000000"
#define B "bb00000000000000000000000000000000000000000000000000000000000000"

static struct error err;

/*
 * What a text holds: "line:hash's first octet[names][tags]note state;" of each, "line!fault;"
 * of what is none.
 */
static inline char *
render(const char *format, const char *text)
{
	struct device_file  file;
	struct store_device device;
	char               *shown = NULL;
	size_t              size;
	FILE               *out = open_memstream(&shown, &size);
	FILE               *in = tmpfile();
	int                 rc;

	ck_assert(in != NULL && out != NULL);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), in), strlen(text));
	rewind(in);
	if (device_file_open(&file, device_format_find(format), in, &err) != 0) {
		(void)fprintf(out, "%" PRIu64 "!%s;", file.line, err.detail);
	} else {
		while ((rc = device_file_read(&file, &device, &err)) != 0) {
			if (rc < 0) {
				ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
				(void)fprintf(out, "%" PRIu64 "!%s;", file.line, err.detail);
				continue;
			}
			if (file.is_removed) {
				(void)fprintf(out, "%" PRIu64 ":%02x-%s-%lld-%s-%s;", file.line,
				    file.removed.ek_hash[0], file.removed.names, (long long)file.removed.at,
				    file.removed.actor, file.removed.reason);
				continue;
			}
			(void)fprintf(out, "%" PRIu64 ":%02x[", file.line, device.ek_hash[0]);
			for (size_t i = 0; i < device.name_count; i++)
				(void)fprintf(out, "%s%s", i != 0 ? "|" : "", device.names[i]);
			(void)fprintf(out, "][");
			for (size_t i = 0; i < device.tag_count; i++)
				(void)fprintf(out, "%s%s", i != 0 ? "|" : "", device.tags[i]);
			(void)fprintf(out, "]%s%s;", device.note != NULL ? device.note : "NULL",
			    device.enabled ? "" : " off");
		}
		device_file_close(&file);
	}
	(void)fclose(in);
	ck_assert_int_eq(fclose(out), 0);
	return shown;
}

#endif
