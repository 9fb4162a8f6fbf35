/* Pads text. */
#include "config.h"

#include "pkcs11/text.h"

#include <string.h>

void
text_pad(unsigned char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length > size) {
		length = size;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memset(field, ' ', size);
	memcpy(field, text, length);
}
