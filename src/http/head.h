/*
 * Scans a request's head (request line and header lines): its end, its size,
 * and characters that evhttp would silently cut off or take for a line end.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State of the scan; {0} before the first octet. */
struct head {
	size_t  size;  /* octets scanned, line ends and the empty line included */
	size_t  line;  /* octets of the current line */
	uint8_t last;
	bool    foul;  /* a control character, or a CR without LF (RFC 9112 §2.2, RFC 9110 §5.5) */
	size_t  match; /* octets of the line that match "transfer-encoding:" so far */
	bool    encoded; /* there is such a line: the body is chunked, or is refused */
	bool    ended; /* the empty line was seen; later octets are ignored */
};

/* Scans the next octets of a request; returns how many of them belong to the head. */
size_t head_scan(struct head *head, const uint8_t *data, size_t size);

#endif
