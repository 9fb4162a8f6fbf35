/* Encodes extensions from values through OpenSSL's structures; the profile chooses the
 * extensions. */
#include "config.h"

#include "pki/extension.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "pki/alt_name.h"
#include "tpm/openssl_error.h"

/* RFC 7093 §2, method 1: the leftmost 160 bits of SHA-256 over the BIT STRING's octets. */
#define EXTENSION_KEY_ID_SIZE 20

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
extension_add_extended_key_usage(X509 *certificate, const ASN1_OBJECT *const *purposes,
    size_t count, struct error *err)
{
	EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
	int                 rc = 0;

	for (size_t i = 0; i < count && usage != NULL; i++) {
		ASN1_OBJECT *purpose = OBJ_dup(purposes[i]);

		if (purpose == NULL || sk_ASN1_OBJECT_push(usage, purpose) <= 0) {
			ASN1_OBJECT_free(purpose);
			EXTENDED_KEY_USAGE_free(usage);
			usage = NULL;
		}
	}
	rc = extension_add(certificate, NID_ext_key_usage, false, usage, err);
	EXTENDED_KEY_USAGE_free(usage);
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

int
extension_add_crl_url(X509 *certificate, const char *url, struct error *err)
{
	CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
	DIST_POINT      *point = DIST_POINT_new();
	int              rc = -1;

	if (point != NULL && (point->distpoint = DIST_POINT_NAME_new()) != NULL) {
		point->distpoint->type = 0; /* fullName */
		point->distpoint->name.fullname = GENERAL_NAMES_new();
	}
	if (points == NULL || point == NULL || point->distpoint == NULL ||
	    point->distpoint->name.fullname == NULL || sk_DIST_POINT_push(points, point) <= 0) {
		DIST_POINT_free(point);
		rc = error_set_openssl(err, ERROR_INTERNAL, "adding crlDistributionPoints");
	} else if (alt_name_add_uri(point->distpoint->name.fullname, url, err) == 0) {
		rc = extension_add(certificate, NID_crl_distribution_points, false, points, err);
	}
	CRL_DIST_POINTS_free(points);
	return rc;
}

int
extension_add_alt_names(X509 *certificate, GENERAL_NAMES *names, struct error *err)
{
	bool critical = X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0;

	return extension_add(certificate, NID_subject_alt_name, critical, names, err);
}
