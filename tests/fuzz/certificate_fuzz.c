/*
 * A hostile certificate: decoded, hashed, verified against nobody and read as an
 * AK certificate; what comes out of it must be as the headers promise.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "pki/ak_check.h"
#include "pki/certificate.h"
#include "pki/chain.h"
#include "pki/trust.h"
#include "util/error.h"
#include "util/identifier.h"

static void
check_names(const X509 *certificate)
{
	struct ak_names names;
	struct error    err = {0};

	if (ak_certificate_check(certificate, &names, &err) != 0) {
		assert(names.values == NULL && names.count == 0);
		return;
	}
	for (size_t i = 0; i < names.count; i++)
		assert(identifier_check(names.values[i], strlen(names.values[i]), &err) == 0);
	ak_names_clear(&names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *nobody;
	struct chain_policy  policy = {.now = 1795262400};
	X509                *certificate = NULL;
	const X509          *root = NULL;
	AUTO_BYTES           der = {0};
	uint8_t              hash[32];
	struct error         err = {0};

	if (nobody == NULL)
		nobody = trust_new();
	policy.trust = nobody;
	if (certificate_decode((struct view){data, size}, &certificate, &err) != 0) {
		assert(certificate == NULL && err.kind == ERROR_MALFORMED);
		return 0;
	}
	(void)certificate_not_before(certificate);
	(void)certificate_not_after(certificate);
	(void)certificate_key_hash(certificate, hash, &err);
	(void)certificate_encode(certificate, &der, &err);
	assert(chain_verify(&policy, certificate, &certificate, 1, &root, &err) == -1);
	check_names(certificate);
	X509_free(certificate);
	return 0;
}
