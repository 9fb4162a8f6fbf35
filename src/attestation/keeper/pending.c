/*
 * Owns the open challenges. One lock for the table is enough: it is held for a
 * lookup, some hundred nanoseconds beside the millisecond of a client's round
 * trip; the secret is hashed outside it.
 *
 * There may be a hundred thousand of them, so each is small: a cell with what is its own, linked by
 * numbers (slab.h), and what a machine's challenges have in common kept once (challenge_group.h).
 */
#include "config.h"

#include "attestation/keeper/pending.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "attestation/keeper/answered.h"
#include "attestation/keeper/challenge_group.h"
#include "attestation/keeper/challenge_pack.h"
#include "tpm/digest.h"
#include "util/error.h"
#include "util/slab.h"

/* Octets of SHA-256 that are kept: nobody guesses one of 2^24 secrets behind 128 bits. */
#define DIGEST_SIZE 16

/* A challenge, in a cell of its size. */
struct entry {
	uint8_t       digest[DIGEST_SIZE]; /* of its secret */
	uint32_t      chained;             /* the next in its bucket */
	uint32_t      older;               /* in the order in which all were made */
	uint32_t      newer;
	uint32_t      before; /* in its group, in that order */
	uint32_t      after;
	uint32_t      own_size;
	int64_t       expires;
	struct group *group;
	uint8_t       own[]; /* challenge_pack's */
};

/* Octets of an AK's number: up to P-256, P-521, RSA-2048, RSA-3072 and RSA-4096. */
static const size_t sizes[] = {68, 136, 256, 384, CHALLENGE_OWN_MAX};
#define SIZES (sizeof sizes / sizeof sizes[0])

struct pending {
	pthread_mutex_t lock;
	size_t          max;
	size_t          held_max; /* of one EK and source */
	int64_t         lifetime_ms;

	struct slab     *slabs[SIZES];
	struct groups   *groups;
	struct answered *answered;
	size_t           count;
	size_t           bucket_count; /* a power of two */
	uint32_t        *buckets;      /* entries by digest */
	uint32_t         oldest;       /* in the order in which they were made */
	uint32_t         newest;
};

/* ---- entries by number: of its cell, and of the slab ---- */

static struct entry *
entry_at(const struct pending *pending, uint32_t number)
{
	return slab_at(pending->slabs[number / SLAB_NUMBERS], number % SLAB_NUMBERS);
}

static uint32_t
entry_new(struct pending *pending, struct view own)
{
	uint32_t      size = 0;
	uint32_t      number;
	struct entry *entry;

	while (sizes[size] < own.size)
		if (++size == SIZES)
			abort(); /* CHALLENGE_OWN_MAX */
	number = size * SLAB_NUMBERS + slab_take(pending->slabs[size]);
	entry = entry_at(pending, number);
	entry->own_size = (uint32_t)own.size;
	if (own.size != 0)
		memcpy(entry->own, own.data, own.size);
	return number;
}

static void
entry_free(struct pending *pending, uint32_t number)
{
	slab_give(pending->slabs[number / SLAB_NUMBERS], number % SLAB_NUMBERS);
}

/* ---- buckets ---- */

static size_t
buckets_for(size_t max)
{
	size_t count = 16;

	while (count < max)
		count *= 2;
	return count;
}

static void
buckets_new(struct pending *pending, size_t max)
{
	pending->bucket_count = buckets_for(max);
	pending->buckets = memory_new(pending->bucket_count * sizeof *pending->buckets);
	memset(pending->buckets, 0xff, pending->bucket_count * sizeof *pending->buckets); /* SLAB_NONE */
}

/* The number of the entry, or where it would stand. The key is a digest, so any of its octets serve
 * as the hash. */
static uint32_t *
entry_slot(struct pending *pending, const uint8_t digest[DIGEST_SIZE])
{
	uint32_t *slot;
	uint64_t  hash;

	memcpy(&hash, digest, sizeof hash);
	slot = &pending->buckets[hash & (pending->bucket_count - 1)];
	while (*slot != SLAB_NONE && CRYPTO_memcmp(entry_at(pending, *slot)->digest, digest, DIGEST_SIZE) != 0)
		slot = &entry_at(pending, *slot)->chained;
	return slot;
}

