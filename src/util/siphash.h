/*
 * SipHash-2-4 (Aumasson, Bernstein, 2012): a keyed hash for tables whose keys strangers choose. Who does not
 * know the key finds no collisions.
 */
#ifndef UTIL_SIPHASH_H
#define UTIL_SIPHASH_H

#include <stdint.h>

#include "util/bytes.h"

struct siphash_key {
	uint64_t halves[2];
};

/* Draws a random key; aborts if the kernel gives none. */
void siphash_key_draw(struct siphash_key *key);

/* The 64-bit hash of the octets. */
uint64_t siphash(const struct siphash_key *key, struct view data);

#endif
