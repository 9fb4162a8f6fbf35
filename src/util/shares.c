/*
 * Owns the counts, and chooses the victim of an eviction; the tables own the entries.
 *
 * Two trees of counts share their leaves: network, source, pair, and subject, pair, where a
 * pair is a source together with a subject. Each node ranks those below it by what they have in a
 * binary heap. Nodes are found in a balanced tree, in which no stranger makes collisions.
 */
#include "config.h"

#include "util/shares.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "util/source.h"

enum share_kind { SHARE_SOURCE, SHARE_SUBJECT, SHARE_PAIR };

struct share_key {
	uint8_t       kind;
	uint8_t       subject_size;
	struct source source;
	uint8_t       subject[SHARES_SUBJECT_MAX];
};

/* A max-heap by share_rank. */
struct ranking {
	struct share **shares;
	size_t         count;
	size_t         room;
};

/* A share in a ranking; `above` is NULL in the top ranking. */
struct standing {
	struct ranking *ranking;
	struct share   *above;
	size_t          index;
};

#define STANDINGS_MAX 2 /* a pair's: below its source, and below its subject */

struct share {
	struct share_key key;
	uint64_t         since;   /* when its newest evictable entry came: orders equals */
	size_t           loose;   /* weight of evictable entries, its own and those below */
	size_t           held;    /* weight of its own */
	size_t           members; /* own entries and shares below; freed with the last one */
	struct ranking   below;
	struct standing  standings[STANDINGS_MAX];
	uint32_t         standing_count;
	uint32_t         loose_count; /* of evictable entries, as `loose` */
	TAILQ_HEAD(, share_entry) entries; /* of a pair: evictable entries, the oldest first */
};

struct shares {
	void          *index; /* tsearch's tree of all shares */
	struct ranking networks;
	struct ranking subjects;
	uint64_t       clock;
	size_t         count;
};

/* ---- rankings ---- */

/* How full it is: a single entry is as good as any other single one. */
static size_t
share_rank(const struct share *share)
{
	return share->loose_count > 1 ? share->loose : share->loose_count;
}

static bool
share_is_fuller(const struct share *a, const struct share *b)
{
	size_t one = share_rank(a);
	size_t other = share_rank(b);

	return one != other ? one > other : a->since < b->since;
}

static struct standing *
share_standing(struct share *share, const struct ranking *ranking)
{
	return &share->standings[share->standings[0].ranking == ranking ? 0 : 1];
}

static void
ranking_place(struct ranking *ranking, struct share *share, size_t index)
{
	ranking->shares[index] = share;
	share_standing(share, ranking)->index = index;
}

static void
ranking_rise(struct ranking *ranking, size_t index)
{
	struct share *share = ranking->shares[index];

	for (; index > 0 && share_is_fuller(share, ranking->shares[(index - 1) / 2]);
	     index = (index - 1) / 2)
		ranking_place(ranking, ranking->shares[(index - 1) / 2], index);
	ranking_place(ranking, share, index);
}

static void
ranking_sink(struct ranking *ranking, size_t index)
{
	struct share *share = ranking->shares[index];

	for (size_t child; (child = 2 * index + 1) < ranking->count; index = child) {
		if (child + 1 < ranking->count &&
		    share_is_fuller(ranking->shares[child + 1], ranking->shares[child]))
			child++;
		if (!share_is_fuller(ranking->shares[child], share))
			break;
		ranking_place(ranking, ranking->shares[child], index);
	}
	ranking_place(ranking, share, index);
}

static void
ranking_add(struct ranking *ranking, struct share *share)
{
	if (ranking->count == ranking->room) {
		size_t         room = ranking->room != 0 ? 2 * ranking->room : 4;
		struct share **grown = memory_new(room * sizeof(struct share *));

		if (ranking->count != 0)
			memcpy(grown, ranking->shares, ranking->count * sizeof(struct share *));
		free(ranking->shares);
		ranking->shares = grown;
		ranking->room = room;
	}
	ranking->shares[ranking->count] = share;
	ranking_rise(ranking, ranking->count++);
}

