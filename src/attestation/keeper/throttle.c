/*
 * Owns the counts of those who ask in vain. Its tables have one place for each that may
 * stand there: who collides with another is written more often, or shares a limit.
 */
#include "config.h"

#include "attestation/keeper/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "util/bytes.h"

#define EKS 4096U
#define SOURCES 1024U

/* When the next would be due if all came evenly: ahead of the clock by what is used up. */
struct bucket {
	int64_t due_ms;
};

/* An EK that is on the list. */
struct seen {
	uint8_t  ek_hash[STORE_HASH_SIZE];
	uint64_t source;
	int64_t  written_ms;
	int64_t  unwritten; /* requests since */
};

struct source {
	uint64_t      source;
	struct bucket bucket;
};

struct throttle {
	pthread_mutex_t mutex;
	uint64_t        seed; /* so that nobody chooses with whom he collides */
	struct bucket   fresh;
	struct bucket   again;
	struct source   sources[SOURCES];
	struct seen     eks[EKS];
};

struct throttle *
throttle_new(void)
{
	struct throttle *throttle = memory_new(sizeof *throttle);

	(void)pthread_mutex_init(&throttle->mutex, NULL);
	/* Without it collisions can be chosen, which harms little. */
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

/* The source's own, or whose place it has while that one is being held back. */
static struct bucket *
throttle_source(struct throttle *throttle, uint64_t source, int64_t now_ms)
{
	struct source *slot = &throttle->sources[source % SOURCES];

	if (slot->source != source && slot->bucket.due_ms <= now_ms)
		slot->source = source;
	return &slot->bucket;
}

static struct seen *
throttle_seen(struct throttle *throttle, const uint8_t *ek_hash, uint64_t source)
{
	uint64_t     hash = throttle_hash(throttle, ek_hash, STORE_HASH_SIZE);
	struct seen *seen = &throttle->eks[hash % EKS];

	if (memcmp(seen->ek_hash, ek_hash, STORE_HASH_SIZE) != 0) {
		*seen = (struct seen){.source = source, .written_ms = INT64_MIN};
		memcpy(seen->ek_hash, ek_hash, STORE_HASH_SIZE);
	}
	return seen;
}

static bool
seen_is_recent(const struct seen *seen, uint64_t source, int64_t now_ms)
{
	return seen->written_ms != INT64_MIN && now_ms - seen->written_ms < THROTTLE_AGAIN_MS &&
	    seen->source == source;
}

/* Takes from both buckets, or from none. */
static bool
throttle_take(struct throttle *throttle, uint64_t source, bool listed, int64_t now_ms)
{
	struct bucket *own = throttle_source(throttle, source, now_ms);
	struct bucket *all = listed ? &throttle->again : &throttle->fresh;

	if (!bucket_has(own, THROTTLE_SOURCE_BURST, THROTTLE_SOURCE_INTERVAL_MS, now_ms) ||
	    !bucket_has(all, THROTTLE_BURST, THROTTLE_INTERVAL_MS, now_ms))
		return false;
	bucket_take(own, THROTTLE_SOURCE_INTERVAL_MS, now_ms);
	bucket_take(all, THROTTLE_INTERVAL_MS, now_ms);
	return true;
}

int64_t
throttle_admit(struct throttle *throttle, const uint8_t ek_hash[STORE_HASH_SIZE],
    const char *source, bool listed, int64_t now_ms)
{
	uint64_t     from = throttle_hash(throttle, source, strlen(source));
	struct seen *seen;
	int64_t      count = 0;

	(void)pthread_mutex_lock(&throttle->mutex);
	seen = throttle_seen(throttle, ek_hash, from);
	seen->unwritten++;
	if (!(listed && seen_is_recent(seen, from, now_ms)) &&
	    throttle_take(throttle, from, listed, now_ms)) {
		count = seen->unwritten;
		seen->source = from;
		seen->written_ms = now_ms;
		seen->unwritten = 0;
	}
	(void)pthread_mutex_unlock(&throttle->mutex);
	return count;
}
