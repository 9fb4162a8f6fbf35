/*
 * Challenges that wait for their secret: bounded, expiring, single use. The
 * table is keyed by SHA-256 of the secret and holds no secrets. Any thread.
 */
#ifndef ATTESTATION_KEEPER_PENDING_H
#define ATTESTATION_KEEPER_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "attestation/keeper/serial_list.h"
#include "store/inventory/evidence.h"
#include "tpm/name.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/shares.h"
#include "util/source.h"

struct error;
struct pending;

/* A challenge: the facts to certify when the secret comes back. */
struct challenge {
	struct ek_hash  ek;
	int64_t         revision; /* revision of the device; after a change it must start again */
	struct tpm_name ak_name;
	struct bytes    ak_spki; /* of the AK: SubjectPublicKeyInfo */
	struct source   source; /* source of the request */

	/* The whole question, when the decision on it waits for the secret: then nothing of the next
	 * is there before admission_grant. Empty: it was decided. */
	struct bytes question;

	struct store_evidence evidence;       /* facts for the certificate */
	struct bytes          ek_certificate; /* EK certificate, at most 8 KiB; empty: none sent */
	int64_t               trust_revision; /* revision of the vendors' certificates used */
	uint64_t              policy;         /* number of the rules for them (revision.h) */
	char                  serial[SERIAL_TEXT_SIZE]; /* of the EK certificate, if verified */
	bool                  enrolls; /* it may enroll itself once its key is proven, if the rule still says so */

	int64_t            expires; /* private to the table */
	uint8_t            digest[32];
	struct challenge  *bucket_next;
	struct challenge  *older;
	struct challenge  *newer;
	struct share_entry share;
};

/* Returns a zeroed challenge; challenge_free frees its members too, and takes NULL. */
struct challenge *challenge_new(void);
void              challenge_free(struct challenge *challenge);

/*
 * Makes a table for at most `max` challenges that live `lifetime_ms` each. When it is full,
 * one is evicted by shares.h: anyone can request credentials for another machine's EK, from
 * many addresses or from behind the machine's own, but cannot open them. Of an EK that has
 * answered from a source, `held_max` challenges made for that source are never evicted.
 */
struct pending *pending_new(size_t max, size_t held_max, int64_t lifetime_ms);
void            pending_free(struct pending *pending);

/*
 * Takes other bounds from now on. Above a lower `max`, challenges are evicted as by new ones; each
 * that is open keeps its lifetime.
 */
void pending_limit(struct pending *pending, size_t max, size_t held_max, int64_t lifetime_ms);

/*
 * Adds the challenge and takes ownership of it; removes expired ones. `now_ms` is
 * of a monotonic clock. Returns 0; or -1, with the challenge still the caller's:
 * OVERLOADED when the table is full of protected ones, or INTERNAL.
 */
int pending_put(struct pending *pending, struct view secret, struct challenge *challenge,
    int64_t now_ms, struct error *err);

/*
 * Takes out the challenge of this secret, so that it works once. UNKNOWN_SECRET,
 * always with the same text, when it never existed, has expired or was used. The
 * caller frees *out.
 */
int pending_take(struct pending *pending, struct view secret, int64_t now_ms,
    struct challenge **out, struct error *err);

/* Number of challenges, including expired ones; for tests. */
size_t pending_count(struct pending *pending);

#endif
