/* Fuzzes the evidence for a certified key: the AK's public area, pubArea, certInfo, sig. */
#include "config.h"

#include <openssl/evp.h>

#include "fuzz.h"
#include "tpm/ak.h"
#include "tpm/certify.h"
#include "tpm/public.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t authorization[] = "token.thumbprint"; /* the seeds say the same */
	struct view          rest = {data, size};
	struct view          public = fuzz_part(&rest);
	struct tpm_certify   evidence = {.area = fuzz_part(&rest)};
	struct tpm_certified certified;
	struct tpm_ak        ak;
	EVP_PKEY            *key = NULL;
	struct error         err;

	evidence.info = fuzz_part(&rest);
	evidence.signature = fuzz_part(&rest);
	if (tpm_ak_decode(public, &ak, &err) == 0 && tpm_public_key(&ak.area, &key, &err) == 0) {
		(void)tpm_certify_verify(key, &evidence,
		    (struct view){authorization, sizeof authorization - 1}, TPM2_ALG_SHA256,
		    &certified, &err);
		tpm_certified_clear(&certified);
	}
	EVP_PKEY_free(key);
	tpm_ak_clear(&ak);
	return 0;
}
