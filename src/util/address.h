/* Internet addresses with ports, as text and in octets. */
#ifndef UTIL_ADDRESS_H
#define UTIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

/* {0}: no address. */
struct address {
	uint8_t  octets[16]; /* network order; zeros after the fourth of IPv4 */
	uint8_t  size;       /* 4, 16, or 0 */
	uint16_t port;       /* 0: not known */
};

/* "[", an IPv6 address, "]:", five digits, and a NUL. */
#define ADDRESS_TEXT_SIZE 64

/* Of 4 or 16 octets in network order; an IPv4-mapped address becomes one of IPv4. */
struct address address_of(const uint8_t *octets, size_t size, uint16_t port);

/*
 * Parses an IPv4 or IPv6 address: alone, or with a port behind ":", and then IPv6 in brackets.
 * An obfuscated port, "_" and what RFC 7239 §6.3 allows behind it, is not known. False, and no
 * change, for anything else, a zone and a name among it.
 */
bool address_parse(struct view text, struct address *out);

/* Whether the addresses are the same; their ports do not count. */
bool address_equal(const struct address *a, const struct address *b);

/* "192.0.2.1:51442", "[2001:db8::7]:443" or "unknown"; returns `text`. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

#endif
