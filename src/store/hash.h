/* EK hashes of the store as text (util/ek_hash.h); also used to refuse device names that look like a hash. */
#ifndef STORE_HASH_H
#define STORE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* True when the text is a whole hash in a form of ek_hash_parse. */
bool store_hash_parse(const char *text, uint8_t hash[STORE_HASH_SIZE]);

/* ek_hash_range, and ek_hash_format below. */
bool store_hash_range(const char *text, uint8_t least[STORE_HASH_SIZE],
    uint8_t greatest[STORE_HASH_SIZE]);

#define STORE_HASH_TEXT_SIZE (2 * STORE_HASH_SIZE + 1)
void store_hash_format(const uint8_t hash[STORE_HASH_SIZE], char text[STORE_HASH_TEXT_SIZE]);

#endif
