/* Takes the front's word for an address apart. */
#include "config.h"

#include "attestation/keeper/peer.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

void
peer_host(struct view peer, char host[PEER_SIZE])
{
	size_t size = peer.size;

	memset(host, 0, PEER_SIZE);
	while (size > 0 && peer.data[size - 1] != ':')
		size--;
	size = size > 0 ? size - 1 : peer.size;
	if (size >= PEER_SIZE)
		size = PEER_SIZE - 1;
	if (size > 0)
		memcpy(host, peer.data, size);
}

void
peer_source(const char host[PEER_SIZE], char source[PEER_SIZE])
{
	struct in6_addr address = {0};
	char            text[PEER_SIZE] = "";
	size_t          length = strlen(host);

	(void)snprintf(source, PEER_SIZE, "%s", host);
	if (host[0] != '[' || host[length - 1] != ']')
		return;
	/* Without the brackets, and the zone of a link-local address. */
	memcpy(text, host + 1, length - 2);
	text[strcspn(text, "%")] = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return;
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		(void)inet_ntop(AF_INET, &address.s6_addr[12], source, PEER_SIZE);
		return;
	}
	memset(&address.s6_addr[8], 0, 8);
	(void)inet_ntop(AF_INET6, &address, text, sizeof text);
	(void)snprintf(source, PEER_SIZE, "%.*s/64", PEER_SIZE - 4, text);
}