static void
ranking_remove(struct ranking *ranking, size_t index)
{
	struct share *last = ranking->shares[--ranking->count];

	if (index == ranking->count)
		return;
	ranking_place(ranking, last, index);
	ranking_rise(ranking, index);
	ranking_sink(ranking, share_standing(last, ranking)->index);
}

/* ---- shares ---- */

static int
share_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct share_key)); /* the first member of a share */
}

/* Every octet is defined, because keys are compared as octets. */
static void
share_key_make(struct share_key *key, enum share_kind kind, const struct source *source,
    struct view subject)
{
	memset(key, 0, sizeof *key);
	key->kind = (uint8_t)kind;
	if (source != NULL) {
		memcpy(key->source.octets, source->octets, sizeof key->source.octets);
		key->source.bits = source->bits;
	}
	if (subject.size == 0)
		return;
	if (subject.size > sizeof key->subject)
		abort();
	key->subject_size = (uint8_t)subject.size;
	memcpy(key->subject, subject.data, subject.size);
}

static struct share *
share_find(const struct shares *shares, const struct share_key *key)
{
	struct share *const *found = tfind(key, &shares->index, share_compare);

	return found != NULL ? *found : NULL;
}

static void
share_stand(struct share *share, struct ranking *ranking, struct share *above)
{
	share->standings[share->standing_count++] = (struct standing){ranking, above, 0};
	if (above != NULL)
		above->members++;
	ranking_add(ranking, share);
}

/* Finds or makes the share of this key; *made: it is in no ranking yet. */
static struct share *
share_get(struct shares *shares, const struct share_key *key, bool *made)
{
	struct share *share = share_find(shares, key);

	*made = share == NULL;
	if (share != NULL)
		return share;
	share = memory_new(sizeof *share);
	share->key = *key;
	TAILQ_INIT(&share->entries);
	memory_check(tsearch(share, &shares->index, share_compare));
	return share;
}

/* The share of a source, or of the network above it. */
static struct share *
share_of_source(struct shares *shares, const struct source *source)
{
	struct source    above = source_above(source);
	bool             top = source_equal(&above, source);
	struct share    *network = top ? NULL : share_of_source(shares, &above);
	struct share_key key;
	struct share    *share;
	bool             made;

	share_key_make(&key, SHARE_SOURCE, source, (struct view){0});
	share = share_get(shares, &key, &made);
	if (made)
		share_stand(share, top ? &shares->networks : &network->below, network);
	return share;
}

static struct share *
share_of_pair(struct shares *shares, const struct source *source, struct view subject)
{
	struct share    *of_source = share_of_source(shares, source);
	struct share    *of_subject;
	struct share_key key;
	struct share    *pair;
	bool             made;

	share_key_make(&key, SHARE_PAIR, source, subject);
	pair = share_get(shares, &key, &made);
	if (!made)
		return pair;
	share_stand(pair, &of_source->below, of_source);
	if (subject.size == 0)
		return pair;
	share_key_make(&key, SHARE_SUBJECT, NULL, subject);
	of_subject = share_get(shares, &key, &made);
	if (made)
		share_stand(of_subject, &shares->subjects, NULL);
	share_stand(pair, &of_subject->below, of_subject);
	return pair;
}

/* A change of what evictable entries there are. Differences are modulo 2^32 and SIZE_MAX + 1. */
struct share_change {
	uint32_t count;
	size_t   weight;
	uint64_t came; /* the time when entries came; 0: some have left */
};

/* Makes the change here and in all shares above. */
static void
share_change(struct share *share, const struct share_change *change)
{
	share->loose += change->weight;
	share->loose_count += change->count;
	if (change->came != 0)
		share->since = change->came;
	for (size_t i = 0; i < share->standing_count; i++) {
		struct standing *standing = &share->standings[i];

		ranking_rise(standing->ranking, standing->index);
		ranking_sink(standing->ranking, standing->index);
		if (standing->above != NULL)
			share_change(standing->above, change);
	}
}

