/* Reads public keys from SubjectPublicKeyInfo and writes them to it; each key has one encoding. */
#include "config.h"

#include "tpm/spki.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "util/der.h"

#define SPKI_RSA_EXPONENT 65537
#define SPKI_OID_TEXT     80

/* RFC 5280 §4.1. Not OpenSSL's X509_PUBKEY, which decodes the key immediately. */
struct spki {
	X509_ALGOR      *algorithm;
	ASN1_BIT_STRING *key;
};
typedef struct spki SPKI; /* arguments of OpenSSL's macros */

/* RFC 8017 §A.1.1. */
struct rsa_public_key {
	BIGNUM *modulus;
	BIGNUM *exponent;
};
typedef struct rsa_public_key RSA_PUBLIC_KEY;

ASN1_SEQUENCE(SPKI) = {
    ASN1_SIMPLE(SPKI, algorithm, X509_ALGOR),
    ASN1_SIMPLE(SPKI, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(SPKI)

ASN1_SEQUENCE(RSA_PUBLIC_KEY) = {
    ASN1_SIMPLE(RSA_PUBLIC_KEY, modulus, BIGNUM),
    ASN1_SIMPLE(RSA_PUBLIC_KEY, exponent, BIGNUM),
} static_ASN1_SEQUENCE_END(RSA_PUBLIC_KEY)

/* ---- reading ---- */

/* Decodes an item that fills `der`; NULL otherwise, OpenSSL's queue empty. */
static ASN1_VALUE *
spki_decode_item(struct view der, const ASN1_ITEM *item)
{
	const unsigned char *at = der.data;
	ASN1_VALUE          *value;

	value = der.size > INT32_MAX ? NULL : ASN1_item_d2i(NULL, &at, (long)der.size, item);
	ERR_clear_error();
	if (at != der.data + der.size) {
		ASN1_item_free(value, item);
		return NULL;
	}
	return value;
}

static int
spki_read_numbers(const RSA_PUBLIC_KEY *numbers, EVP_PKEY **key, struct error *err)
{
	uint8_t modulus[TPM2_MAX_RSA_KEY_BYTES];

	if (BN_num_bytes(numbers->modulus) > (int)sizeof modulus)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA modulus of %d bits",
		    BN_num_bits(numbers->modulus));
	if (!BN_is_word(numbers->exponent, SPKI_RSA_EXPONENT))
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA exponent is not 65537");
	return tpm_key_from_rsa(
	    (struct view){modulus, (size_t)BN_bn2bin(numbers->modulus, modulus)},
	    SPKI_RSA_EXPONENT, key, err);
}

static int
spki_read_rsa_numbers(struct view octets, EVP_PKEY **key, struct error *err)
{
	ASN1_VALUE *numbers;
	int         rc;

	if ((numbers = spki_decode_item(octets, ASN1_ITEM_rptr(RSA_PUBLIC_KEY))) == NULL)
		return error_set(err, ERROR_MALFORMED, "not an RSAPublicKey in DER");
	rc = spki_read_numbers((const RSA_PUBLIC_KEY *)numbers, key, err);
	ASN1_item_free(numbers, ASN1_ITEM_rptr(RSA_PUBLIC_KEY));
	return rc;
}

static int
spki_read_rsa(int parameter_type, struct view octets, EVP_PKEY **key, struct error *err)
{
	if (parameter_type != V_ASN1_NULL && parameter_type != V_ASN1_UNDEF)
		return error_set(err, ERROR_MALFORMED, "rsaEncryption has parameters");
	return spki_read_rsa_numbers(octets, key, err);
}

static int
spki_read_ec(int parameter_type, const void *parameter, struct view octets, EVP_PKEY **key,
    struct error *err)
{
	const struct tpm_curve *curve;
	char                    oid[SPKI_OID_TEXT];

	if (parameter_type != V_ASN1_OBJECT)
		return error_set(err, ERROR_BAD_ATTESTATION, "the curve is not named");
	if ((curve = tpm_curve_by_nid(OBJ_obj2nid(parameter))) == NULL) {
		(void)OBJ_obj2txt(oid, sizeof oid, parameter, 1);
		return error_set(err, ERROR_BAD_ATTESTATION, "curve %s is not P-256, P-384 or P-521",
		    oid);
	}
	return tpm_key_from_point(curve, octets, key, err);
}

static int
spki_read(const SPKI *spki, const char *whose, EVP_PKEY **key, struct error *err)
{
	const ASN1_OBJECT *algorithm;
	const void        *parameter;
	int                parameter_type;
	struct view        octets = {ASN1_STRING_get0_data(spki->key),
	    (size_t)ASN1_STRING_length(spki->key)};
	char               oid[SPKI_OID_TEXT];
	int                rc;

	if ((spki->key->flags & 0x07) != 0) /* ASN1_STRING_FLAG_BITS_LEFT's count */
		return error_set(err, ERROR_MALFORMED, "the %s's BIT STRING has unused bits", whose);
	X509_ALGOR_get0(&algorithm, &parameter_type, &parameter, spki->algorithm);
	switch (OBJ_obj2nid(algorithm)) {
	case NID_rsaEncryption:
		rc = spki_read_rsa(parameter_type, octets, key, err);
		break;
	case NID_X9_62_id_ecPublicKey:
		rc = spki_read_ec(parameter_type, parameter, octets, key, err);
		break;
	case NID_rsaesOaep: /* EKs from the time of TPM 1.2 have it */
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "unsupported %s algorithm id-RSAES-OAEP (1.2.840.113549.1.1.7)", whose);
	default:
		(void)OBJ_obj2txt(oid, sizeof oid, algorithm, 1);
		return error_set(err, ERROR_BAD_ATTESTATION, "unsupported %s algorithm %s", whose,
		    oid);
	}
	return rc < 0 ? error_wrap(err, "%s", whose) : 0;
}

