/*
 * Owns the slots, whose number is a power of two, at most seven eighths of them used. A slot that is
 * emptied is filled by the next one that belongs there, so that there are no tombstones.
 *
 * When the index grows or shrinks, the old slots are moved to the new ones a few at a time, so that
 * nobody waits for all of them. What is taken out of old slots leaves tombstones, until they are freed.
 */
#include "config.h"

#include "util/hash_index.h"

#include <stdlib.h>

#include "util/bytes.h"

#define SLOTS_LEAST 16
#define MOVES       16 /* old slots that each change moves */

/* A number and one, or: */
#define SLOT_EMPTY 0U
#define SLOT_GONE  UINT32_MAX /* among old slots */

struct slots {
	uint32_t *slots;
	size_t    count;
};

struct hash_index {
	hash_index_hash *hash;
	const void      *table;
	struct slots     now;
	struct slots     old;   /* NULL: nothing is to be moved */
	size_t           moved; /* so many old slots are moved */
	size_t           least; /* slots, by hash_index_reserve */
	size_t           count;
};

static struct slots
slots_new(size_t count)
{
	return (struct slots){memory_new(count * sizeof(uint32_t)), count};
}

struct hash_index *
hash_index_new(hash_index_hash *hash, const void *table)
{
	struct hash_index *index = memory_new(sizeof *index);

	index->hash = hash;
	index->table = table;
	index->least = SLOTS_LEAST;
	index->now = slots_new(SLOTS_LEAST);
	return index;
}

void
hash_index_free(struct hash_index *index)
{
	if (index == NULL)
		return;
	free(index->now.slots);
	free(index->old.slots);
	free(index);
}

static size_t
slots_room(size_t slots)
{
	return slots / 8 * 7;
}

static size_t
slots_for(size_t count)
{
	size_t slots = SLOTS_LEAST;

	while (slots_room(slots) < count)
		slots *= 2;
	return slots;
}

static void
index_put(const struct hash_index *index, uint32_t number)
{
	size_t mask = index->now.count - 1;
	size_t slot = index->hash(index->table, number) & mask;

	while (index->now.slots[slot] != SLOT_EMPTY)
		slot = (slot + 1) & mask;
	index->now.slots[slot] = number + 1;
}

/* Moves so many old slots. */
static void
index_move(struct hash_index *index, size_t count)
{
	struct slots *old = &index->old;

	if (old->slots == NULL)
		return;
	for (; count > 0 && index->moved < old->count; count--, index->moved++) {
		uint32_t *slot = &old->slots[index->moved];

		if (*slot == SLOT_EMPTY || *slot == SLOT_GONE)
			continue;
		index_put(index, *slot - 1);
		*slot = SLOT_GONE;
	}
	if (index->moved < old->count)
		return;
	free(old->slots);
	*old = (struct slots){0};
}

static void
index_resize(struct hash_index *index, size_t count)
{
	if (count == index->now.count)
		return;
	index_move(index, SIZE_MAX);
	index->old = index->now;
	index->moved = 0;
	index->now = slots_new(count);
}

void
hash_index_reserve(struct hash_index *index, size_t count)
{
	size_t wanted = slots_for(index->count);

	index->least = slots_for(count);
	index_resize(index, wanted < index->least ? index->least : wanted);
}

static uint32_t
slots_find(const struct hash_index *index, const struct slots *slots, uint64_t hash,
    hash_index_match *match, const void *key)
{
	size_t   mask = slots->count - 1;
	uint32_t found;

	for (size_t slot = hash & mask; (found = slots->slots[slot]) != SLOT_EMPTY; slot = (slot + 1) & mask) {
		if (found != SLOT_GONE && match(index->table, found - 1, key))
			return found - 1;
	}
	return HASH_INDEX_NONE;
}

uint32_t
hash_index_find(const struct hash_index *index, uint64_t hash, hash_index_match *match, const void *key)
{
	uint32_t found = slots_find(index, &index->now, hash, match, key);

	if (found == HASH_INDEX_NONE && index->old.slots != NULL)
		found = slots_find(index, &index->old, hash, match, key);
	return found;
}

void
hash_index_add(struct hash_index *index, uint32_t number)
{
	index_move(index, MOVES);
	if (index->count + 1 > slots_room(index->now.count))
		index_resize(index, 2 * index->now.count);
	index_put(index, number);
	index->count++;
}

/* Whether who belongs to `home` and stands behind the gap may stand in it: else it would not be found. */
static bool
slot_may_move(size_t home, size_t gap, size_t slot, size_t mask)
{
	return ((slot - home) & mask) >= ((slot - gap) & mask);
}

static void
index_close(struct hash_index *index, size_t gap)
{
	uint32_t *slots = index->now.slots;
	size_t    mask = index->now.count - 1;

	for (size_t slot = (gap + 1) & mask; slots[slot] != SLOT_EMPTY; slot = (slot + 1) & mask) {
		size_t home = index->hash(index->table, slots[slot] - 1) & mask;

		if (slot_may_move(home, gap, slot, mask)) {
			slots[gap] = slots[slot];
			gap = slot;
		}
	}
	slots[gap] = SLOT_EMPTY;
}

/* The slot of this number; SIZE_MAX: it is not among these. */
static size_t
slots_where(const struct hash_index *index, const struct slots *slots, uint32_t number)
{
	size_t mask = slots->count - 1;
	size_t slot = index->hash(index->table, number) & mask;

	for (; slots->slots[slot] != SLOT_EMPTY; slot = (slot + 1) & mask) {
		if (slots->slots[slot] == number + 1)
			return slot;
	}
	return SIZE_MAX;
}

void
hash_index_remove(struct hash_index *index, uint32_t number)
{
	size_t slot = slots_where(index, &index->now, number);

	if (slot != SIZE_MAX) {
		index_close(index, slot);
	} else {
		slot = index->old.slots != NULL ? slots_where(index, &index->old, number) : SIZE_MAX;
		if (slot == SIZE_MAX)
			abort(); /* it is not there */
		index->old.slots[slot] = SLOT_GONE;
	}
	index->count--;
	index_move(index, MOVES);
	if (index->now.count > index->least && index->count < index->now.count / 8)
		index_resize(index, index->now.count / 2);
}

size_t
hash_index_count(const struct hash_index *index)
{
	return index->count;
}
