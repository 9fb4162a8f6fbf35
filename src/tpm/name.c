/* Computes Names from public areas; a Name is never taken from a request. */
#include "config.h"

#include "tpm/name.h"

#include <string.h>

#include <openssl/evp.h>

#include "tpm/digest.h"
#include "tpm/openssl_error.h"

int
tpm_name_compute(struct view area, struct tpm_name *name, struct error *err)
{
	const EVP_MD *digest;
	unsigned int  digest_size;
	uint16_t      alg;

	if (area.size < 4) /* type and nameAlg stand first */
		return error_set(err, ERROR_MALFORMED,
		    "a public area of %zu octets holds no nameAlg", area.size);
	alg = (uint16_t)(area.data[2] << 8 | area.data[3]);
	if ((digest = tpm_digest(alg)) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "nameAlg 0x%04x is not SHA-256, SHA-384 or SHA-512", alg);

	memcpy(name->bytes, area.data + 2, 2);
	if (EVP_Digest(area.data, area.size, name->bytes + 2, &digest_size, digest, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a public area");
	name->size = 2 + digest_size;
	return 0;
}

bool
tpm_name_equal(const struct tpm_name *a, const struct tpm_name *b)
{
	return a->size != 0 && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}
