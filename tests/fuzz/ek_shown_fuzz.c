/*
 * Hostile certificates that a machine sends for an EK, beside hostile ones that somebody
 * imported. The outline of a certificate is what decoding finds, and its signature the same; the
 * second answer is the first; without slow keys nothing more is verified than with them.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "pki/ek_certificate.h"
#include "pki/ek_child.h"
#include "pki/ek_outline.h"
#include "pki/ek_search.h"
#include "pki/ek_shown.h"
#include "pki/ek_trust.h"
#include "tpm/spki.h"
#include "util/error.h"

#define FUZZ_NOW ((int64_t)1795262400)
#define SHOWN_MAX (EK_SEARCH_HELPERS_MAX + 2)

static bool
is_within(struct view inner, struct view outer)
{
	return inner.data >= outer.data && inner.data + inner.size <= outer.data + outer.size;
}

/* What is said of it undecoded holds of what is decoded. */
static void
check_child(X509 *certificate, struct ek_outline *outline)
{
	struct ek_child decoded = ek_child_of(certificate);
	struct ek_child outlined = ek_child_of_outline(outline);
	EVP_PKEY       *own = X509_get0_pubkey(certificate);

	assert(decoded.not_before == outlined.not_before);
	assert((decoded.key_id == NULL) == (outlined.key_id == NULL));
	assert(decoded.key_id == NULL || ASN1_OCTET_STRING_cmp(decoded.key_id, outlined.key_id) == 0);
	assert(own == NULL || !ek_child_signed(&outlined, own) || ek_child_signed(&decoded, own));
}

static void
check_outline(struct view der)
{
	struct ek_outline    outline;
	X509                *certificate = NULL;
	const ASN1_INTEGER  *serial;
	unsigned char       *key = NULL;
	struct error         err = {0};
	bool                 read = ek_outline_read(der, &outline);
	int                  size;

	assert(read == (outline.issuer != NULL && outline.subject != NULL));
	if (ek_certificate_decode(der, &certificate, &err) == 0) {
		assert(read);
		assert(X509_NAME_cmp(outline.issuer, X509_get_issuer_name(certificate)) == 0);
		assert(X509_NAME_cmp(outline.subject, X509_get_subject_name(certificate)) == 0);
		serial = X509_get0_serialNumber(certificate);
		assert(outline.serial.size >= (size_t)ASN1_STRING_length(serial));
		size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
		/* OpenSSL writes again what it has read, which DER of the client's need not have been. */
		assert(size > 0 && outline.key.size > 0);
		OPENSSL_free(key);
		check_child(certificate, &outline);
	}
	if (read)
		assert(is_within(outline.serial, der) && is_within(outline.key, der));
	X509_free(certificate);
	ek_outline_clear(&outline);
}

static void
check_finding(const struct ek_finding *finding, size_t count)
{
	const struct ek_verdict *verdict = &finding->verdict;

	assert(!verdict->verified || finding->own);
	assert(!finding->own || finding->index < count);
	assert(!finding->own || verdict->verified == (verdict->reason[0] == '\0'));
	assert(verdict->verified == (verdict->chain_count > 0));
	assert(verdict->signatures <= EK_SEARCH_SIGNATURES_MAX);
	assert(finding->serial_size <= EK_SERIAL_MAX);
	assert(!(finding->postponed && verdict->verified));
	assert(memchr(verdict->reason, '\0', sizeof verdict->reason) != NULL);
}

/* Judges twice, by a set of its own, and says what came out. */
static bool
judge(struct view root, struct view intermediate, const struct view *shown, size_t count,
    EVP_PKEY *ek, bool no_slow)
{
	struct ek_trust  *trust = ek_trust_new();
	struct ek_finding first;
	struct ek_finding second;
	struct error      ignored;

	(void)ek_trust_add(trust, root, true, &ignored);
	(void)ek_trust_add(trust, intermediate, false, &ignored);
	ek_shown_judge(trust, shown, count, ek, FUZZ_NOW, no_slow, &first);
	check_finding(&first, count);
	assert(!first.remembered && (no_slow || !first.postponed));
	ek_shown_judge(trust, shown, count, ek, FUZZ_NOW, no_slow, &second);
	check_finding(&second, count);
	assert(first.own == second.own && first.verdict.verified == second.verdict.verified);
	assert(!first.own || first.index == second.index || first.verdict.verified);
	assert(strcmp(first.verdict.reason, second.verdict.reason) == 0);
	assert(first.postponed == second.postponed);
	ek_trust_free(trust);
	return first.verdict.verified;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view  rest = {data, size};
	struct view  spki = fuzz_part(&rest);
	struct view  root = fuzz_part(&rest);
	struct view  intermediate = fuzz_part(&rest);
	struct view  shown[SHOWN_MAX];
	size_t       count = 0;
	EVP_PKEY    *ek = NULL;
	struct error err = {0};

	while (rest.size >= 2 && count < SHOWN_MAX)
		shown[count++] = fuzz_part(&rest);
	for (size_t i = 0; i < count; i++)
		check_outline(shown[i]);
	if (spki_decode(spki, "EK", &ek, &err) != 0)
		return 0;
	if (judge(root, intermediate, shown, count, ek, true))
		assert(judge(root, intermediate, shown, count, ek, false));
	else
		(void)judge(root, intermediate, shown, count, ek, false);
	EVP_PKEY_free(ek);
	return 0;
}
