/* Endorsement keys: public key, hash, and the parameters that MakeCredential needs. */
#ifndef TPM_EK_H
#define TPM_EK_H

#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"
#include "util/ek_hash.h"

struct error;

/* An EK, and the parameters of its storage: TCG EK Credential Profile, annex B. */
struct tpm_ek {
	EVP_PKEY      *key;
	const char    *kind;     /* "RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521" */
	uint16_t       name_alg; /* TPM2_ALG_SHA256, _SHA384 or _SHA512 */
	uint16_t       aes_bits; /* of the EK's symmetric key: 128 or 256 */
	struct ek_hash hash;     /* over our own encoding of the key */
	EVP_PKEY_CTX  *prepared; /* by tpm_credential_prepare (tpm/credential.h), or NULL */
};

/*
 * Reads the EK of a request. `spki` is its SubjectPublicKeyInfo DER: complete,
 * no octets left over, RSA-2048/3072/4096 (e = 65537, no ROCA modulus) or a point
 * on P-256/384/521. `public` is empty, and nameAlg and AES size come from the
 * TCG template of the key's kind; or it is the EK's TPMT_PUBLIC without a size
 * prefix, which must be a restricted decryption key (fixedTPM, fixedParent,
 * sensitiveDataOrigin, restricted and decrypt set, sign clear) for the same key
 * with AES-CFB, and gives them.
 *
 * Returns 0 and fills *ek, which tpm_ek_clear empties; or -1 with MALFORMED or
 * BAD_ATTESTATION and *ek empty.
 */
int tpm_ek_decode(struct view spki, struct view public, struct tpm_ek *ek, struct error *err);

/* Frees what *ek holds and makes it {0}. */
void tpm_ek_clear(struct tpm_ek *ek);

/* Fills *hash from a public key of any kind. INTERNAL when it cannot be encoded. */
int ek_hash_of_key(EVP_PKEY *key, struct ek_hash *hash, struct error *err);

#endif
