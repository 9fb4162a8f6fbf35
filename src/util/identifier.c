/* Checks the names of devices. */
#include "config.h"

#include "util/identifier.h"

#include <stdint.h>

#include "util/error.h"
#include "util/utf8.h"

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
		used = utf8_decode(p + i, length - i, &character);
		if (used == 0)
			return error_set(err, ERROR_MALFORMED, "octet %zu of the identifier is not UTF-8",
			    i + 1);
		if (utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of the identifier is a control character", i + 1);
		if (character == '/')
			return error_set(err, ERROR_MALFORMED, "an identifier cannot hold a \"/\"");
	}
	return 0;
}
