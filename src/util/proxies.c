/* Owns the list of networks; what a proxy says is parsed in http/. */
#include "config.h"

#include "util/proxies.h"

#include <string.h>

#include "util/error.h"

static const char *const words[] = {
#define X(name, word) [PROXY_PROTOCOL_##name] = (word),
    PROXY_PROTOCOLS(X)
#undef X
};

int
proxy_protocol_parse(const char *text, enum proxy_protocol *out, struct error *err)
{
	for (size_t i = 0; i < PROXY_PROTOCOL_COUNT; i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = (enum proxy_protocol)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED, "\"%.64s\" is not off, v1 or v2", text);
}

/* The bits from `from` on, of the last octet that they begin in, and of all behind it. */
static bool
bits_are_zero(const struct address *address, unsigned from)
{
	for (unsigned i = from; i < address->size * 8U; i++) {
		if ((address->octets[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	}
	return true;
}

/* "/24" at the end of the text; *size is that of what stands before. */
static bool
prefix_parse(struct view text, size_t *size, unsigned *bits)
{
	const uint8_t *slash = memchr(text.data, '/', text.size);
	size_t         digits;

	*bits = 0;
	*size = (size_t)(slash - text.data);
	digits = text.size - *size - 1;
	if (digits == 0 || digits > 3 || (slash[1] == '0' && digits > 1))
		return false;
	for (size_t i = 1; i <= digits; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return false;
		*bits = *bits * 10 + (unsigned)(slash[i] - '0');
	}
	return true;
}

static int
network_parse(struct view text, struct proxy_network *network, struct error *err)
{
	int         length = text.size < PROXY_NETWORK_MAX ? (int)text.size : PROXY_NETWORK_MAX;
	const char *shown = text.size != 0 ? (const char *)text.data : "";
	size_t      size = text.size;
	unsigned    bits = 0;
	bool        prefixed = text.size != 0 && memchr(text.data, '/', text.size) != NULL;
	bool        bare = text.size != 0 && memchr(text.data, '[', text.size) == NULL;

	if (!bare || (prefixed && !prefix_parse(text, &size, &bits)) ||
	    !address_parse((struct view){text.data, size}, &network->address) ||
	    network->address.port != 0 || bits > network->address.size * 8U)
		return error_set(err, ERROR_MALFORMED,
		    "\"%.*s\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address",
		    length, shown);
	if (!prefixed)
		bits = network->address.size * 8U;
	if (bits == 0)
		return error_set(err, ERROR_MALFORMED, "%.*s has every address: any client could be"
		    " anybody", length, shown);
	if (!bits_are_zero(&network->address, bits))
		return error_set(err, ERROR_MALFORMED,
		    "%.*s is an address in a network of %u bits, and not the network's", length, shown,
		    bits);
	network->bits = (uint8_t)bits;
	return 0;
}

int
proxies_add(struct proxies *proxies, struct view network, struct error *err)
{
	if (proxies->count == PROXIES_MAX)
		return error_set(err, ERROR_MALFORMED, "more than %d networks", PROXIES_MAX);
	if (network_parse(network, &proxies->networks[proxies->count], err) != 0)
		return -1;
	proxies->count++;
	return 0;
}

static bool
network_has(const struct proxy_network *network, const struct address *address)
{
	size_t   whole = network->bits / 8;
	unsigned rest = network->bits % 8;

	return network->address.size == address->size &&
	    memcmp(network->address.octets, address->octets, whole) == 0 &&
	    (rest == 0 ||
	        (network->address.octets[whole] ^ address->octets[whole]) >> (8 - rest) == 0);
}

bool
proxies_has(const struct proxies *proxies, const struct address *address)
{
	for (size_t i = 0; i < proxies->count; i++) {
		if (network_has(&proxies->networks[i], address))
			return true;
	}
	return false;
}
