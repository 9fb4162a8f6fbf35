/*
 * Finds among the certificates that a machine shows the one of its EK, and who
 * vouches for it. Decides nothing: what a verdict means is ek_policy.c's business.
 */
#include "config.h"

#include "attestation/keeper/ek_judge.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "attestation/keeper/vendor_trust.h"
#include "attestation/message.h"
#include "pki/ek_certificate.h"
#include "pki/ek_trust.h"
#include "tpm/ek.h"
#include "tpm/vendor.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/shared.h"

/* Octets at the end of a SubjectPublicKeyInfo that no two keys share. */
#define KEY_TAIL_SIZE 64

/* Certificates of one EK that are tried: a TPM has one, and whoever shows more has made them. */
#define OWN_MAX 2U

/* The certificates that could be decoded, the EK's own first. */
struct exhibits {
	X509       *certificates[ATTESTATION_CERTIFICATES_MAX];
	struct view der[ATTESTATION_CERTIFICATES_MAX];
	size_t      count;
	size_t      own; /* how many are the EK's */
	bool        decoded[ATTESTATION_CERTIFICATES_MAX]; /* in the order that they came in */
};

/* Vendors pad with NULs and spaces, and clients claim what they like. */
static void
fact_copy(struct view text, char *fact, size_t size)
{
	tpm_vendor_clean(text.data, text.size, fact, size);
}

/* Manufacturer and version as certificates write them, from whatever form they came in. */
static void
facts_write(struct store_evidence *evidence, struct view manufacturer, struct view model,
    struct view version)
{
	char text[256];

	fact_copy(manufacturer, text, sizeof text);
	tpm_vendor_id(text, evidence->manufacturer);
	fact_copy(version, text, sizeof text);
	tpm_version_id(text, evidence->version);
	fact_copy(model, evidence->model, sizeof evidence->model);
}

static void
exhibits_clear(struct exhibits *exhibits)
{
	for (size_t i = 0; i < exhibits->count; i++)
		X509_free(exhibits->certificates[i]);
}

/* Adds one that is the EK's before the others. */
static void
exhibits_add(struct exhibits *exhibits, X509 *certificate, struct view der, bool own)
{
	size_t at = exhibits->count++;

	if (own) {
		exhibits->certificates[at] = exhibits->certificates[exhibits->own];
		exhibits->der[at] = exhibits->der[exhibits->own];
		at = exhibits->own++;
	}
	exhibits->certificates[at] = certificate;
	exhibits->der[at] = der;
}

/* True when the octets of the EK's key stand in the certificate: it is the EK's, most likely. */
static bool
exhibit_is_likely(struct view der, struct view spki)
{
	if (spki.size < KEY_TAIL_SIZE || der.size < KEY_TAIL_SIZE)
		return false;
	return memmem(der.data, der.size, spki.data + spki.size - KEY_TAIL_SIZE, KEY_TAIL_SIZE) != NULL;
}

/*
 * Decodes what came, or only what is likely the EK's: OpenSSL takes 0.1 ms for each, for
 * its key. What is no certificate, or has a key that cannot be loaded, is nobody's: it is
 * passed over. True when there is one more.
 */
static bool
exhibits_collect(struct exhibits *exhibits, const struct attestation_challenge *asked, EVP_PKEY *ek,
    bool all)
{
	size_t before = exhibits->count;

	for (size_t i = 0; i < asked->certificate_count; i++) {
		struct view  der = asked->certificates[i];
		X509        *certificate = NULL;
		EVP_PKEY    *key;
		struct error ignored;

		if (exhibits->decoded[i] || (!all && !exhibit_is_likely(der, asked->ek)))
			continue;
		exhibits->decoded[i] = true;
		if (ek_certificate_decode(der, &certificate, &ignored) != 0)
			continue;
		key = X509_get0_pubkey(certificate);
		exhibits_add(exhibits, certificate, der, key != NULL && EVP_PKEY_eq(key, ek) == 1);
	}
	return exhibits->count != before;
}

