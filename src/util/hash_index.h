/*
 * An index of numbered things by hash: a table of four octets for each, with linear probing, which finds
 * the things' keys in the things. Their hashes must be digests or keyed (siphash.h) where strangers
 * choose them. Guarded by its owner's lock.
 */
#ifndef UTIL_HASH_INDEX_H
#define UTIL_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_index;

/* No number. */
#define HASH_INDEX_NONE UINT32_MAX

/* The hash of a number's thing, the same as long as it is in the index. */
typedef uint64_t hash_index_hash(const void *table, uint32_t number);

/* Whether a number's thing has this key. */
typedef bool hash_index_match(const void *table, uint32_t number, const void *key);

/* An empty index of the things in `table`, both of which are borrowed. */
struct hash_index *hash_index_new(hash_index_hash *hash, const void *table);
void               hash_index_free(struct hash_index *index); /* takes NULL too */

/*
 * Makes it large enough for so many numbers, and no smaller later. Pages that have not been written to
 * take no memory. It also grows and shrinks by itself, a little with each change: nobody waits for it.
 */
void hash_index_reserve(struct hash_index *index, size_t count);

/* The number whose thing has this hash and key; HASH_INDEX_NONE if there is none. */
uint32_t hash_index_find(const struct hash_index *index, uint64_t hash, hash_index_match *match,
    const void *key);

/* Adds a number, which is not there yet, below HASH_INDEX_NONE - 1. */
void hash_index_add(struct hash_index *index, uint32_t number);

/* Removes a number, which is there; its thing still has its hash. */
void hash_index_remove(struct hash_index *index, uint32_t number);

/* How many numbers there are. */
size_t hash_index_count(const struct hash_index *index);

#endif
