/* Translates patterns; SQLite matches them. */
#include "config.h"

#include "store/sqlite/glob.h"

#include <stddef.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* Appends a literal character, outside sets. */
static void
glob_literal(char c, struct bytes *out)
{
	if (c == '*' || c == '?' || c == '[') {
		bytes_append_u8(out, '[');
		bytes_append_u8(out, (uint8_t)c);
		bytes_append_u8(out, ']');
	} else {
		bytes_append_u8(out, (uint8_t)c);
	}
}

/* The "]" of the set that begins at `set`, a "["; NULL when it never ends. */
static const char *
glob_set_end(const char *set)
{
	const char *p = set + 1;

	if (*p == '!' || *p == '^')
		p++;
	if (*p == ']') /* the first one is one of the set */
		p++;
	for (; *p != '\0' && *p != ']'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return *p == ']' ? p : NULL;
}

static int
glob_set(const char *set, const char *end, struct bytes *out, struct error *err)
{
	bytes_append_u8(out, '[');
	for (const char *p = set + 1; p < end; p++) {
		if (p[0] == '[' && p[1] == ':')
			return error_set(err, ERROR_MALFORMED,
			    "\"%.100s\": classes such as [:alpha:] are not known; write [a-z]", set);
		if (p[0] == '\\' && *++p == ']')
			return error_set(err, ERROR_MALFORMED,
			    "\"%.100s\": a ] that is one of a set stands first in it", set);
		bytes_append_u8(out, p == set + 1 && *p == '!' ? '^' : (uint8_t)*p);
	}
	bytes_append_u8(out, ']');
	return 0;
}

int
sqlite_glob(const char *pattern, struct bytes *out, struct error *err)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		const char *end = *p == '[' ? glob_set_end(p) : NULL;

		if (end != NULL) {
			if (glob_set(p, end, out, err) != 0)
				return -1;
			p = end;
		} else if (*p == '\\') {
			if (*++p == '\0')
				return error_set(err, ERROR_MALFORMED, "\"%.100s\" ends with a backslash", pattern);
			glob_literal(*p, out);
		} else if (*p == '[') {
			glob_literal(*p, out);
		} else {
			bytes_append_u8(out, (uint8_t)*p);
		}
	}
	bytes_append_u8(out, '\0');
	return 0;
}
