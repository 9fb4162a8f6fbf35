/* Owns the list of hashes that we accept; SHA-1 is not one of them. */
#include "config.h"

#include "tpm/digest.h"

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

const EVP_MD *
tpm_digest(uint16_t alg)
{
	switch (alg) {
	case TPM2_ALG_SHA256:
		return EVP_sha256();
	case TPM2_ALG_SHA384:
		return EVP_sha384();
	case TPM2_ALG_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

size_t
tpm_digest_size(uint16_t alg)
{
	const EVP_MD *digest = tpm_digest(alg);

	return digest == NULL ? 0 : (size_t)EVP_MD_get_size(digest);
}

uint16_t
tpm_digest_of_bits(unsigned bits)
{
	switch (bits) {
	case 256:
		return TPM2_ALG_SHA256;
	case 384:
		return TPM2_ALG_SHA384;
	case 512:
		return TPM2_ALG_SHA512;
	default:
		return TPM2_ALG_NULL;
	}
}
