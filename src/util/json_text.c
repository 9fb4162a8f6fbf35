/* Finds where the tokens of a JSON text end, and what is wrong with them; makes no values. */
#include "config.h"

#include "util/json_text.h"

#include <stdio.h>
#include <string.h>

#include "util/error.h"
#include "util/hex.h"
#include "util/utf8.h"

#define NUMBER_MAX   18 /* characters that fit 64 bits, whatever they are */
#define EXPONENT_MAX 4  /* characters of a number with an exponent that fits a double */
#define NEAR_MAX     64 /* octets of a token in a message */

int
json_text_fault(const struct json_text *text, size_t at, const char *what)
{
	unsigned int line = 1;
	unsigned int column = 0;

	for (size_t i = 0; i < at; i++) {
		if (text->octets.data[i] == '\n') {
			line++;
			column = 0;
		} else if ((text->octets.data[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return error_set(text->err, ERROR_MALFORMED, "not JSON: line %u, column %u: %s", line, column, what);
}

/* The fault of what stands up to `end`, in jansson's words. */
int
json_text_fault_near(const struct json_text *text, size_t end, const char *what)
{
	const char *begin = (const char *)text->octets.data + text->at;
	size_t      size = end - text->at;
	char        near[160];

	if (size > NEAR_MAX) {
		size = NEAR_MAX;
		while (((uint8_t)begin[size] & 0xc0) == 0x80) /* inside a character */
			size--;
	}
	(void)snprintf(near, sizeof near, "%s near '%.*s'", what, (int)size, begin);
	return json_text_fault(text, end, near);
}

uint8_t
json_text_octet(const struct json_text *text, size_t at)
{
	return at < text->octets.size ? text->octets.data[at] : 0;
}

static bool
is_digit(uint8_t octet)
{
	return octet >= '0' && octet <= '9';
}

static size_t
digits_skip(const struct json_text *text, size_t at)
{
	while (is_digit(json_text_octet(text, at)))
		at++;
	return at;
}

/* Four hexadecimal digits. */
static bool
unit_read(const struct json_text *text, size_t at, uint32_t *unit)
{
	uint8_t octets[2];

	if (at + 4 > text->octets.size ||
	    !hex_decode((const char *)text->octets.data + at, octets, sizeof octets))
		return false;
	*unit = (uint32_t)octets[0] << 8 | octets[1];
	return true;
}

/* Reads \uXXXX, or a pair of them; *half is set for half a pair. Returns the octets, 0: a fault. */
static size_t
unicode_read(const struct json_text *text, size_t at, uint32_t *character, bool *half)
{
	uint32_t low = 0;

	if (!unit_read(text, at + 2, character))
		return 0;
	if (*character < 0xd800 || *character > 0xdfff)
		return 6;
	if (*character < 0xdc00 && json_text_octet(text, at + 6) == '\\' &&
	    json_text_octet(text, at + 7) == 'u' && unit_read(text, at + 8, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*character = 0x10000 + ((*character - 0xd800) << 10 | (low - 0xdc00));
		return 12;
	}
	*half = true;
	return 6;
}

/* Reads an escape; returns its octets, 0: a fault. */
static size_t
escape_read(const struct json_text *text, size_t at, uint32_t *character, bool *half)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	uint8_t           letter = json_text_octet(text, at + 1);
	const char       *found = letter != 0 ? strchr(letters, letter) : NULL;

	if (letter == 'u')
		return unicode_read(text, at, character, half);
	if (found == NULL)
		return 0;
	*character = (uint8_t)meant[found - letters];
	return 2;
}

/* Reads a character of a string, which may be escaped; returns its octets, 0: a fault was set. */
static size_t
character_read(const struct json_text *text, size_t at, uint32_t *character, bool *half)
{
	size_t size;

	if (text->octets.data[at] < 0x20) {
		(void)json_text_fault(text, at, "a control character in a string");
		return 0;
	}
	if (text->octets.data[at] == '\\') {
		if ((size = escape_read(text, at, character, half)) == 0)
			(void)json_text_fault(text, at, "an escape that there is not");
		return size;
	}
	if ((size = utf8_decode(text->octets.data + at, text->octets.size - at, character)) == 0)
		(void)json_text_fault(text, at, "octets that are no UTF-8");
	return size;
}

static bool
octet_is_plain(uint8_t octet)
{
	return octet >= ' ' && octet < 0x80 && octet != '"' && octet != '\\';
}

#define EACH_OCTET(octet) (UINT64_C(0x0101010101010101) * (octet))

/*
 * True when all eight octets are plain. The top bit of an octet is set in what is below zero
 * after ' ', or the octet that is sought, was taken off; a false alarm only costs time.
 */
static bool
octets_are_plain(const uint8_t octets[8])
{
	uint64_t all;
	uint64_t quote;
	uint64_t backslash;

	memcpy(&all, octets, sizeof all);
	quote = all ^ EACH_OCTET('"');
	backslash = all ^ EACH_OCTET('\\');
	return ((all | (all - EACH_OCTET(' ')) | (quote - EACH_OCTET(1)) | (backslash - EACH_OCTET(1))) &
	           EACH_OCTET(0x80)) == 0;
}

/* The octets from here on that stand for themselves: printable ASCII but for '"' and '\\'. */
static size_t
plain_skip(const struct json_text *text, size_t at)
{
	size_t begin = at;

	while (at + 8 <= text->octets.size && octets_are_plain(text->octets.data + at))
		at += 8;
	while (at < text->octets.size && octet_is_plain(text->octets.data[at]))
		at++;
	return at - begin;
}

/*
 * Finds the end of the string that begins here. *half: it has half a surrogate pair. `name`
 * becomes its text; "" if that is no name that could be read. NULL: it is no name.
 */
int
json_text_string(const struct json_text *text, size_t *end, bool *half, char *name)
{
	size_t used = name != NULL ? 0 : JSON_TEXT_NAME_SIZE;
	size_t at = text->at + 1;

	*half = false;
	while (at < text->octets.size && text->octets.data[at] != '"') {
		uint32_t character = 0;
		size_t   size;

		if (used == JSON_TEXT_NAME_SIZE && (size = plain_skip(text, at)) != 0) {
			at += size;
			continue;
		}
		if ((size = character_read(text, at, &character, half)) == 0)
			return -1;
		if (used < JSON_TEXT_NAME_SIZE && character != 0 && character < 0x80)
			name[used++] = (char)character;
		else
			used = JSON_TEXT_NAME_SIZE;
		at += size;
	}
	if (at == text->octets.size)
		return json_text_fault(text, at, "the text ends in a string");
	if (name != NULL)
		name[used < JSON_TEXT_NAME_SIZE ? used : 0] = '\0';
	*end = at + 1;
	return 0;
}

void
json_text_unescape(const struct json_text *text, size_t end, struct bytes *out)
{
	bool half = false;

	for (size_t at = text->at + 1; at < end - 1;) {
		uint32_t character = 0;
		uint8_t  octets[UTF8_MAX];

		if (text->octets.data[at] != '\\') {
			bytes_append_u8(out, text->octets.data[at++]);
			continue;
		}
		at += escape_read(text, at, &character, &half);
		bytes_append(out, octets, utf8_encode(character, octets));
	}
}

/* Finds the end of the number that begins here; *large: a parser may refuse it. */
int
json_text_number(const struct json_text *text, size_t *end, bool *large)
{
	size_t first = text->at + (json_text_octet(text, text->at) == '-');
	size_t at = digits_skip(text, first);
	bool   exponent;

	if (at == first || (json_text_octet(text, first) == '0' && at > first + 1))
		return json_text_fault(text, first, "a number that is none");
	if (json_text_octet(text, at) == '.') {
		if (!is_digit(json_text_octet(text, at + 1)))
			return json_text_fault(text, at, "a number that is none");
		at = digits_skip(text, at + 1);
	}
	exponent = (json_text_octet(text, at) | 0x20) == 'e';
	if (exponent) {
		at++;
		at += json_text_octet(text, at) == '+' || json_text_octet(text, at) == '-';
		if (!is_digit(json_text_octet(text, at)))
			return json_text_fault(text, at, "a number that is none");
		at = digits_skip(text, at);
	}
	*end = at;
	*large = at - text->at > (exponent ? EXPONENT_MAX : NUMBER_MAX);
	return 0;
}

int
json_text_word(const struct json_text *text, size_t *end)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t length = strlen(words[i]);

		if (text->octets.size - text->at >= length &&
		    memcmp(text->octets.data + text->at, words[i], length) == 0) {
			*end = text->at + length;
			return 0;
		}
	}
	return json_text_fault(text, text->at, "a value expected");
}

void
json_text_blanks(struct json_text *text)
{
	while (text->at < text->octets.size && memchr(" \t\r\n", text->octets.data[text->at], 4) != NULL)
		text->at++;
}
