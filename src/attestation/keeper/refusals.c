/*
 * Rate limit for recorded refusals: which of them were recorded within the last hour, shared out
 * by source and device (util/shares.h), so that who causes many hides no other's.
 */
#include "config.h"

#include "attestation/keeper/refusals.h"

#include <sys/queue.h>

#include <inttypes.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/operation.h"
#include "store/inventory/audit.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/shares.h"
#include "util/source.h"

#define REFUSALS_PAUSE_MS ((int64_t)60 * 1000)
#define REFUSALS_MEMORY_MS ((int64_t)60 * 60 * 1000)

struct place_key {
	uint8_t         ek_hash[STORE_HASH_SIZE]; /* zeros: no device */
	struct source   source;
	enum error_kind kind;
};

/* The last recorded refusal of a device, source and kind. */
struct place {
	struct place_key    key; /* first: what it is found by; every octet is defined */
	int64_t             recorded_ms;
	uint64_t            skipped; /* since then */
	struct share_entry  share;
	TAILQ_ENTRY(place)  link;
};

/* A token bucket: when the next entry is due at an even rate. */
struct bucket {
	int64_t due_ms;
};

struct refusals {
	struct store_writer *writer;
	pthread_mutex_t      mutex; /* guards the members below */
	struct bucket        all;
	struct bucket        quiet;
	uint64_t             skipped; /* refusals without a place */
	void                *index; /* tsearch's tree of places */
	struct shares       *shares;
	TAILQ_HEAD(, place)  places; /* the longest recorded first */
};

/* An entry to be written. */
struct refusal {
	bool    has_ek;
	uint8_t ek_hash[STORE_HASH_SIZE];
	char    detail[sizeof((struct error *)NULL)->detail + 128];
};

struct refusals *
refusals_new(struct store_writer *writer)
{
	struct refusals *refusals = memory_new(sizeof *refusals);

	refusals->writer = writer;
	(void)pthread_mutex_init(&refusals->mutex, NULL);
	refusals->shares = shares_new();
	TAILQ_INIT(&refusals->places);
	return refusals;
}

static int
place_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct place_key));
}

/* What was skipped there is told with the next record of anybody's. */
static void
place_remove(struct refusals *refusals, struct place *place)
{
	refusals->skipped += place->skipped;
	shares_leave(refusals->shares, &place->share);
	TAILQ_REMOVE(&refusals->places, place, link);
	(void)tdelete(place, &refusals->index, place_compare);
	free(place);
}

void
refusals_free(struct refusals *refusals)
{
	if (refusals == NULL)
		return;
	while (!TAILQ_EMPTY(&refusals->places))
		place_remove(refusals, TAILQ_FIRST(&refusals->places));
	shares_free(refusals->shares);
	(void)pthread_mutex_destroy(&refusals->mutex);
	free(refusals);
}

static bool
bucket_take(struct bucket *bucket, int64_t burst, int64_t now_ms)
{
	if (bucket->due_ms - now_ms > (burst - 1) * REFUSALS_PAUSE_MS)
		return false;
	bucket->due_ms = (bucket->due_ms > now_ms ? bucket->due_ms : now_ms) + REFUSALS_PAUSE_MS;
	return true;
}

/* Whoever has none on record from its network is quiet, and has some to itself. */
static bool
refusals_take(struct refusals *refusals, const struct source *source, int64_t now_ms)
{
	struct source network = source_above(source);

	return bucket_take(&refusals->all, REFUSALS_BURST, now_ms) ||
	    (shares_of_source(refusals->shares, &network) == 0 &&
	        bucket_take(&refusals->quiet, REFUSALS_QUIET_BURST, now_ms));
}

static struct place *
place_new(struct refusals *refusals, const struct place_key *key)
{
	struct place *place = memory_new(sizeof *place);

	if (shares_count(refusals->shares) == REFUSALS_PLACES)
		place_remove(refusals,
		    SHARES_ITEM(shares_victim(refusals->shares), struct place, share));
	place->key = *key;
	(void)memory_check(tsearch(place, &refusals->index, place_compare));
	return place;
}

