/*
 * Base64 both ways. Own code, because available libraries skip white space,
 * accept any padding or none, or ignore spare bits; a server that compares and
 * hashes decoded octets needs one spelling.
 */
#include "config.h"

#include "util/base64.h"

#include <pthread.h>
#include <string.h>

#include "util/error.h"

static const char alphabets[2][65] = {
    [BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

/* Writes the text of `size` octets; returns its end. */
static char *
base64_write(enum base64_alphabet alphabet, const uint8_t *data, size_t size, char *p)
{
	const char *digits = alphabets[alphabet];
	size_t      whole = size / 3 * 3;
	size_t      left = size - whole;
	uint32_t    group;

	for (size_t i = 0; i < whole; i += 3) {
		group = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
		*p++ = digits[group >> 18];
		*p++ = digits[group >> 12 & 63];
		*p++ = digits[group >> 6 & 63];
		*p++ = digits[group & 63];
	}
	if (left == 0)
		return p;
	group = (uint32_t)data[whole] << 16 | (left == 2 ? (uint32_t)data[whole + 1] << 8 : 0);
	*p++ = digits[group >> 18];
	*p++ = digits[group >> 12 & 63];
	if (left == 2)
		*p++ = digits[group >> 6 & 63];
	for (size_t i = left; alphabet == BASE64_STANDARD && i < 3; i++)
		*p++ = '=';
	return p;
}

void
base64_append(enum base64_alphabet alphabet, struct view octets, struct bytes *text)
{
	size_t   before = text->size;
	uint8_t *begin = bytes_extend(text, (octets.size + 2) / 3 * 4);

	if (begin == NULL)
		return;
	text->size = before +
	    (size_t)(base64_write(alphabet, octets.data, octets.size, (char *)begin) - (char *)begin);
}

char *
base64_encode(enum base64_alphabet alphabet, const uint8_t *data, size_t size)
{
	char *text = memory_new((size + 2) / 3 * 4 + 1);

	*base64_write(alphabet, data, size, text) = '\0';
	return text;
}

/* Removes the padding that the standard alphabet requires; any other padding stays and is
 * refused. */
static int
base64_unpad(const char *text, size_t *length, struct error *err)
{
	if (*length % 4 != 0)
		return error_set(err, ERROR_MALFORMED, "base64 of %zu characters: not a multiple of 4",
		    *length);
	for (int i = 0; i < 2 && *length > 0 && text[*length - 1] == '='; i++)
		(*length)--;
	return 0;
}

/* Value of each octet as a base64 digit, 64 if it is none; built once for both alphabets. */
static uint8_t        values[2][256];
static pthread_once_t values_once = PTHREAD_ONCE_INIT;

static void
values_make(void)
{
	memset(values, 64, sizeof values);
	for (int alphabet = 0; alphabet < 2; alphabet++) {
		for (uint8_t i = 0; i < 64; i++)
			values[alphabet][(uint8_t)alphabets[alphabet][i]] = i;
	}
}

/* Decodes groups of four digits up to the first that is not whole; returns their characters. */
static size_t
groups_decode(const uint8_t value[256], const char *text, size_t length, uint8_t *p)
{
	size_t i = 0;

	for (; i + 4 <= length; i += 4) {
		uint8_t a = value[(uint8_t)text[i]];
		uint8_t b = value[(uint8_t)text[i + 1]];
		uint8_t c = value[(uint8_t)text[i + 2]];
		uint8_t d = value[(uint8_t)text[i + 3]];

		if (((a | b | c | d) & 64) != 0)
			break;
		*p++ = (uint8_t)(a << 2 | b >> 4);
		*p++ = (uint8_t)(b << 4 | c >> 2);
		*p++ = (uint8_t)(c << 6 | d);
	}
	return i;
}

int
base64_decode(enum base64_alphabet alphabet, const char *text, size_t length, struct bytes *out,
    struct error *err)
{
	uint32_t group = 0;
	unsigned bits = 0;
	size_t   whole;
	uint8_t *p;

	(void)pthread_once(&values_once, values_make);
	if (alphabet == BASE64_STANDARD && base64_unpad(text, &length, err) != 0)
		return -1;
	if (length % 4 == 1)
		return error_set(err, ERROR_MALFORMED, "base64 of a length that no octets have");
	if (length == 0)
		return 0;
	p = bytes_extend(out, length / 4 * 3 + length % 4 * 3 / 4);
	whole = groups_decode(values[alphabet], text, length, p);
	p += whole / 4 * 3;
	for (size_t i = whole; i < length; i++) {
		uint8_t digit = values[alphabet][(uint8_t)text[i]];

		if (digit == 64)
			return error_set(err, ERROR_MALFORMED,
			    "character %zu is not of the base64 alphabet", i + 1);
		group = group << 6 | digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*p++ = (uint8_t)(group >> bits);
		}
	}
	if ((group & ((1U << bits) - 1)) != 0)
		return error_set(err, ERROR_MALFORMED, "base64 with spare bits that are not zero");
	return 0;
}
