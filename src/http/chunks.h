/*
 * The framing of a chunked body (RFC 9112 §7.1), held strictly before evhttp reads it:
 * evhttp knows no chunk extensions, and takes much for a chunk that is none.
 */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Octets of a line with a chunk's size and its extensions. */
#define CHUNKS_LINE_MAX 4096U

enum chunks_state {
	CHUNKS_SIZE,  /* hexadecimal digits */
	CHUNKS_SPACE, /* white space behind them */
	CHUNKS_EXTENSION,
	CHUNKS_SIZE_LF,
	CHUNKS_DATA,
	CHUNKS_DATA_CR,
	CHUNKS_DATA_LF,
	CHUNKS_TRAILER,
	CHUNKS_TRAILER_LF,
	CHUNKS_END,
	CHUNKS_BROKEN
};

/* {0} stands before the first octet. */
struct chunks {
	enum chunks_state state;
	uint64_t          left; /* of the chunk; saturates */
	size_t            line; /* octets of the line that is being read */
};

/* Looks at the next octets of the body, and writes blanks over the extensions of chunks. */
void chunks_scan(struct chunks *chunks, uint8_t *data, size_t size);

/* MALFORMED unless the body has ended as it must. */
int chunks_check(const struct chunks *chunks, struct error *err);

#endif