/* Makes it the newest, and its count the record's. */
static void
place_record(struct refusals *refusals, struct place *place, bool known, int64_t now_ms,
    uint64_t *skipped)
{
	struct view ek = {place->key.ek_hash, sizeof place->key.ek_hash};

	if (known) {
		TAILQ_REMOVE(&refusals->places, place, link);
		shares_leave(refusals->shares, &place->share);
	}
	TAILQ_INSERT_TAIL(&refusals->places, place, link);
	shares_enter(refusals->shares, &place->share, &place->key.source, ek, false);
	*skipped = place->skipped + refusals->skipped;
	place->recorded_ms = now_ms;
	place->skipped = 0;
	refusals->skipped = 0;
}

/* The caller holds the lock. */
static bool
refusals_decide(struct refusals *refusals, const struct place_key *key, int64_t now_ms,
    uint64_t *skipped)
{
	struct place *const *found;
	struct place        *place;

	while ((place = TAILQ_FIRST(&refusals->places)) != NULL &&
	    now_ms - place->recorded_ms >= REFUSALS_MEMORY_MS)
		place_remove(refusals, place);
	found = tfind(key, &refusals->index, place_compare);
	place = found != NULL ? *found : NULL;
	if ((place != NULL && now_ms - place->recorded_ms < REFUSALS_PAUSE_MS) ||
	    !refusals_take(refusals, &key->source, now_ms)) {
		*(place != NULL ? &place->skipped : &refusals->skipped) += 1;
		return false;
	}
	place_record(refusals, place != NULL ? place : place_new(refusals, key), place != NULL, now_ms,
	    skipped);
	return true;
}

bool
refusals_admit(struct refusals *refusals, const uint8_t *ek_hash, const struct source *source,
    enum error_kind kind, int64_t now_ms, uint64_t *skipped)
{
	struct place_key key;
	bool             admitted;

	memset(&key, 0, sizeof key); /* the gaps too */
	if (ek_hash != NULL)
		memcpy(key.ek_hash, ek_hash, sizeof key.ek_hash);
	memcpy(key.source.octets, source->octets, sizeof key.source.octets);
	key.source.bits = source->bits;
	key.kind = kind;
	*skipped = 0;
	(void)pthread_mutex_lock(&refusals->mutex);
	admitted = refusals_decide(refusals, &key, now_ms, skipped);
	(void)pthread_mutex_unlock(&refusals->mutex);
	return admitted;
}

/* Refusals of unknown EKs and malformed requests are frequent: they go to the log only. */
static bool
refusal_belongs(const uint8_t *ek_hash, enum error_kind kind)
{
	switch (kind) {
	case ERROR_DEVICE_DISABLED:
	case ERROR_EK_UNTRUSTED:
	case ERROR_NOT_ENROLLED:
		return ek_hash != NULL;
	case ERROR_UNKNOWN_SECRET:
		return true;
	default:
		return false;
	}
}

static int
refusal_change(struct call *call, struct store *store, struct error *err)
{
	const struct refusal *refusal = call->state;

	return store_audit_add(store, AUDIT_CERTIFY, refusal->has_ek ? refusal->ek_hash : NULL,
	    "refused", refusal->detail, clock_now(), err);
}

/* Nothing waits for the result: the client is refused in any case. */
static const struct call_operation refusal_operation = {
    .name = "audit",
    .state_size = sizeof(struct refusal),
    .change = refusal_change,
};

void
refusals_record(struct refusals *refusals, const struct call_asker *asker, const uint8_t *ek_hash,
    const struct error *why)
{
	struct refusal refusal = {.has_ek = ek_hash != NULL};
	struct source  source = source_of_text(view_text(asker->name));
	uint64_t       skipped;
	char           more[64] = "";

	if (!refusal_belongs(ek_hash, why->kind) ||
	    !refusals_admit(refusals, ek_hash, &source, why->kind, clock_monotonic_ms(), &skipped))
		return;
	if (ek_hash != NULL)
		memcpy(refusal.ek_hash, ek_hash, sizeof refusal.ek_hash);
	if (skipped != 0)
		(void)snprintf(more, sizeof more, " (%" PRIu64 " refusals more were only counted)", skipped);
	(void)snprintf(refusal.detail, sizeof refusal.detail, "%s: %s%s", error_type(why->kind),
	    why->detail, more);
	call_submit(&attestation_operation_service, refusals->writer, &refusal_operation, asker,
	    &refusal);
}
