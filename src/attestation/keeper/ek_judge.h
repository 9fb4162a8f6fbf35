/* What the keeper finds out about the EK certificate that a machine shows. */
#ifndef ATTESTATION_KEEPER_EK_JUDGE_H
#define ATTESTATION_KEEPER_EK_JUDGE_H

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
	struct view certificate; /* the EK's own, DER, within the question; empty: none was shown */
	size_t      shown;       /* certificates that came, of whatever key */
	char        claimed[TPM_VENDOR_ID_SIZE];   /* manufacturer by the client's word … */
	char        certified[TPM_VENDOR_ID_SIZE]; /* … and by the EK's certificate, verified or not; or "" */
	char        serial[SERIAL_TEXT_SIZE]; /* of a verified certificate, as serial_list_has takes it; too long: "" */
	int64_t     revision; /* of the vendors' certificates that it was judged by */
};

/*
 * Judges what was shown for the EK, offline. A certificate is the EK's when its key is
 * the EK's; what else came may help to build its chain and says nothing. Evidence is of a
 * verified certificate alone, even where that is silent, or else of the client's claims
 * alone. With `vendors` NULL no certificate is looked at. Never fails: whatever goes
 * wrong, the EK is not verified. What it cost is logged at the level debug. Any thread.
 */
void attestation_judge(struct shared *vendors, const struct attestation_challenge *asked,
    const struct tpm_ek *ek, int64_t now, struct ek_judgement *out);

#endif
