/* What is a PROXY header is one however its octets come, and what follows it does not matter. The
 * first octet is the version, the second how many octets come at a time. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/proxy_protocol.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its own, so that a sanitizer sees a read behind it. */
static int
header_read(enum proxy_protocol version, const uint8_t *octets, size_t size,
    struct proxy_header *header)
{
	uint8_t     *copy = memory_new(size != 0 ? size : 1);
	struct error err = {0};
	int          rc;

	if (size != 0)
		memcpy(copy, octets, size);
	rc = proxy_header_read(version, (struct view){copy, size}, header, &err);
	assert(rc >= 0 || (err.kind == ERROR_MALFORMED && err.detail[0] != '\0'));
	assert(rc <= 0 || (header->size <= size && header->size <= PROXY_HEADER_MAX));
	assert(rc != 0 || size < PROXY_HEADER_MAX);
	free(copy);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum proxy_protocol version;
	struct proxy_header header;
	struct proxy_header again;
	struct address      parsed;
	char                text[ADDRESS_TEXT_SIZE];
	int                 whole;
	int                 rc = 0;

	if (size < 2)
		return 0;
	version = data[0] % 2 == 0 ? PROXY_PROTOCOL_V2 : PROXY_PROTOCOL_V1;
	whole = header_read(version, data + 2, size - 2, &header);
	for (size_t have = 0; rc == 0 && have < size - 2; have += data[1] + 1U)
		rc = header_read(version, data + 2, have, &again);
	if (rc == 0)
		rc = header_read(version, data + 2, size - 2, &again);
	assert(rc == whole);
	if (whole != 1)
		return 0;
	assert(header.size == again.size && address_equal(&header.source, &again.source) &&
	    header.source.port == again.source.port);
	assert(header_read(version, data + 2, header.size, &again) == 1);
	assert(header_read(version, data + 2, header.size - 1, &again) == 0);
	if (header.source.size != 0)
		assert(address_parse(view_text(address_format(&header.source, text)), &parsed) &&
		    address_equal(&parsed, &header.source) && parsed.port == header.source.port);
	return 0;
}
