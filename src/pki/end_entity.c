/*
 * Writes and signs end-entity certificates; the profiles choose names and purposes. Writes DER
 * itself: OpenSSL makes an object of every field and encodes each twice, which costs more than
 * the signature.
 */
#include "config.h"

#include "pki/end_entity.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "pki/alt_name.h"
#include "pki/ca.h"
#include "pki/draft.h"
#include "pki/extension.h"
#include "pki/oid.h"
#include "pki/signing.h"
#include "tpm/digest.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/der.h"
#include "util/utf8.h"

/* ---- extensions: RFC 5280 §4.2 ---- */

/* An extension whose value is being appended. */
struct extension {
	size_t whole;
	size_t value;
};

static struct extension
extension_begin(struct bytes *out, int nid, bool critical)
{
	static const uint8_t is_true = 0xff;
	struct extension     extension = {.whole = der_begin(out, DER_SEQUENCE)};

	oid_append(out, OBJ_nid2obj(nid));
	if (critical)
		der_append(out, DER_BOOLEAN, (struct view){&is_true, 1});
	extension.value = der_begin(out, DER_OCTET_STRING);
	return extension;
}

static void
extension_end(struct bytes *out, struct extension extension)
{
	der_end(out, extension.value);
	der_end(out, extension.whole);
}

static void
basic_constraints_append(struct bytes *out)
{
	struct extension extension = extension_begin(out, NID_basic_constraints, true);

	der_append(out, DER_SEQUENCE, (struct view){NULL, 0}); /* cA is FALSE by default */
	extension_end(out, extension);
}

static void
key_usage_append(struct bytes *out)
{
	static const uint8_t usage[] = {7, KU_DIGITAL_SIGNATURE}; /* 7 bits are unused */
	struct extension     extension = extension_begin(out, NID_key_usage, true);

	der_append(out, DER_BIT_STRING, (struct view){usage, sizeof usage});
	extension_end(out, extension);
}

static void
purposes_append(struct bytes *out, const struct end_entity *entity)
{
	struct extension extension = extension_begin(out, NID_ext_key_usage, false);
	size_t           list = der_begin(out, DER_SEQUENCE);

	for (size_t i = 0; i < entity->purpose_count; i++)
		oid_append(out, entity->purposes[i]);
	der_end(out, list);
	extension_end(out, extension);
}

/* Critical exactly when the subject is empty. */
static void
names_append(struct bytes *out, const struct end_entity *entity)
{
	struct extension extension =
	    extension_begin(out, NID_subject_alt_name, entity->common_name == NULL);

	der_append(out, DER_SEQUENCE, entity->names);
	extension_end(out, extension);
}

static int
subject_key_id_append(struct bytes *out, struct view spki, struct error *err)
{
	uint8_t          digest[EVP_MAX_MD_SIZE];
	struct view      key;
	struct extension extension;

	if (spki_find_key(spki, &key, err) != 0)
		return -1;
	if (EVP_Digest(key.data, key.size, digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a public key");
	extension = extension_begin(out, NID_subject_key_identifier, false);
	der_append(out, DER_OCTET_STRING, (struct view){digest, EXTENSION_KEY_ID_SIZE});
	extension_end(out, extension);
	return 0;
}

static int
authority_key_id_append(struct bytes *out, const X509 *issuer, struct error *err)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id((X509 *)(uintptr_t)issuer);
	struct extension         extension;
	size_t                   value;

	if (id == NULL)
		return error_set(err, ERROR_INTERNAL,
		    "the issuing certificate has no subject key identifier");
	extension = extension_begin(out, NID_authority_key_identifier, false);
	value = der_begin(out, DER_SEQUENCE);
	der_append(out, DER_CONTEXT(0),
	    (struct view){ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)});
	der_end(out, value);
	extension_end(out, extension);
	return 0;
}

/* One DistributionPoint: its distributionPoint [0] is a fullName [0] of one URI. */
static int
crl_url_append(struct bytes *out, const char *url, struct error *err)
{
	struct extension extension = extension_begin(out, NID_crl_distribution_points, false);
	size_t           points = der_begin(out, DER_SEQUENCE);
	size_t           point = der_begin(out, DER_SEQUENCE);
	size_t           name = der_begin(out, DER_CONTEXT_AROUND(0));
	size_t           full_name = der_begin(out, DER_CONTEXT_AROUND(0));

	if (alt_name_add_uri(out, url, err) != 0)
		return -1;
	der_end(out, full_name);
	der_end(out, name);
	der_end(out, point);
	der_end(out, points);
	extension_end(out, extension);
	return 0;
}

static int
extensions_append(struct bytes *out, const X509 *issuer, const struct end_entity *entity,
    struct error *err)
{
	size_t around = der_begin(out, DER_CONTEXT_AROUND(3));
	size_t list = der_begin(out, DER_SEQUENCE);

