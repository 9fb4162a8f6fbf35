/*
 * Rate limit for recorded refusals. Several devices share a slot of its table: a
 * refusal whose slot is taken by another device is counted, not recorded.
 */
#include "config.h"

#include "attestation/keeper/refusals.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/operation.h"
#include "store/inventory/audit.h"
#include "util/bytes.h"
#include "util/clock.h"

#define REFUSALS_PLACES ((size_t)1024)
#define REFUSALS_PAUSE_MS ((int64_t)60 * 1000)

/* The last refusal of a device and kind. */
struct place {
	bool            taken;
	uint8_t         ek_hash[STORE_HASH_SIZE]; /* zeros: no device */
	enum error_kind kind;
	int64_t         until_ms; /* earliest time of the next record */
	uint64_t        skipped;
};

struct refusals {
	struct store_writer *writer;
	pthread_mutex_t      mutex; /* guards the members below */
	int64_t              due_ms; /* token bucket: when the next entry is due at an even rate */
	uint64_t             skipped; /* refusals without a slot */
	struct place         places[REFUSALS_PLACES];
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
	return refusals;
}

void
refusals_free(struct refusals *refusals)
{
	if (refusals == NULL)
		return;
	(void)pthread_mutex_destroy(&refusals->mutex);
	free(refusals);
}

/* An attacker cannot choose the hash of a known device, which is SHA-256 of its key. */
static struct place *
refusals_place(struct refusals *refusals, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum error_kind kind)
{
	size_t index = (size_t)ek_hash[0] << 8 | ek_hash[1];

	return &refusals->places[(index + 31 * (size_t)kind) % REFUSALS_PLACES];
}

/* The caller holds the lock. */
static bool
refusals_decide(struct refusals *refusals, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum error_kind kind, int64_t now_ms, uint64_t *skipped)
{
	struct place *place = refusals_place(refusals, ek_hash, kind);
	bool          same = place->taken && place->kind == kind &&
	    memcmp(place->ek_hash, ek_hash, STORE_HASH_SIZE) == 0;

	if (place->taken && now_ms < place->until_ms) {
		*(same ? &place->skipped : &refusals->skipped) += 1;
		return false;
	}
	if (refusals->due_ms - now_ms > (REFUSALS_BURST - 1) * REFUSALS_PAUSE_MS) {
		refusals->skipped++;
		return false;
	}
	refusals->due_ms = (refusals->due_ms > now_ms ? refusals->due_ms : now_ms) + REFUSALS_PAUSE_MS;
	*skipped = place->skipped + refusals->skipped;
	*place = (struct place){.taken = true, .kind = kind, .until_ms = now_ms + REFUSALS_PAUSE_MS};
	memcpy(place->ek_hash, ek_hash, STORE_HASH_SIZE);
	refusals->skipped = 0;
	return true;
}

bool
refusals_admit(struct refusals *refusals, const uint8_t *ek_hash, enum error_kind kind,
    int64_t now_ms, uint64_t *skipped)
{
	static const uint8_t nobody[STORE_HASH_SIZE];
	bool                 admitted;

	*skipped = 0;
	(void)pthread_mutex_lock(&refusals->mutex);
	admitted =
	    refusals_decide(refusals, ek_hash != NULL ? ek_hash : nobody, kind, now_ms, skipped);
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
	uint64_t       skipped;
	char           more[64] = "";

	if (!refusal_belongs(ek_hash, why->kind) ||
	    !refusals_admit(refusals, ek_hash, why->kind, clock_monotonic_ms(), &skipped))
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
