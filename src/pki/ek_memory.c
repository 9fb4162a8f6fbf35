/* An LRU cache: a hash table with a list of its entries by last use. */
#include "config.h"

#include "pki/ek_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pki/ek_shown.h"
#include "util/bytes.h"

struct entry {
	struct entry     *next;   /* in its bucket */
	struct entry     *newer;  /* by last use */
	struct entry     *older;
	uint8_t           key[EK_MEMORY_KEY_SIZE];
	int64_t           now;
	struct ek_finding finding;
};

struct ek_memory {
	pthread_mutex_t lock;
	struct entry  **buckets;
	size_t          max;
	size_t          count;
	struct entry   *newest;
	struct entry   *oldest;
};

struct ek_memory *
ek_memory_new(size_t max)
{
	struct ek_memory *memory = memory_new(sizeof *memory);

	*memory = (struct ek_memory){.max = max};
	memory->buckets = memory_new(max * sizeof(struct entry *));
	(void)pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

void
ek_memory_free(struct ek_memory *memory)
{
	struct entry *older;

	if (memory == NULL)
		return;
	for (struct entry *entry = memory->newest; entry != NULL; entry = older) {
		older = entry->older;
		free(entry);
	}
	free(memory->buckets);
	(void)pthread_mutex_destroy(&memory->lock);
	free(memory);
}

/* Keys are digests, so their first octets serve as the hash. */
static struct entry **
memory_bucket(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE])
{
	uint64_t number;

	memcpy(&number, key, sizeof number);
	return &memory->buckets[number % memory->max];
}

/* The link to the entry of this key, or to NULL where it would be inserted. */
static struct entry **
memory_slot(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE])
{
	struct entry **slot = memory_bucket(memory, key);

	while (*slot != NULL && memcmp((*slot)->key, key, EK_MEMORY_KEY_SIZE) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void
memory_unlist(struct ek_memory *memory, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &memory->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &memory->oldest) = entry->newer;
}

static void
memory_list(struct ek_memory *memory, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = memory->newest;
	*(memory->newest != NULL ? &memory->newest->newer : &memory->oldest) = entry;
	memory->newest = entry;
}

/* Unlinks an entry from the table, for reuse. */
static struct entry *
memory_take(struct ek_memory *memory, struct entry **slot)
{
	struct entry *entry = *slot;

	*slot = entry->next;
	memory_unlist(memory, entry);
	memory->count--;
	return entry;
}

bool
ek_memory_find(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    struct ek_finding *finding)
{
	struct entry *entry;
	bool          found;

	(void)pthread_mutex_lock(&memory->lock);
	entry = *memory_slot(memory, key);
	found = entry != NULL && entry->now <= now;
	if (found) {
		*finding = entry->finding;
		memory_unlist(memory, entry);
		memory_list(memory, entry);
	}
	(void)pthread_mutex_unlock(&memory->lock);
	return found;
}

void
ek_memory_put(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    const struct ek_finding *finding)
{
	struct entry **slot;
	struct entry  *entry;

	(void)pthread_mutex_lock(&memory->lock);
	slot = memory_slot(memory, key);
	if (*slot != NULL)
		entry = memory_take(memory, slot);
	else if (memory->count == memory->max)
		entry = memory_take(memory, memory_slot(memory, memory->oldest->key));
	else
		entry = memory_new(sizeof *entry);
	memcpy(entry->key, key, sizeof entry->key);
	entry->now = now;
	entry->finding = *finding;
	slot = memory_bucket(memory, key);
	entry->next = *slot;
	*slot = entry;
	memory_list(memory, entry);
	memory->count++;
	(void)pthread_mutex_unlock(&memory->lock);
}

size_t
ek_memory_count(struct ek_memory *memory)
{
	size_t count;

	(void)pthread_mutex_lock(&memory->lock);
	count = memory->count;
	(void)pthread_mutex_unlock(&memory->lock);
	return count;
}
