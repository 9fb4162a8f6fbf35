/* Evidence of a key's creation: TPM2_CertifyCreation by the key itself. */
#ifndef TPM_CREATION_H
#define TPM_CREATION_H

#include "util/bytes.h"

struct error;
struct tpm_ak;

/* The three structures of WIRE.md §1 beside `public`, as received, no size prefixes. */
struct tpm_creation {
	struct view create_data; /* TPMS_CREATION_DATA */
	struct view attestation; /* TPMS_ATTEST */
	struct view signature;   /* TPMT_SIGNATURE */
};

/*
 * Checks WIRE.md §2, rules 1, 2, 3, 4 and 7, for a key that tpm_ak_decode
 * accepted: complete decoding, magic, type, attested Name = ak->name, attested
 * creationHash = H_nameAlg(createData), and the AK's own signature, by its own
 * scheme and hash, over the attestation as received.
 *
 * Returns 0 when all hold; or -1 with MALFORMED or BAD_ATTESTATION and a detail
 * that says which rule failed. Proves nothing until the credential is activated.
 */
int tpm_creation_verify(const struct tpm_ak *ak, const struct tpm_creation *creation,
    struct error *err);

#endif
