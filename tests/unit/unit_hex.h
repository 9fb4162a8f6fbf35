/* Octets from the hexadecimal text of vectors. */
#ifndef TESTS_UNIT_UNIT_HEX_H
#define TESTS_UNIT_UNIT_HEX_H

#include <string.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/hex.h"

/* Appends what the text says; the text must be right. */
static inline struct view
unit_hex(const char *text, struct bytes *out)
{
	size_t   size = strlen(text) / 2;
	uint8_t *data = memory_new(size + 1);

	ck_assert(hex_decode(text, data, size));
	bytes_append(out, data, size);
	free(data);
	return bytes_view(out);
}

#endif
