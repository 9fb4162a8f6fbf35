/*
 * Decodes of a JSON text only the members that are read: what nobody reads can be deeper, larger
 * or odder than what we take. The values are jansson's.
 */
#ifndef UTIL_JSON_MEMBERS_H
#define UTIL_JSON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

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
 * Decodes one object, and nothing after it, without everything that `members` does not name:
 * other members; what stands in an object or array where a value is read; what stands in an
 * array where an object is read, and the reverse. Names are compared without their escapes.
 *
 * What is read must not repeat a name, and has no integer beyond 64 bits, no real number beyond
 * a double, and no half of a surrogate pair; strings may hold a NUL (\u0000). Inside an advisory
 * member a number or string that might be refused for that (more than 18 characters, a large
 * exponent, half a pair) becomes null instead, and of members with one name, also of advisory
 * members themselves, the first stays.
 *
 * The grammar (RFC 8259) of the whole text is checked, also of what is left out, and that it is
 * UTF-8 without control characters in strings. MALFORMED with line and column (the number of
 * characters before the fault, or up to the end of what is refused). The caller owns *out
 * (json_decref); NULL after a failure.
 */
int json_members_decode(struct view text, const struct json_member *members, json_t **out,
    struct error *err);

#endif
