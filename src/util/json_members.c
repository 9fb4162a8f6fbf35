/* Scans JSON without recursion; builds no values. */
#include "config.h"

#include "util/json_members.h"

#include <stdint.h>
#include <string.h>

#include "util/error.h"
#include "util/hex.h"
#include "util/utf8.h"

#define NAME_SIZE       64 /* of a name that is read, and a NUL */
#define NUMBER_MAX      18 /* characters that fit 64 bits, whatever they are */
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
	const struct json_member *members; /* read of the object, or of the objects in the array */
	bool                      items;   /* the items of the array are read */
	bool                      advisory;
	bool                      any;     /* something in it was kept */
	uint64_t                  seen;    /* the members that were kept, by their place in the table */
};

struct scan {
	struct view        text;
	size_t             at;
	struct bytes      *out;
	size_t             comma; /* where *out has the blank for the last comma */
	struct frame       frames[JSON_DEPTH_MAX]; /* the outermost arrays and objects: those kept */
	size_t             frame_count;
	uint8_t            ends[JSON_NESTING_MAX]; /* '}' or ']' for each that is open */
	size_t             depth;
	bool               keep; /* the value that comes next is kept, and is this: */
	struct json_member wanted;
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

/* Copies the octets up to `end`, or a blank for each of their characters. */
static void
emit(struct scan *scan, size_t end, bool keep)
{
	for (; scan->at < end; scan->at++) {
		uint8_t octet = scan->text.data[scan->at];

		if (keep || octet == '\n')
			bytes_append_u8(scan->out, octet);
		else if ((octet & 0xc0) != 0x80)
			bytes_append_u8(scan->out, ' ');
	}
}

/* Copies a value that a parser may refuse, of at least four characters, as null. */
static void
emit_null(struct scan *scan, size_t end)
{
	size_t begin = scan->out->size;

	emit(scan, end, false);
	memcpy(scan->out->data + begin, "null", 4);
}

/* The comma before something that is kept stays if something before it was kept. */
static void
comma_settle(struct scan *scan, struct frame *frame)
{
	if (frame->any)
		scan->out->data[scan->comma] = ',';
	frame->any = true;
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

/*
 * Finds the end of the string that begins here. *half: it has half a surrogate pair. `name`
 * becomes its text; "" if that is no name that could be read.
 */
static int
string_scan(struct scan *scan, size_t *end, bool *half, char name[NAME_SIZE])
{
	size_t used = 0;
	size_t at = scan->at + 1;

	*half = false;
	name[0] = '\0';
	while (at < scan->text.size && scan->text.data[at] != '"') {
		uint32_t character = 0;
		size_t   size = character_read(scan, at, &character, half);

		if (size == 0)
			return -1;
		if (used < NAME_SIZE && character != 0 && character < 0x80)
			name[used++] = (char)character;
		else
			used = NAME_SIZE;
		at += size;
	}
	if (at == scan->text.size)
		return fault(scan, at, "the text ends in a string");
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
		scan->frames[scan->frame_count++] = frame;
	}
	scan->ends[scan->depth++] = object ? '}' : ']';
	emit(scan, scan->at + 1, scan->keep);
	return 0;
}

static enum expected
bracket_close(struct scan *scan)
{
	bool kept = frame_inner(scan) != NULL;

	scan->frame_count -= kept;
	scan->depth--;
	emit(scan, scan->at + 1, kept);
	return scan->depth != 0 ? EXPECTED_COMMA : EXPECTED_END;
}

static int
scalar_scan(struct scan *scan)
{
	uint8_t octet = scan->text.data[scan->at];
	char    name[NAME_SIZE];
	size_t  end = 0;
	bool    odd = false;
	int     rc;

	if (octet == '"')
		rc = string_scan(scan, &end, &odd, name);
	else if (octet == '-' || is_digit(octet))
		rc = number_scan(scan, &end, &odd);
	else
		rc = word_scan(scan, &end);
	if (rc != 0)
		return -1;
	if (odd && scan->keep && scan->wanted.advisory)
		emit_null(scan, end);
	else
		emit(scan, end, scan->keep);
	return 0;
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
	comma_settle(scan, frame);
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

/* Decides whether the member of this name is kept. */
static void
member_begin(struct scan *scan, const char *name)
{
	struct frame *frame = frame_inner(scan);

	scan->keep = false;
	if (frame == NULL || frame->members == NULL)
		return;
	for (size_t i = 0; i < JSON_MEMBERS_MAX && frame->members[i].name != NULL; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (strcmp(frame->members[i].name, name) != 0)
			continue;
		scan->wanted = frame->members[i];
		scan->wanted.advisory = scan->wanted.advisory || frame->advisory;
		scan->keep = !scan->wanted.advisory || (frame->seen & bit) == 0;
		frame->seen |= bit;
	}
	if (scan->keep)
		comma_settle(scan, frame);
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
	member_begin(scan, half ? "" : name);
	emit(scan, end, scan->keep);
	*expected = EXPECTED_COLON;
	return 0;
}

static int
colon_scan(struct scan *scan, enum expected *expected)
{
	if (scan->text.data[scan->at] != ':')
		return fault(scan, scan->at, "':' expected");
	emit(scan, scan->at + 1, scan->keep);
	*expected = EXPECTED_VALUE;
	return 0;
}

static int
comma_scan(struct scan *scan, enum expected *expected)
{
	bool object = scan->ends[scan->depth - 1] == '}';

	if (scan->text.data[scan->at] != ',')
		return fault(scan, scan->at, object ? "',' or '}' expected" : "',' or ']' expected");
	scan->comma = scan->out->size;
	emit(scan, scan->at + 1, false);
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
	size_t end = scan->at;

	while (end < scan->text.size && memchr(" \t\r\n", scan->text.data[end], 4) != NULL)
		end++;
	emit(scan, end, true);
}

int
json_members_keep(struct view text, const struct json_member *members, struct bytes *out,
    struct error *err)
{
	struct scan   scan = {.text = text, .out = out, .keep = true, .err = err,
	      .wanted = {.members = members}};
	enum expected expected = EXPECTED_VALUE;

	blanks_skip(&scan);
	if (octet_at(&scan, scan.at) != '{' && octet_at(&scan, scan.at) != '[') {
		emit(&scan, text.size, true);
		return 0;
	}
	for (; scan.at < text.size; blanks_skip(&scan)) {
		if (token_scan(&scan, &expected) != 0)
			return -1;
	}
	return expected == EXPECTED_END ? 0 : fault(&scan, text.size, "the text ends too early");
}
