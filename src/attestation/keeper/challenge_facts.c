/* Finds facts by their octets in a balanced tree: no stranger makes collisions. */
#include "config.h"

#include "attestation/keeper/challenge_facts.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "util/slab.h"

struct fact {
	struct view octets;
	uint32_t    number; /* of its cell */
	uint32_t    references;
};

struct facts {
	void        *index; /* tsearch's tree */
	struct slab *cells;
};

struct facts *
facts_new(void)
{
	struct facts *facts = memory_new(sizeof *facts);

	facts->cells = slab_new(sizeof(struct fact));
	return facts;
}

void
facts_free(struct facts *facts)
{
	if (facts == NULL)
		return;
	slab_free(facts->cells);
	free(facts);
}

static int
fact_compare(const void *a, const void *b)
{
	struct view one = ((const struct fact *)a)->octets;
	struct view other = ((const struct fact *)b)->octets;

	if (one.size != other.size)
		return one.size < other.size ? -1 : 1;
	return memcmp(one.data, other.data, one.size);
}

static struct fact *
fact_at(const struct facts *facts, uint32_t number)
{
	return slab_at(facts->cells, number);
}

static struct fact *
fact_new(struct facts *facts, struct view common)
{
	uint32_t     number = slab_take(facts->cells);
	struct fact *fact = fact_at(facts, number);
	uint8_t     *octets = memory_new(common.size);

	memcpy(octets, common.data, common.size);
	*fact = (struct fact){.octets = {octets, common.size}, .number = number};
	(void)memory_check(tsearch(fact, &facts->index, fact_compare));
	return fact;
}

uint32_t
facts_take(struct facts *facts, struct view common)
{
	const struct fact   wanted = {.octets = common};
	struct fact *const *found = tfind(&wanted, &facts->index, fact_compare);
	struct fact        *fact = found != NULL ? *found : fact_new(facts, common);

	fact->references++;
	return fact->number;
}

void
facts_give(struct facts *facts, uint32_t number)
{
	struct fact *fact = fact_at(facts, number);

	if (--fact->references != 0)
		return;
	(void)tdelete(fact, &facts->index, fact_compare);
	free((void *)(uintptr_t)fact->octets.data);
	slab_give(facts->cells, number);
}

struct view
facts_view(const struct facts *facts, uint32_t number)
{
	return fact_at(facts, number)->octets;
}

uint32_t
facts_weight(struct view common)
{
	return 1 + (uint32_t)(common.size / FACTS_OCTETS);
}
