/* The proxies before a daemon: whose word about the source of a request is taken. */
#ifndef UTIL_PROXIES_H
#define UTIL_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/address.h"
#include "util/bytes.h"

struct error;

#define PROXIES_MAX 64

/* "255.255.255.255/32" and the like, in octets. */
#define PROXY_NETWORK_MAX 64

/* How a proxy says for whom it connects: X(NAME, word in the configuration). */
#define PROXY_PROTOCOLS(X) \
	X(OFF, "off") /* in header fields of each request */ \
	X(V1, "v1")   /* the PROXY protocol, its text form, before each connection */ \
	X(V2, "v2")   /* its binary form */

enum proxy_protocol {
#define X(name, word) PROXY_PROTOCOL_##name,
	PROXY_PROTOCOLS(X)
#undef X
	PROXY_PROTOCOL_COUNT
};

struct proxy_network {
	struct address address; /* zeros after `bits` */
	uint8_t        bits;
};

/* {0}: there are no proxies. */
struct proxies {
	enum proxy_protocol  protocol;
	struct proxy_network networks[PROXIES_MAX];
	size_t               count;
};

/* MALFORMED when it is none of the words. */
int proxy_protocol_parse(const char *text, enum proxy_protocol *out, struct error *err);

/*
 * Adds a network, "192.0.2.0/24" or an address alone. MALFORMED when it is none, when there are
 * bits behind its prefix, when it has all addresses, or when there are PROXIES_MAX already.
 */
int proxies_add(struct proxies *proxies, struct view network, struct error *err);

/* Whether the address is in one of the networks. */
bool proxies_has(const struct proxies *proxies, const struct address *address);

#endif