/* ---- the orders in which they were made, of all and of a group ---- */

static void
entry_append(struct pending *pending, struct entry *entry, uint32_t number)
{
	struct group *group = entry->group;

	entry->older = pending->newest;
	entry->newer = SLAB_NONE;
	*(entry->older != SLAB_NONE ? &entry_at(pending, entry->older)->newer : &pending->oldest) = number;
	pending->newest = number;

	entry->before = group->newest;
	entry->after = SLAB_NONE;
	*(entry->before != SLAB_NONE ? &entry_at(pending, entry->before)->after : &group->oldest) = number;
	group->newest = number;
}

static void
entry_withdraw(struct pending *pending, const struct entry *entry)
{
	struct group *group = entry->group;

	*(entry->older != SLAB_NONE ? &entry_at(pending, entry->older)->newer : &pending->oldest) =
	    entry->newer;
	*(entry->newer != SLAB_NONE ? &entry_at(pending, entry->newer)->older : &pending->newest) =
	    entry->older;
	*(entry->before != SLAB_NONE ? &entry_at(pending, entry->before)->after : &group->oldest) =
	    entry->after;
	*(entry->after != SLAB_NONE ? &entry_at(pending, entry->after)->before : &group->newest) =
	    entry->before;
}

/* ---- the table ---- */

struct pending *
pending_new(size_t max, size_t held_max, int64_t lifetime_ms)
{
	struct pending *pending = memory_new(sizeof *pending);

	(void)pthread_mutex_init(&pending->lock, NULL);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	pending->groups = groups_new();
	pending->answered = answered_new();
	for (size_t i = 0; i < SIZES; i++)
		pending->slabs[i] = slab_new(sizeof(struct entry) + sizes[i]);
	buckets_new(pending, max);
	pending->oldest = SLAB_NONE;
	pending->newest = SLAB_NONE;
	return pending;
}

/* Challenges of a machine that has answered before are protected from eviction, up to its limit and
 * that of all together. */
static bool
pending_holds(const struct pending *pending, const struct challenge *challenge, struct view common)
{
	return answered_has(pending->answered, &challenge->ek, &challenge->source) &&
	    groups_held(pending->groups, &challenge->source, &challenge->ek) < pending->held_max &&
	    groups_held_weight(pending->groups) + group_weight(common) <= pending->max / 2;
}

static struct entry *
pending_link(struct pending *pending, const struct challenge *challenge, struct view common,
    struct view own, const uint8_t digest[DIGEST_SIZE])
{
	uint32_t      number = entry_new(pending, own);
	struct entry *entry = entry_at(pending, number);
	bool          held = pending_holds(pending, challenge, common);

	memcpy(entry->digest, digest, DIGEST_SIZE);
	*entry_slot(pending, digest) = number;
	entry->chained = SLAB_NONE;
	entry->group = groups_add(pending->groups, &challenge->source, &challenge->ek, held, common);
	entry_append(pending, entry, number);
	pending->count++;
	return entry;
}

/* Removes the entry from every list, and frees it. */
static void
pending_remove(struct pending *pending, uint32_t number)
{
	struct entry *entry = entry_at(pending, number);

	*entry_slot(pending, entry->digest) = entry->chained;
	entry_withdraw(pending, entry);
	groups_remove(pending->groups, entry->group);
	entry_free(pending, number);
	pending->count--;
}

/* Those that were made before the lifetime was shortened expire after younger ones; see pending_take. */
static void
pending_expire(struct pending *pending, int64_t now_ms)
{
	while (pending->oldest != SLAB_NONE && entry_at(pending, pending->oldest)->expires <= now_ms)
		pending_remove(pending, pending->oldest);
}

void
pending_free(struct pending *pending)
{
	if (pending == NULL)
		return;
	pending_expire(pending, INT64_MAX);
	for (size_t i = 0; i < SIZES; i++)
		slab_free(pending->slabs[i]);
	free(pending->buckets);
	groups_free(pending->groups);
	answered_free(pending->answered);
	(void)pthread_mutex_destroy(&pending->lock);
	free(pending);
}

/* One alone always fits, whatever it weighs. */
static bool
pending_is_over(const struct pending *pending)
{
	return groups_weight(pending->groups) > pending->max && pending->count > 1;
}

