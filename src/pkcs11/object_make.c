/* Makes the attributes of keys and certificates: PKCS #11 v2.40 §4. CKA_ALLOWED_MECHANISMS is
 * left out: p11-kit 0.24 cannot carry it to another process, and fails. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "device/tpm/key_file.h"
#include "pkcs11/material.h"
#include "pkcs11/object.h"
#include "pkcs11/object_private.h"
#include "pkcs11/public_key.h"
#include "pki/certificate.h"
#include "tpm/key.h"
#include "util/der.h"
#include "util/error.h"

#define ID_SIZE 20

/* CKA_CERTIFICATE_CATEGORY. */
#define CATEGORY_TOKEN_USER 1UL
#define CATEGORY_AUTHORITY  2UL

static struct object *
object_new(void)
{
	struct object *object = memory_new(sizeof *object);

	*object = (struct object){0};
	return object;
}

static void
put(struct object *object, CK_ATTRIBUTE_TYPE type, struct view value)
{
	struct object_attribute *attribute = &object->attributes[object->count++];

	assert(object->count <= OBJECT_ATTRIBUTES_MAX);
	attribute->type = type;
	if (value.size != 0)
		bytes_append(&attribute->value, value.data, value.size);
}

static void
put_number(struct object *object, CK_ATTRIBUTE_TYPE type, CK_ULONG number)
{
	put(object, type, (struct view){(const uint8_t *)&number, sizeof number});
}

static void
put_flag(struct object *object, CK_ATTRIBUTE_TYPE type, bool value)
{
	const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;

	put(object, type, (struct view){&flag, sizeof flag});
}

/* Attributes of any object on a token that nobody writes. */
static void
put_common(struct object *object, CK_OBJECT_CLASS class, const char *label)
{
	put_number(object, CKA_CLASS, class);
	put_flag(object, CKA_TOKEN, true);
	put_flag(object, CKA_PRIVATE, false);
	put_flag(object, CKA_MODIFIABLE, false);
	put_flag(object, CKA_COPYABLE, false);
	put_flag(object, CKA_DESTROYABLE, false);
	put(object, CKA_LABEL, view_text(label));
}

/* ---- what keys and certificates have of X.509 ---- */

/* An OpenSSL encoder's output. */
#define PUT_DER(object, type, encoder, thing)                                  \
	do {                                                                   \
		unsigned char *der_ = NULL;                                    \
		int            size_ = encoder((thing), &der_);                \
		put((object), (type), (struct view){der_, size_ > 0 ? (size_t)size_ : 0}); \
		OPENSSL_free(der_);                                            \
	} while (0)

static void
put_date(struct object *object, CK_ATTRIBUTE_TYPE type, const ASN1_TIME *when)
{
	struct tm time;
	CK_DATE   date;
	char      text[sizeof "YYYYMMDD"];
	size_t    size;

	_Static_assert(sizeof date == sizeof text - 1, "year, month and day");
	size = ASN1_TIME_to_tm(when, &time) == 1 ? strftime(text, sizeof text, "%Y%m%d", &time) : 0;
	put(object, type, (struct view){(const uint8_t *)text, size == sizeof date ? size : 0});
}

/* The ID that key and certificate share. */
static int
id_of(const X509 *certificate, uint8_t id[ID_SIZE], struct error *err)
{
	uint8_t hash[32];

	if (public_key_hash(certificate, hash, err) != 0)
		return -1;
	memcpy(id, hash, ID_SIZE);
	return 0;
}

/* ---- keys ---- */

static void
put_ec(struct object *object, const struct public_key *key)
{
	AUTO_BYTES point = {0};
	size_t     begun = der_begin(&point, DER_OCTET_STRING);

	bytes_append(&point, key->point.data, key->point.size);
	der_end(&point, begun);
	put_number(object, CKA_KEY_TYPE, CKK_EC);
	PUT_DER(object, CKA_EC_PARAMS, i2d_ASN1_OBJECT, OBJ_nid2obj(key->curve->nid));
	put(object, CKA_EC_POINT, bytes_view(&point));
}

static void
put_rsa(struct object *object, const struct public_key *key)
{
	put_number(object, CKA_KEY_TYPE, CKK_RSA);
	put(object, CKA_MODULUS, bytes_view(&key->modulus));
	put(object, CKA_PUBLIC_EXPONENT, bytes_view(&key->exponent));
}

/* What both halves of a key have. */
static void
put_key(struct object *object, X509 *certificate, const struct public_key *key,
    const uint8_t id[ID_SIZE])
{
	put(object, CKA_ID, (struct view){id, ID_SIZE});
	PUT_DER(object, CKA_SUBJECT, i2d_X509_NAME, X509_get_subject_name(certificate));
	PUT_DER(object, CKA_PUBLIC_KEY_INFO, i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate));
	put(object, CKA_START_DATE, (struct view){0});
	put(object, CKA_END_DATE, (struct view){0});
	put_flag(object, CKA_DERIVE, false);
	put_flag(object, CKA_LOCAL, true);
	put_number(object, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
	if (key->curve != NULL)
		put_ec(object, key);
	else
		put_rsa(object, key);
}

