/* Attestation keys that a remote peer sends: WIRE.md §2, rules 1, 3, 5, 6 and 8. */
#ifndef TPM_AK_H
#define TPM_AK_H

#include <tss2/tss2_tpm2_types.h>

#include "tpm/name.h"
#include "util/bytes.h"

struct error;

/* An attestation key whose public area passed every rule of tpm_ak_decode. */
struct tpm_ak {
	TPMT_PUBLIC     area;
	struct tpm_name name; /* computed by us */
	struct bytes    spki; /* SubjectPublicKeyInfo; who verifies makes a key by tpm_public_key */
};

/*
 * Decodes `public`, a TPMT_PUBLIC as received, without a size prefix, and
 * checks, each with a sentence of its own: it decodes completely; nameAlg is
 * SHA-256/384/512; fixedTPM, fixedParent, sensitiveDataOrigin, restricted and
 * sign are set, decrypt is clear; RSA >= 2048 bits with e = 65537 (or 0) and
 * RSASSA or RSAPSS, or a point on P-256, P-384 or P-521 with ECDSA; the
 * scheme's hash is SHA-256/384/512; no ROCA modulus.
 *
 * Returns 0 and fills *ak, which tpm_ak_clear empties; or -1 with MALFORMED or
 * BAD_ATTESTATION and *ak empty.
 */
int tpm_ak_decode(struct view public, struct tpm_ak *ak, struct error *err);

/*
 * Decodes the octets of a public area that tpm_ak_decode accepted before, and that nobody had
 * meanwhile: its attributes, its scheme and the strength of its key are not checked again.
 */
int tpm_ak_decode_again(struct view public, struct tpm_ak *ak, struct error *err);

/* Octets at the end of its public area that are the key's own: the modulus, or a point without the
 * size of x. What comes before is the same for each key of its template. */
size_t tpm_ak_number_size(const struct tpm_ak *ak);

/* Frees what *ak holds and makes it {0}. */
void tpm_ak_clear(struct tpm_ak *ak);

#endif
