/* Signatures of TPMs: TPM 2.0 Library Part 2, TPMT_SIGNATURE. */
#ifndef TPM_SIGNATURE_H
#define TPM_SIGNATURE_H

#include <stdint.h>

#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct error;

/* Decodes a TPMT_SIGNATURE with no octets left over; MALFORMED otherwise. */
int tpm_signature_decode(struct view octets, TPMT_SIGNATURE *signature, struct error *err);

/* The hash of an RSASSA, RSAPSS or ECDSA signature; TPM2_ALG_NULL for every other. */
uint16_t tpm_signature_hash(const TPMT_SIGNATURE *signature);

/*
 * Verifies `signature`, by the scheme and the hash that it names, over `message`
 * with `key`: RSASSA or RSAPSS (salt of any length, MGF1 with the same hash) with
 * an RSA key, ECDSA with one on P-256, P-384 or P-521; SHA-256/384/512.
 *
 * Returns 0 when it verifies; -1 with BAD_ATTESTATION and a sentence for each of:
 * another scheme, another hash, a key of the other kind, a signature that does
 * not verify.
 */
int tpm_signature_verify(EVP_PKEY *key, const TPMT_SIGNATURE *signature, struct view message,
    struct error *err);

/*
 * Appends an ECDSA signature as OpenSSL takes it, in DER (RFC 3279 §2.2.3), from the octets of r
 * and s; nothing when they cannot be encoded.
 */
void ecdsa_signature_encode(struct view r_octets, struct view s_octets, struct bytes *der);

#endif
