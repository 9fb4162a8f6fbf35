/*
 * Owns the order of turns. Networks and, in each, its sources stand in a ring: each goes to
 * its end after its turn, and leaves it when none of its entries waits.
 */
#include "config.h"

#include "util/turns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define TURNS_BUCKETS 1024

TAILQ_HEAD(turn_list, turn);
TAILQ_HEAD(party_ring, turns_party);

/* A network, or one of its sources. */
struct turns_party {
	TAILQ_ENTRY(turns_party) link;   /* in the ring of its network, or of networks */
	struct turns_party      *next;   /* in its bucket */
	struct source            source;
	struct turns_party      *above;  /* of a source: its network; NULL: it is one */
	struct party_ring        below;  /* of a network */
	struct turn_list         turns;  /* of a source */
	size_t                   count;
	size_t                   size;
};

struct turns {
	struct turns_party root;
	struct turns_party *networks[TURNS_BUCKETS];
	struct turns_party *sources[TURNS_BUCKETS];
};

static void
party_init(struct turns_party *party)
{
	TAILQ_INIT(&party->below);
	TAILQ_INIT(&party->turns);
}

struct turns *
turns_new(void)
{
	struct turns *turns = memory_new(sizeof *turns);

	party_init(&turns->root);
	return turns;
}

void
turns_free(struct turns *turns)
{
	free(turns);
}

/* FNV-1a. Collisions made on purpose only slow down adding to a queue that is bounded. */
static size_t
turns_bucket(const struct source *source)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof source->octets; i++)
		hash = (hash ^ source->octets[i]) * UINT64_C(0x100000001b3);
	return (size_t)((hash ^ source->bits) % TURNS_BUCKETS);
}

/* The party of that name, at the end of the ring of `above` when it is new. */
static struct turns_party *
turns_party(struct turns_party *buckets[TURNS_BUCKETS], struct turns_party *above,
    const struct source *source)
{
	struct turns_party **slot = &buckets[turns_bucket(source)];
	struct turns_party  *party;

	for (party = *slot; party != NULL; party = party->next) {
		if (source_equal(&party->source, source))
			return party;
	}
	party = memory_new(sizeof *party);
	party_init(party);
	party->source = *source;
	party->above = above;
	party->next = *slot;
	*slot = party;
	TAILQ_INSERT_TAIL(&above->below, party, link);
	return party;
}

static void
turns_party_free(struct turns_party *buckets[TURNS_BUCKETS], struct turns_party *party)
{
	struct turns_party **slot = &buckets[turns_bucket(&party->source)];

	while (*slot != party)
		slot = &(*slot)->next;
	*slot = party->next;
	TAILQ_REMOVE(&party->above->below, party, link);
	free(party);
}

void
turns_add(struct turns *turns, struct turn *turn, const struct source *source, size_t size)
{
	struct source       above = source_above(source);
	struct turns_party *network = turns_party(turns->networks, &turns->root, &above);
	struct turns_party *party = turns_party(turns->sources, network, source);

	turn->party = party;
	turn->size = size;
	TAILQ_INSERT_TAIL(&party->turns, turn, link);
	for (; party != NULL; party = party->above) {
		party->count++;
		party->size += size;
	}
}

void
turns_remove(struct turns *turns, struct turn *turn)
{
	struct turns_party *source = turn->party;
	struct turns_party *network;

	if (source == NULL)
		return;
	network = source->above;
	TAILQ_REMOVE(&source->turns, turn, link);
	turn->party = NULL;
	for (struct turns_party *party = source; party != NULL; party = party->above) {
		party->count--;
		party->size -= turn->size;
	}
	if (source->count == 0)
		turns_party_free(turns->sources, source);
	if (network->count == 0)
		turns_party_free(turns->networks, network);
}

/* The first of the ring, which goes to its end. */
static struct turns_party *
party_turn(struct turns_party *above)
{
	struct turns_party *party = TAILQ_FIRST(&above->below);

	TAILQ_REMOVE(&above->below, party, link);
	TAILQ_INSERT_TAIL(&above->below, party, link);
	return party;
}

struct turn *
turns_next(struct turns *turns)
{
	struct turn *turn;

	if (turns->root.count == 0)
		return NULL;
	turn = TAILQ_FIRST(&party_turn(party_turn(&turns->root))->turns);
	turns_remove(turns, turn);
	return turn;
}

static const struct turns_party *
party_fullest(const struct turns_party *above)
{
	const struct turns_party *fullest = NULL;
	const struct turns_party *party;

	TAILQ_FOREACH(party, &above->below, link)
	{
		if (fullest == NULL || party->size > fullest->size)
			fullest = party;
	}
	return fullest;
}

struct turn *
turns_fullest(const struct turns *turns)
{
	if (turns->root.count == 0)
		return NULL;
	return TAILQ_LAST(&party_fullest(party_fullest(&turns->root))->turns, turn_list);
}

size_t
turns_count(const struct turns *turns)
{
	return turns->root.count;
}

size_t
turns_size(const struct turns *turns)
{
	return turns->root.size;
}
