/* Decodes UTF-8 and knows the control characters. */
#include "config.h"

#include "util/utf8.h"

#include <string.h>

size_t
utf8_decode(const uint8_t *text, size_t left, uint32_t *character)
{
	static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t                size = text[0] < 0x80 ? 1
	                   : (text[0] & 0xe0) == 0xc0 ? 2
	                   : (text[0] & 0xf0) == 0xe0 ? 3
	                   : (text[0] & 0xf8) == 0xf0 ? 4
	                                              : 0;

	if (size == 0 || size > left)
		return 0;
	*character = size == 1 ? text[0] : text[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (text[i] & 0x3f);
	}
	if (*character < shortest[size] || *character > 0x10ffff ||
	    (*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return size;
}

bool
utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

void
utf8_clean(const uint8_t *text, size_t length, char *out, size_t size)
{
	size_t used = 0;
	size_t octets;

	for (size_t i = 0; i < length; i += octets != 0 ? octets : 1) {
		uint32_t character = 0;

		octets = utf8_decode(text + i, length - i, &character);
		if (octets == 0 || utf8_is_control(character) || (character == ' ' && used == 0))
			continue;
		if (used + octets >= size)
			break;
		memcpy(out + used, text + i, octets);
		used += octets;
	}
	while (used > 0 && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
}

bool
utf8_has_characters(const char *text, size_t least, size_t most)
{
	size_t   length = strlen(text);
	size_t   characters = 0;
	uint32_t character;

	for (size_t i = 0, size; i < length; i += size, characters++) {
		if ((size = utf8_decode((const uint8_t *)text + i, length - i, &character)) == 0)
			return false;
	}
	return characters >= least && characters <= most;
}

size_t
utf8_encode(uint32_t character, uint8_t octets[UTF8_MAX])
{
	static const uint8_t first[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	for (size_t i = size - 1; i > 0; i--, character >>= 6)
		octets[i] = (uint8_t)(0x80 | (character & 0x3f));
	octets[0] = (uint8_t)(first[size] | character);
	return size;
}
