/* Public areas of TPM objects: TPM 2.0 Library Part 2, TPMT_PUBLIC. */
#ifndef TPM_PUBLIC_H
#define TPM_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct error;

/*
 * Decodes `area`, a TPMT_PUBLIC without a size prefix, with no octets left over.
 * `whose` begins the detail of a failure ("AK"). Returns 0, or -1 with MALFORMED.
 */
int tpm_public_decode(struct view area, const char *whose, TPMT_PUBLIC *public,
    struct error *err);

/*
 * Makes the key of a public area: RSA whose modulus has keyBits bits and whose
 * exponent is 65537 (0 means that), or a point that lies on P-256, P-384 or P-521.
 * The caller frees *key. BAD_ATTESTATION otherwise.
 */
int tpm_public_key(const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *err);

/*
 * Appends the key's SubjectPublicKeyInfo, as spki_encode writes it, after the same checks; makes
 * no key.
 */
int tpm_public_spki(const TPMT_PUBLIC *public, struct bytes *spki, struct error *err);

/* The required value of an attribute, and the complaint about a key with another. */
struct tpm_attribute_rule {
	TPMA_OBJECT attribute;
	bool        wanted;
	const char *complaint;
};

/* 0 when every rule holds; -1 with BAD_ATTESTATION and the complaint of the first that does not. */
int tpm_public_check_attributes(const TPMT_PUBLIC *public, const struct tpm_attribute_rule *rules,
    size_t count, struct error *err);

/*
 * Checks the strength of an RSA key: at least 2048 bits, no ROCA modulus
 * (CVE-2017-15361). `whose` begins the detail. BAD_ATTESTATION otherwise.
 */
int tpm_public_check_rsa(const TPMT_PUBLIC *public, const char *whose, struct error *err);

#endif