int
spki_decode(struct view der, const char *whose, EVP_PKEY **key, struct error *err)
{
	ASN1_VALUE *spki = spki_decode_item(der, ASN1_ITEM_rptr(SPKI));
	int         rc;

	if (spki == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "the %s is not one SubjectPublicKeyInfo in DER", whose);
	rc = spki_read((const SPKI *)spki, whose, key, err);
	ASN1_item_free(spki, ASN1_ITEM_rptr(SPKI));
	return rc;
}

int
spki_decode_rsa(struct view der, const char *whose, EVP_PKEY **key, struct error *err)
{
	return spki_read_rsa_numbers(der, key, err) == 0 ? 0 : error_wrap(err, "%s", whose);
}

/* ---- writing ---- */

/* Appends an RSAPublicKey. */
static void
numbers_append(struct bytes *out, struct view modulus, struct view exponent)
{
	size_t sequence = der_begin(out, DER_SEQUENCE);

	der_append_unsigned(out, modulus);
	der_append_unsigned(out, exponent);
	der_end(out, sequence);
}

/* Appends the content of the BIT STRING of an RSA key, or of one on a curve of ours. */
static int
key_append(struct bytes *out, EVP_PKEY *key, const struct tpm_curve *curve, struct error *err)
{
	struct tpm_rsa_numbers numbers;
	uint8_t                x[TPM_COORDINATE_MAX];
	uint8_t                y[TPM_COORDINATE_MAX];

	if (curve == NULL) {
		if (tpm_key_rsa_numbers(key, &numbers) < 0)
			return -1;
		numbers_append(out, (struct view){numbers.modulus, numbers.modulus_size},
		    (struct view){numbers.exponent, sizeof numbers.exponent});
		return 0;
	}
	if (tpm_key_coordinates(key, curve, x, y, err) < 0)
		return -1;
	bytes_append_u8(out, POINT_CONVERSION_UNCOMPRESSED);
	bytes_append(out, x, curve->field_size);
	bytes_append(out, y, curve->field_size);
	return 0;
}

static void
object_append(struct bytes *out, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);

	der_append(out, DER_OBJECT, (struct view){OBJ_get0_data(object), OBJ_length(object)});
}

static void
algorithm_append(struct bytes *out, const struct tpm_curve *curve)
{
	size_t sequence = der_begin(out, DER_SEQUENCE);

	object_append(out, curve != NULL ? NID_X9_62_id_ecPublicKey : NID_rsaEncryption);
	if (curve != NULL)
		object_append(out, curve->nid);
	else
		der_append(out, DER_NULL, (struct view){NULL, 0});
	der_end(out, sequence);
}

/* OpenSSL's encoding, for kinds that are too rare for code of their own. */
static int
spki_set_other(X509_PUBKEY *spki, EVP_PKEY *key)
{
	X509_PUBKEY         *copy = NULL;
	ASN1_OBJECT         *algorithm = NULL;
	X509_ALGOR          *whole = NULL;
	const unsigned char *data = NULL;
	const void          *parameter = NULL;
	unsigned char       *owned = NULL;
	int                  parameter_type = V_ASN1_UNDEF;
	int                  size = 0;
	int                  rc = -1;

	if (X509_PUBKEY_set(&copy, key) == 1 &&
	    X509_PUBKEY_get0_param(&algorithm, &data, &size, &whole, copy) == 1)
		X509_ALGOR_get0(NULL, &parameter_type, &parameter, whole);
	/* Keys with parameters (DSA, SM2) are refused: our certificates never hold one. */
	if (parameter_type == V_ASN1_UNDEF &&
	    (owned = OPENSSL_memdup(data, (size_t)size)) != NULL &&
	    X509_PUBKEY_set0_param(spki, OBJ_dup(algorithm), V_ASN1_UNDEF, NULL, owned, size) == 1) {
		owned = NULL;
		rc = 0;
	}
	OPENSSL_free(owned);
	X509_PUBKEY_free(copy);
	return rc;
}

