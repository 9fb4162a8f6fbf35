/* The mechanisms, and what the TPM is asked for each. Pure: no TPM, no state. */
#ifndef PKCS11_MECHANISM_H
#define PKCS11_MECHANISM_H

#include <stddef.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>
#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

/* One mechanism. */
struct mechanism {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE       key_type;
	TPM2_ALG_ID       scheme; /* TPM2_ALG_NULL: it hashes only, and key_type is no matter */
	TPM2_ALG_ID       hash;   /* of the data; TPM2_ALG_NULL: the caller hashes */
};

/* Row `index`, or NULL after the last; and the row of a type, or NULL. */
const struct mechanism *mechanism_at(size_t index);
const struct mechanism *mechanism_find(CK_MECHANISM_TYPE type);

/* Key sizes in bits, and flags. */
void mechanism_describe(const struct mechanism *mechanism, CK_MECHANISM_INFO *info);

/* A signature that was begun. */
struct signing {
	const struct mechanism *mechanism;
	TPM2_ALG_ID             hash; /* known now with PSS; TPM2_ALG_NULL: the data tell */
	size_t                  salt; /* octets, with PSS */
};

/*
 * Checks mechanism and parameters against the key. CKR_MECHANISM_INVALID,
 * CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT.
 */
CK_RV signing_read(const CK_MECHANISM *mechanism, const TPMT_PUBLIC *area, struct signing *signing);

/* Octets of each signature by the key: the modulus, or both numbers of ECDSA. */
size_t signing_size(const TPMT_PUBLIC *area);

/* The input of TPM2_Sign. */
struct signing_input {
	TPM2_ALG_ID hash;
	uint8_t     digest[64];
	size_t      size;
};

/*
 * Makes it from what the caller hashed, or from the digest where the mechanism hashes: from a
 * DigestInfo for CKM_RSA_PKCS. For ECDSA a digest of any size is brought to one that TPMs take:
 * its leftmost bits, or with zeros in front, which is the same number (FIPS 186-5 §6.4.1).
 * CKR_DATA_LEN_RANGE or CKR_DATA_INVALID.
 */
CK_RV signing_input_make(const struct signing *signing, const TPMT_PUBLIC *area, struct view data,
    struct signing_input *input);

/*
 * Writes the signature as PKCS #11 has it, signing_size octets: RSA's number, or r and s, each
 * padded to the size of the curve's field. CKR_DEVICE_ERROR when the TPM returned something else.
 */
CK_RV signing_output(const TPMT_PUBLIC *area, const TPMT_SIGNATURE *signature, uint8_t *out);

/*
 * Checks that a PSS signature has the salt that was asked for: TPMs choose its length themselves.
 * CKR_MECHANISM_PARAM_INVALID when it has another.
 */
CK_RV signing_check_salt(const struct signing *signing, const struct signing_input *input,
    const TPMT_PUBLIC *area, const TPMT_SIGNATURE *signature);

#endif
