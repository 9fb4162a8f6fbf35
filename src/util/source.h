/*
 * The source of a request: the addresses that one subscriber has to itself. Bounded
 * tables and queues count by it.
 */
#ifndef UTIL_SOURCE_H
#define UTIL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

struct sockaddr;

/* A prefix; {0} is the common source of all peers without an Internet address. */
struct source {
	uint8_t octets[8]; /* network order, zeros after the prefix */
	uint8_t bits;      /* 32: IPv4; 64 or 48: IPv6; 0: no address */
};

/* "255.255.255.255", "2001:db8:0:1::/64" or "unknown", and a NUL. */
#define SOURCE_TEXT_SIZE 48

/*
 * The source of "192.0.2.1:51442", "[2001:db8::7]:443" or an address without brackets and
 * port: /32 of IPv4, also of an IPv4-mapped address, and /64 of IPv6.
 */
struct source source_of_text(struct view peer);

/* As source_of_text, for a socket address; {0} for another family. For tests. */
struct source source_of_socket(const struct sockaddr *address);

/* The network above: the /48 of a /64; any other source is its own. */
struct source source_above(const struct source *source);

bool source_equal(const struct source *a, const struct source *b);

/* Formats it for display and logs; returns `text`. */
const char *source_format(const struct source *source, char text[SOURCE_TEXT_SIZE]);

#endif
