/* Owns the text forms of EK hashes. Knows neither keys nor devices. */
#include "config.h"

#include "util/ek_hash.h"

#include <stdio.h>
#include <string.h>

#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"

#define EK_HASH_PREFIX     "sha256:"
#define EK_HASH_URN        "urn:ek:sha256:"
#define EK_HASH_DIGITS     ((size_t)2 * EK_HASH_SIZE)
#define EK_HASH_DIGITS_MIN 4

/* Behind the prefix, if there is one. */
static const char *
ek_hash_digits(const char *text)
{
	bool prefixed = strncmp(text, EK_HASH_PREFIX, strlen(EK_HASH_PREFIX)) == 0;

	return prefixed ? text + strlen(EK_HASH_PREFIX) : text;
}

static int
ek_hash_parse_urn(const char *text, struct ek_hash *hash, struct error *err)
{
	AUTO_BYTES octets = {0};

	if (base64_decode(BASE64_STANDARD, text, strlen(text), &octets, err) < 0)
		return error_wrap(err, "EK hash");
	if (octets.size != EK_HASH_SIZE)
		return error_set(err, ERROR_MALFORMED, "EK hash of %zu octets: it must have %d",
		    octets.size, EK_HASH_SIZE);
	memcpy(hash->bytes, octets.data, EK_HASH_SIZE);
	return 0;
}

int
ek_hash_parse(const char *text, struct ek_hash *hash, struct error *err)
{
	size_t length;

	if (strncmp(text, EK_HASH_URN, strlen(EK_HASH_URN)) == 0)
		return ek_hash_parse_urn(text + strlen(EK_HASH_URN), hash, err);
	text = ek_hash_digits(text);
	length = strlen(text);
	if (length != EK_HASH_TEXT_SIZE - 1)
		return error_set(err, ERROR_MALFORMED, "EK hash of %zu characters: it must have %d",
		    length, EK_HASH_TEXT_SIZE - 1);
	if (!hex_decode(text, hash->bytes, EK_HASH_SIZE))
		return error_set(err, ERROR_MALFORMED,
		    "EK hash with a character that is not a hexadecimal digit");
	return 0;
}

bool
ek_hash_read(const char *text, struct ek_hash *hash)
{
	struct error ignored;

	if (strncmp(text, EK_HASH_URN, strlen(EK_HASH_URN)) == 0)
		return ek_hash_parse(text, hash, &ignored) == 0;
	text = ek_hash_digits(text);
	return strlen(text) == EK_HASH_DIGITS && hex_decode(text, hash->bytes, EK_HASH_SIZE);
}

static bool
ek_hash_pad(const char *digits, size_t count, char fill, struct ek_hash *hash)
{
	char padded[EK_HASH_DIGITS + 1];

	(void)memset(padded, fill, EK_HASH_DIGITS);
	(void)memcpy(padded, digits, count);
	padded[EK_HASH_DIGITS] = '\0';
	return hex_decode(padded, hash->bytes, EK_HASH_SIZE);
}

bool
ek_hash_range(const char *text, struct ek_hash *least, struct ek_hash *greatest)
{
	const char *digits = ek_hash_digits(text);
	size_t      count = strlen(digits);

	return count >= EK_HASH_DIGITS_MIN && count <= EK_HASH_DIGITS &&
	    ek_hash_pad(digits, count, '0', least) && ek_hash_pad(digits, count, 'f', greatest);
}

bool
ek_hash_equal(const struct ek_hash *a, const struct ek_hash *b)
{
	return memcmp(a->bytes, b->bytes, EK_HASH_SIZE) == 0;
}

void
ek_hash_format(const struct ek_hash *hash, char text[EK_HASH_TEXT_SIZE])
{
	hex_encode(hash->bytes, EK_HASH_SIZE, text);
}

char *
ek_hash_urn(const struct ek_hash *hash)
{
	AUTO_FREE char *encoded = base64_encode(BASE64_STANDARD, hash->bytes, EK_HASH_SIZE);
	size_t          size = strlen(EK_HASH_URN) + strlen(encoded) + 1;
	char           *urn = memory_new(size);

	(void)snprintf(urn, size, "%s%s", EK_HASH_URN, encoded);
	return urn;
}
