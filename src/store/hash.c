/* EK hashes as columns of the store: util/ek_hash.c has their text. */
#include "config.h"

#include "store/hash.h"

#include <string.h>

#include "util/ek_hash.h"

_Static_assert(STORE_HASH_SIZE == EK_HASH_SIZE, "a column holds a hash");

bool
store_hash_parse(const char *text, uint8_t hash[STORE_HASH_SIZE])
{
	struct ek_hash parsed;

	if (!ek_hash_read(text, &parsed))
		return false;
	memcpy(hash, parsed.bytes, STORE_HASH_SIZE);
	return true;
}

bool
store_hash_range(const char *text, uint8_t least[STORE_HASH_SIZE],
    uint8_t greatest[STORE_HASH_SIZE])
{
	struct ek_hash first;
	struct ek_hash last;

	if (!ek_hash_range(text, &first, &last))
		return false;
	memcpy(least, first.bytes, STORE_HASH_SIZE);
	memcpy(greatest, last.bytes, STORE_HASH_SIZE);
	return true;
}

void
store_hash_format(const uint8_t hash[STORE_HASH_SIZE], char text[STORE_HASH_TEXT_SIZE])
{
	struct ek_hash copy;

	memcpy(copy.bytes, hash, STORE_HASH_SIZE);
	ek_hash_format(&copy, text);
}
