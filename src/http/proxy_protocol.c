/* Parses the header of the PROXY protocol; whether its sender is believed is proxy.c's. */
#include "config.h"

#include "http/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "util/error.h"

/* §2.1: the longest line, with its CR LF. */
#define LINE_MAX_V1 107U

/* "PROXY TCP6 source destination source-port destination-port" */
#define WORDS_V1 6

/* §2.2: the signature, version and command, family and protocol, length of the rest. */
#define HEAD_SIZE      16U
#define SIGNATURE_SIZE 12U

static int
header_is_broken(struct error *err, const char *why)
{
	return error_set(err, ERROR_MALFORMED, "%s", why);
}

/* ---- version 1 ---- */

/* Splits at single blanks; the number of words, or WORDS_V1 + 1 when there are more. */
static size_t
line_split(char *line, char *words[WORDS_V1])
{
	size_t count = 0;
	char  *blank;

	do {
		if (count == WORDS_V1)
			return WORDS_V1 + 1;
		words[count++] = line;
		if ((blank = strchr(line, ' ')) != NULL) {
			*blank = '\0';
			line = blank + 1;
		}
	} while (blank != NULL);
	return count;
}

static bool
line_port(const char *text, uint16_t *port)
{
	size_t        digits = strspn(text, "0123456789");
	unsigned long number = 0;

	if (digits == 0 || digits > 5 || text[digits] != '\0' || (text[0] == '0' && digits > 1))
		return false;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (unsigned long)(text[i] - '0');
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

static int
line_read(char *line, struct address *source, struct error *err)
{
	char    *words[WORDS_V1];
	size_t   count = line_split(line, words);
	uint8_t  octets[2][16];
	uint16_t port;
	uint16_t unused;
	bool     ipv6;

	if (count >= 2 && strcmp(words[1], "UNKNOWN") == 0)
		return 0; /* the rest of the line is ignored */
	ipv6 = count >= 2 && strcmp(words[1], "TCP6") == 0;
	if (!ipv6 && (count < 2 || strcmp(words[1], "TCP4") != 0))
		return header_is_broken(err, "the PROXY header names no TCP4, TCP6 or UNKNOWN");
	if (count != WORDS_V1)
		return header_is_broken(err, "the PROXY header does not have six words");
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, words[2], octets[0]) != 1 ||
	    inet_pton(ipv6 ? AF_INET6 : AF_INET, words[3], octets[1]) != 1)
		return header_is_broken(err, "an address of the PROXY header is none of its family");
	if (!line_port(words[4], &port) || !line_port(words[5], &unused))
		return header_is_broken(err, "a port of the PROXY header is none");
	*source = address_of(octets[0], ipv6 ? 16 : 4, port);
	return 0;
}

static int
text_header_read(struct view octets, struct proxy_header *header, struct error *err)
{
	static const char begins[] = {'P', 'R', 'O', 'X', 'Y', ' '};
	size_t            known = octets.size < sizeof begins ? octets.size : sizeof begins;
	size_t            size = octets.size < LINE_MAX_V1 ? octets.size : LINE_MAX_V1;
	size_t            length = 0;
	char              line[LINE_MAX_V1 + 1];

	if (memcmp(octets.data, begins, known) != 0)
		return header_is_broken(err, "the connection does not begin with \"PROXY \"");
	while (length < size && octets.data[length] != '\r' && octets.data[length] != '\n')
		length++;
	if (length + 2 > LINE_MAX_V1)
		return header_is_broken(err, "the PROXY header is longer than 107 octets");
	if (length < size && octets.data[length] == '\n')
		return header_is_broken(err, "the PROXY header does not end with CR LF");
	if (length + 2 > octets.size)
		return 0;
	if (octets.data[length + 1] != '\n')
		return header_is_broken(err, "the PROXY header does not end with CR LF");
	if (memchr(octets.data, '\0', length) != NULL)
		return header_is_broken(err, "the PROXY header contains a NUL");
	header->size = length + 2;
	memcpy(line, octets.data, length);
	line[length] = '\0';
	return line_read(line, &header->source, err) == 0 ? 1 : -1;
}

/* ---- version 2 ---- */

/* Families and protocols: the octets of their addresses. */
static const struct {
	uint8_t family;
	uint8_t size;      /* source and destination, with their ports */
	uint8_t addresses; /* octets of the source; 0: it has no Internet address */
} families[] = {
    {0x11, 12, 4},  /* TCP over IPv4 */
    {0x21, 36, 16}, /* TCP over IPv6 */
    {0x31, 216, 0}, /* UNIX stream */
};

static size_t
number_at(const uint8_t *octets)
{
	return (size_t)octets[0] << 8 | octets[1];
}

/* §2.2: type, length, value. */
static bool
tlvs_fit(struct view rest)
{
	while (rest.size >= 3) {
		size_t size = 3 + number_at(rest.data + 1);

		if (size > rest.size)
			return false;
		rest = (struct view){rest.data + size, rest.size - size};
	}
	return rest.size == 0;
}

static int
block_read(uint8_t family, struct view block, struct address *source, struct error *err)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		size_t size = families[i].size;
		size_t address = families[i].addresses;

		if (families[i].family != family)
			continue;
		if (block.size < size)
			return header_is_broken(err, "the PROXY header is too short for its addresses");
		if (!tlvs_fit((struct view){block.data + size, block.size - size}))
			return header_is_broken(err, "the TLVs of the PROXY header do not fit into it");
		if (address != 0)
			*source = address_of(block.data, address,
			    (uint16_t)number_at(block.data + 2 * address));
		return 0;
	}
	return header_is_broken(err, "the PROXY header is for no connection over TCP");
}

static int
binary_header_read(struct view octets, struct proxy_header *header, struct error *err)
{
	static const uint8_t signature[SIGNATURE_SIZE] = {
	    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	size_t known = octets.size < sizeof signature ? octets.size : sizeof signature;

	if (memcmp(octets.data, signature, known) != 0)
		return header_is_broken(err,
		    "the connection does not begin with the signature of PROXY version 2");
	/* 0x20: LOCAL, 0x21: PROXY */
	if (octets.size > SIGNATURE_SIZE && (octets.data[SIGNATURE_SIZE] & 0xfe) != 0x20)
		return header_is_broken(err, "the PROXY header has another version or command");
	if (octets.size < HEAD_SIZE)
		return 0;
	header->size = HEAD_SIZE + number_at(octets.data + HEAD_SIZE - 2);
	if (header->size > PROXY_HEADER_MAX)
		return header_is_broken(err, "the PROXY header is longer than 4096 octets");
	if (octets.size < header->size)
		return 0;
	/* Of LOCAL, and where the family is not given, all that follows is ignored. */
	if (octets.data[SIGNATURE_SIZE] == 0x20 || octets.data[SIGNATURE_SIZE + 1] == 0)
		return 1;
	return block_read(octets.data[SIGNATURE_SIZE + 1],
	           (struct view){octets.data + HEAD_SIZE, header->size - HEAD_SIZE},
	           &header->source, err) == 0
	    ? 1
	    : -1;
}

int
proxy_header_read(enum proxy_protocol version, struct view octets, struct proxy_header *header,
    struct error *err)
{
	*header = (struct proxy_header){0};
	if (octets.size == 0)
		return 0;
	return version == PROXY_PROTOCOL_V1 ? text_header_read(octets, header, err)
	                                    : binary_header_read(octets, header, err);
}