static void
put_flags(struct object *object, const CK_ATTRIBUTE_TYPE *types, size_t count, bool value)
{
	for (size_t i = 0; i < count; i++)
		put_flag(object, types[i], value);
}

static void
put_private(struct object *object, const struct device_key *key)
{
	static const CK_ATTRIBUTE_TYPE yes[] = {CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE,
	    CKA_NEVER_EXTRACTABLE, CKA_SIGN};
	static const CK_ATTRIBUTE_TYPE no[] = {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_SIGN_RECOVER,
	    CKA_UNWRAP, CKA_WRAP_WITH_TRUSTED, CKA_ALWAYS_AUTHENTICATE};

	put_flags(object, yes, sizeof yes / sizeof yes[0], true);
	put_flags(object, no, sizeof no / sizeof no[0], false);
	object->is_private_key = true;
	object->key = memory_new(sizeof *key);
	*object->key = *key;
}

static void
put_public(struct object *object, const struct public_key *key)
{
	static const CK_ATTRIBUTE_TYPE yes[] = {CKA_VERIFY};
	static const CK_ATTRIBUTE_TYPE no[] = {CKA_ENCRYPT, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_TRUSTED};

	put_flags(object, yes, sizeof yes / sizeof yes[0], true);
	put_flags(object, no, sizeof no / sizeof no[0], false);
	if (key->curve == NULL)
		put_number(object, CKA_MODULUS_BITS, 8 * key->modulus.size);
}

/* ---- certificates ---- */

static void
put_certificate(struct object *object, X509 *certificate, struct view der, const uint8_t id[ID_SIZE],
    bool is_authority)
{
	put_number(object, CKA_CERTIFICATE_TYPE, CKC_X_509);
	put_number(object, CKA_CERTIFICATE_CATEGORY,
	    is_authority ? CATEGORY_AUTHORITY : CATEGORY_TOKEN_USER);
	put_flag(object, CKA_TRUSTED, false);
	put(object, CKA_ID, (struct view){id, ID_SIZE});
	put(object, CKA_VALUE, der);
	PUT_DER(object, CKA_SUBJECT, i2d_X509_NAME, X509_get_subject_name(certificate));
	PUT_DER(object, CKA_ISSUER, i2d_X509_NAME, X509_get_issuer_name(certificate));
	PUT_DER(object, CKA_SERIAL_NUMBER, i2d_ASN1_INTEGER, X509_get_serialNumber(certificate));
	PUT_DER(object, CKA_PUBLIC_KEY_INFO, i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate));
	put_date(object, CKA_START_DATE, X509_get0_notBefore(certificate));
	put_date(object, CKA_END_DATE, X509_get0_notAfter(certificate));
}

/* The name of an authority. */
static void
authority_label(X509 *certificate, char *text, size_t size)
{
	if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
	        (int)size) <= 0)
		certificate_subject(certificate, text, size);
}

static int
certificate_make(const struct material_pair *pair, size_t index, struct object **out,
    struct error *err)
{
	struct view    der = bytes_view(&pair->certificates[index]);
	struct object *object;
	X509          *certificate = NULL;
	char           label[64];
	uint8_t        id[ID_SIZE];

	if (certificate_decode(der, &certificate, err) != 0 || id_of(certificate, id, err) != 0) {
		X509_free(certificate);
		return -1;
	}
	authority_label(certificate, label, sizeof label);
	*out = object = object_new();
	put_common(object, CKO_CERTIFICATE, index == 0 ? pair->label : label);
	put_certificate(object, certificate, der, id, index != 0);
	X509_free(certificate);
	return 0;
}

static int
key_make(const struct material_pair *pair, X509 *certificate, bool is_private, struct object **out,
    struct error *err)
{
	struct object    *object;
	struct public_key key;
	uint8_t           id[ID_SIZE];

	if (id_of(certificate, id, err) != 0 || public_key_read(certificate, &key, err) != 0)
		return -1;
	*out = object = object_new();
	put_common(object, is_private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, pair->label);
	put_key(object, certificate, &key, id);
	if (is_private)
		put_private(object, &pair->key);
	else
		put_public(object, &key);
	public_key_clear(&key);
	return 0;
}

size_t
object_make(const struct material_pair *pair, struct object *objects[OBJECT_PAIR_MAX],
    struct error *err)
{
	X509  *certificate = NULL;
	size_t count = 0;
	int    rc;

	memset(objects, 0, OBJECT_PAIR_MAX * sizeof *objects);
	rc = certificate_decode(bytes_view(&pair->certificates[0]), &certificate, err);
	if (rc == 0 && pair->has_key)
		rc = key_make(pair, certificate, true, &objects[count++], err);
	if (rc == 0)
		rc = key_make(pair, certificate, false, &objects[count++], err);
	for (size_t i = 0; rc == 0 && i < pair->count; i++)
		rc = certificate_make(pair, i, &objects[count++], err);
	X509_free(certificate);
	if (rc == 0)
		return count;
	while (count > 0)
		object_free(objects[--count]);
	return 0;
}
