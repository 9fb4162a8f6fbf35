/* Fills the fields that all certificates have, and signs; knows no profile. */
#include "config.h"

#include "pki/draft.h"

#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/signing.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/clock.h"

/* 9999-12-31T23:59:59Z, the last that RFC 5280 §4.1.2.5 expresses: OpenSSL would write a fifth digit. */
#define DRAFT_TIME_MAX INT64_C(253402300799)

static int
draft_set_serial(X509 *certificate, const uint8_t *serial)
{
	ASN1_INTEGER *number = X509_get_serialNumber(certificate);

	/* An ASN1_INTEGER holds the magnitude; i2d adds the leading zero that DER requires. */
	return ASN1_STRING_set(number, serial, CERTIFICATE_SERIAL_SIZE) == 1 ? 0 : -1;
}

static int
draft_set_names(X509 *certificate, const struct draft *draft, struct error *err)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	if (draft->common_name != NULL &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	        (const unsigned char *)draft->common_name, -1, -1, 0) != 1)
		return error_set_openssl(err, ERROR_INTERNAL,
		    "common name \"%s\" (1 to 64 characters of UTF-8)", draft->common_name);
	if (X509_set_issuer_name(certificate,
	        draft->issuer != NULL ? X509_get_subject_name(draft->issuer) : subject) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "setting the issuer's name");
	return 0;
}

static int
draft_fill(X509 *certificate, const struct draft *draft, struct error *err)
{
	EVP_PKEY *half = NULL;
	int       rc;

	if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
	    draft_set_serial(certificate, draft->serial) != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "setting version and serial");
	if (draft->not_before > DRAFT_TIME_MAX || draft->not_after > DRAFT_TIME_MAX ||
	    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)draft->not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)draft->not_after) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "a validity that a certificate cannot express");
	if (draft_set_names(certificate, draft, err) != 0 ||
	    signing_public_half(draft->key, &half, err) != 0)
		return -1;
	rc = spki_set(X509_get_X509_PUBKEY(certificate), half, err);
	EVP_PKEY_free(half);
	return rc;
}

int
draft_new(const struct draft *draft, X509 **out, struct error *err)
{
	X509 *certificate = X509_new();

	if (certificate == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "making a certificate");
	if (draft_fill(certificate, draft, err) != 0) {
		X509_free(certificate);
		return -1;
	}
	*out = certificate;
	return 0;
}

bool
draft_common_name_fits(const char *text)
{
	size_t characters = 0;

	for (const char *c = text; *c != '\0'; c++)
		characters += ((unsigned char)*c & 0xc0) != 0x80; /* not a continuation octet of UTF-8 */
	return characters > 0 && characters <= ub_common_name;
}

int
draft_sign(X509 *certificate, EVP_PKEY *key, struct error *err)
{
	struct signing signing;
	int            rc = signing_begin(key, &signing, err);

	if (rc == 0 && X509_sign_ctx(certificate, signing.context) <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "signing a certificate");
	signing_end(&signing);
	return rc;
}

int
draft_fit_validity(const X509 *issuer, int64_t not_before, int64_t *not_after, struct error *err)
{
	int64_t first = certificate_not_before(issuer);
	int64_t last = certificate_not_after(issuer);
	char    from[CLOCK_TEXT_SIZE];
	char    to[CLOCK_TEXT_SIZE];
	char    when[CLOCK_TEXT_SIZE];

	if (not_before < first || not_before >= last) {
		clock_format(first, from);
		clock_format(last, to);
		clock_format(not_before, when);
		return error_set(err, ERROR_INTERNAL,
		    "the issuing certificate is valid from %s to %s, not at %s; is the clock right?", from, to,
		    when);
	}
	if (*not_after > last)
		*not_after = last;
	if (*not_after <= not_before)
		return error_set(err, ERROR_INTERNAL, "a certificate that ends before it begins");
	return 0;
}
