/* The device's key: made in the TPM, used by TLS, certified by the AK. */
#ifndef DEVICE_TPM_SIGN_KEY_H
#define DEVICE_TPM_SIGN_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "device/tpm/key_file.h"
#include "util/bytes.h"

struct device_ak;
struct device_tpm;
struct error;

/* One kind: the word on the command line, and the parameters for TPM2_Create. */
struct sign_key_type {
	const char *word;
	TPM2_ALG_ID type; /* TPM2_ALG_RSA or _ECC */
	uint16_t    size; /* RSA: key bits; ECC: TPM2_ECC_NIST_… */
	TPM2_ALG_ID hash; /* hash of its signatures, and its nameAlg */
};

/* Row `index` of the table; the first is the default; NULL after the last. */
const struct sign_key_type *sign_key_type_at(size_t index);

/* The row with this word, or NULL. */
const struct sign_key_type *sign_key_type_find(const char *word);

/* The row that describes this public area, or NULL. */
const struct sign_key_type *sign_key_type_of(const TPMT_PUBLIC *area);

/*
 * The template for TPM2_Create: WIRE.md §6, any scheme, and noDA, so that failures
 * with the key never lock the TPM. Public for tests.
 */
TPMT_PUBLIC sign_key_public(const struct sign_key_type *type);

/*
 * Makes a key under the storage root (device_parent_choose), without password.
 * NOT_FOUND when the TPM makes no such keys, else INTERNAL. Leaves nothing loaded.
 */
int sign_key_create(struct device_tpm *tpm, const struct sign_key_type *type,
    struct device_key *key, struct error *err);

/* The output of TPM2_Certify for a key, and its public area. */
struct sign_key_proof {
	struct bytes info;      /* TPMS_ATTEST */
	struct bytes signature; /* TPMT_SIGNATURE */
	struct bytes area;      /* TPMT_PUBLIC */
};

void sign_key_proof_clear(struct sign_key_proof *proof);

/*
 * Has the AK certify the key with the hash of `key_authorization`, by the AK's own hash, as
 * extraData. CONFLICT when one of them is not this TPM's, else INTERNAL. Leaves nothing loaded.
 */
int sign_key_certify(struct device_tpm *tpm, const struct device_ak *ak,
    const struct device_key *key, const char *key_authorization, struct sign_key_proof *proof,
    struct error *err);

/*
 * Signs a digest by `hash`: ECDSA, or `scheme` (RSASSA or RSAPSS) with an RSA key.
 * CONFLICT when the key is not this TPM's, else INTERNAL.
 */
int sign_key_sign(struct device_tpm *tpm, const struct device_key *key, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature, struct error *err);

/* CONFLICT when the key is not this TPM's, or the TPM was cleared. */
int sign_key_check(struct device_tpm *tpm, const struct device_key *key, struct error *err);

/*
 * Sets *salt to the length of the salt in the TPM's PSS signatures by an RSA key: TLS 1.3 requires
 * the digest's length, 32 octets, but many TPMs use the longest possible.
 */
int sign_key_pss_salt(struct device_tpm *tpm, const struct device_key *key, int *salt,
    struct error *err);

/* The COSE algorithm of this AK's signatures: WIRE.md §6. */
int64_t sign_key_cose_algorithm(const TPMT_PUBLIC *ak);

#endif
