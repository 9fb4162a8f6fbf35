/*
 * Messages as tables of fields: a struct of C, and on the wire an array of CBOR in
 * which every field is bounded and behind which nothing is left over. What a message
 * asks for, its owner knows. Views point into the octets that were decoded.
 */
#ifndef SERVICE_FIELDS_H
#define SERVICE_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* What a field is in C, and what decodes as one. */
enum field_kind {
	FIELD_TEXT,   /* struct view: UTF-8 without control characters, so that it ends or steers no line */
	FIELD_OCTETS, /* struct view */
	FIELD_NUMBER, /* uint64_t */
	FIELD_TIME,   /* int64_t, never negative */
	FIELD_SIGNED, /* int64_t */
	FIELD_FLAG,   /* bool */
	FIELD_CHOICE, /* an enum whose values begin at 0 */
	FIELD_LIST,   /* an array of structs, each a table of fields, and their number, a size_t */
};

/* One field: where it stands in its struct, and its bound. */
struct field {
	unsigned        part;   /* the part of the message that it belongs to; read by `kinds` below only */
	enum field_kind kind;
	size_t          offset;
	uint64_t        max;    /* octets of a view; the greatest number or choice; items of a list */

	/* Of a list only. */
	const struct field *item;       /* the fields of an item, with offsets in it */
	size_t              item_fields;
	size_t              item_size;
	size_t              count;      /* offset of their number */
};

/* The initializers of a row: a FIELD_* without its prefix, the struct, the member, the bound. */
#define FIELD(part, kind, type, member, max) \
	{(part), FIELD_##kind, offsetof(type, member), (max), NULL, 0, 0, 0}
#define FIELD_LIST_OF(part, table, type, member, number, max)                                \
	{(part), FIELD_LIST, offsetof(type, member), (max), table, sizeof(table) / sizeof(table)[0], \
	    sizeof(((type *)0)->member[0]), offsetof(type, number)}

/*
 * The messages that are kept in one struct. Where there are several kinds, the kind is
 * sent first, and after it those rows whose part is in kinds[kind], in their order.
 */
struct fields {
	const char         *noun; /* for errors: "question" */
	const struct field *rows;
	size_t              row_count;
	size_t              size; /* of the struct */

	const unsigned *kinds;      /* bits: the parts of each kind; 0: there is no such kind. NULL: one kind */
	size_t          kind_count; /* the kinds are below it */
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
