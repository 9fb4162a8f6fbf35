/* Owns how public keys are encoded; decodes none. */
#include "config.h"

#include "pki/spki.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "pki/openssl_error.h"

/* RFC 8017 §A.1.1. */
struct rsa_public_key {
	BIGNUM *modulus;
	BIGNUM *exponent;
};
typedef struct rsa_public_key RSA_PUBLIC_KEY;

ASN1_SEQUENCE(RSA_PUBLIC_KEY) = {
    ASN1_SIMPLE(RSA_PUBLIC_KEY, modulus, BIGNUM),
    ASN1_SIMPLE(RSA_PUBLIC_KEY, exponent, BIGNUM),
} static_ASN1_SEQUENCE_END(RSA_PUBLIC_KEY)

static int
spki_set_rsa(X509_PUBKEY *spki, EVP_PKEY *key)
{
	RSA_PUBLIC_KEY public = {NULL, NULL};
	unsigned char *der = NULL;
	int            size = -1;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &public.modulus) == 1 &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &public.exponent) == 1)
		size = ASN1_item_i2d((ASN1_VALUE *)&public, &der, ASN1_ITEM_rptr(RSA_PUBLIC_KEY));
	BN_free(public.modulus);
	BN_free(public.exponent);
	if (size > 0 && X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL,
	                    NULL, der, size) == 1)
		return 0;
	OPENSSL_free(der);
	return -1;
}

/* The NID of a key's named curve, or NID_undef. */
static int
spki_curve(EVP_PKEY *key)
{
	char   group[64];
	size_t length;
	int    nid;

	if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1)
		return NID_undef;
	if ((nid = EC_curve_nist2nid(group)) == NID_undef)
		nid = OBJ_sn2nid(group);
	return nid;
}

/* SEC 1 §2.3.3, uncompressed whatever form the key came in. The caller frees. */
static unsigned char *
spki_point(EVP_PKEY *key, int *size)
{
	int            field = (EVP_PKEY_get_bits(key) + 7) / 8;
	unsigned char *point = OPENSSL_malloc((size_t)(1 + 2 * field));
	BIGNUM        *x = NULL;
	BIGNUM        *y = NULL;

	if (point != NULL) {
		point[0] = POINT_CONVERSION_UNCOMPRESSED;
		*size = 1 + 2 * field;
		if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1 ||
		    BN_bn2binpad(x, point + 1, field) != field ||
		    BN_bn2binpad(y, point + 1 + field, field) != field) {
			OPENSSL_free(point);
			point = NULL;
		}
	}
	BN_free(x);
	BN_free(y);
	return point;
}

static int
spki_set_ec(X509_PUBKEY *spki, EVP_PKEY *key)
{
	int            curve = spki_curve(key);
	unsigned char *point;
	int            size = 0;

	if (curve == NID_undef || (point = spki_point(key, &size)) == NULL)
		return -1;
	if (X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
	        OBJ_nid2obj(curve), point, size) == 1)
		return 0;
	OPENSSL_free(point);
	return -1;
}

/* For kinds that are too rare to be worth an encoding of their own. */
static int
spki_set_other(X509_PUBKEY *spki, EVP_PKEY *key)
{
	X509_PUBKEY         *copy = NULL;
	X509_ALGOR          *from = NULL;
	X509_ALGOR          *to = NULL;
	const unsigned char *data;
	unsigned char       *owned = NULL;
	int                  size;
	int                  rc = -1;

	if (X509_PUBKEY_set(&copy, key) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &data, &size, &from, copy) == 1 &&
	    (owned = OPENSSL_memdup(data, (size_t)size)) != NULL &&
	    X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_undef), V_ASN1_UNDEF, NULL, owned, size) == 1) {
		owned = NULL;
		if (X509_PUBKEY_get0_param(NULL, NULL, NULL, &to, spki) == 1 &&
		    X509_ALGOR_copy(to, from) == 1)
			rc = 0;
	}
	OPENSSL_free(owned);
	X509_PUBKEY_free(copy);
	return rc;
}

int
spki_set(X509_PUBKEY *spki, EVP_PKEY *key, struct error *err)
{
	int rc;

	if (EVP_PKEY_is_a(key, "RSA"))
		rc = spki_set_rsa(spki, key);
	else if (EVP_PKEY_is_a(key, "EC"))
		rc = spki_set_ec(spki, key);
	else
		rc = spki_set_other(spki, key);
	return rc == 0 ? 0 : error_set_openssl(err, ERROR_INTERNAL, "encoding a public key");
}

int
spki_encode(EVP_PKEY *key, struct bytes *der, struct error *err)
{
	X509_PUBKEY   *spki = X509_PUBKEY_new();
	unsigned char *data = NULL;
	int            size;
	int            rc = -1;

	if (spki == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding a public key");
	if (spki_set(spki, key, err) == 0) {
		if ((size = i2d_X509_PUBKEY(spki, &data)) > 0) {
			bytes_append(der, data, (size_t)size);
			rc = 0;
		} else {
			rc = error_set_openssl(err, ERROR_INTERNAL, "encoding a public key");
		}
	}
	OPENSSL_free(data);
	X509_PUBKEY_free(spki);
	return rc;
}
