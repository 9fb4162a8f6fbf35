/*
 * Keys of accounts parsed lately, by their text: an account's requests come in a row, and making
 * its key costs half of a signature check. Bounded (util/lru.h).
 */
#ifndef ACME_FRONT_JWK_MEMORY_H
#define ACME_FRONT_JWK_MEMORY_H

#include <stddef.h>

#include "util/bytes.h"

struct error;
struct jwk;
struct jwk_memory;

/* An empty memory for at most `max` keys, some 4 KiB each. */
struct jwk_memory *jwk_memory_new(size_t max);
void               jwk_memory_free(struct jwk_memory *memory);

/* As jwk_parse (acme/front/jwk.h); the caller calls jwk_clear in either case. */
int jwk_memory_parse(struct jwk_memory *memory, struct view text, struct jwk *jwk,
    struct error *err);

#endif
