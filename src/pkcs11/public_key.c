/* Reads SubjectPublicKeyInfo by OpenSSL's ASN.1 alone. Owns the copies of RSA's numbers. */
#include "config.h"

#include "pkcs11/public_key.h"

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

static int
ec_read(const X509_ALGOR *algorithm, struct view octets, struct public_key *key)
{
	const ASN1_OBJECT *curve = NULL;
	const void        *parameter = NULL;
	int                type = V_ASN1_UNDEF;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	if (type == V_ASN1_OBJECT)
		curve = parameter;
	key->curve = curve != NULL ? tpm_curve_by_nid(OBJ_obj2nid(curve)) : NULL;
	key->point = octets;
	return key->curve != NULL && octets.size == 2 * key->curve->field_size + 1 && octets.data[0] == 0x04
	    ? 0
	    : -1;
}

/* Appends a positive INTEGER. */
static int
number_read(const ASN1_TYPE *value, struct bytes *out)
{
	BIGNUM *number = value->type == V_ASN1_INTEGER ? ASN1_INTEGER_to_BN(value->value.integer, NULL)
	                                               : NULL;
	int     size = number != NULL ? BN_num_bytes(number) : 0;

	if (size != 0)
		(void)BN_bn2bin(number, bytes_extend(out, (size_t)size));
	BN_free(number);
	return size != 0 ? 0 : -1;
}

static int
rsa_read(struct view octets, struct public_key *key)
{
	const unsigned char *at = octets.data;
	ASN1_SEQUENCE_ANY   *numbers = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)octets.size);
	int                  rc = -1;

	if (numbers != NULL && at == octets.data + octets.size && sk_ASN1_TYPE_num(numbers) == 2 &&
	    number_read(sk_ASN1_TYPE_value(numbers, 0), &key->modulus) == 0 &&
	    number_read(sk_ASN1_TYPE_value(numbers, 1), &key->exponent) == 0)
		rc = 0;
	sk_ASN1_TYPE_pop_free(numbers, ASN1_TYPE_free);
	return rc;
}

int
public_key_read(const X509 *certificate, struct public_key *key, struct error *err)
{
	const X509_PUBKEY   *spki = X509_get_X509_PUBKEY(certificate);
	ASN1_OBJECT         *kind = NULL;
	X509_ALGOR          *algorithm = NULL;
	const unsigned char *data = NULL;
	int                  size = 0;
	struct view          octets;
	int                  rc = -1;

	*key = (struct public_key){0};
	if (X509_PUBKEY_get0_param(&kind, &data, &size, &algorithm, spki) == 1 && size > 0) {
		octets = (struct view){data, (size_t)size};
		if (OBJ_obj2nid(kind) == NID_X9_62_id_ecPublicKey)
			rc = ec_read(algorithm, octets, key);
		else if (OBJ_obj2nid(kind) == NID_rsaEncryption)
			rc = rsa_read(octets, key);
	}
	ERR_clear_error();
	if (rc == 0)
		return 0;
	public_key_clear(key);
	return error_set(err, ERROR_MALFORMED, "a certificate whose key is neither RSA nor on a curve that we know");
}

void
public_key_clear(struct public_key *key)
{
	bytes_clear(&key->modulus);
	bytes_clear(&key->exponent);
	*key = (struct public_key){0};
}

int
public_key_hash(const X509 *certificate, uint8_t hash[32], struct error *err)
{
	unsigned char *der = NULL;
	int            size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	int            rc = size > 0 && EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL) == 1
	               ? 0
	               : error_set_openssl(err, ERROR_INTERNAL, "hashing a public key");

	OPENSSL_free(der);
	return rc;
}
