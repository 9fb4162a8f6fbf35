/* Encodes the extensions of CAs and CRLs through OpenSSL's structures. */
#include "config.h"

#include "pki/extension.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "tpm/openssl_error.h"

static int
extension_add(X509 *certificate, int nid, bool critical, void *value, struct error *err)
{
	if (value == NULL ||
	    X509_add1_ext_i2d(certificate, nid, value, critical, X509V3_ADD_DEFAULT) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "adding %s", OBJ_nid2sn(nid));
	return 0;
}

int
extension_add_basic_constraints(X509 *certificate, bool is_ca, int pathlen, struct error *err)
{
	BASIC_CONSTRAINTS constraints = {.ca = is_ca ? 0xff : 0};
	int               rc;

	if (pathlen >= 0 && ((constraints.pathlen = ASN1_INTEGER_new()) == NULL ||
	        ASN1_INTEGER_set(constraints.pathlen, pathlen) != 1))
		rc = error_set_openssl(err, ERROR_INTERNAL, "adding basicConstraints");
	else
		rc = extension_add(certificate, NID_basic_constraints, true, &constraints, err);
	ASN1_INTEGER_free(constraints.pathlen);
	return rc;
}

int
extension_add_key_usage(X509 *certificate, unsigned char bits, struct error *err)
{
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
	int              rc;

	if (usage != NULL && ASN1_BIT_STRING_set(usage, &bits, 1) != 1) {
		ASN1_BIT_STRING_free(usage);
		usage = NULL;
	}
	rc = extension_add(certificate, NID_key_usage, true, usage, err);
	ASN1_BIT_STRING_free(usage);
	return rc;
}

int
extension_add_subject_key_id(X509 *certificate, struct error *err)
{
	unsigned char      digest[EVP_MAX_MD_SIZE];
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	int                rc;

	if (id != NULL && (X509_pubkey_digest(certificate, EVP_sha256(), digest, NULL) != 1 ||
	                      ASN1_OCTET_STRING_set(id, digest, EXTENSION_KEY_ID_SIZE) != 1)) {
		ASN1_OCTET_STRING_free(id);
		id = NULL;
	}
	rc = extension_add(certificate, NID_subject_key_identifier, false, id, err);
	ASN1_OCTET_STRING_free(id);
	return rc;
}

/* Borrows the keyid from the issuer while *id is encoded; *id must not be freed. */
static int
extension_authority_key_id(const X509 *issuer, AUTHORITY_KEYID *id, struct error *err)
{
	const ASN1_OCTET_STRING *keyid = X509_get0_subject_key_id((X509 *)(uintptr_t)issuer);

	if (keyid == NULL)
		return error_set(err, ERROR_INTERNAL,
		    "the issuing certificate has no subject key identifier");
	id->keyid = (ASN1_OCTET_STRING *)(uintptr_t)keyid;
	return 0;
}

int
extension_add_authority_key_id(X509 *certificate, const X509 *issuer, struct error *err)
{
	AUTHORITY_KEYID id = {NULL, NULL, NULL};

	if (extension_authority_key_id(issuer, &id, err) != 0)
		return -1;
	return extension_add(certificate, NID_authority_key_identifier, false, &id, err);
}

int
extension_add_crl_authority_key_id(X509_CRL *crl, const X509 *issuer, struct error *err)
{
	AUTHORITY_KEYID id = {NULL, NULL, NULL};

	if (extension_authority_key_id(issuer, &id, err) != 0)
		return -1;
	if (X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, &id, 0, X509V3_ADD_DEFAULT) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "adding the CRL's authority key identifier");
	return 0;
}
