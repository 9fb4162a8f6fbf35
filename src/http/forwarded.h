/* For whom a proxy sends a request: Forwarded (RFC 7239) and X-Forwarded-For. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stddef.h>

#include "util/address.h"
#include "util/bytes.h"

struct proxies;

/* Lines of one field, and addresses in one line, that are read: the last ones. */
#define FORWARDED_LINES_MAX 16
#define FORWARDED_NODES_MAX 32

/* The last lines of a field, as they came. */
struct forwarded {
	struct view lines[FORWARDED_LINES_MAX];
	size_t      count;
};

/* Adds a line; the first gives way to one more than are read. */
void forwarded_add(struct forwarded *field, struct view line);

/*
 * The source of a request that the proxy `peer`, one of `proxies`, has sent: the rightmost
 * address that is of no proxy, for each proxy adds the address that it was asked from on the
 * right. Where what a proxy has added is not an address (unknown, obfuscated, or not of the
 * field's form), or is not read any more, the source is that proxy. A request that has both fields must have the same
 * address in both, because a proxy that sets one of them passes on what a client sent as the
 * other: if not, the source is `peer`.
 */
struct address forwarded_source(const struct forwarded *standard, const struct forwarded *x_forwarded_for,
    const struct proxies *proxies, const struct address *peer);

#endif