/*
 * Evicts challenges of the sources or EKs with the most. The newest is the last of them
 * (shares_victim): if it joined older ones of its group, one of these makes as much room as it takes.
 */
static void
pending_bound(struct pending *pending)
{
	struct group *group;

	while (pending_is_over(pending) && (group = groups_victim(pending->groups)) != NULL)
		pending_remove(pending, group->oldest);
}

/* Whether one of this weight fits beside those that never give way. */
static bool
pending_fits(const struct pending *pending, size_t weight)
{
	size_t held = groups_held_weight(pending->groups);

	return held == 0 || held + weight <= pending->max;
}

static void
pending_rehash(struct pending *pending)
{
	free(pending->buckets);
	buckets_new(pending, pending->max);
	for (uint32_t number = pending->oldest; number != SLAB_NONE; number = entry_at(pending, number)->newer) {
		entry_at(pending, number)->chained = SLAB_NONE;
		*entry_slot(pending, entry_at(pending, number)->digest) = number;
	}
}

void
pending_limit(struct pending *pending, size_t max, size_t held_max, int64_t lifetime_ms)
{
	(void)pthread_mutex_lock(&pending->lock);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	pending_bound(pending);
	if (pending->bucket_count != buckets_for(max))
		pending_rehash(pending);
	(void)pthread_mutex_unlock(&pending->lock);
}

static int
secret_digest(struct view secret, uint8_t digest[EVP_MAX_MD_SIZE], struct error *err)
{
	if (EVP_Digest(secret.data, secret.size, digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	return 0;
}

int
pending_put(struct pending *pending, struct view secret, const struct challenge *challenge,
    int64_t now_ms, struct error *err)
{
	AUTO_BYTES  common = {0};
	struct view own;
	uint8_t     digest[EVP_MAX_MD_SIZE];
	int         rc = -1;

	if (secret_digest(secret, digest, err) != 0)
		return -1;
	challenge_pack(challenge, &common, &own);
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	if (*entry_slot(pending, digest) != SLAB_NONE) {
		error_set(err, ERROR_INTERNAL, "two challenges have one secret");
	} else if (!pending_fits(pending, group_weight(bytes_view(&common)))) {
		error_set(err, ERROR_OVERLOADED, "%zu challenges are open; try again later", pending->max);
	} else {
		pending_link(pending, challenge, bytes_view(&common), own, digest)->expires =
		    now_ms + pending->lifetime_ms;
		pending_bound(pending);
		rc = 0;
	}
	(void)pthread_mutex_unlock(&pending->lock);
	return rc;
}

static struct challenge *
pending_open(struct pending *pending, uint32_t number)
{
	const struct entry *entry = entry_at(pending, number);
	const struct group *group = entry->group;
	struct challenge   *challenge = challenge_unpack((struct view){group->common, group->common_size},
	      (struct view){entry->own, entry->own_size});

	challenge->ek = group->ek;
	challenge->source = group->source;
	pending_remove(pending, number);
	return challenge;
}

int
pending_take(struct pending *pending, struct view secret, int64_t now_ms, struct challenge **out,
    struct error *err)
{
	uint8_t  digest[EVP_MAX_MD_SIZE];
	uint32_t number;

	*out = NULL;
	if (secret_digest(secret, digest, err) != 0)
		return -1;
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	number = *entry_slot(pending, digest);
	if (number != SLAB_NONE && entry_at(pending, number)->expires > now_ms)
		*out = pending_open(pending, number);
	(void)pthread_mutex_unlock(&pending->lock);
	if (*out == NULL)
		return error_set(err, ERROR_UNKNOWN_SECRET,
		    "no open challenge has this secret: it was never issued, has expired or is used; "
		    "start again with /attest");
	return 0;
}

void
pending_answered(struct pending *pending, const struct ek_hash *ek, const struct source *source)
{
	(void)pthread_mutex_lock(&pending->lock);
	answered_add(pending->answered, ek, source);
	(void)pthread_mutex_unlock(&pending->lock);
}

size_t
pending_count(struct pending *pending)
{
	size_t count;

	(void)pthread_mutex_lock(&pending->lock);
	count = pending->count;
	(void)pthread_mutex_unlock(&pending->lock);
	return count;
}
