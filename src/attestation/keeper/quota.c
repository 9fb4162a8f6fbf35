/* Owns the counts of certificates per EK. */
#include "config.h"

#include "attestation/keeper/quota.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/ek_hash.h"

#define QUOTA_PLACES 4096U
#define QUOTA_PROBES 8U /* associativity: slots per EK */

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* A token bucket: the slot is free when the bucket is full again. */
struct place {
	struct ek_hash ek;
	int64_t        due_ms;
};

struct quota {
	pthread_mutex_t mutex; /* guards the members below */
	int64_t         per_day;
	struct place    places[QUOTA_PLACES];
};

struct quota *
quota_new(int64_t per_day)
{
	struct quota *quota = memory_new(sizeof *quota);

	quota->per_day = per_day;
	(void)pthread_mutex_init(&quota->mutex, NULL);
	return quota;
}

void
quota_free(struct quota *quota)
{
	if (quota == NULL)
		return;
	(void)pthread_mutex_destroy(&quota->mutex);
	free(quota);
}

/* The EK's slot, or a free one; NULL when there is none. */
static struct place *
quota_place(struct quota *quota, const struct ek_hash *ek, int64_t now_ms)
{
	size_t        index = (size_t)ek->bytes[0] << 8 | ek->bytes[1];
	struct place *unused = NULL;

	for (size_t i = 0; i < QUOTA_PROBES; i++) {
		struct place *place = &quota->places[(index + i) % QUOTA_PLACES];

		if (place->due_ms > now_ms && ek_hash_equal(&place->ek, ek))
			return place;
		if (unused == NULL && place->due_ms <= now_ms)
			unused = place;
	}
	if (unused != NULL) {
		unused->ek = *ek;
		unused->due_ms = now_ms;
	}
	return unused;
}

void
quota_limit(struct quota *quota, int64_t per_day)
{
	(void)pthread_mutex_lock(&quota->mutex);
	quota->per_day = per_day;
	(void)pthread_mutex_unlock(&quota->mutex);
}

static bool
quota_take_locked(struct quota *quota, const struct ek_hash *ek, int64_t now_ms)
{
	int64_t       interval_ms;
	struct place *place;

	if (quota->per_day == 0)
		return true;
	interval_ms = DAY_MS / quota->per_day;
	if ((place = quota_place(quota, ek, now_ms)) == NULL)
		return true;
	if (place->due_ms - now_ms > (quota->per_day - 1) * interval_ms)
		return false;
	place->due_ms += interval_ms;
	return true;
}

bool
quota_take(struct quota *quota, const struct ek_hash *ek, int64_t now_ms)
{
	bool taken;

	(void)pthread_mutex_lock(&quota->mutex);
	taken = quota_take_locked(quota, ek, now_ms);
	(void)pthread_mutex_unlock(&quota->mutex);
	return taken;
}
