/*
 * Where a request's head (request line and header lines) ends, how large it is,
 * and whether it holds what evhttp would silently cut off or take for an end.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} stands before the first octet. */
struct head {
	size_t  size;  /* octets seen, line ends and the empty line included */
	size_t  line;  /* octets of the line that is being read */
	uint8_t last;
	bool    foul;  /* a control character, or a CR without LF (RFC 9112 §2.2, RFC 9110 §5.5) */
	size_t  match; /* octets of the line that are "transfer-encoding:" so far */
	bool    encoded; /* a line began so: the body comes in chunks, or is refused */
	bool    ended; /* the empty line was seen; what follows is not looked at */
};

/* Looks at the next octets of a request; returns how many of them are the head's. */
size_t head_scan(struct head *head, const uint8_t *data, size_t size);

#endif
