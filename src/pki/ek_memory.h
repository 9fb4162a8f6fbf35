/*
 * What was found out about EK certificates before, by a hash of all that they hang
 * on. A bounded table: the entry that was not asked for the longest gives way. Any thread.
 */
#ifndef PKI_EK_MEMORY_H
#define PKI_EK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ek_memory;
struct ek_finding;

#define EK_MEMORY_KEY_SIZE 32

/* An empty one for at most `max` findings, about 2 KiB each; nothing is taken before they come. */
struct ek_memory *ek_memory_new(size_t max);
void              ek_memory_free(struct ek_memory *memory);

/*
 * Copies the finding of this key, made at `now` or before; false when there is none. One
 * that was made later is not given: what was valid then may not be valid yet.
 */
bool ek_memory_find(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    struct ek_finding *finding);

/* Keeps a copy of the finding that was made at `now`, in place of one of the same key. */
void ek_memory_put(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    const struct ek_finding *finding);

/* How many it holds. */
size_t ek_memory_count(struct ek_memory *memory);

#endif
