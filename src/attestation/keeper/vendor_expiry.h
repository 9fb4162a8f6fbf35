/* The vendors' roots that have expired or will: one line in the log for all of them. */
#ifndef ATTESTATION_KEEPER_VENDOR_EXPIRY_H
#define ATTESTATION_KEEPER_VENDOR_EXPIRY_H

#include <stdint.h>

#include "service/keeper/deadlines.h"

struct ek_trust;

/* Fits the names of three roots, and the command to run. */
#define VENDOR_EXPIRY_REASON_SIZE 640

/*
 * The state of the imported roots together, with the reason: how many have expired, how many
 * will soon, three of their names, and the remedy. Over when every root has expired. An
 * expired root still vouches for TPMs that were certified before, so that some of them make
 * a warning. *end: when the first of those that have not expired ends, or when the last did.
 */
enum deadline_state vendor_expiry(const struct ek_trust *trust, int64_t now, int64_t *end,
    char reason[VENDOR_EXPIRY_REASON_SIZE]);

#endif