	basic_constraints_append(out);
	key_usage_append(out);
	purposes_append(out, entity);
	names_append(out, entity);
	if (subject_key_id_append(out, entity->spki, err) != 0 ||
	    authority_key_id_append(out, issuer, err) != 0 ||
	    (entity->crl_url != NULL && crl_url_append(out, entity->crl_url, err) != 0))
		return -1;
	der_end(out, list);
	der_end(out, around);
	return 0;
}

/* ---- the certificate: RFC 5280 §4.1 ---- */

static int
issuer_append(struct bytes *out, const X509 *issuer, struct error *err)
{
	const unsigned char *data;
	size_t               size;

	if (X509_NAME_get0_der(X509_get_subject_name(issuer), &data, &size) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding the issuer's name");
	bytes_append(out, data, size);
	return 0;
}

/* Empty, or one RDN with a CN. */
static int
subject_append(struct bytes *out, const char *common_name, struct error *err)
{
	size_t subject = der_begin(out, DER_SEQUENCE);
	size_t set;
	size_t attribute;

	if (common_name != NULL) {
		if (!utf8_has_characters(common_name, 1, ub_common_name))
			return error_set(err, ERROR_INTERNAL,
			    "common name \"%s\" (1 to 64 characters of UTF-8)", common_name);
		set = der_begin(out, DER_SET);
		attribute = der_begin(out, DER_SEQUENCE);
		oid_append(out, OBJ_nid2obj(NID_commonName));
		der_append(out, DER_UTF8_STRING, view_text(common_name));
		der_end(out, attribute);
		der_end(out, set);
	}
	der_end(out, subject);
	return 0;
}

/* draft_fit_validity has put both within the issuer's, which a certificate expresses. */
static int
validity_append(struct bytes *out, int64_t not_before, int64_t not_after, struct error *err)
{
	size_t validity = der_begin(out, DER_SEQUENCE);
	int    rc = der_append_time(out, not_before, err) == 0 ? der_append_time(out, not_after, err) : -1;

	der_end(out, validity);
	return rc;
}

/* Appends the TBSCertificate. */
static int
content_append(struct bytes *out, const X509 *issuer, const struct end_entity *entity,
    int64_t not_after, const uint8_t serial[CERTIFICATE_SERIAL_SIZE], struct view algorithm,
    struct error *err)
{
	static const uint8_t version = X509_VERSION_3;
	size_t               content = der_begin(out, DER_SEQUENCE);
	size_t               around = der_begin(out, DER_CONTEXT_AROUND(0));

	der_append_unsigned(out, (struct view){&version, 1});
	der_end(out, around);
	der_append_unsigned(out, (struct view){serial, CERTIFICATE_SERIAL_SIZE});
	bytes_append(out, algorithm.data, algorithm.size);
	if (issuer_append(out, issuer, err) != 0 ||
	    validity_append(out, entity->not_before, not_after, err) != 0 ||
	    subject_append(out, entity->common_name, err) != 0)
		return -1;
	bytes_append(out, entity->spki.data, entity->spki.size);
	if (extensions_append(out, issuer, entity, err) != 0)
		return -1;
	der_end(out, content);
	return 0;
}

/* Appends the certificate. */
static int
certificate_append(struct bytes *out, const struct ca *issuer, const struct end_entity *entity,
    int64_t not_after, const uint8_t serial[CERTIFICATE_SERIAL_SIZE], struct signing *signing,
    struct error *err)
{
	AUTO_BYTES algorithm = {0};
	AUTO_BYTES signature = {0};
	size_t     certificate = der_begin(out, DER_SEQUENCE);
	size_t     bits;

	if (signing_algorithm(signing, &algorithm, err) != 0 ||
	    content_append(out, issuer->certificate, entity, not_after, serial,
	        bytes_view(&algorithm), err) != 0 ||
	    signing_sign(signing, (struct view){out->data + certificate, out->size - certificate},
	        &signature, err) != 0)
		return -1;
	bytes_append(out, algorithm.data, algorithm.size);
	bits = der_begin_bits(out);
	bytes_append(out, signature.data, signature.size);
	der_end(out, bits);
	der_end(out, certificate);
	return 0;
}

int
end_entity_spki(EVP_PKEY *key, struct bytes *spki, struct error *err)
{
	EVP_PKEY *half = NULL;
	int       rc;

	if (signing_public_half(key, &half, err) != 0)
		return -1;
	rc = spki_encode(half, spki, err);
	EVP_PKEY_free(half);
	return rc;
}

int
end_entity_issue(const struct ca *issuer, const struct end_entity *entity,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err)
{
	AUTO_BYTES     certificate = {0};
	struct signing signing;
	int64_t        end = entity->not_after;
	int            rc;

	if (draft_fit_validity(issuer->certificate, entity->not_before, &end, err) != 0 ||
	    certificate_serial_draw(serial, err) != 0)
		return -1;
	rc = signing_begin_prepared(issuer->key, issuer->prepared, &signing, err);
	if (rc == 0)
		rc = certificate_append(&certificate, issuer, entity, end, serial, &signing, err);
	signing_end(&signing);
	if (rc != 0)
		return -1;
	bytes_append(der, certificate.data, certificate.size);
	*not_after = end;
	return 0;
}