static void
serial_write(const X509 *certificate, char text[SERIAL_TEXT_SIZE])
{
	uint8_t octets[SERIAL_TEXT_SIZE / 2];
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);

	text[0] = '\0';
	if (number != NULL && !BN_is_negative(number) && BN_num_bytes(number) <= (int)sizeof octets) {
		(void)BN_bn2bin(number, octets);
		hex_encode(octets, (size_t)BN_num_bytes(number), text);
	}
	BN_free(number);
}

static void
judge_accept(const X509 *certificate, const struct ek_verdict *verdict, struct ek_judgement *out)
{
	struct store_evidence *evidence = &out->evidence;

	evidence->verdict = STORE_VERDICT_VERIFIED;
	evidence->reason[0] = '\0';
	memcpy(evidence->root, verdict->root, sizeof evidence->root);
	facts_write(evidence, view_text(verdict->facts.manufacturer), view_text(verdict->facts.model),
	    view_text(verdict->facts.version));
	memcpy(out->certified, evidence->manufacturer, sizeof out->certified);
	serial_write(certificate, out->serial);
}

/* What a certificate says that nobody vouches for, and why nobody does. */
static void
judge_refuse(X509 *certificate, const struct ek_verdict *verdict, struct ek_judgement *out)
{
	struct ek_facts facts;

	out->evidence.verdict = STORE_VERDICT_REFUSED;
	fact_copy(view_text(verdict->reason), out->evidence.reason, sizeof out->evidence.reason);
	ek_certificate_facts(certificate, &facts);
	tpm_vendor_id(facts.manufacturer, out->certified);
}

/* Tries each certificate of the EK, with all others to help. True when one is verified. */
static bool
judge_exhibits(const struct vendor_set *set, const struct exhibits *exhibits, EVP_PKEY *ek,
    int64_t now, struct ek_judgement *out)
{
	for (size_t i = 0; i < exhibits->own && i < OWN_MAX; i++) {
		X509             *others[ATTESTATION_CERTIFICATES_MAX];
		X509             *certificate = exhibits->certificates[i];
		size_t            count = 0;
		struct ek_verdict verdict = {0};

		for (size_t j = 0; j < exhibits->count; j++) {
			if (j != i)
				others[count++] = exhibits->certificates[j];
		}
		if (ek_trust_verify(set->trust, certificate, others, count, ek, now, &verdict)) {
			judge_accept(certificate, &verdict, out);
			out->certificate = exhibits->der[i];
			return true;
		}
		/* The first refusal is the one that is kept: the others are of older or odd ones. */
		if (i == 0) {
			judge_refuse(certificate, &verdict, out);
			out->certificate = exhibits->der[i];
		}
	}
	return false;
}

void
attestation_judge(struct shared *vendors, const struct attestation_challenge *asked,
    const struct tpm_ek *ek, int64_t now, struct ek_judgement *out)
{
	struct shared_version   *version = vendors != NULL ? shared_acquire(vendors) : NULL;
	const struct vendor_set *set = version != NULL ? version->value : NULL;
	struct exhibits          exhibits = {0};

	*out = (struct ek_judgement){.shown = asked->certificate_count};
	facts_write(&out->evidence, asked->manufacturer, asked->model, asked->firmware);
	memcpy(out->claimed, out->evidence.manufacturer, sizeof out->claimed);
	if (set == NULL)
		return;
	out->revision = set->revision;
	/* The EK's own and what was imported are enough, mostly; else the rest may help. */
	if (!exhibits_collect(&exhibits, asked, ek->key, false) ||
	    !judge_exhibits(set, &exhibits, ek->key, now, out)) {
		if (exhibits_collect(&exhibits, asked, ek->key, true))
			(void)judge_exhibits(set, &exhibits, ek->key, now, out);
	}
	ERR_clear_error(); /* what could not be read leaves a trace, and is no failure */
	exhibits_clear(&exhibits);
	shared_release(vendors, version);
}
