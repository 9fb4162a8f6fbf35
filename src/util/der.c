/* Owns tags and lengths; knows no structure that is written with them. */
#include "config.h"

#include "util/der.h"

#include <string.h>
#include <time.h>

#include "util/error.h"

#define SHORT_LENGTH_MAX 0x7fU

/* Encodes a length; returns its octets. */
static size_t
length_encode(size_t length, uint8_t octets[1 + sizeof(size_t)])
{
	size_t count = 0;

	if (length <= SHORT_LENGTH_MAX) {
		octets[0] = (uint8_t)length;
		return 1;
	}
	for (size_t rest = length; rest != 0; rest >>= 8)
		count++;
	octets[0] = (uint8_t)(0x80 | count);
	for (size_t i = 0; i < count; i++)
		octets[count - i] = (uint8_t)(length >> 8 * i);
	return 1 + count;
}

void
der_append(struct bytes *out, unsigned tag, struct view content)
{
	uint8_t head[2 + sizeof(size_t)];

	head[0] = (uint8_t)tag;
	bytes_append(out, head, 1 + length_encode(content.size, head + 1));
	bytes_append(out, content.data, content.size);
}

void
der_append_unsigned(struct bytes *out, struct view magnitude)
{
	static const uint8_t zero = 0;
	size_t               begun = der_begin(out, DER_INTEGER);

	while (magnitude.size > 0 && magnitude.data[0] == 0)
		magnitude = (struct view){magnitude.data + 1, magnitude.size - 1};
	if (magnitude.size == 0 || (magnitude.data[0] & 0x80) != 0) /* it would be negative */
		bytes_append(out, &zero, 1);
	bytes_append(out, magnitude.data, magnitude.size);
	der_end(out, begun);
}

static char *
digits_write(char *at, int number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + digits;
}

int
der_append_time(struct bytes *out, int64_t when, struct error *err)
{
	time_t    seconds = (time_t)when;
	struct tm tm;
	char      text[sizeof "YYYYMMDDhhmmssZ"];
	char     *at = text;
	bool      utc;

	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return error_set(err, ERROR_INTERNAL, "a time that a certificate cannot express");
	utc = tm.tm_year >= 50 && tm.tm_year < 150;
	at = utc ? digits_write(at, tm.tm_year % 100, 2) : digits_write(at, tm.tm_year + 1900, 4);
	at = digits_write(at, tm.tm_mon + 1, 2);
	at = digits_write(at, tm.tm_mday, 2);
	at = digits_write(at, tm.tm_hour, 2);
	at = digits_write(at, tm.tm_min, 2);
	at = digits_write(at, tm.tm_sec, 2);
	*at++ = 'Z';
	der_append(out, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME,
	    (struct view){(const uint8_t *)text, (size_t)(at - text)});
	return 0;
}

/* Room for a short length, which most values have. */
size_t
der_begin(struct bytes *out, unsigned tag)
{
	const uint8_t head[] = {(uint8_t)tag, 0};

	bytes_append(out, head, sizeof head);
	return out->size;
}

void
der_end(struct bytes *out, size_t begun)
{
	uint8_t octets[1 + sizeof(size_t)];
	size_t  size = out->size - begun;
	size_t  more = length_encode(size, octets) - 1;

	if (more != 0) {
		(void)bytes_extend(out, more);
		memmove(out->data + begun + more, out->data + begun, size);
	}
	memcpy(out->data + begun - 1, octets, 1 + more);
}

size_t
der_begin_bits(struct bytes *out)
{
	size_t begun = der_begin(out, DER_BIT_STRING);

	bytes_append_u8(out, 0); /* bits that are unused */
	return begun;
}
