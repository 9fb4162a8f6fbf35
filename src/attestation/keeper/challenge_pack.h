/*
 * An open challenge, and how it is kept while it waits: what many challenges have in common in one string
 * of octets, and what is its own in another: the device's revision, the serial number of the EK
 * certificate, and the number of the AK. Neither holds a secret.
 */
#ifndef ATTESTATION_KEEPER_CHALLENGE_PACK_H
#define ATTESTATION_KEEPER_CHALLENGE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation/keeper/serial_list.h"
#include "store/inventory/evidence.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/source.h"

/* Octets of an EK's hash that tell whose row it is to who asks, not to who is certified. */
#define CHALLENGE_EK_BEGIN 4U

/* A challenge: the facts to certify when the secret comes back. */
struct challenge {
	/*
	 * The row of its device, where there is one: then only the first CHALLENGE_EK_BEGIN octets of `ek`
	 * wait with it. A row is used again for another device, and octets may be the same by chance; a
	 * revision is never used again: only a row that has the challenge's revision is its device.
	 */
	uint32_t       row; /* 0: the whole of `ek` tells it */
	struct ek_hash ek;
	struct source  source;    /* source of the request */
	int64_t        revision;  /* revision of the device; after a change it must start again */
	struct bytes   ak_public; /* of the AK: TPMT_PUBLIC, which passed tpm_ak_decode */
	size_t         ak_number; /* so many octets at its end are the number of this key */

	/* The whole question, when the decision on it waits for the secret: then nothing of the next
	 * is there before admission_grant. Empty: it was decided. */
	struct bytes question;

	struct store_evidence evidence;       /* facts for the certificate */
	struct bytes          ek_certificate; /* EK certificate, at most 8 KiB; empty: none sent */
	int64_t               trust_revision; /* revision of the vendors' certificates used */
	uint64_t              policy;         /* number of the rules for them (revision.h) */
	char                  serial[SERIAL_TEXT_SIZE]; /* of the EK certificate, if verified */
	bool                  enrolls; /* it may enroll itself once its key is proven, if the rule still says so */
};

/* The most octets of `own`: the revision, a serial number, and the modulus of an RSA-4096 AK. */
#define CHALLENGE_OWN_MAX (sizeof(int64_t) + SERIAL_TEXT_SIZE - 1 + 512U)

/* Returns a zeroed challenge; challenge_free frees its members too, and takes NULL. */
struct challenge *challenge_new(void);
void              challenge_free(struct challenge *challenge);

/*
 * Appends to *common and *own all but row, EK and source; at most CHALLENGE_OWN_MAX octets to *own, of an AK
 * that passed tpm_ak_decode.
 */
void challenge_pack(const struct challenge *challenge, struct bytes *common, struct bytes *own);

/* How many octets of its own a challenge with this in common has. */
size_t challenge_own_size(struct view common);

/* The challenge again, with row, EK and source left to the caller, who frees it. */
struct challenge *challenge_unpack(struct view common, struct view own);

#endif
