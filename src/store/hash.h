/* EK hashes as text; also used to refuse device names that look like a hash. */
#ifndef STORE_HASH_H
#define STORE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/*
 * True when the text is a whole hash: 64 hexadecimal digits of either case,
 * "sha256:" and the same, or "urn:ek:sha256:" and standard base64.
 */
bool store_hash_parse(const char *text, uint8_t hash[STORE_HASH_SIZE]);

/*
 * True when the text is the prefix of a hash, 4 to 64 hexadecimal digits: fills
 * the least and the greatest hash with this prefix.
 */
bool store_hash_range(const char *text, uint8_t least[STORE_HASH_SIZE],
    uint8_t greatest[STORE_HASH_SIZE]);

/* Writes the digits, lower case, and a NUL. */
#define STORE_HASH_TEXT_SIZE (2 * STORE_HASH_SIZE + 1)
void store_hash_format(const uint8_t hash[STORE_HASH_SIZE], char text[STORE_HASH_TEXT_SIZE]);

#endif
