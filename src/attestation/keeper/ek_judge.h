/* Verifies the EK certificate that a machine sends. */
#ifndef ATTESTATION_KEEPER_EK_JUDGE_H
#define ATTESTATION_KEEPER_EK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation/keeper/serial_list.h"
#include "store/inventory/evidence.h"
#include "tpm/vendor.h"
#include "util/bytes.h"

struct attestation_challenge;
struct shared;
struct tpm_ek;

struct ek_judgement {
	struct store_evidence evidence;
	struct view certificate; /* the EK's own, DER, within the question; empty: none sent */
	size_t      shown;       /* number of certificates sent, of any key */
	char        claimed[TPM_VENDOR_ID_SIZE];   /* manufacturer as claimed by the client … */
	char        certified[TPM_VENDOR_ID_SIZE]; /* … and in the EK's certificate, verified or not */
	char        serial[SERIAL_TEXT_SIZE]; /* of a verified certificate; "" if too long */
	int64_t     revision; /* revision of the vendors' certificates used */
	bool        postponed;  /* not verified because of no_slow: no verdict */
};

/*
 * Verifies the certificates sent for the EK, offline. A certificate with the EK's key is
 * the EK's; the others may only help to build its chain. Evidence comes from a verified
 * certificate only, even if that lacks a fact, or else from the client's claims only.
 * With `vendors` NULL no certificate is examined. Never fails: after any error the EK is
 * not verified. With `no_slow` no signature by a key as slow as P-384 is verified. Logs its
 * cost at level debug. Any thread.
 */
void attestation_judge(struct shared *vendors, const struct attestation_challenge *asked,
    const struct tpm_ek *ek, int64_t now, bool no_slow, struct ek_judgement *out);

#endif
