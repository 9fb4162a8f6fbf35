/*
 * Scans JSON without recursion, and makes jansson's values only of what is read: jansson's own
 * parser takes some eighty instructions for each octet of a long string.
 */
#include "config.h"

#include "util/json_members.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/utf8.h"

#define NAME_SIZE       64 /* of a name that is read, and a NUL */
#define NUMBER_MAX      18 /* characters that fit 64 bits, whatever they are */
#define NEAR_MAX        64 /* octets of a token in a message */
#define EXPONENT_MAX    4  /* characters of a number with an exponent that fits a double */

/* What the scanner expects next. */
enum expected {
	EXPECTED_VALUE,
	EXPECTED_ITEM,   /* or the end of the array */
	EXPECTED_NAME,
	EXPECTED_MEMBER, /* a name, or the end of the object */
	EXPECTED_COLON,
	EXPECTED_COMMA,  /* or the end of the array or object */
	EXPECTED_END,
};

/* An open array or object that is kept. */
struct frame {
	json_t                   *value;   /* borrowed: its parent has it, or the scan */
	const struct json_member *members; /* read of the object, or of the objects in the array */
	bool                      items;   /* the items of the array are read */
	bool                      advisory;
	uint64_t                  seen;    /* the members that were kept, by their place in the table */
};

struct scan {
	struct view        text;
	size_t             at;
	json_t            *root; /* NULL until it is begun */
	struct frame       frames[JSON_DEPTH_MAX]; /* the outermost arrays and objects: those kept */
	size_t             frame_count;
	uint8_t            ends[JSON_NESTING_MAX]; /* '}' or ']' for each that is open */
	size_t             depth;
	bool               keep; /* the value that comes next is kept, and is this, of this name: */
	struct json_member wanted;
	const char        *name;
	struct error      *err;
};

/* ---- what it says ---- */

