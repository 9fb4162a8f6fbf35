/*
 * CBOR (RFC 8949) item by item, over libcbor's streaming decoder, which
 * allocates nothing and never recurses; and a writer of canonical items.
 */
#ifndef UTIL_CBOR_H
#define UTIL_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

enum cbor_kind {
	CBOR_KIND_NONE,
	CBOR_KIND_UNSIGNED, /* number */
	CBOR_KIND_NEGATIVE, /* -1 - number */
	CBOR_KIND_BYTES,    /* data, or chunks up to a break when indefinite */
	CBOR_KIND_TEXT,     /* the same */
	CBOR_KIND_ARRAY,    /* number of items, or up to a break */
	CBOR_KIND_MAP,      /* number of pairs, or up to a break */
	CBOR_KIND_TAG,      /* number */
	CBOR_KIND_SIMPLE,   /* false, true, null, undefined: number is 20 to 23 */
	CBOR_KIND_FLOAT,
	CBOR_KIND_BREAK,
};

/* One item's head, with the octets of a definite string. */
struct cbor_value {
	enum cbor_kind kind;
	bool           indefinite;
	uint64_t       number;
	struct view    data; /* borrowed from the input */
};

/* The input that is left to read; the octets are borrowed. */
struct cbor_reader {
	struct view rest;
};

/* Reads the next item. MALFORMED when it is cut off or is not CBOR. */
int cbor_read(struct cbor_reader *reader, struct cbor_value *value, struct error *err);

/*
 * Each reads an item of one kind and of definite length; MALFORMED when
 * something else comes next. Strings are borrowed from the input and have at
 * most `max` octets; an array has exactly `count` items, a number is at most
 * `max`. Messages have no text of CBOR: cbor_read_text is for tests.
 */
int cbor_read_array(struct cbor_reader *reader, uint64_t count, struct error *err);
int cbor_read_unsigned(struct cbor_reader *reader, uint64_t max, uint64_t *number, struct error *err);
int cbor_read_bytes(struct cbor_reader *reader, size_t max, struct view *data, struct error *err);
int cbor_read_text(struct cbor_reader *reader, size_t max, struct view *text, struct error *err);

/* Reads the head of an array of at most `max` items. */
int cbor_read_list(struct cbor_reader *reader, uint64_t max, uint64_t *count, struct error *err);

/* MALFORMED when octets remain. */
int cbor_read_end(const struct cbor_reader *reader, struct error *err);

/* Append an item in its shortest form (RFC 8949 §4.2.1). */
void cbor_write_array(struct bytes *out, uint64_t count);
void cbor_write_map(struct bytes *out, uint64_t count);
void cbor_write_unsigned(struct bytes *out, uint64_t number);
void cbor_write_integer(struct bytes *out, int64_t number);
void cbor_write_bytes(struct bytes *out, const void *data, size_t size);
void cbor_write_text(struct bytes *out, const char *text, size_t length);

#endif
