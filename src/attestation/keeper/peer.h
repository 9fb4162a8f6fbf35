/* Addresses of requests. */
#ifndef ATTESTATION_KEEPER_PEER_H
#define ATTESTATION_KEEPER_PEER_H

#include "util/bytes.h"

/* Octets of an address as text, and a NUL. */
#define PEER_SIZE 64

/* "192.0.2.1:51442" or "[2001:db8::7]:443" without its port. What is too long is cut; zeros
 * follow. */
void peer_host(struct view peer, char host[PEER_SIZE]);

/*
 * The network of one subscriber: an IPv4 address, or the /64 of an IPv6 address, as
 * "2001:db8:0:1::/64". A text that is no address stays as it is.
 */
void peer_source(const char host[PEER_SIZE], char source[PEER_SIZE]);

#endif
