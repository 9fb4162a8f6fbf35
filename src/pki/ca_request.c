/* Makes requests for certificates of issuing CAs, and checks the certificates that come back. */
#include "config.h"

#include "pki/ca_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/chain.h"
#include "pki/end_entity.h"
#include "pki/extension.h"
#include "pki/pem.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/clock.h"

#define NAME_CHARACTERS 64 /* ub-common-name */

/* ---- the request ---- */

/* The extensions are built on a scratch certificate, because extension.h adds to certificates. */
static int
request_set_extensions(X509_REQ *request, struct error *err)
{
	X509 *model = X509_new();
	int   rc = -1;

	if (model == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "making a CSR");
	if (extension_add_basic_constraints(model, true, CA_ISSUING_PATHLEN, err) == 0 &&
	    extension_add_key_usage(model, KU_KEY_CERT_SIGN | KU_CRL_SIGN, err) == 0) {
		rc = X509_REQ_add_extensions(request, X509_get0_extensions(model)) == 1
		    ? 0
		    : error_set_openssl(err, ERROR_INTERNAL, "adding extensions to a CSR");
	}
	X509_free(model);
	return rc;
}

static int
request_fill(X509_REQ *request, EVP_PKEY *key, const char *name, struct error *err)
{
	EVP_PKEY *half = NULL;
	int       rc;

	if (X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
	        MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "the name \"%s\" in a CSR", name);
	if (signing_public_half(key, &half, err) != 0)
		return -1;
	rc = spki_set(X509_REQ_get_X509_PUBKEY(request), half, err);
	EVP_PKEY_free(half);
	return rc == 0 ? request_set_extensions(request, err) : -1;
}

static int
request_sign(X509_REQ *request, EVP_PKEY *key, struct error *err)
{
	struct signing signing;
	int            rc = signing_begin(key, &signing, err);

	if (rc == 0 && X509_REQ_sign_ctx(request, signing.context) <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "signing a CSR");
	signing_end(&signing);
	return rc;
}

int
ca_request_create(EVP_PKEY *key, const char *name, struct bytes *pem, struct error *err)
{
	X509_REQ      *request = X509_REQ_new();
	unsigned char *der = NULL;
	int            size;
	int            rc = -1;

	if (request == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "making a CSR");
	if (request_fill(request, key, name, err) == 0 && request_sign(request, key, err) == 0) {
		if ((size = i2d_X509_REQ(request, &der)) > 0)
			rc = pem_wrap(PEM_STRING_X509_REQ, (struct view){der, (size_t)size}, pem, err);
		else
			error_set_openssl(err, ERROR_INTERNAL, "encoding a CSR");
	}
	OPENSSL_free(der);
	X509_REQ_free(request);
	return rc;
}

/* ---- the certificate ---- */

static int
check_validity(const X509 *certificate, int64_t now, struct error *err)
{
	int64_t begins = certificate_not_before(certificate);
	int64_t ends = certificate_not_after(certificate);
	char    from[CLOCK_TEXT_SIZE];
	char    to[CLOCK_TEXT_SIZE];
	char    here[CLOCK_TEXT_SIZE];

	if (now >= begins && now < ends)
		return 0;
	clock_format(begins, from);
	clock_format(ends, to);
	clock_format(now, here);
	return error_set(err, ERROR_BAD_ATTESTATION,
	    "it is valid from %s to %s, and it is %s here; are both clocks right?", from, to, here);
}

