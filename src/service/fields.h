/*
 * Messages as tables of fields: a C struct in memory, and on the wire a CBOR array
 * with bounded fields and no octets after it. The owner of a message knows its
 * meaning. Views point into the decoded octets.
 */
#ifndef SERVICE_FIELDS_H
#define SERVICE_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* The C type of a field, and the values that decode as it. */
enum field_kind {
	FIELD_TEXT,   /* struct view: UTF-8 without control characters, safe to print in a line */
	FIELD_OCTETS, /* struct view */
	FIELD_NUMBER, /* uint64_t */
	FIELD_TIME,   /* int64_t, never negative */
	FIELD_SIGNED, /* int64_t */
	FIELD_FLAG,   /* bool */
	FIELD_CHOICE, /* an enum whose values begin at 0 */
	FIELD_LIST,   /* an array of structs, each a table of fields, and its count, a size_t */
};

/* One field: its place in the struct and its bound. */
struct field {
	unsigned        part;   /* its part of the message; used with `kinds` only */
	enum field_kind kind;
	size_t          offset;
	uint64_t        max;    /* octets of a view, value, items of a list */

	/* Of a list only. */
	const struct field *item;       /* the fields of an item, with offsets within it */
	size_t              item_fields;
	size_t              item_size;
	size_t              count;      /* offset of the count */
};

/* The initializers of a row: a FIELD_* without its prefix, the struct, the member, the bound. */
#define FIELD(part, kind, type, member, max) \
	{(part), FIELD_##kind, offsetof(type, member), (max), NULL, 0, 0, 0}
#define FIELD_LIST_OF(part, table, type, member, number, max)                                \
	{(part), FIELD_LIST, offsetof(type, member), (max), table, sizeof(table) / sizeof(table)[0], \
	    sizeof(((type *)0)->member[0]), offsetof(type, number)}

/*
 * The messages that share one struct. If there are several kinds, the kind is sent
 * first, followed by the rows whose part is in kinds[kind], in their order.
 */
struct fields {
	const char         *noun; /* for errors: "question" */
	const struct field *rows;
	size_t              row_count;
	size_t              size; /* size of the struct */

	const unsigned *kinds;      /* bits: the parts of each kind; 0: no such kind. NULL: one kind */
	size_t          kind_count; /* number of kinds */
	size_t          kind;       /* offset of the kind, an enum */
};

/* Appends the message; its kind must be one. */
void fields_encode(const struct fields *fields, const void *message, struct bytes *out);

/*
 * Zeroes *message and fills it. Returns 0; or -1 with MALFORMED when `body` is not
 * exactly one message of the table.
 */
int fields_decode(const struct fields *fields, struct view body, void *message, struct error *err);

#endif
