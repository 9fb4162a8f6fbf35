/* The header of the PROXY protocol, versions 1 and 2 (HAProxy, "The PROXY protocol"): octets in,
 * address out. */
#ifndef HTTP_PROXY_PROTOCOL_H
#define HTTP_PROXY_PROTOCOL_H

#include <stddef.h>

#include "util/address.h"
#include "util/bytes.h"
#include "util/proxies.h"

struct error;

/* Octets of a header at most, those that TLVs take among them. */
#define PROXY_HEADER_MAX 4096

struct proxy_header {
	size_t         size;   /* octets of the header; what follows is the connection's */
	struct address source; /* {0}: the connection is the proxy's own (LOCAL), or for a peer
	                        * without an Internet address (UNKNOWN, UNSPEC, AF_UNIX) */
};

/*
 * Reads a header from the first octets of a connection. Returns 1 and fills *header when it is
 * whole; 0 when it goes on, and then all octets belong to it; -1 with MALFORMED when it is no
 * header of this version, or goes on for more than PROXY_HEADER_MAX octets.
 *
 * Accepted are connections over TCP; TLVs are checked for their lengths and not looked at.
 */
int proxy_header_read(enum proxy_protocol version, struct view octets, struct proxy_header *header,
    struct error *err);

#endif
