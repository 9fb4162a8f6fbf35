/* Attestation structures: TPM 2.0 Library Part 2, TPMS_ATTEST. */
#ifndef TPM_ATTEST_H
#define TPM_ATTEST_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct error;
struct tpm_name;

/*
 * Decodes a TPMS_ATTEST that must be of `type` (TPM2_ST_ATTEST_…, `type_name` in
 * words), with no octets left over. MALFORMED when it does not decode;
 * BAD_ATTESTATION when its magic is not TPM_GENERATED_VALUE or its type is
 * another one.
 */
int tpm_attest_decode(struct view octets, TPM2_ST type, const char *type_name,
    TPMS_ATTEST *attest, struct error *err);

/* True when the attested Name equals the one that we computed. */
bool tpm_attest_names(const TPM2B_NAME *attested, const struct tpm_name *name);

#endif
