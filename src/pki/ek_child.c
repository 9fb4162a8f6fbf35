/* Verifies the signature of a certificate, decoded or not; knows no chains. */
#include "config.h"

#include "pki/ek_child.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/ek_outline.h"

/* The three parts of a certificate that is not decoded. */
struct parts {
	ASN1_TYPE       *content; /* its octets as they came */
	X509_ALGOR      *algorithm;
	X509_ALGOR      *within; /* the algorithm again, in the content */
	ASN1_BIT_STRING *signature;
};

struct ek_child
ek_child_of(X509 *certificate)
{
	return (struct ek_child){
	    .issuer = X509_get_issuer_name(certificate),
	    .key_id = X509_get0_authority_key_id(certificate),
	    .not_before = certificate_not_before(certificate),
	    .certificate = certificate,
	};
}

struct ek_child
ek_child_of_outline(struct ek_outline *outline)
{
	ek_outline_extend(outline);
	return (struct ek_child){
	    .issuer = outline->issuer,
	    .key_id = outline->authority != NULL ? outline->authority->keyid : NULL,
	    .not_before = outline->not_before,
	    .outline = outline,
	};
}

bool
ek_child_equal(const struct ek_child *a, const struct ek_child *b)
{
	return a->certificate == b->certificate && a->outline == b->outline;
}

/* SHA-1 was used by vendors until 2015; they alone chose the content. */
static bool
digest_is_allowed(int digest)
{
	return digest == NID_sha1 || digest == NID_sha256 || digest == NID_sha384 ||
	    digest == NID_sha512;
}

static bool
certificate_is_signed(X509 *certificate, EVP_PKEY *issuer)
{
	int digest = NID_undef;

	return X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) == 1 &&
	    digest_is_allowed(digest) && X509_verify(certificate, issuer) == 1;
}

/* The hash that RSASSA-PSS names in its parameters: SHA-1 when it names none. */
static int
pss_digest(int type, const void *value)
{
	RSA_PSS_PARAMS      *parameters = NULL;
	const unsigned char *p;
	int                  digest = NID_undef;

	if (type == V_ASN1_SEQUENCE) {
		p = ASN1_STRING_get0_data(value);
		parameters = d2i_RSA_PSS_PARAMS(NULL, &p, ASN1_STRING_length(value));
	}
	if (parameters != NULL)
		digest = parameters->hashAlgorithm != NULL
		    ? OBJ_obj2nid(parameters->hashAlgorithm->algorithm)
		    : NID_sha1;
	RSA_PSS_PARAMS_free(parameters);
	return digest;
}

static int
algorithm_digest(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *name;
	const void        *value;
	int                type;
	int                digest = NID_undef;

	X509_ALGOR_get0(&name, &type, &value, algorithm);
	if (OBJ_obj2nid(name) == NID_rsassaPss)
		return pss_digest(type, value);
	(void)OBJ_find_sigid_algs(OBJ_obj2nid(name), &digest, NULL);
	return digest;
}

static void
parts_read(const struct ek_outline *outline, struct parts *parts)
{
	const unsigned char *p = outline->content.data;

	parts->content = d2i_ASN1_TYPE(NULL, &p, (long)outline->content.size);
	p = outline->algorithm.data;
	parts->algorithm = d2i_X509_ALGOR(NULL, &p, (long)outline->algorithm.size);
	p = outline->algorithm_within.data;
	parts->within = d2i_X509_ALGOR(NULL, &p, (long)outline->algorithm_within.size);
	p = outline->signature.data;
	parts->signature = d2i_ASN1_BIT_STRING(NULL, &p, (long)outline->signature.size);
}

static void
parts_clear(struct parts *parts)
{
	ASN1_TYPE_free(parts->content);
	X509_ALGOR_free(parts->algorithm);
	X509_ALGOR_free(parts->within);
	ASN1_BIT_STRING_free(parts->signature);
}

/* As X509_verify and X509_get_signature_info do it; an ASN1_ANY is verified over its own octets. */
static bool
outline_is_signed(const struct ek_outline *outline, EVP_PKEY *issuer)
{
	struct parts parts = {0};
	bool         good;

	parts_read(outline, &parts);
	good = parts.content != NULL && parts.algorithm != NULL && parts.within != NULL &&
	    parts.signature != NULL && X509_ALGOR_cmp(parts.algorithm, parts.within) == 0 &&
	    digest_is_allowed(algorithm_digest(parts.algorithm)) &&
	    ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), parts.algorithm, parts.signature, parts.content,
	        issuer) == 1;
	parts_clear(&parts);
	return good;
}

bool
ek_child_signed(const struct ek_child *child, EVP_PKEY *issuer)
{
	bool good = child->certificate != NULL ? certificate_is_signed(child->certificate, issuer)
	                                       : outline_is_signed(child->outline, issuer);

	ERR_clear_error();
	return good;
}