/* Removes one member; a share without members is freed and removed from those above. */
static void
share_drop(struct shares *shares, struct share *share)
{
	if (--share->members != 0)
		return;
	for (size_t i = 0; i < share->standing_count; i++) {
		struct standing *standing = &share->standings[i];

		ranking_remove(standing->ranking, standing->index);
		if (standing->above != NULL)
			share_drop(shares, standing->above);
	}
	(void)tdelete(share, &shares->index, share_compare);
	free(share->below.shares);
	free(share);
}

/* ---- entries ---- */

struct shares *
shares_new(void)
{
	return memory_new(sizeof(struct shares));
}

void
shares_free(struct shares *shares)
{
	if (shares == NULL)
		return;
	free(shares->networks.shares);
	free(shares->subjects.shares);
	free(shares);
}

static void
entry_count(struct shares *shares, struct share_entry *entry)
{
	if (entry->held) {
		entry->pair->held += entry->weight;
		return;
	}
	TAILQ_INSERT_TAIL(&entry->pair->entries, entry, link);
	share_change(entry->pair, &(struct share_change){entry->count, entry->weight, ++shares->clock});
}

static void
entry_discount(struct share_entry *entry)
{
	if (entry->held) {
		entry->pair->held -= entry->weight;
		return;
	}
	TAILQ_REMOVE(&entry->pair->entries, entry, link);
	share_change(entry->pair, &(struct share_change){0U - entry->count, (size_t)0 - entry->weight, 0});
}

void
shares_enter(struct shares *shares, struct share_entry *entry, const struct source *source,
    struct view subject, bool held)
{
	entry->pair = share_of_pair(shares, source, subject);
	entry->pair->members++;
	entry->count = 1;
	entry->weight = 1;
	entry->held = held;
	entry_count(shares, entry);
	shares->count++;
}

/* It stays where it is among the entries of its pair. */
void
shares_weigh(struct shares *shares, struct share_entry *entry, uint32_t count, size_t weight)
{
	struct share_change change = {count - entry->count, weight - entry->weight,
	    count > entry->count ? ++shares->clock : 0};

	entry->count = count;
	entry->weight = weight;
	if (entry->held)
		entry->pair->held += change.weight;
	else
		share_change(entry->pair, &change);
}

void
shares_leave(struct shares *shares, struct share_entry *entry)
{
	if (entry->pair == NULL)
		return;
	entry_discount(entry);
	share_drop(shares, entry->pair);
	entry->pair = NULL;
	shares->count--;
}

void
shares_hold(struct shares *shares, struct share_entry *entry, bool held)
{
	if (entry->pair == NULL || entry->held == held)
		return;
	entry_discount(entry);
	entry->held = held;
	entry_count(shares, entry);
}

static size_t
ranking_most(const struct ranking *ranking)
{
	return ranking->count != 0 ? share_rank(ranking->shares[0]) : 0;
}

struct share_entry *
shares_victim(const struct shares *shares)
{
	const struct ranking *ranking = &shares->networks;
	const struct share   *share;

	if (ranking_most(&shares->subjects) > ranking_most(ranking))
		ranking = &shares->subjects;
	if (ranking_most(ranking) == 0)
		return NULL;
	do {
		share = ranking->shares[0];
		ranking = &share->below;
	} while (share->key.kind != SHARE_PAIR);
	return TAILQ_FIRST(&share->entries);
}

size_t
shares_count(const struct shares *shares)
{
	return shares->count;
}

size_t
shares_held(const struct shares *shares, const struct source *source, struct view subject)
{
	const struct share *pair;
	struct share_key    key;

	share_key_make(&key, SHARE_PAIR, source, subject);
	pair = share_find(shares, &key);
	return pair != NULL ? pair->held : 0;
}

size_t
shares_of_source(const struct shares *shares, const struct source *source)
{
	const struct share *share;
	struct share_key    key;

	share_key_make(&key, SHARE_SOURCE, source, (struct view){0});
	share = share_find(shares, &key);
	return share != NULL ? share->loose : 0;
}
