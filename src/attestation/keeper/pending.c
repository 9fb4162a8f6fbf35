/*
 * Owns the open challenges. One lock for the table is enough: it is held for a
 * lookup, some hundred nanoseconds beside the millisecond of a client's round
 * trip; the secret is hashed outside it.
 */
#include "config.h"

#include "attestation/keeper/pending.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "attestation/keeper/answered.h"
#include "tpm/digest.h"
#include "util/error.h"

struct pending {
	pthread_mutex_t lock;
	size_t          max;
	size_t          held_max; /* of one EK and source */
	int64_t         lifetime_ms;

	struct shares     *shares; /* of sources and EKs */
	struct answered   *answered;
	size_t             bucket_count; /* a power of two */
	struct challenge **challenges;   /* by digest */
	struct challenge  *oldest;       /* in the order in which they were made */
	struct challenge  *newest;
};

struct challenge *
challenge_new(void)
{
	return memory_new(sizeof(struct challenge));
}

void
challenge_free(struct challenge *challenge)
{
	if (challenge == NULL)
		return;
	bytes_clear(&challenge->ak_spki);
	bytes_clear(&challenge->question);
	bytes_clear(&challenge->ek_certificate);
	free(challenge);
}

static size_t
buckets_for(size_t max)
{
	size_t count = 16;

	while (count < max)
		count *= 2;
	return count;
}

struct pending *
pending_new(size_t max, size_t held_max, int64_t lifetime_ms)
{
	struct pending *pending = memory_new(sizeof *pending);

	(void)pthread_mutex_init(&pending->lock, NULL);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	pending->shares = shares_new();
	pending->answered = answered_new();
	pending->bucket_count = buckets_for(max);
	pending->challenges = memory_new(pending->bucket_count * sizeof(struct challenge *));
	return pending;
}

/* The key is a SHA-256 digest, so any of its octets serve as the hash. */
static size_t
pending_bucket(const struct pending *pending, const uint8_t digest[32])
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof hash);
	return (size_t)(hash & (pending->bucket_count - 1));
}

static struct challenge **
challenge_slot(struct pending *pending, const uint8_t digest[32])
{
	struct challenge **slot = &pending->challenges[pending_bucket(pending, digest)];

	while (*slot != NULL && memcmp((*slot)->digest, digest, sizeof (*slot)->digest) != 0)
		slot = &(*slot)->bucket_next;
	return slot;
}

/* Unlinks the challenge in `slot` from every list; the caller then owns it. */
static struct challenge *
pending_unlink(struct pending *pending, struct challenge **slot)
{
	struct challenge *challenge = *slot;

	*slot = challenge->bucket_next;
	if (challenge->older != NULL)
		challenge->older->newer = challenge->newer;
	else
		pending->oldest = challenge->newer;
	if (challenge->newer != NULL)
		challenge->newer->older = challenge->older;
	else
		pending->newest = challenge->older;
	shares_leave(pending->shares, &challenge->share);
	return challenge;
}

/* Challenges of a machine that has answered before are protected from eviction, up to a limit. */
static void
pending_link(struct pending *pending, struct challenge **slot, struct challenge *challenge)
{
	struct view ek = {challenge->ek.bytes, sizeof challenge->ek.bytes};

	challenge->bucket_next = NULL;
	*slot = challenge;
	challenge->older = pending->newest;
	challenge->newer = NULL;
	if (pending->newest != NULL)
		pending->newest->newer = challenge;
	else
		pending->oldest = challenge;
	pending->newest = challenge;
	shares_enter(pending->shares, &challenge->share, &challenge->source, ek,
	    answered_has(pending->answered, &challenge->ek, &challenge->source) &&
	        shares_held(pending->shares, &challenge->source, ek) < pending->held_max);
}

/* Those that were made before the lifetime was shortened expire after younger ones; see pending_take. */
static void
pending_expire(struct pending *pending, int64_t now_ms)
{
	while (pending->oldest != NULL && pending->oldest->expires <= now_ms)
		challenge_free(pending_unlink(pending, challenge_slot(pending, pending->oldest->digest)));
}

