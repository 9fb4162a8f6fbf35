/* The hashes that Names, schemes and key derivations may use. */
#ifndef TPM_DIGEST_H
#define TPM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

/* The digest of a TPM_ALG_ID: SHA-256, SHA-384 or SHA-512; NULL for every other. */
const EVP_MD *tpm_digest(uint16_t alg);

/* SHA-256, for what is hashed with each request: OpenSSL looks EVP_sha256() up at every use. */
const EVP_MD *tpm_sha256(void);

/* The TPM_ALG_ID of SHA-256, SHA-384 or SHA-512 by its bits; TPM2_ALG_NULL for every other. */
uint16_t tpm_digest_of_bits(unsigned bits);

/* Octets of that digest; 0 for every other. */
size_t tpm_digest_size(uint16_t alg);

#endif
