/* Decodes CSRs by OpenSSL's templates, their keys left as octets; grants nothing. */
#include "config.h"

#include "pki/csr_item.h"

#include <limits.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "tpm/openssl_error.h"

/* With the octets as they were received, which are what is signed. */
struct csr_info {
	ASN1_ENCODING enc;
	ASN1_INTEGER *version;
	X509_NAME    *subject;
	ASN1_TYPE    *spki;
	STACK_OF(X509_ATTRIBUTE) *attributes;
};
typedef struct csr_info CSR_INFO; /* arguments of OpenSSL's macros */

struct csr_item {
	CSR_INFO        *info;
	X509_ALGOR      *algorithm;
	ASN1_BIT_STRING *signature;
};
typedef struct csr_item CSR_ITEM;

/* As OpenSSL has it for X509_REQ: some leave the attributes out. */
ASN1_SEQUENCE_enc(CSR_INFO, enc, NULL) = {
    ASN1_SIMPLE(CSR_INFO, version, ASN1_INTEGER),
    ASN1_SIMPLE(CSR_INFO, subject, X509_NAME),
    ASN1_SIMPLE(CSR_INFO, spki, ASN1_ANY),
    ASN1_IMP_SET_OF_OPT(CSR_INFO, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END_ref(CSR_INFO, CSR_INFO)

ASN1_SEQUENCE(CSR_ITEM) = {
    ASN1_SIMPLE(CSR_ITEM, info, CSR_INFO),
    ASN1_SIMPLE(CSR_ITEM, algorithm, X509_ALGOR),
    ASN1_SIMPLE(CSR_ITEM, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CSR_ITEM)

int
csr_item_decode(struct view der, struct csr_item **out, struct error *err)
{
	const unsigned char *p = der.data;

	*out = NULL;
	if (der.size > 0 && der.size <= LONG_MAX)
		*out = (struct csr_item *)ASN1_item_d2i(NULL, &p, (long)der.size, ASN1_ITEM_rptr(CSR_ITEM));
	if (*out == NULL || (*out)->info->spki->type != V_ASN1_SEQUENCE) {
		csr_item_free(*out);
		*out = NULL;
		return error_set_openssl(err, ERROR_MALFORMED, "not a CSR");
	}
	if (p == der.data + der.size)
		return 0;
	csr_item_free(*out);
	*out = NULL;
	return error_set(err, ERROR_MALFORMED, "%zu octets after the CSR",
	    (size_t)(der.data + der.size - p));
}

void
csr_item_free(struct csr_item *item)
{
	ASN1_item_free((ASN1_VALUE *)item, ASN1_ITEM_rptr(CSR_ITEM));
}

const X509_NAME *
csr_item_subject(const struct csr_item *item)
{
	return item->info->subject;
}

struct view
csr_item_spki(const struct csr_item *item)
{
	const ASN1_STRING *spki = item->info->spki->value.sequence;

	return (struct view){ASN1_STRING_get0_data(spki), (size_t)ASN1_STRING_length(spki)};
}

int
csr_item_signature_nid(const struct csr_item *item)
{
	return OBJ_obj2nid(item->algorithm->algorithm);
}

int
csr_item_extensions(const struct csr_item *item, X509_EXTENSIONS **out, struct error *err)
{
	const STACK_OF(X509_ATTRIBUTE) *attributes = item->info->attributes;
	int                  at = X509at_get_attr_by_NID(attributes, NID_ext_req, -1);
	const ASN1_TYPE     *value;
	const unsigned char *p;

	*out = NULL;
	if (at < 0)
		at = X509at_get_attr_by_NID(attributes, NID_ms_ext_req, -1);
	if (at < 0)
		return 0;
	value = X509_ATTRIBUTE_get0_type(X509at_get_attr(attributes, at), 0);
	if (value != NULL && value->type == V_ASN1_SEQUENCE) {
		p = ASN1_STRING_get0_data(value->value.sequence);
		*out = (X509_EXTENSIONS *)ASN1_item_d2i(NULL, &p, ASN1_STRING_length(value->value.sequence),
		    ASN1_ITEM_rptr(X509_EXTENSIONS));
	}
	return *out != NULL ? 0
	                    : error_set_openssl(err, ERROR_MALFORMED,
	                          "the CSR's requested extensions cannot be decoded");
}

bool
csr_item_is_signed(const struct csr_item *item, EVP_PKEY *key)
{
	return ASN1_item_verify(ASN1_ITEM_rptr(CSR_INFO), item->algorithm, item->signature, item->info, key) == 1;
}
