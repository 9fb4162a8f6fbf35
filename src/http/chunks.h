/*
 * Strict check of the framing of a chunked body (RFC 9112 §7.1) before evhttp reads
 * it: evhttp does not know chunk extensions, and accepts many malformed chunks.
 */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Longest line with a chunk's size and extensions, in octets. */
#define CHUNKS_LINE_MAX 4096U

enum chunks_state {
	CHUNKS_SIZE,  /* hexadecimal digits */
	CHUNKS_SPACE, /* white space after the digits */
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

/* State of the scan; {0} before the first octet. */
struct chunks {
	enum chunks_state state;
	uint64_t          left; /* left in the chunk; saturates */
	size_t            line; /* octets of the current line */
};

/* Scans the next octets of the body, and overwrites chunk extensions with blanks. */
void chunks_scan(struct chunks *chunks, uint8_t *data, size_t size);

/* MALFORMED unless the body has ended correctly. */
int chunks_check(const struct chunks *chunks, struct error *err);

#endif
