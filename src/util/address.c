/* Parses and formats addresses; asks no name service. */
#include "config.h"

#include "util/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define IPV4_SIZE 4
#define IPV6_SIZE 16
#define PORT_DIGITS 5
#define PORT_MAX 65535U

struct address
address_of(const uint8_t *octets, size_t size, uint16_t port)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct address       address = {.port = port};

	if (size == IPV6_SIZE && memcmp(octets, mapped, sizeof mapped) == 0) {
		octets += sizeof mapped;
		size = IPV4_SIZE;
	}
	memcpy(address.octets, octets, size);
	address.size = (uint8_t)size;
	return address;
}

/* RFC 7239 §6: node-port. */
static bool
port_parse(const char *text, size_t size, uint16_t *port)
{
	static const char obfuscated[] = "0123456789._-"
	                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned          number = 0;

	*port = 0;
	if (size > 1 && text[0] == '_')
		return strspn(text + 1, obfuscated) >= size - 1;
	if (size == 0 || size > PORT_DIGITS)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	*port = (uint16_t)number;
	return number <= PORT_MAX;
}

/* Splits "host", "host:port", "[host]" and "[host]:port" in place; *port is NULL without one. */
static bool
address_split(char *text, char **host, char **port)
{
	char *colon = strchr(text, ':');
	char *end;

	*host = text;
	*port = NULL;
	if (text[0] == '[') {
		*host = text + 1;
		if ((end = strchr(text, ']')) == NULL || colon == NULL || colon > end ||
		    (end[1] != '\0' && end[1] != ':'))
			return false;
		*port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*colon = '\0';
		*port = colon + 1;
	}
	return true;
}

bool
address_parse(struct view text, struct address *out)
{
	char     copy[ADDRESS_TEXT_SIZE];
	uint8_t  octets[IPV6_SIZE];
	char    *host;
	char    *port_text;
	uint16_t port = 0;
	size_t   size;

	if (text.size == 0 || text.size >= sizeof copy || memchr(text.data, '\0', text.size) != NULL)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (!address_split(copy, &host, &port_text) ||
	    (port_text != NULL && !port_parse(port_text, strlen(port_text), &port)))
		return false;
	if (inet_pton(AF_INET, host, octets) == 1)
		size = IPV4_SIZE;
	else if (inet_pton(AF_INET6, host, octets) == 1)
		size = IPV6_SIZE;
	else
		return false;
	*out = address_of(octets, size, port);
	return true;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->size == b->size && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

const char *
address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	bool ipv6 = address->size == IPV6_SIZE;
	char host[INET6_ADDRSTRLEN];

	if (address->size == 0 ||
	    inet_ntop(ipv6 ? AF_INET6 : AF_INET, address->octets, host, sizeof host) == NULL)
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "unknown");
	else
		(void)snprintf(text, ADDRESS_TEXT_SIZE, ipv6 ? "[%.45s]:%u" : "%.45s:%u", host,
		    (unsigned)address->port);
	return text;
}
