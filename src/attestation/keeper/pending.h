/*
 * Challenges that wait for their secret: bounded, expiring, each good once. The
 * table is keyed by SHA-256 of the secret and holds no secret. Any thread.
 */
#ifndef ATTESTATION_KEEPER_PENDING_H
#define ATTESTATION_KEEPER_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "attestation/keeper/serial_list.h"
#include "store/inventory/evidence.h"
#include "tpm/ek.h"
#include "tpm/name.h"
#include "util/bytes.h"
#include "util/shares.h"
#include "util/source.h"

struct error;
struct pending;

/* What will be certified when the secret comes back. */
struct challenge {
	struct ek_hash  ek;
	int64_t         revision; /* of the device when it was let in: a changed one starts again */
	struct tpm_name ak_name;
	EVP_PKEY       *ak_key;
	struct source   source; /* whence it was asked for */

	struct store_evidence evidence;       /* its facts go into the certificate */
	struct bytes          ek_certificate; /* what it is of, 8 KiB at most; empty when none was shown */
	int64_t               trust_revision; /* of the vendors' certificates that it was judged by */
	char                  serial[SERIAL_TEXT_SIZE]; /* of the EK certificate, when verified */
	char                 *enroll_name; /* it may enrol itself as this, once it has proven its key; or NULL */

	int64_t            expires; /* the rest is the table's */
	uint8_t            digest[32];
	struct challenge  *bucket_next;
	struct challenge  *older;
	struct challenge  *newer;
	struct share_entry share;
};

/* A zeroed challenge; challenge_free also frees what it holds, and takes NULL. */
struct challenge *challenge_new(void);
void              challenge_free(struct challenge *challenge);

/*
 * Makes a table for at most `max` challenges that live `lifetime_ms` each. When it is full
 * one gives way, by shares.h: everybody can ask for a credential of a machine's EK, from many
 * addresses or from behind the machine's own, and opens none. Of an EK that has answered from
 * a source, `held_max` challenges made for that source never give way.
 */
struct pending *pending_new(size_t max, size_t held_max, int64_t lifetime_ms);
void            pending_free(struct pending *pending);

/*
 * Takes the challenge over and keeps it for its secret; expired ones make room.
 * `now_ms` is of a monotonic clock. Returns 0; or -1, the challenge still the
 * caller's, with OVERLOADED when the table is full of those that never give way, or
 * INTERNAL.
 */
int pending_put(struct pending *pending, struct view secret, struct challenge *challenge,
    int64_t now_ms, struct error *err);

/*
 * Takes out the challenge of this secret, so that it works once. UNKNOWN_SECRET,
 * always in the same words, when it never was, has expired or is used. The
 * caller frees *out.
 */
int pending_take(struct pending *pending, struct view secret, int64_t now_ms,
    struct challenge **out, struct error *err);

/* How many there are, expired ones too. */
size_t pending_count(struct pending *pending);

#endif
