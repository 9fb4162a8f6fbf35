/* Which verdict may be used when; the table is util/lru's. */
#include "config.h"

#include "pki/ek_memory.h"

#include <stdlib.h>

#include "pki/ek_shown.h"
#include "util/bytes.h"
#include "util/lru.h"

_Static_assert(EK_MEMORY_KEY_SIZE == LRU_KEY_SIZE, "one key");

struct ek_memory {
	struct lru *lru; /* struct verdict */
};

struct verdict {
	int64_t           now;
	struct ek_finding finding;
};

/* A search for a verdict that holds at `now`. */
struct search {
	int64_t            now;
	struct ek_finding *finding;
	bool               found;
};

struct ek_memory *
ek_memory_new(size_t max)
{
	struct ek_memory *memory = memory_new(sizeof *memory);

	memory->lru = lru_new(max, free);
	return memory;
}

void
ek_memory_free(struct ek_memory *memory)
{
	if (memory == NULL)
		return;
	lru_free(memory->lru);
	free(memory);
}

static void
verdict_use_cb(void *value, void *arg)
{
	const struct verdict *verdict = value;
	struct search        *search = arg;

	search->found = verdict->now <= search->now;
	if (search->found)
		*search->finding = verdict->finding;
}

bool
ek_memory_find(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    struct ek_finding *finding)
{
	struct search search = {.now = now, .finding = finding};

	return lru_find(memory->lru, key, verdict_use_cb, &search) && search.found;
}

void
ek_memory_put(struct ek_memory *memory, const uint8_t key[EK_MEMORY_KEY_SIZE], int64_t now,
    const struct ek_finding *finding)
{
	struct verdict *verdict = memory_new(sizeof *verdict);

	*verdict = (struct verdict){now, *finding};
	lru_put(memory->lru, key, verdict);
}

size_t
ek_memory_count(struct ek_memory *memory)
{
	return lru_count(memory->lru);
}