void
pending_free(struct pending *pending)
{
	if (pending == NULL)
		return;
	pending_expire(pending, INT64_MAX);
	free(pending->challenges);
	shares_free(pending->shares);
	answered_free(pending->answered);
	(void)pthread_mutex_destroy(&pending->lock);
	free(pending);
}

/* Evicts a challenge of the source or EK with the most; OVERLOADED when that is the new challenge
 * itself, which is then unlinked. */
static int
pending_bound(struct pending *pending, struct challenge *challenge, struct error *err)
{
	struct share_entry *entry;
	struct challenge   *victim = challenge;

	if (shares_count(pending->shares) <= pending->max)
		return 0;
	if ((entry = shares_victim(pending->shares)) != NULL)
		victim = SHARES_ITEM(entry, struct challenge, share);
	(void)pending_unlink(pending, challenge_slot(pending, victim->digest));
	if (victim == challenge)
		return error_set(err, ERROR_OVERLOADED, "%zu challenges are open; try again later",
		    pending->max);
	challenge_free(victim);
	return 0;
}

static void
pending_rehash(struct pending *pending)
{
	free(pending->challenges);
	pending->challenges = memory_new(pending->bucket_count * sizeof(struct challenge *));
	for (struct challenge *c = pending->oldest; c != NULL; c = c->newer) {
		c->bucket_next = NULL;
		*challenge_slot(pending, c->digest) = c;
	}
}

void
pending_limit(struct pending *pending, size_t max, size_t held_max, int64_t lifetime_ms)
{
	struct share_entry *entry;
	struct challenge   *victim;

	(void)pthread_mutex_lock(&pending->lock);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	while (shares_count(pending->shares) > max && (entry = shares_victim(pending->shares)) != NULL) {
		victim = SHARES_ITEM(entry, struct challenge, share);
		challenge_free(pending_unlink(pending, challenge_slot(pending, victim->digest)));
	}
	if (pending->bucket_count != buckets_for(max)) {
		pending->bucket_count = buckets_for(max);
		pending_rehash(pending);
	}
	(void)pthread_mutex_unlock(&pending->lock);
}

static int
pending_put_locked(struct pending *pending, struct challenge *challenge, int64_t now_ms,
    struct error *err)
{
	struct challenge **slot;

	pending_expire(pending, now_ms);
	slot = challenge_slot(pending, challenge->digest);
	if (*slot != NULL)
		return error_set(err, ERROR_INTERNAL, "two challenges have one secret");
	challenge->expires = now_ms + pending->lifetime_ms;
	pending_link(pending, slot, challenge);
	return pending_bound(pending, challenge, err);
}

int
pending_put(struct pending *pending, struct view secret, struct challenge *challenge,
    int64_t now_ms, struct error *err)
{
	int rc;

	if (EVP_Digest(secret.data, secret.size, challenge->digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	(void)pthread_mutex_lock(&pending->lock);
	rc = pending_put_locked(pending, challenge, now_ms, err);
	(void)pthread_mutex_unlock(&pending->lock);
	return rc;
}

int
pending_take(struct pending *pending, struct view secret, int64_t now_ms, struct challenge **out,
    struct error *err)
{
	struct challenge **slot;
	uint8_t            digest[32];

	*out = NULL;
	if (EVP_Digest(secret.data, secret.size, digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	slot = challenge_slot(pending, digest);
	if (*slot != NULL && (*slot)->expires > now_ms) {
		*out = pending_unlink(pending, slot);
		answered_add(pending->answered, &(*out)->ek, &(*out)->source);
	}
	(void)pthread_mutex_unlock(&pending->lock);
	if (*out == NULL)
		return error_set(err, ERROR_UNKNOWN_SECRET,
		    "no open challenge has this secret: it was never issued, has expired or is used; "
		    "start again with /attest");
	return 0;
}

size_t
pending_count(struct pending *pending)
{
	size_t count;

	(void)pthread_mutex_lock(&pending->lock);
	count = shares_count(pending->shares);
	(void)pthread_mutex_unlock(&pending->lock);
	return count;
}
