/* Evidence that a key lives in the TPM of an AK: TPM2_Certify, WIRE.md §6. */
#ifndef TPM_CERTIFY_H
#define TPM_CERTIFY_H

#include <stdint.h>

#include <openssl/types.h>

#include "tpm/name.h"
#include "util/bytes.h"

struct error;

/* The three structures of the attestation statement, as received, no size prefixes. */
struct tpm_certify {
	struct view info;      /* certInfo: TPMS_ATTEST */
	struct view signature; /* sig: TPMT_SIGNATURE */
	struct view area;      /* pubArea: TPMT_PUBLIC of the certified key */
};

/* A key that an AK certified. */
struct tpm_certified {
	struct tpm_name name; /* computed by us */
	EVP_PKEY       *key;
};

/*
 * Checks, each with a sentence of its own: all three decode completely; pubArea
 * is of an RSA key (e = 65537, no ROCA modulus) of at least 2048 bits or of a
 * point on P-256, P-384 or P-521, with fixedTPM, fixedParent, sensitiveDataOrigin
 * and sign set and restricted clear, nameAlg SHA-256/384/512; certInfo has the
 * magic, the type ATTEST_CERTIFY, the Name of pubArea, and the hash of
 * `key_authorization` as extraData; the signature has that same hash, `hash_alg`
 * (what COSE's alg stands for), and verifies by `ak`, an AK's certified key, by
 * the scheme that it names over certInfo as received.
 *
 * Returns 0 and fills *certified, which tpm_certified_clear empties; or -1 with
 * MALFORMED or BAD_ATTESTATION and *certified empty. Does not check the AK's
 * certificate.
 */
int tpm_certify_verify(EVP_PKEY *ak, const struct tpm_certify *evidence,
    struct view key_authorization, uint16_t hash_alg, struct tpm_certified *certified,
    struct error *err);

/* Frees what *certified holds and makes it {0}. */
void tpm_certified_clear(struct tpm_certified *certified);

#endif
