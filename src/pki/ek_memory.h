/*
 * A bounded LRU cache of verdicts on EK certificates, keyed by a hash of all their inputs.
 * Any thread.
 *
 * It needs no shares of sources (util/shares.h): it keeps nobody out. A stranger who fills it makes
 * the next request of a machine cost what its first did.
 */
#ifndef PKI_EK_MEMORY_H
#define PKI_EK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ek_memory;
struct ek_finding;

#define EK_MEMORY_KEY_SIZE 32

/* An empty cache for at most `max` verdicts, about 2 KiB each, allocated as they come. */
struct ek_memory *ek_memory_new(size_t max);
void              ek_memory_free(struct ek_memory *memory);

/*
 * Copies the verdict of this key, made at `now` or before; false when there is none. A
 * later one is not used: a certificate may not have been valid yet at `now`.
 */
bool ek_memory_find(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    struct ek_finding *finding);

/* Stores a copy of the verdict made at `now`, replacing one of the same key. */
void ek_memory_put(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    const struct ek_finding *finding);

/* Number of entries; for tests. */
size_t ek_memory_count(struct ek_memory *memory);

#endif
