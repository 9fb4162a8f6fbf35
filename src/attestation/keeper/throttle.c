/*
 * Rate limits for requests of EKs that are not enrolled. The tables are direct-mapped:
 * entries that collide are written more often, or share a limit.
 */
#include "config.h"

#include "attestation/keeper/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/source.h"

#define EKS 4096U
#define SOURCES 8192U
#define PROBES  8U /* places where a source may stand */

/* A token bucket: when the next is due at an even rate; ahead of the clock by the tokens used. */
struct bucket {
	int64_t due_ms;
};

/* An EK on the waiting list. */
struct seen {
	struct ek_hash ek;
	uint64_t       source;
	int64_t        written_ms;
	int64_t        unwritten; /* requests since the last write */
};

/* Of a source, or of the network above it. */
struct place {
	uint64_t      source; /* its hash */
	struct bucket bucket;
	int64_t       written_ms; /* INT64_MIN: not yet */
};

struct throttle {
	pthread_mutex_t mutex;
	uint64_t        seed; /* random, so that an attacker cannot choose collisions */
	struct bucket   fresh;
	struct bucket   again;
	struct bucket   quiet;
	struct place    places[SOURCES];
	struct seen     eks[EKS];
};

struct throttle *
throttle_new(void)
{
	struct throttle *throttle = memory_new(sizeof *throttle);

	(void)pthread_mutex_init(&throttle->mutex, NULL);
	/* Without randomness collisions can be chosen, which does little harm. */
	(void)RAND_bytes((unsigned char *)&throttle->seed, sizeof throttle->seed);
	return throttle;
}

void
throttle_free(struct throttle *throttle)
{
	if (throttle == NULL)
		return;
	(void)pthread_mutex_destroy(&throttle->mutex);
	free(throttle);
}

/* FNV-1a. */
static uint64_t
throttle_hash(const struct throttle *throttle, const void *data, size_t size)
{
	const uint8_t *octets = data;
	uint64_t       hash = UINT64_C(14695981039346656037) ^ throttle->seed;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ octets[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

static bool
bucket_has(const struct bucket *bucket, int64_t burst, int64_t interval_ms, int64_t now_ms)
{
	return bucket->due_ms - now_ms <= (burst - 1) * interval_ms;
}

static void
bucket_take(struct bucket *bucket, int64_t interval_ms, int64_t now_ms)
{
	bucket->due_ms = (bucket->due_ms > now_ms ? bucket->due_ms : now_ms) + interval_ms;
}

/*
 * The place of a source; else the one written longest ago that holds no source back; else
 * another source's, with which it shares a limit.
 */
static struct place *
throttle_place(struct throttle *throttle, const struct source *source, int64_t now_ms)
{
	uint64_t      hash = throttle_hash(throttle, source, sizeof *source);
	struct place *found = NULL;

	for (uint64_t i = 0; i < PROBES; i++) {
		struct place *place = &throttle->places[(hash + i) % SOURCES];

		if (place->source == hash)
			return place;
		if (place->bucket.due_ms <= now_ms &&
		    (found == NULL || place->written_ms < found->written_ms))
			found = place;
	}
	if (found == NULL)
		return &throttle->places[hash % SOURCES];
	*found = (struct place){.source = hash, .bucket = found->bucket, .written_ms = INT64_MIN};
	return found;
}

static bool
place_has(const struct place *place, int64_t now_ms)
{
	return bucket_has(&place->bucket, THROTTLE_SOURCE_BURST, THROTTLE_SOURCE_INTERVAL_MS, now_ms);
}

static bool
place_is_quiet(const struct place *place, int64_t now_ms)
{
	return place->written_ms == INT64_MIN || now_ms - place->written_ms >= THROTTLE_QUIET_MS;
}

static void
place_take(struct place *place, int64_t now_ms)
{
	bucket_take(&place->bucket, THROTTLE_SOURCE_INTERVAL_MS, now_ms);
	place->written_ms = now_ms;
}

static struct seen *
throttle_seen(struct throttle *throttle, const struct ek_hash *ek, uint64_t source)
{
	uint64_t     hash = throttle_hash(throttle, ek->bytes, EK_HASH_SIZE);
	struct seen *seen = &throttle->eks[hash % EKS];

	if (!ek_hash_equal(&seen->ek, ek)) {
		*seen = (struct seen){.source = source, .written_ms = INT64_MIN};
		seen->ek = *ek;
	}
	return seen;
}

static bool
seen_is_recent(const struct seen *seen, uint64_t source, int64_t now_ms)
{
	return seen->written_ms != INT64_MIN && now_ms - seen->written_ms < THROTTLE_AGAIN_MS &&
	    seen->source == source;
}

/* Takes from the buckets of source, network and all, or from none. */
static bool
throttle_take(struct throttle *throttle, const struct source *source, bool listed, int64_t now_ms)
{
	struct source  above = source_above(source);
	struct place  *own = throttle_place(throttle, source, now_ms);
	struct place  *network = throttle_place(throttle, &above, now_ms);
	struct bucket *all = listed ? &throttle->again : &throttle->fresh;

	if (!place_has(own, now_ms) || !place_has(network, now_ms))
		return false;
	if (!bucket_has(all, THROTTLE_BURST, THROTTLE_INTERVAL_MS, now_ms)) {
		all = &throttle->quiet;
		if (!place_is_quiet(own, now_ms) || !place_is_quiet(network, now_ms) ||
		    !bucket_has(all, THROTTLE_QUIET_BURST, THROTTLE_INTERVAL_MS, now_ms))
			return false;
	}
	place_take(own, now_ms);
	if (network != own)
		place_take(network, now_ms);
	bucket_take(all, THROTTLE_INTERVAL_MS, now_ms);
	return true;
}

int64_t
throttle_admit(struct throttle *throttle, const struct ek_hash *ek,
    const struct source *source, bool listed, int64_t now_ms)
{
	uint64_t     from = throttle_hash(throttle, source, sizeof *source);
	struct seen *seen;
	int64_t      count = 0;

	(void)pthread_mutex_lock(&throttle->mutex);
	seen = throttle_seen(throttle, ek, from);
	seen->unwritten++;
	if (!(listed && seen_is_recent(seen, from, now_ms)) &&
	    throttle_take(throttle, source, listed, now_ms)) {
		count = seen->unwritten;
		seen->source = from;
		seen->written_ms = now_ms;
		seen->unwritten = 0;
	}
	(void)pthread_mutex_unlock(&throttle->mutex);
	return count;
}
