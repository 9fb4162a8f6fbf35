/* How the inventory's records read; fetches and prints nothing. */
#include "config.h"

#include "admin/describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/print.h"
#include "store/hash.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/hex.h"

json_t *
describe_time(int64_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	return json_string(text);
}

json_t *
describe_octets(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = memory_new(2 * size + 1);

	hex_encode(data, size, text);
	return json_string(text);
}

json_t *
describe_text(const char *text)
{
	json_t *string = json_string(text);
	char   *escaped = NULL;
	size_t  size;
	FILE   *stream;

	if (string != NULL)
		return string;
	if ((stream = open_memstream(&escaped, &size)) == NULL)
		return json_null();
	print_text(stream, text);
	if (fclose(stream) == 0)
		string = json_string(escaped);
	free(escaped);
	return string != NULL ? string : json_null();
}

json_t *
describe_device_json(const struct store_device *device)
{
	json_t *names = json_array();
	json_t *identifiers;

	for (size_t i = 0; i < device->name_count; i++)
		(void)json_array_append_new(names, json_string(device->names[i]));
	identifiers = json_copy(names);
	if (device->name_count == 0)
		(void)json_array_append_new(identifiers,
		    describe_octets(device->ek_hash, STORE_HASH_SIZE));
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:o}",
	    "ek_hash", describe_octets(device->ek_hash, STORE_HASH_SIZE),
	    "names", names,
	    "identifiers", identifiers,
	    "note", device->note,
	    "enabled", device->enabled,
	    "enrolled", describe_time(device->enrolled));
}

json_t *
describe_certificate_json(const struct store_certificate *certificate)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
	    "serial", describe_octets(certificate->serial, certificate->serial_size),
	    "ak_name", describe_octets(certificate->ak_name, certificate->ak_name_size),
	    "not_before", describe_time(certificate->not_before),
	    "not_after", describe_time(certificate->not_after),
	    "revoked",
	    certificate->revoked != 0 ? describe_time(certificate->revoked) : json_null());
}

void
describe_certificate_state(const struct store_certificate *certificate, int64_t now,
    char text[DESCRIBE_STATE_SIZE])
{
	char when[CLOCK_TEXT_SIZE] = "";

	if (certificate->revoked != 0)
		clock_format(certificate->revoked, when);
	(void)snprintf(text, DESCRIBE_STATE_SIZE, "%s%s",
	    certificate->revoked != 0          ? "revoked "
	        : certificate->not_after < now ? "expired"
	                                       : "good",
	    when);
}

char *
describe_names(const struct store_device *device)
{
	AUTO_BYTES text = {0};

	for (size_t i = 0; i < device->name_count; i++) {
		if (i != 0)
			bytes_append(&text, ", ", 2);
		for (const char *p = device->names[i]; *p != '\0'; p++)
			bytes_append_u8(&text, (uint8_t)*p);
	}
	bytes_append_u8(&text, '\0');
	return memory_strdup((const char *)text.data);
}
