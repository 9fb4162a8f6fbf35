/*
 * Scans JSON without recursion, and makes jansson's values only of what is read: jansson's own
 * parser takes some eighty instructions for each octet of a long string.
 */
#include "config.h"

#include "util/json_members.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/json_text.h"

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
	struct json_text   text;
	json_t            *root; /* NULL until it is begun */
	struct frame       frames[JSON_DEPTH_MAX]; /* the outermost arrays and objects: those kept */
	size_t             frame_count;
	uint8_t            ends[JSON_NESTING_MAX]; /* '}' or ']' for each that is open */
	size_t             depth;
	bool               keep; /* the value that comes next is kept, and is this, of this name: */
	struct json_member wanted;
	const char        *name;
};

/* There is no way to serve without memory. */
static json_t *
made(json_t *value)
{
	return memory_check(value);
}

static uint8_t
octet_here(const struct scan *scan)
{
	return json_text_octet(&scan->text, scan->text.at);
}

/* The innermost array or object, if it is kept. */
static struct frame *
frame_inner(struct scan *scan)
{
	return scan->depth != 0 && scan->depth == scan->frame_count
	    ? &scan->frames[scan->frame_count - 1]
	    : NULL;
}

/* ---- values ---- */

/* Puts a value into the innermost array or object, which is kept, or makes it the root. */
static void
value_put(struct scan *scan, json_t *value)
{
	const struct frame *frame = frame_inner(scan);

	if (frame == NULL)
		scan->root = value;
	else
		memory_check((json_is_array(frame->value)
		                     ? json_array_append_new(frame->value, value)
		                     : json_object_set_new_nocheck(frame->value, scan->name, value)) == 0
		        ? scan
		        : NULL);
}

/* Makes the value of a string whose end is known. */
static json_t *
string_make(const struct scan *scan, size_t end)
{
	const char *begin = (const char *)scan->text.octets.data + scan->text.at + 1;
	size_t      length = end - scan->text.at - 2;
	AUTO_BYTES  text = {0};

	if (memchr(begin, '\\', length) == NULL)
		return json_stringn_nocheck(begin, length);
	json_text_unescape(&scan->text, end, &text);
	return json_stringn_nocheck((const char *)text.data, text.size);
}

static int
string_value(const struct scan *scan, size_t end, bool half, json_t **value)
{
	if (half)
		return json_text_fault_near(&scan->text, end, "half a surrogate pair");
	*value = string_make(scan, end);
	return 0;
}

static int
number_value(const struct scan *scan, size_t end, json_t **value)
{
	struct view     token = {scan->text.octets.data + scan->text.at, end - scan->text.at};
	AUTO_FREE char *text = view_dup(token);
	double          real;
	long long       integer;

	errno = 0;
	if (strpbrk(text, ".eE") != NULL) {
		real = strtod(text, NULL);
		if (isinf(real))
			return json_text_fault_near(&scan->text, end, "real number overflow");
		*value = json_real(real);
		return 0;
	}
	integer = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return json_text_fault_near(&scan->text, end,
		    integer < 0 ? "too big negative integer" : "too big integer");
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
	bool         object = octet_here(scan) == '{';
	struct frame frame = {.items = !object && scan->wanted.list, .advisory = scan->wanted.advisory};

	if (scan->depth == JSON_NESTING_MAX)
		return error_set(scan->text.err, ERROR_MALFORMED, "JSON deeper than %d brackets", JSON_NESTING_MAX);
	if (scan->keep) {
		if (scan->frame_count == JSON_DEPTH_MAX)
			return error_set(scan->text.err, ERROR_MALFORMED, "JSON deeper than %d brackets", JSON_DEPTH_MAX);
		frame.members = object != scan->wanted.list ? scan->wanted.members : NULL;
		frame.value = made(object ? json_object() : json_array());
		value_put(scan, frame.value);
		scan->frames[scan->frame_count++] = frame;
	}
	scan->ends[scan->depth++] = object ? '}' : ']';
	scan->text.at++;
	return 0;
}

static enum expected
bracket_close(struct scan *scan)
{
	scan->frame_count -= frame_inner(scan) != NULL;
	scan->depth--;
	scan->text.at++;
	return scan->depth != 0 ? EXPECTED_COMMA : EXPECTED_END;
}

static int
scalar_scan(struct scan *scan)
{
	uint8_t octet = octet_here(scan);
	bool    string = octet == '"';
	bool    number = octet == '-' || (octet >= '0' && octet <= '9');
	json_t *value = NULL;
	size_t  end = 0;
	bool    odd = false;
	int     rc;

	if (string)
		rc = json_text_string(&scan->text, &end, &odd, NULL);
	else if (number)
		rc = json_text_number(&scan->text, &end, &odd);
	else
		rc = json_text_word(&scan->text, &end);
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
	scan->text.at = end;
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
	uint8_t octet = octet_here(scan);

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
			return json_text_fault_near(&scan->text, end, "duplicate object key");
		scan->keep = !again;
		frame->seen |= bit;
	}
	return 0;
}

static int
name_scan(struct scan *scan, enum expected *expected)
{
	char   name[JSON_TEXT_NAME_SIZE];
	size_t end;
	bool   half;

	if (octet_here(scan) != '"')
		return json_text_fault(&scan->text, scan->text.at,
		    *expected == EXPECTED_NAME ? "a name expected" : "a name or '}' expected");
	if (json_text_string(&scan->text, &end, &half, name) != 0)
		return -1;
	if (member_begin(scan, half ? "" : name, end) != 0)
		return -1;
	scan->text.at = end;
	*expected = EXPECTED_COLON;
	return 0;
}

static int
colon_scan(struct scan *scan, enum expected *expected)
{
	if (octet_here(scan) != ':')
		return json_text_fault(&scan->text, scan->text.at, "':' expected");
	scan->text.at++;
	*expected = EXPECTED_VALUE;
	return 0;
}

static int
comma_scan(struct scan *scan, enum expected *expected)
{
	bool object = scan->ends[scan->depth - 1] == '}';

	if (octet_here(scan) != ',')
		return json_text_fault(&scan->text, scan->text.at,
		    object ? "',' or '}' expected" : "',' or ']' expected");
	scan->text.at++;
	*expected = object ? EXPECTED_NAME : EXPECTED_VALUE;
	return 0;
}

static int
token_scan(struct scan *scan, enum expected *expected)
{
	bool may_close = *expected == EXPECTED_ITEM || *expected == EXPECTED_MEMBER ||
	    *expected == EXPECTED_COMMA;

	if (may_close && octet_here(scan) == scan->ends[scan->depth - 1]) {
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
	return json_text_fault(&scan->text, scan->text.at, "something behind the end");
}

static int
text_scan(struct scan *scan)
{
	enum expected expected = EXPECTED_VALUE;

	json_text_blanks(&scan->text);
	if (octet_here(scan) != '{' && octet_here(scan) != '[')
		return json_text_fault(&scan->text, scan->text.at, "'{' expected");
	for (; scan->text.at < scan->text.octets.size; json_text_blanks(&scan->text)) {
		if (token_scan(scan, &expected) != 0)
			return -1;
	}
	if (expected == EXPECTED_END)
		return 0;
	return json_text_fault(&scan->text, scan->text.octets.size, "the text ends too early");
}

int
json_members_decode(struct view text, const struct json_member *members, json_t **out,
    struct error *err)
{
	struct scan scan = {.text = {text, 0, err}, .keep = true, .wanted = {.members = members}};

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
