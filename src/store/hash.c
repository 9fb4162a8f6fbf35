/* Reads EK hashes from text. Does not know keys or devices. */
#include "config.h"

#include "store/hash.h"

#include <string.h>

#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"

#define HASH_PREFIX     "sha256:"
#define HASH_URN        "urn:ek:sha256:"
#define HASH_DIGITS     ((size_t)2 * STORE_HASH_SIZE)
#define HASH_DIGITS_MIN 4

static const char *
hash_digits(const char *text)
{
	return strncmp(text, HASH_PREFIX, sizeof HASH_PREFIX - 1) == 0
	    ? text + sizeof HASH_PREFIX - 1
	    : text;
}

static bool
hash_parse_urn(const char *encoded, uint8_t hash[STORE_HASH_SIZE])
{
	AUTO_BYTES   octets = {0};
	struct error ignored;

	if (base64_decode(BASE64_STANDARD, encoded, strlen(encoded), &octets, &ignored) != 0 ||
	    octets.size != STORE_HASH_SIZE)
		return false;
	memcpy(hash, octets.data, STORE_HASH_SIZE);
	return true;
}

bool
store_hash_parse(const char *text, uint8_t hash[STORE_HASH_SIZE])
{
	const char *digits = hash_digits(text);

	if (strncmp(text, HASH_URN, sizeof HASH_URN - 1) == 0)
		return hash_parse_urn(text + sizeof HASH_URN - 1, hash);
	return strlen(digits) == HASH_DIGITS && hex_decode(digits, hash, STORE_HASH_SIZE);
}

static void
hash_pad(const char *digits, size_t count, char fill, char padded[HASH_DIGITS])
{
	(void)memset(padded, fill, HASH_DIGITS);
	for (size_t i = 0; i < count; i++)
		padded[i] = digits[i];
}

bool
store_hash_range(const char *text, uint8_t least[STORE_HASH_SIZE],
    uint8_t greatest[STORE_HASH_SIZE])
{
	const char *digits = hash_digits(text);
	size_t      count = strlen(digits);
	char        padded[HASH_DIGITS];

	if (count < HASH_DIGITS_MIN || count > HASH_DIGITS)
		return false;
	hash_pad(digits, count, '0', padded);
	if (!hex_decode(padded, least, STORE_HASH_SIZE))
		return false;
	hash_pad(digits, count, 'f', padded);
	return hex_decode(padded, greatest, STORE_HASH_SIZE);
}

void
store_hash_format(const uint8_t hash[STORE_HASH_SIZE], char text[STORE_HASH_TEXT_SIZE])
{
	hex_encode(hash, STORE_HASH_SIZE, text);
}
