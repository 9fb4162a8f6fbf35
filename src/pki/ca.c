/* Makes the certificates of a CA; end-entity certificates have their own files. */
#include "config.h"

#include "pki/ca.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/draft.h"
#include "pki/extension.h"
#include "pki/signing.h"
#include "tpm/openssl_error.h"

#define CA_DAY ((int64_t)24 * 60 * 60)

/*
 * Encodes and decodes the new certificate: OpenSSL keeps no decoded key in a
 * certificate that it did not decode, and cannot verify with one that lacks it.
 */
static int
ca_read_back(const X509 *certificate, X509 **out, struct error *err)
{
	AUTO_BYTES der = {0};

	if (certificate_encode(certificate, &der, err) != 0)
		return -1;
	return certificate_decode(bytes_view(&der), out, err);
}

/* Adds the extensions of both kinds of CA, and signs; frees `certificate` in any case. */
static int
ca_finish(X509 *certificate, const X509 *issuer, EVP_PKEY *signer, int pathlen, X509 **out,
    struct error *err)
{
	int rc = -1;

	if (extension_add_basic_constraints(certificate, true, pathlen, err) == 0 &&
	    extension_add_key_usage(certificate, KU_KEY_CERT_SIGN | KU_CRL_SIGN, err) == 0 &&
	    extension_add_subject_key_id(certificate, err) == 0 &&
	    (issuer == NULL || extension_add_authority_key_id(certificate, issuer, err) == 0) &&
	    draft_sign(certificate, signer, err) == 0)
		rc = ca_read_back(certificate, out, err);
	X509_free(certificate);
	return rc;
}

int
ca_root_create(EVP_PKEY *key, const char *name, int64_t now, int64_t lifetime, X509 **out,
    struct error *err)
{
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	struct draft draft = {
	    .key = key,
	    .common_name = name,
	    .serial = serial,
	    .not_before = now - CA_DAY, /* for verifiers whose clock is slow */
	    .not_after = now + lifetime,
	};
	X509 *certificate;

	if (certificate_serial_draw(serial, err) != 0 || draft_new(&draft, &certificate, err) != 0)
		return -1;
	return ca_finish(certificate, NULL, key, EXTENSION_PATHLEN_ANY, out, err);
}

int
ca_issuing_create(const struct ca *root, EVP_PKEY *key, const char *name, int64_t now,
    int64_t lifetime, X509 **out, struct error *err)
{
	int64_t      root_begins = certificate_not_before(root->certificate);
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	struct draft draft = {
	    .issuer = root->certificate,
	    .key = key,
	    .common_name = name,
	    .serial = serial,
	    .not_before = now - CA_DAY > root_begins ? now - CA_DAY : root_begins,
	    .not_after = now + lifetime,
	};
	X509 *certificate;

	if (draft_fit_validity(root->certificate, now, &draft.not_after, err) != 0 ||
	    certificate_serial_draw(serial, err) != 0 || draft_new(&draft, &certificate, err) != 0)
		return -1;
	/* With the root's own name the issuing certificate would look self-issued. */
	if (X509_NAME_cmp(X509_get_subject_name(certificate),
	        X509_get_subject_name(root->certificate)) == 0) {
		X509_free(certificate);
		return error_set(err, ERROR_INTERNAL,
		    "the issuing CA needs another name than its root, \"%s\"", name);
	}
	return ca_finish(certificate, root->certificate, root->key, CA_ISSUING_PATHLEN, out, err);
}

int
ca_check_pair(const struct ca *ca, struct error *err)
{
	if (X509_check_private_key(ca->certificate, ca->key) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "the private key is not the certificate's");
	return 0;
}

void
ca_prepare(struct ca *ca)
{
	EVP_MD_CTX_free(ca->prepared);
	signing_prepare(ca->key, &ca->prepared);
}

void
ca_clear(struct ca *ca)
{
	X509_free(ca->certificate);
	EVP_MD_CTX_free(ca->prepared);
	signing_key_free(ca->key);
	*ca = (struct ca){0};
}
