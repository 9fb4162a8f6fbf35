/* Public areas in files, with or without a size prefix: TPM 2.0 Library Part 2. */
#ifndef TPM_AREA_H
#define TPM_AREA_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;

/*
 * True when `content` begins as a TPMT_PUBLIC or a TPM2B_PUBLIC of an RSA or ECC key. DER and
 * the NV header of a certificate never do.
 */
bool tpm_area_is(struct view content);

/*
 * Finds the TPMT_PUBLIC in content for which tpm_area_is: the whole content, or the rest
 * after the size of a TPM2B_PUBLIC, which must match (MALFORMED otherwise). *area is borrowed
 * from `content` and not decoded.
 */
int tpm_area_find(struct view content, struct view *area, struct error *err);

/*
 * Appends the SubjectPublicKeyInfo of the key of a TPMT_PUBLIC without octets left over.
 * `whose` begins the detail of a failure ("EK"). MALFORMED; BAD_ATTESTATION for a key that
 * tpm_public_key refuses.
 */
int tpm_area_spki(struct view area, const char *whose, struct bytes *spki, struct error *err);

#endif
