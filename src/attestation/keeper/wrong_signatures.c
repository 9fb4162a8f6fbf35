/*
 * Owns a token bucket for each source that sent wrong signatures lately. The table is
 * direct-mapped: of two sources in one place the later one has it, so that no stranger
 * takes another's tokens.
 */
#include "config.h"

#include "attestation/keeper/wrong_signatures.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/rand.h>

#include "util/bytes.h"
#include "util/source.h"

#define PLACES 4096U

/* The bucket is full at due_ms and before, and one token less for each interval behind it. */
struct place {
	struct source source;
	int64_t       due_ms;
};

struct wrong_signatures {
	pthread_mutex_t mutex;
	uint64_t        seed; /* random, so that an attacker cannot choose collisions */
	struct place    places[PLACES];
};

struct wrong_signatures *
wrong_signatures_new(void)
{
	struct wrong_signatures *wrong = memory_new(sizeof *wrong);

	(void)pthread_mutex_init(&wrong->mutex, NULL);
	(void)RAND_bytes((unsigned char *)&wrong->seed, sizeof wrong->seed);
	return wrong;
}

void
wrong_signatures_free(struct wrong_signatures *wrong)
{
	if (wrong == NULL)
		return;
	(void)pthread_mutex_destroy(&wrong->mutex);
	free(wrong);
}

/* FNV-1a. */
static struct place *
wrong_place(struct wrong_signatures *wrong, const struct source *source)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ wrong->seed;

	for (size_t i = 0; i < sizeof source->octets; i++)
		hash = (hash ^ source->octets[i]) * UINT64_C(1099511628211);
	hash = (hash ^ source->bits) * UINT64_C(1099511628211);
	return &wrong->places[(hash ^ hash >> 32) % PLACES];
}

bool
wrong_signatures_exceeded(struct wrong_signatures *wrong, const struct source *source,
    int64_t now_ms)
{
	struct place *place;
	bool          exceeded;

	(void)pthread_mutex_lock(&wrong->mutex);
	place = wrong_place(wrong, source);
	exceeded = source_equal(&place->source, source) &&
	    place->due_ms - now_ms > (WRONG_SIGNATURES_BURST - 1) * (int64_t)WRONG_SIGNATURES_INTERVAL_MS;
	(void)pthread_mutex_unlock(&wrong->mutex);
	return exceeded;
}

void
wrong_signatures_count(struct wrong_signatures *wrong, const struct source *source, unsigned count,
    int64_t now_ms)
{
	struct place *place;

	if (count == 0)
		return;
	(void)pthread_mutex_lock(&wrong->mutex);
	place = wrong_place(wrong, source);
	if (!source_equal(&place->source, source) || place->due_ms < now_ms)
		*place = (struct place){*source, now_ms};
	place->due_ms += (int64_t)count * WRONG_SIGNATURES_INTERVAL_MS;
	(void)pthread_mutex_unlock(&wrong->mutex);
}
