/*
 * Owns the order of turns. Networks, in each its sources, and in each of these its subjects stand
 * in a ring: each goes to its end after its turn, and leaves it when none of its entries waits.
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

/* What a party is found by: every octet is defined. */
struct party_key {
	const struct turns_party *above; /* of a network: the root */
	struct source             source;
	uint8_t                   subject[TURNS_SUBJECT_MAX]; /* zeros behind it */
};

/* A network, one of its sources, or one of that one's subjects. */
struct turns_party {
	TAILQ_ENTRY(turns_party) link;   /* in the ring of the party above */
	struct turns_party      *next;   /* in its bucket */
	struct party_key         key;
	struct turns_party      *above;  /* NULL: the root */
	struct party_ring        below;  /* of all but a subject */
	struct turn_list         turns;  /* of a subject */
	size_t                   count;
	size_t                   size;
};

struct turns {
	struct turns_party  root;
	struct turns_party *buckets[TURNS_BUCKETS];
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

/* As FNV-1a, by eight octets at a time. Collisions made on purpose only slow down adding to a queue
 * that is bounded. */
static size_t
turns_bucket(const struct party_key *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint64_t word;

	_Static_assert(sizeof *key % sizeof word == 0, "a key is whole words");
	for (size_t i = 0; i < sizeof *key; i += sizeof word) {
		memcpy(&word, (const uint8_t *)key + i, sizeof word);
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 32;
	}
	return (size_t)(hash % TURNS_BUCKETS);
}

static void
party_key_make(struct party_key *key, const struct turns_party *above,
    const struct source *source, struct view subject)
{
	memset(key, 0, sizeof *key); /* the gaps too */
	key->above = above;
	memcpy(key->source.octets, source->octets, sizeof key->source.octets);
	key->source.bits = source->bits;
	if (subject.size != 0)
		memcpy(key->subject, subject.data,
		    subject.size < sizeof key->subject ? subject.size : sizeof key->subject);
}

/* The party of that key, at the end of the ring of `above` when it is new. */
static struct turns_party *
turns_party(struct turns *turns, struct turns_party *above, const struct source *source,
    struct view subject)
{
	struct party_key     key;
	struct turns_party **slot;
	struct turns_party  *party;

	party_key_make(&key, above, source, subject);
	slot = &turns->buckets[turns_bucket(&key)];
	for (party = *slot; party != NULL; party = party->next) {
		/* NOLINTNEXTLINE(cert-*,bugprone-*): party_key_make clears the gaps */
		if (memcmp(&party->key, &key, sizeof key) == 0)
			return party;
	}
	party = memory_new(sizeof *party);
	party_init(party);
	memcpy(&party->key, &key, sizeof key);
	party->above = above;
	party->next = *slot;
	*slot = party;
	TAILQ_INSERT_TAIL(&above->below, party, link);
	return party;
}

static void
turns_party_free(struct turns *turns, struct turns_party *party)
{
	struct turns_party **slot = &turns->buckets[turns_bucket(&party->key)];

	while (*slot != party)
		slot = &(*slot)->next;
	*slot = party->next;
	TAILQ_REMOVE(&party->above->below, party, link);
	free(party);
}

void
turns_add(struct turns *turns, struct turn *turn, const struct source *source,
    struct view subject, size_t size)
{
	struct source       above = source_above(source);
	struct turns_party *party = turns_party(turns, &turns->root, &above, (struct view){0});

	party = turns_party(turns, party, source, (struct view){0});
	party = turns_party(turns, party, source, subject);
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
	struct turns_party *party = turn->party;
	struct turns_party *above;

	if (party == NULL)
		return;
	TAILQ_REMOVE(&party->turns, turn, link);
	turn->party = NULL;
	for (; party != NULL; party = above) {
		above = party->above;
		party->count--;
		party->size -= turn->size;
		if (party->count == 0 && above != NULL)
			turns_party_free(turns, party);
	}
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
	turn = TAILQ_FIRST(&party_turn(party_turn(party_turn(&turns->root)))->turns);
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
	return TAILQ_LAST(&party_fullest(party_fullest(party_fullest(&turns->root)))->turns,
	    turn_list);
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
