/*
 * Leaves of a JSON text only the members that are read, before a strict parser sees it: what
 * nobody reads can be deeper, larger or odder than that parser takes.
 */
#ifndef UTIL_JSON_MEMBERS_H
#define UTIL_JSON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;

/* Most brackets open at once in what is kept, and in the whole text. */
#define JSON_DEPTH_MAX   8
#define JSON_NESTING_MAX 2048

/* Most members of one table. */
#define JSON_MEMBERS_MAX 64

/* A member that is read. A table of them ends with {0}. */
struct json_member {
	const char               *name;     /* ASCII, at most 63 characters */
	const struct json_member *members;  /* of the object that it is, or of the objects in the list */
	bool                      list;     /* it is an array */
	bool                      advisory; /* nothing in it refuses the text */
};

#define JSON_VALUE(member)           {(member), NULL, false, false}
#define JSON_OBJECT(member, members) {(member), (members), false, false}
#define JSON_LIST(member, members)   {(member), (members), true, false}
#define JSON_ADVISORY(member, members) {(member), (members), false, true}

/*
 * Appends the text to *out with everything that `members` (of the outermost object) does not
 * name replaced by blanks: other members; what stands in an object or array where a value is
 * read; what stands in an array where an object is read, and the reverse. The rest stays octet
 * for octet, in its line and column; names are compared without their escapes.
 *
 * Inside an advisory member a number or string that a parser may refuse (more than 18
 * characters, a large exponent, half a surrogate pair) becomes null, and of members with
 * one name, also of advisory members themselves, the first stays.
 *
 * The grammar (RFC 8259) of the whole text is checked, also of what is left out, and that it is
 * UTF-8 without control characters in strings. What is kept is not judged further: duplicates,
 * large numbers and halves of surrogate pairs are the parser's to refuse. A text that does not
 * begin with a bracket is copied as it is. MALFORMED with line and column (the number of
 * characters before the fault).
 */
int json_members_keep(struct view text, const struct json_member *members, struct bytes *out,
    struct error *err);

#endif