static int
check_profile(X509 *certificate, struct error *err)
{
	uint32_t usage = X509_get_key_usage(certificate); /* all bits without the extension */

	if ((X509_get_extension_flags(certificate) & EXFLAG_CA) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it is no certificate of a CA: its basicConstraints do not say CA:TRUE");
	if ((X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) == 0 ||
	    (usage & KU_KEY_CERT_SIGN) == 0 || (usage & KU_CRL_SIGN) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "its keyUsage does not allow both keyCertSign and cRLSign");
	if (X509_get0_subject_key_id(certificate) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION, "it has no subjectKeyIdentifier");
	if (X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "its subject is empty");
	return 0;
}

/* Signs a sample AK certificate, for no device, and appends its DER to *der. */
static int
make_probe(const struct ca *issuing, int64_t now, struct bytes *der, struct error *err)
{
	static const char *const name = "probe";
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	int64_t                  not_after = 0;
	AUTO_BYTES               spki = {0};

	if (end_entity_spki(issuing->key, &spki, err) != 0)
		return -1;
	return ak_certificate_issue(issuing,
	    &(struct ak_profile){
	        .spki = bytes_view(&spki),
	        .ek_urn = "urn:ek:sha256:probe",
	        .manufacturer = "id:00000000",
	        .version = "id:00000000",
	        .names = &name,
	        .name_count = 1,
	        .not_before = now,
	        .not_after = now + 1,
	    },
	    serial, &not_after, der, err);
}

/* A sample end entity is verified, because path lengths and name constraints apply to the chain
 * below the CA. */
static int
check_chain(const struct ca *issuing, STACK_OF(X509) *chain, const struct trust *roots,
    int64_t now, struct error *err)
{
	const struct chain_policy policy = {.trust = roots, .now = now};
	int                       count = sk_X509_num(chain);
	X509                    **untrusted;
	AUTO_BYTES                der = {0};
	X509                     *leaf = NULL;
	const X509               *root = NULL;
	int                       rc;

	if (count > CHAIN_INTERMEDIATES_MAX)
		return error_set(err, ERROR_BAD_ATTESTATION, "there are %d certificates in its chain", count);
	if (make_probe(issuing, now, &der, err) != 0 ||
	    certificate_decode(bytes_view(&der), &leaf, err) != 0)
		return -1;
	untrusted = memory_new((size_t)(count + 1) * sizeof *untrusted);
	for (int i = 0; i < count; i++)
		untrusted[i] = sk_X509_value(chain, i);
	rc = chain_verify(&policy, leaf, untrusted, (size_t)count, &root, err);
	X509_free(leaf);
	free(untrusted);
	return rc;
}

int
ca_request_check(const struct ca *issuing, STACK_OF(X509) *chain, const struct trust *roots,
    int64_t now, struct error *err)
{
	if (ca_check_pair(issuing, err) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it was issued for another key than the pending one");
	if (check_profile(issuing->certificate, err) != 0 ||
	    check_validity(issuing->certificate, now, err) != 0)
		return -1;
	return check_chain(issuing, chain, roots, now, err);
}

/* ---- names ---- */

void
ca_name_read(const X509 *certificate, char name[CA_NAME_SIZE])
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	unsigned char   *text = NULL;
	int              at = -1;
	int              last = -1;
	int              size = -1;

	name[0] = '\0';
	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		last = at;
	if (last >= 0)
		size = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
	if (size > 0 && size < CA_NAME_SIZE && memchr(text, '\0', (size_t)size) == NULL) {
		memcpy(name, text, (size_t)size);
		name[size] = '\0';
	}
	OPENSSL_free(text);
}

/* Size in octets of the first `count` characters of a UTF-8 text of `length` octets. */
static size_t
utf8_prefix(const char *text, size_t length, size_t count)
{
	size_t at = 0;

	while (at < length && count-- > 0) {
		at++;
		while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

void
ca_name_next(const char *name, char next[CA_NAME_SIZE])
{
	const char *space = strrchr(name, ' ');
	size_t      length = strlen(name);
	uint64_t    number = 1;
	char        suffix[24];

	/* Most digits of a generation number; a longer number is part of the name. */
	if (space != NULL && space != name && strlen(space + 1) <= 6 && space[1] >= '1' &&
	    space[1] <= '9' && strspn(space + 1, "0123456789") == strlen(space + 1)) {
		number = strtoull(space + 1, NULL, 10);
		length = (size_t)(space - name);
	}
	(void)snprintf(suffix, sizeof suffix, " %" PRIu64, number + 1);
	length = utf8_prefix(name, length, NAME_CHARACTERS - strlen(suffix));
	(void)snprintf(next, CA_NAME_SIZE, "%.*s%s", (int)length, name, suffix);
}
