/* A hash table with a list of its entries by last use. Owns the values. */
#include "config.h"

#include "util/lru.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

struct entry {
	struct entry *next;  /* in its bucket */
	struct entry *newer; /* by last use */
	struct entry *older;
	uint8_t       key[LRU_KEY_SIZE];
	void         *value;
};

struct lru {
	pthread_mutex_t lock;
	void          (*clear)(void *value);
	struct entry  **buckets;
	size_t          max;
	size_t          count;
	struct entry   *newest;
	struct entry   *oldest;
};

struct lru *
lru_new(size_t max, void (*clear)(void *value))
{
	struct lru *lru = memory_new(sizeof *lru);

	*lru = (struct lru){.clear = clear, .max = max};
	lru->buckets = memory_new(max * sizeof(struct entry *));
	(void)pthread_mutex_init(&lru->lock, NULL);
	return lru;
}

void
lru_free(struct lru *lru)
{
	struct entry *older;

	if (lru == NULL)
		return;
	for (struct entry *entry = lru->newest; entry != NULL; entry = older) {
		older = entry->older;
		lru->clear(entry->value);
		free(entry);
	}
	free(lru->buckets);
	(void)pthread_mutex_destroy(&lru->lock);
	free(lru);
}

/* Keys are digests, so their first octets serve as the hash. */
static struct entry **
lru_bucket(struct lru *lru, const uint8_t key[LRU_KEY_SIZE])
{
	uint64_t number;

	memcpy(&number, key, sizeof number);
	return &lru->buckets[number % lru->max];
}

/* The link to the entry of this key, or to NULL where it would be inserted. */
static struct entry **
lru_slot(struct lru *lru, const uint8_t key[LRU_KEY_SIZE])
{
	struct entry **slot = lru_bucket(lru, key);

	while (*slot != NULL && memcmp((*slot)->key, key, LRU_KEY_SIZE) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void
lru_unlist(struct lru *lru, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &lru->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &lru->oldest) = entry->newer;
}

static void
lru_list(struct lru *lru, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = lru->newest;
	*(lru->newest != NULL ? &lru->newest->newer : &lru->oldest) = entry;
	lru->newest = entry;
}

/* Ends the value of an entry and takes the entry out of the table, for reuse. */
static struct entry *
lru_take(struct lru *lru, struct entry **slot)
{
	struct entry *entry = *slot;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): lru_find, or the list of values, has led to it */
	*slot = entry->next;
	lru_unlist(lru, entry);
	lru->clear(entry->value);
	lru->count--;
	return entry;
}

bool
lru_find(struct lru *lru, const uint8_t key[LRU_KEY_SIZE], void (*use)(void *value, void *arg),
    void *arg)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&lru->lock);
	if ((entry = *lru_slot(lru, key)) != NULL) {
		use(entry->value, arg);
		lru_unlist(lru, entry);
		lru_list(lru, entry);
	}
	(void)pthread_mutex_unlock(&lru->lock);
	return entry != NULL;
}

void
lru_put(struct lru *lru, const uint8_t key[LRU_KEY_SIZE], void *value)
{
	struct entry **slot;
	struct entry  *entry;

	(void)pthread_mutex_lock(&lru->lock);
	slot = lru_slot(lru, key);
	if (*slot != NULL)
		entry = lru_take(lru, slot);
	else if (lru->count == lru->max)
		entry = lru_take(lru, lru_slot(lru, lru->oldest->key));
	else
		entry = memory_new(sizeof *entry);
	memcpy(entry->key, key, sizeof entry->key);
	entry->value = value;
	slot = lru_bucket(lru, key);
	entry->next = *slot;
	*slot = entry;
	lru_list(lru, entry);
	lru->count++;
	(void)pthread_mutex_unlock(&lru->lock);
}

size_t
lru_count(struct lru *lru)
{
	size_t count;

	(void)pthread_mutex_lock(&lru->lock);
	count = lru->count;
	(void)pthread_mutex_unlock(&lru->lock);
	return count;
}
