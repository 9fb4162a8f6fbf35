/* Takes the front's word for an address apart. */
#include "config.h"

#include "attestation/keeper/peer.h"

#include <stdio.h>
#include <string.h>

#include "util/source.h"

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
	struct source network = source_of_text(view_text(host));

	if (network.bits == 0)
		(void)snprintf(source, PEER_SIZE, "%s", host);
	else
		(void)source_format(&network, source);
}
