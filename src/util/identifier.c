/* What a device may be called. */
#include "config.h"

#include "util/identifier.h"

#include <stdint.h>

#include "util/error.h"

/*
 * Decodes one character of UTF-8 (RFC 3629): shortest form, no surrogates, at
 * most U+10FFFF. Returns how many octets it has, 0 when they are none.
 */
static size_t
identifier_character(const uint8_t *p, size_t left, uint32_t *character)
{
	static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t                size = p[0] < 0x80 ? 1
	                   : (p[0] & 0xe0) == 0xc0 ? 2
	                   : (p[0] & 0xf0) == 0xe0 ? 3
	                   : (p[0] & 0xf8) == 0xf0 ? 4
	                                           : 0;

	if (size == 0 || size > left)
		return 0;
	*character = size == 1 ? p[0] : p[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (p[i] & 0x3f);
	}
	if (*character < shortest[size] || *character > 0x10ffff ||
	    (*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return size;
}

int
identifier_check(const char *text, size_t length, struct error *err)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t       character = 0;
	size_t         used;

	if (length == 0)
		return error_set(err, ERROR_MALFORMED, "an identifier cannot be empty");
	if (length > IDENTIFIER_MAX)
		return error_set(err, ERROR_MALFORMED, "an identifier has at most %d octets, this one %zu",
		    IDENTIFIER_MAX, length);
	for (size_t i = 0; i < length; i += used) {
		used = identifier_character(p + i, length - i, &character);
		if (used == 0)
			return error_set(err, ERROR_MALFORMED, "octet %zu of the identifier is not UTF-8",
			    i + 1);
		if (character < 0x20 || (character >= 0x7f && character < 0xa0))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of the identifier is a control character", i + 1);
		if (character == '/')
			return error_set(err, ERROR_MALFORMED, "an identifier cannot hold a \"/\"");
	}
	return 0;
}