static int
fault(const struct scan *scan, size_t at, const char *what)
{
	unsigned int line = 1;
	unsigned int column = 0;

	for (size_t i = 0; i < at; i++) {
		if (scan->text.data[i] == '\n') {
			line++;
			column = 0;
		} else if ((scan->text.data[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return error_set(scan->err, ERROR_MALFORMED, "not JSON: line %u, column %u: %s", line, column, what);
}

/* The fault of what stands up to `end`, in jansson's words. */
static int
fault_near(const struct scan *scan, size_t end, const char *what)
{
	const char *begin = (const char *)scan->text.data + scan->at;
	size_t      size = end - scan->at;
	char        text[160];

	if (size > NEAR_MAX) {
		size = NEAR_MAX;
		while (((uint8_t)begin[size] & 0xc0) == 0x80) /* inside a character */
			size--;
	}
	(void)snprintf(text, sizeof text, "%s near '%.*s'", what, (int)size, begin);
	return fault(scan, end, text);
}

/* There is no way to serve without memory. */
static json_t *
made(json_t *value)
{
	if (value == NULL)
		abort();
	return value;
}

/* The innermost array or object, if it is kept. */
static struct frame *
frame_inner(struct scan *scan)
{
	return scan->depth != 0 && scan->depth == scan->frame_count
	    ? &scan->frames[scan->frame_count - 1]
	    : NULL;
}

/* ---- tokens ---- */

static uint8_t
octet_at(const struct scan *scan, size_t at)
{
	return at < scan->text.size ? scan->text.data[at] : 0;
}

static bool
is_digit(uint8_t octet)
{
	return octet >= '0' && octet <= '9';
}

static size_t
digits_skip(const struct scan *scan, size_t at)
{
	while (is_digit(octet_at(scan, at)))
		at++;
	return at;
}

/* Four hexadecimal digits. */
static bool
unit_read(const struct scan *scan, size_t at, uint32_t *unit)
{
	uint8_t octets[2];

	if (at + 4 > scan->text.size || !hex_decode((const char *)scan->text.data + at, octets, sizeof octets))
		return false;
	*unit = (uint32_t)octets[0] << 8 | octets[1];
	return true;
}

/* Reads \uXXXX, or a pair of them; *half is set for half a pair. Returns the octets, 0: a fault. */
static size_t
unicode_read(const struct scan *scan, size_t at, uint32_t *character, bool *half)
{
	uint32_t low = 0;

	if (!unit_read(scan, at + 2, character))
		return 0;
	if (*character < 0xd800 || *character > 0xdfff)
		return 6;
	if (*character < 0xdc00 && octet_at(scan, at + 6) == '\\' && octet_at(scan, at + 7) == 'u' &&
	    unit_read(scan, at + 8, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*character = 0x10000 + ((*character - 0xd800) << 10 | (low - 0xdc00));
		return 12;
	}
	*half = true;
	return 6;
}

/* Reads an escape; returns its octets, 0: a fault. */
static size_t
escape_read(const struct scan *scan, size_t at, uint32_t *character, bool *half)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	uint8_t           letter = octet_at(scan, at + 1);
	const char       *found = letter != 0 ? strchr(letters, letter) : NULL;

	if (letter == 'u')
		return unicode_read(scan, at, character, half);
	if (found == NULL)
		return 0;
	*character = (uint8_t)meant[found - letters];
	return 2;
}

/* Reads a character of a string, which may be escaped; returns its octets, 0: a fault was set. */
static size_t
character_read(const struct scan *scan, size_t at, uint32_t *character, bool *half)
{
	size_t size;

	if (scan->text.data[at] < 0x20) {
		(void)fault(scan, at, "a control character in a string");
		return 0;
	}
	if (scan->text.data[at] == '\\') {
		if ((size = escape_read(scan, at, character, half)) == 0)
			(void)fault(scan, at, "an escape that there is not");
		return size;
	}
	if ((size = utf8_decode(scan->text.data + at, scan->text.size - at, character)) == 0)
		(void)fault(scan, at, "octets that are no UTF-8");
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
plain_skip(const struct scan *scan, size_t at)
{
	size_t begin = at;

	while (at + 8 <= scan->text.size && octets_are_plain(scan->text.data + at))
		at += 8;
	while (at < scan->text.size && octet_is_plain(scan->text.data[at]))
		at++;
	return at - begin;
}

/*
 * Finds the end of the string that begins here. *half: it has half a surrogate pair. `name`
 * becomes its text; "" if that is no name that could be read. NULL: it is no name.
 */
static int
string_scan(struct scan *scan, size_t *end, bool *half, char *name)
{
	size_t used = name != NULL ? 0 : NAME_SIZE;
	size_t at = scan->at + 1;

	*half = false;
	while (at < scan->text.size && scan->text.data[at] != '"') {
		uint32_t character = 0;
		size_t   size;

		if (used == NAME_SIZE && (size = plain_skip(scan, at)) != 0) {
			at += size;
			continue;
		}
		if ((size = character_read(scan, at, &character, half)) == 0)
			return -1;
		if (used < NAME_SIZE && character != 0 && character < 0x80)
			name[used++] = (char)character;
		else
			used = NAME_SIZE;
		at += size;
	}
	if (at == scan->text.size)
		return fault(scan, at, "the text ends in a string");
	if (name != NULL)
		name[used < NAME_SIZE ? used : 0] = '\0';
	*end = at + 1;
	return 0;
}

/* Finds the end of the number that begins here; *large: a parser may refuse it. */
static int
number_scan(struct scan *scan, size_t *end, bool *large)
{
	size_t first = scan->at + (octet_at(scan, scan->at) == '-');
	size_t at = digits_skip(scan, first);
	bool   exponent;

	if (at == first || (octet_at(scan, first) == '0' && at > first + 1))
		return fault(scan, first, "a number that is none");
	if (octet_at(scan, at) == '.') {
		if (!is_digit(octet_at(scan, at + 1)))
			return fault(scan, at, "a number that is none");
		at = digits_skip(scan, at + 1);
	}
	exponent = (octet_at(scan, at) | 0x20) == 'e';
	if (exponent) {
		at++;
		at += octet_at(scan, at) == '+' || octet_at(scan, at) == '-';
		if (!is_digit(octet_at(scan, at)))
			return fault(scan, at, "a number that is none");
		at = digits_skip(scan, at);
	}
	*end = at;
	*large = at - scan->at > (exponent ? EXPONENT_MAX : NUMBER_MAX);
	return 0;
}

static int
word_scan(struct scan *scan, size_t *end)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t length = strlen(words[i]);

		if (scan->text.size - scan->at >= length &&
		    memcmp(scan->text.data + scan->at, words[i], length) == 0) {
			*end = scan->at + length;
			return 0;
		}
	}
	return fault(scan, scan->at, "a value expected");
}

/* ---- values ---- */

/* Puts a value into the innermost array or object, which is kept, or makes it the root. */
static void
value_put(struct scan *scan, json_t *value)
{
	const struct frame *frame = frame_inner(scan);

	if (frame == NULL)
		scan->root = value;
	else if ((json_is_array(frame->value) ? json_array_append_new(frame->value, value)
	                                      : json_object_set_new_nocheck(frame->value, scan->name, value)) != 0)
		abort();
}

/* Makes the text of a string that is whole, with its escapes; its end is known. */
static json_t *
string_make(const struct scan *scan, size_t end)
{
	const char *begin = (const char *)scan->text.data + scan->at + 1;
	size_t      length = end - scan->at - 2;
	AUTO_BYTES  text = {0};
	bool        half = false;

	if (memchr(begin, '\\', length) == NULL)
		return json_stringn_nocheck(begin, length);
	for (size_t at = scan->at + 1; at < end - 1;) {
		uint32_t character = 0;
		uint8_t  octets[UTF8_MAX];

		if (scan->text.data[at] != '\\') {
			bytes_append_u8(&text, scan->text.data[at++]);
			continue;
		}
		at += escape_read(scan, at, &character, &half);
		bytes_append(&text, octets, utf8_encode(character, octets));
	}
	return json_stringn_nocheck((const char *)text.data, text.size);
}

static int
string_value(const struct scan *scan, size_t end, bool half, json_t **value)
{
	if (half)
		return fault_near(scan, end, "half a surrogate pair");
	*value = string_make(scan, end);
	return 0;
}

static int
number_value(const struct scan *scan, size_t end, json_t **value)
{
	AUTO_FREE char *text = view_dup((struct view){scan->text.data + scan->at, end - scan->at});
	double          real;
	long long       integer;

	errno = 0;
	if (strpbrk(text, ".eE") != NULL) {
		real = strtod(text, NULL);
		if (isinf(real))
			return fault_near(scan, end, "real number overflow");
		*value = json_real(real);
		return 0;
	}
	integer = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return fault_near(scan, end, integer < 0 ? "too big negative integer" : "too big integer");
	*value = json_integer(integer);
	return 0;
}

static json_t *
word_value(uint8_t first)
{
	return first == 'n' ? json_null() : json_boolean(first == 't');
}

static int
bracket_open(struct scan *scan)
{
	bool         object = scan->text.data[scan->at] == '{';
	struct frame frame = {.items = !object && scan->wanted.list, .advisory = scan->wanted.advisory};

	if (scan->depth == JSON_NESTING_MAX)
		return error_set(scan->err, ERROR_MALFORMED, "JSON deeper than %d brackets", JSON_NESTING_MAX);
	if (scan->keep) {
		if (scan->frame_count == JSON_DEPTH_MAX)
			return error_set(scan->err, ERROR_MALFORMED, "JSON deeper than %d brackets", JSON_DEPTH_MAX);
		frame.members = object != scan->wanted.list ? scan->wanted.members : NULL;
		frame.value = made(object ? json_object() : json_array());
		value_put(scan, frame.value);
		scan->frames[scan->frame_count++] = frame;
	}
	scan->ends[scan->depth++] = object ? '}' : ']';
	scan->at++;
	return 0;
}

static enum expected
bracket_close(struct scan *scan)
{
	scan->frame_count -= frame_inner(scan) != NULL;
	scan->depth--;
	scan->at++;
	return scan->depth != 0 ? EXPECTED_COMMA : EXPECTED_END;
}

static int
scalar_scan(struct scan *scan)
{
	uint8_t octet = scan->text.data[scan->at];
	bool    string = octet == '"';
	bool    number = octet == '-' || is_digit(octet);
	json_t *value = NULL;
	size_t  end = 0;
	bool    odd = false;
	int     rc;

	if (string)
		rc = string_scan(scan, &end, &odd, NULL);
	else if (number)
		rc = number_scan(scan, &end, &odd);
	else
		rc = word_scan(scan, &end);
	if (rc == 0 && scan->keep) {
		if (odd && scan->wanted.advisory)
			value = json_null();
		else if (string)
			rc = string_value(scan, end, odd, &value);
		else if (number)
			rc = number_value(scan, end, &value);
		else
			value = word_value(octet);
		if (rc == 0)
			value_put(scan, made(value));
	}
	scan->at = end;
	return rc;
}

/* The next value is an item of the innermost array. */
static void
item_begin(struct scan *scan)
{
	struct frame *frame = frame_inner(scan);

	scan->keep = frame != NULL && frame->items;
	if (!scan->keep)
		return;
	scan->wanted = (struct json_member){.members = frame->members, .advisory = frame->advisory};
}

static int
value_scan(struct scan *scan, enum expected *expected)
{
	uint8_t octet = scan->text.data[scan->at];

	if (scan->depth != 0 && scan->ends[scan->depth - 1] == ']')
		item_begin(scan);
	if (octet == '{' || octet == '[') {
		*expected = octet == '{' ? EXPECTED_MEMBER : EXPECTED_ITEM;
		return bracket_open(scan);
	}
	*expected = EXPECTED_COMMA;
	return scalar_scan(scan);
}

/* Decides whether the member of this name, which ends at `end`, is kept. */
static int
member_begin(struct scan *scan, const char *name, size_t end)
{
	struct frame *frame = frame_inner(scan);

	scan->keep = false;
	if (frame == NULL || frame->members == NULL)
		return 0;
	for (size_t i = 0; i < JSON_MEMBERS_MAX && frame->members[i].name != NULL; i++) {
		uint64_t bit = UINT64_C(1) << i;
		bool     again = (frame->seen & bit) != 0;

		if (strcmp(frame->members[i].name, name) != 0)
			continue;
		scan->wanted = frame->members[i];
		scan->name = frame->members[i].name;
		scan->wanted.advisory = scan->wanted.advisory || frame->advisory;
		if (again && !scan->wanted.advisory)
			return fault_near(scan, end, "duplicate object key");
		scan->keep = !again;
		frame->seen |= bit;
	}
	return 0;
}

static int
name_scan(struct scan *scan, enum expected *expected)
{
	char   name[NAME_SIZE];
	size_t end;
	bool   half;

	if (scan->text.data[scan->at] != '"')
		return fault(scan, scan->at, *expected == EXPECTED_NAME ? "a name expected" : "a name or '}' expected");
	if (string_scan(scan, &end, &half, name) != 0)
		return -1;
	if (member_begin(scan, half ? "" : name, end) != 0)
		return -1;
	scan->at = end;
	*expected = EXPECTED_COLON;
	return 0;
}

static int
colon_scan(struct scan *scan, enum expected *expected)
{
	if (scan->text.data[scan->at] != ':')
		return fault(scan, scan->at, "':' expected");
	scan->at++;
	*expected = EXPECTED_VALUE;
	return 0;
}

static int
comma_scan(struct scan *scan, enum expected *expected)
{
	bool object = scan->ends[scan->depth - 1] == '}';

	if (scan->text.data[scan->at] != ',')
		return fault(scan, scan->at, object ? "',' or '}' expected" : "',' or ']' expected");
	scan->at++;
	*expected = object ? EXPECTED_NAME : EXPECTED_VALUE;
	return 0;
}

static int
token_scan(struct scan *scan, enum expected *expected)
{
	bool may_close = *expected == EXPECTED_ITEM || *expected == EXPECTED_MEMBER ||
	    *expected == EXPECTED_COMMA;

	if (may_close && scan->text.data[scan->at] == scan->ends[scan->depth - 1]) {
		*expected = bracket_close(scan);
		return 0;
	}
	switch (*expected) {
	case EXPECTED_VALUE:
	case EXPECTED_ITEM:
		return value_scan(scan, expected);
	case EXPECTED_NAME:
	case EXPECTED_MEMBER:
		return name_scan(scan, expected);
	case EXPECTED_COLON:
		return colon_scan(scan, expected);
	case EXPECTED_COMMA:
		return comma_scan(scan, expected);
	case EXPECTED_END:
		break;
	}
	return fault(scan, scan->at, "something behind the end");
}

static void
blanks_skip(struct scan *scan)
{
	while (scan->at < scan->text.size && memchr(" \t\r\n", scan->text.data[scan->at], 4) != NULL)
		scan->at++;
}

static int
text_scan(struct scan *scan)
{
	enum expected expected = EXPECTED_VALUE;

	blanks_skip(scan);
	if (octet_at(scan, scan->at) != '{' && octet_at(scan, scan->at) != '[')
		return fault(scan, scan->at, "'{' expected");
	for (; scan->at < scan->text.size; blanks_skip(scan)) {
		if (token_scan(scan, &expected) != 0)
			return -1;
	}
	return expected == EXPECTED_END ? 0 : fault(scan, scan->text.size, "the text ends too early");
}

int
json_members_decode(struct view text, const struct json_member *members, json_t **out,
    struct error *err)
{
	struct scan scan = {.text = text, .keep = true, .err = err, .wanted = {.members = members}};

	*out = NULL;
	if (text_scan(&scan) != 0) {
		json_decref(scan.root);
		return -1;
	}
	if (!json_is_object(scan.root)) {
		json_decref(scan.root);
		return error_set(err, ERROR_MALFORMED, "not a JSON object");
	}
	*out = scan.root;
	return 0;
}
