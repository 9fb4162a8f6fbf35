/* Owns the list of hashes that we accept; SHA-1 is not one of them. */
#include "config.h"

#include "tpm/digest.h"

#include <pthread.h>

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

/* Fetched once: OpenSSL looks EVP_sha256() up by name at every use. */
static struct {
	uint16_t    alg;
	const char *name;
	EVP_MD     *digest;
} digests[] = {
    {TPM2_ALG_SHA256, "SHA256", NULL},
    {TPM2_ALG_SHA384, "SHA384", NULL},
    {TPM2_ALG_SHA512, "SHA512", NULL},
};

#define DIGEST_COUNT (sizeof digests / sizeof digests[0])

static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void
digests_fetch(void)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		digests[i].digest = memory_check(EVP_MD_fetch(NULL, digests[i].name, NULL)); /* OpenSSL has them all */
}

const EVP_MD *
tpm_digest(uint16_t alg)
{
	(void)pthread_once(&fetched, digests_fetch);
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		if (digests[i].alg == alg)
			return digests[i].digest;
	return NULL;
}

const EVP_MD *
tpm_sha256(void)
{
	return tpm_digest(TPM2_ALG_SHA256);
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