/* X509_PUBKEY_set0_param takes the copy. */
static int
spki_set_known(X509_PUBKEY *spki, EVP_PKEY *key, const struct tpm_curve *curve, struct error *err)
{
	AUTO_BYTES content = {0};
	uint8_t   *copy;
	int        rc;

	if (key_append(&content, key, curve, err) < 0 ||
	    (copy = OPENSSL_memdup(content.data, content.size)) == NULL)
		return -1;
	if (curve != NULL)
		rc = X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
		    OBJ_nid2obj(curve->nid), copy, (int)content.size);
	else
		rc = X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, copy,
		    (int)content.size);
	if (rc == 1)
		return 0;
	OPENSSL_free(copy);
	return -1;
}

int
spki_set(X509_PUBKEY *spki, EVP_PKEY *key, struct error *err)
{
	const struct tpm_curve *curve = tpm_key_curve(key);
	int                     rc;

	if (curve != NULL || tpm_key_rsa_bits(key) != 0)
		rc = spki_set_known(spki, key, curve, err);
	else
		rc = spki_set_other(spki, key);
	return rc == 0 ? 0 : error_set_openssl(err, ERROR_INTERNAL, "encoding a public key");
}

static int
spki_encode_other(EVP_PKEY *key, struct bytes *der)
{
	X509_PUBKEY   *spki = X509_PUBKEY_new();
	unsigned char *data = NULL;
	int            size = -1;

	if (spki != NULL && spki_set_other(spki, key) == 0 &&
	    (size = i2d_X509_PUBKEY(spki, &data)) > 0)
		bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	X509_PUBKEY_free(spki);
	return size > 0 ? 0 : -1;
}

/* Appends the SubjectPublicKeyInfo of a key whose BIT STRING holds `content`; no curve is RSA. */
static void
spki_append(const struct tpm_curve *curve, struct view content, struct bytes *der)
{
	size_t sequence = der_begin(der, DER_SEQUENCE);
	size_t bits;

	algorithm_append(der, curve);
	bits = der_begin_bits(der);
	bytes_append(der, content.data, content.size);
	der_end(der, bits);
	der_end(der, sequence);
}

void
spki_append_rsa(struct view modulus, struct view exponent, struct bytes *der)
{
	AUTO_BYTES content = {0};

	numbers_append(&content, modulus, exponent);
	spki_append(NULL, bytes_view(&content), der);
}

void
spki_append_point(const struct tpm_curve *curve, struct view point, struct bytes *der)
{
	spki_append(curve, point, der);
}

static int
spki_encode_known(EVP_PKEY *key, const struct tpm_curve *curve, struct bytes *der,
    struct error *err)
{
	AUTO_BYTES content = {0};

	if (key_append(&content, key, curve, err) < 0)
		return -1;
	spki_append(curve, bytes_view(&content), der);
	return 0;
}

int
spki_encode(EVP_PKEY *key, struct bytes *der, struct error *err)
{
	const struct tpm_curve *curve = tpm_key_curve(key);
	int                     rc;

	if (curve != NULL || tpm_key_rsa_bits(key) != 0)
		rc = spki_encode_known(key, curve, der, err);
	else
		rc = spki_encode_other(key, der);
	return rc == 0 ? 0 : error_set_openssl(err, ERROR_INTERNAL, "encoding a public key");
}

/* Finds the content of the value of `tag` at the beginning of *rest, and goes behind it. */
static bool
value_find(struct view *rest, int tag, struct view *content)
{
	const unsigned char *at = rest->data;
	long                 size;
	int                  found;
	int                  class;

	if (rest->size > LONG_MAX || (ASN1_get_object(&at, &size, &found, &class, (long)rest->size) & 0x80) != 0 ||
	    class != V_ASN1_UNIVERSAL || found != tag) {
		ERR_clear_error();
		return false;
	}
	*content = (struct view){at, (size_t)size};
	rest->size -= (size_t)(at - rest->data) + (size_t)size;
	rest->data = at + size;
	return true;
}

int
spki_find_key(struct view spki, struct view *key, struct error *err)
{
	struct view content;
	struct view algorithm;

	if (!value_find(&spki, V_ASN1_SEQUENCE, &content) || spki.size != 0 ||
	    !value_find(&content, V_ASN1_SEQUENCE, &algorithm) ||
	    !value_find(&content, V_ASN1_BIT_STRING, key) || content.size != 0 || key->size == 0 ||
	    key->data[0] != 0)
		return error_set(err, ERROR_MALFORMED, "not a SubjectPublicKeyInfo");
	*key = (struct view){key->data + 1, key->size - 1};
	return 0;
}
