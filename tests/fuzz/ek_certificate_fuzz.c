/*
 * A hostile EK certificate, as it is in NV, and certificates that come along; also
 * hostile ones that somebody imports. What is not verified says why, and only what
 * leads to a root is verified.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <openssl/x509.h>

#include "fuzz.h"
#include "pki/certificate.h"
#include "pki/ek_trust.h"
#include "util/error.h"

#define FUZZ_NOW ((int64_t)1795262400)

static void
check_facts(const struct ek_facts *facts)
{
	assert(memchr(facts->manufacturer, '\0', sizeof facts->manufacturer) != NULL);
	assert(memchr(facts->vendor, '\0', sizeof facts->vendor) != NULL);
	assert(memchr(facts->model, '\0', sizeof facts->model) != NULL);
	assert(memchr(facts->version, '\0', sizeof facts->version) != NULL);
	assert(facts->version[0] == '\0' || strlen(facts->version) == 11);
	assert(facts->manufacturer[0] == '\0' || strlen(facts->manufacturer) == 11);
}

static void
check_verdict(const struct ek_trust *trust, X509 *certificate, X509 *sent)
{
	struct ek_verdict verdict;
	bool              verified = ek_trust_verify(trust, certificate, &sent, sent != NULL, NULL,
	    FUZZ_NOW, &verdict);

	assert(verified == verdict.verified);
	assert(verified == (verdict.reason[0] == '\0'));
	assert(verified == (verdict.chain_count > 0));
	assert(verdict.chain_count <= EK_CHAIN_MAX && verdict.chain_count <= 1 + 2);
	check_facts(&verdict.facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view      rest = {data, size};
	struct view      content = fuzz_part(&rest);
	struct view      root = fuzz_part(&rest);
	struct view      intermediate = fuzz_part(&rest);
	struct view      along = fuzz_part(&rest);
	struct ek_trust *trust;
	X509            *certificate = NULL;
	X509            *sent = NULL;
	X509            *strict = NULL;
	struct error     err = {0};

	if (ek_certificate_read(content, &certificate, &err) != 0) {
		assert(certificate == NULL && err.kind == ERROR_MALFORMED);
		/* What the network may send is a part of what may be in a file, but for PEM's look. */
		assert(ek_certificate_decode(content, &strict, &err) != 0 && strict == NULL);
		return 0;
	}
	trust = ek_trust_new();
	(void)ek_trust_add(trust, root, true, &err);
	(void)ek_trust_add(trust, intermediate, false, &err);
	if (certificate_decode(along, &sent, &err) != 0)
		sent = NULL;
	check_verdict(trust, certificate, sent);
	check_verdict(trust, certificate, sent); /* and with what was remembered */
	ek_trust_free(trust);
	X509_free(sent);
	X509_free(certificate);
	return 0;
}
