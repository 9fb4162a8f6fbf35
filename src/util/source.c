/* Maps addresses to sources. */
#include "config.h"

#include "util/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BITS 32
#define SUBNET_BITS 64
#define SITE_BITS 48

static struct source
source_of_ipv4(const void *octets)
{
	struct source source = {.bits = IPV4_BITS};

	memcpy(source.octets, octets, IPV4_BITS / 8);
	return source;
}

static struct source
source_of_ipv6(const struct in6_addr *address)
{
	struct source source = {.bits = SUBNET_BITS};

	if (IN6_IS_ADDR_V4MAPPED(address))
		return source_of_ipv4(&address->s6_addr[12]);
	memcpy(source.octets, address->s6_addr, SUBNET_BITS / 8);
	return source;
}

/* The address in `peer`, without brackets, port and zone; "" when it is too long for one. */
static void
source_host(struct view peer, char host[INET6_ADDRSTRLEN])
{
	const char *text = (const char *)peer.data;
	size_t      size = peer.size;
	size_t      colons = 0;

	host[0] = '\0';
	for (size_t i = 0; i < size; i++)
		colons += text[i] == ':';
	if (size > 0 && text[0] == '[') {
		text++;
		for (size = 0; size < peer.size - 1 && text[size] != ']'; size++)
			;
	} else if (colons == 1) {
		while (text[size - 1] != ':')
			size--;
		size--;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '%' || text[i] == '\0')
			size = i;
	}
	if (size == 0 || size >= INET6_ADDRSTRLEN)
		return;
	memcpy(host, text, size);
	host[size] = '\0';
}

struct source
source_of_text(struct view peer)
{
	struct in6_addr ipv6;
	struct in_addr  ipv4;
	char            host[INET6_ADDRSTRLEN];

	source_host(peer, host);
	if (inet_pton(AF_INET, host, &ipv4) == 1)
		return source_of_ipv4(&ipv4);
	if (inet_pton(AF_INET6, host, &ipv6) == 1)
		return source_of_ipv6(&ipv6);
	return (struct source){0};
}

struct source
source_of_socket(const struct sockaddr *address)
{
	struct sockaddr_in  ipv4;
	struct sockaddr_in6 ipv6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&ipv4, address, sizeof ipv4);
		return source_of_ipv4(&ipv4.sin_addr);
	case AF_INET6:
		memcpy(&ipv6, address, sizeof ipv6);
		return source_of_ipv6(&ipv6.sin6_addr);
	default:
		return (struct source){0};
	}
}

struct source
source_above(const struct source *source)
{
	struct source above = *source;

	if (above.bits != SUBNET_BITS)
		return above;
	memset(above.octets + SITE_BITS / 8, 0, (SUBNET_BITS - SITE_BITS) / 8);
	above.bits = SITE_BITS;
	return above;
}

bool
source_equal(const struct source *a, const struct source *b)
{
	return a->bits == b->bits && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

const char *
source_format(const struct source *source, char text[SOURCE_TEXT_SIZE])
{
	struct in6_addr address = {0};
	char            host[INET6_ADDRSTRLEN];

	if (source->bits == 0) {
		(void)snprintf(text, SOURCE_TEXT_SIZE, "unknown");
	} else if (source->bits == IPV4_BITS) {
		(void)inet_ntop(AF_INET, source->octets, text, SOURCE_TEXT_SIZE);
	} else {
		memcpy(address.s6_addr, source->octets, sizeof source->octets);
		(void)inet_ntop(AF_INET6, &address, host, sizeof host);
		(void)snprintf(text, SOURCE_TEXT_SIZE, "%.39s/%d", host, source->bits);
	}
	return text;
}
