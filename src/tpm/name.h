/* Names of TPM objects: TPM 2.0 Library Part 1, "Names". */
#ifndef TPM_NAME_H
#define TPM_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* A Name: nameAlg (2 octets, big-endian) and its digest, at most SHA-512's. */
struct tpm_name {
	uint8_t bytes[2 + 64];
	size_t  size; /* octets used */
};

/*
 * Computes the Name of the object whose public area is `area`, a TPMT_PUBLIC
 * exactly as received, without a size prefix.
 *
 * Name = nameAlg || H_nameAlg(area). nameAlg must be SHA-256, SHA-384 or SHA-512.
 *
 * Returns 0 and fills *name; or -1 with MALFORMED (too short to hold a nameAlg)
 * or BAD_ATTESTATION (another nameAlg).
 */
int tpm_name_compute(struct view area, struct tpm_name *name, struct error *err);

/* True when both are the same Name; an empty Name equals none. For tests. */
bool tpm_name_equal(const struct tpm_name *a, const struct tpm_name *b);

#endif
