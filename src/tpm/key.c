/* Makes EVP_PKEYs from numbers, and checks the numbers. */
#include "config.h"

#include "tpm/key.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/openssl_error.h"

static const struct tpm_curve curves[] = {
    {TPM2_ECC_NIST_P256, NID_X9_62_prime256v1, "prime256v1", "P-256", 32},
    {TPM2_ECC_NIST_P384, NID_secp384r1, "secp384r1", "P-384", 48},
    {TPM2_ECC_NIST_P521, NID_secp521r1, "secp521r1", "P-521", TPM_COORDINATE_MAX},
};

#define CURVE_COUNT (sizeof curves / sizeof curves[0])

const struct tpm_curve *
tpm_curve_by_id(uint16_t id)
{
	for (size_t i = 0; i < CURVE_COUNT; i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

const struct tpm_curve *
tpm_curve_by_nid(int nid)
{
	for (size_t i = 0; i < CURVE_COUNT; i++)
		if (curves[i].nid == nid)
			return &curves[i];
	return NULL;
}

const struct tpm_curve *
tpm_key_curve(const EVP_PKEY *key)
{
	char   group[64];
	size_t length;
	int    nid;

	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1)
		return NULL;
	if ((nid = EC_curve_nist2nid(group)) == NID_undef)
		nid = OBJ_sn2nid(group);
	return tpm_curve_by_nid(nid);
}

unsigned
tpm_key_rsa_bits(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") ? (unsigned)EVP_PKEY_get_bits(key) : 0;
}

/*
 * Contexts for making RSA keys that nobody uses now: OpenSSL takes nearly as long to make one as
 * to make a key. More than this many at once are freed after use.
 */
#define IDLE_MAX 64

static struct {
	pthread_mutex_t lock;
	EVP_PKEY_CTX   *contexts[IDLE_MAX];
	size_t          count;
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static EVP_PKEY_CTX *
rsa_context_take(void)
{
	EVP_PKEY_CTX *ctx = NULL;

	(void)pthread_mutex_lock(&idle.lock);
	if (idle.count > 0)
		ctx = idle.contexts[--idle.count];
	(void)pthread_mutex_unlock(&idle.lock);
	if (ctx == NULL && (ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL)) != NULL &&
	    EVP_PKEY_fromdata_init(ctx) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static void
rsa_context_give(EVP_PKEY_CTX *ctx)
{
	(void)pthread_mutex_lock(&idle.lock);
	if (ctx != NULL && idle.count < IDLE_MAX) {
		idle.contexts[idle.count++] = ctx;
		ctx = NULL;
	}
	(void)pthread_mutex_unlock(&idle.lock);
	EVP_PKEY_CTX_free(ctx);
}

static int
key_from_params(EVP_PKEY_CTX *ctx, OSSL_PARAM *params, EVP_PKEY **key)
{
	EVP_PKEY *made = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return -1;
	*key = made;
	return 0;
}

int
tpm_key_check_modulus(struct view modulus, struct error *err)
{
	if (modulus.size == 0 || modulus.size > TPM2_MAX_RSA_KEY_BYTES)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA modulus of %zu octets",
		    modulus.size);
	if ((modulus.data[0] & 0x80) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "RSA modulus is shorter than its %zu octets", modulus.size);
	if ((modulus.data[modulus.size - 1] & 1) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA modulus is even");
	return 0;
}

/* Turns octets round between our order and the host's, which OSSL_PARAM has. */
static void
octets_turn(uint8_t *octets, size_t size)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return;
	for (size_t i = 0; i < size / 2; i++) {
		uint8_t octet = octets[i];

		octets[i] = octets[size - 1 - i];
		octets[size - 1 - i] = octet;
	}
}

int
tpm_key_from_rsa(struct view modulus, uint32_t exponent, EVP_PKEY **key, struct error *err)
{
	unsigned char native[TPM2_MAX_RSA_KEY_BYTES];
	OSSL_PARAM    params[3];
	EVP_PKEY_CTX *ctx;
	int           rc;

	if (tpm_key_check_modulus(modulus, err) < 0)
		return -1;
	memcpy(native, modulus.data, modulus.size);
	octets_turn(native, modulus.size);
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native, modulus.size);
	params[1] = OSSL_PARAM_construct_uint32(OSSL_PKEY_PARAM_RSA_E, &exponent);
	params[2] = OSSL_PARAM_construct_end();
	ctx = rsa_context_take();
	rc = key_from_params(ctx, params, key);
	rsa_context_give(ctx);
	return rc < 0 ? error_set_openssl(err, ERROR_BAD_ATTESTATION, "not an RSA key") : 0;
}

/* The point at infinity, SEC 1 §2.3.3: one zero octet. OpenSSL makes a key of it, without
 * coordinates. */
static int
point_check_finite(const struct tpm_curve *curve, struct view point, struct error *err)
{
	if (point.size > 0 && point.data[0] == 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "the point at infinity of %s is no key",
		    curve->name);
	return 0;
}

/* Checks that the point is on the curve; the cofactor of each curve is 1. */
static EVP_PKEY *
point_key(const struct tpm_curve *curve, struct view point)
{
	/* OpenSSL only copies both; its type lacks const. */
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
	        (char *)(uintptr_t)curve->group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
	        (void *)(uintptr_t)point.data, point.size),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY     *key = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)key_from_params(ctx, params, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/*
 * A key of each curve, in the order of `curves`, made once: a copy of it with another point takes a fifth
 * of what a new key does. NULL where memory was short: then keys are made anew.
 */
static EVP_PKEY      *models[CURVE_COUNT];
static pthread_once_t models_once = PTHREAD_ONCE_INIT;

static EVP_PKEY *
model_make(const struct tpm_curve *curve)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve->nid);
	uint8_t   generator[TPM_POINT_MAX];
	size_t    size = group == NULL ? 0
	                               : EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
	                                     POINT_CONVERSION_UNCOMPRESSED, generator, sizeof generator, NULL);

	EC_GROUP_free(group);
	return size == 0 ? NULL : point_key(curve, (struct view){generator, size});
}

static void
models_make(void)
{
	for (size_t i = 0; i < CURVE_COUNT; i++)
		models[i] = model_make(&curves[i]);
}

/* As point_key, and checked in the same way. */
static EVP_PKEY *
model_key(const EVP_PKEY *model, struct view point)
{
	EVP_PKEY *key = EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)model);

	if (key == NULL || EVP_PKEY_set1_encoded_public_key(key, point.data, point.size) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* OpenSSL's groups in the order of `curves`, made once: making one takes longer than using it. */
static EC_GROUP      *groups[CURVE_COUNT];
static pthread_once_t groups_once = PTHREAD_ONCE_INIT;

static void
groups_make(void)
{
	for (size_t i = 0; i < CURVE_COUNT; i++)
		groups[i] = memory_check(EC_GROUP_new_by_curve_name(curves[i].nid));
}

int
tpm_key_check_point(const struct tpm_curve *curve, struct view point, struct error *err)
{
	const EC_GROUP *group;
	EC_POINT       *found;
	int             rc = -1;

	if (point_check_finite(curve, point, err) < 0)
		return -1;
	(void)pthread_once(&groups_once, groups_make);
	group = groups[curve - curves];
	found = EC_POINT_new(group);
	/* This checks that the point is on the curve; the cofactor of each is 1. */
	if (found != NULL && EC_POINT_oct2point(group, found, point.data, point.size, NULL) == 1)
		rc = 0;
	EC_POINT_free(found);
	if (rc < 0)
		return error_set_openssl(err, ERROR_BAD_ATTESTATION, "not a point on %s", curve->name);
	return 0;
}

int
tpm_key_from_point(const struct tpm_curve *curve, struct view point, EVP_PKEY **key,
    struct error *err)
{
	const EVP_PKEY *model;
	EVP_PKEY       *made;

	if (point_check_finite(curve, point, err) < 0)
		return -1;
	(void)pthread_once(&models_once, models_make);
	model = models[curve - curves];
	if ((made = model != NULL ? model_key(model, point) : point_key(curve, point)) == NULL)
		return error_set_openssl(err, ERROR_BAD_ATTESTATION, "not a point on %s",
		    curve->name);
	*key = made;
	return 0;
}

size_t
tpm_key_point(const struct tpm_curve *curve, struct view x, struct view y,
    uint8_t point[TPM_POINT_MAX], struct error *err)
{
	size_t field = curve->field_size;

	if (x.size > field || y.size > field) {
		(void)error_set(err, ERROR_BAD_ATTESTATION,
		    "coordinates of %zu and %zu octets are too long for %s", x.size, y.size, curve->name);
		return 0;
	}
	memset(point, 0, 1 + 2 * field);
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	if (x.size > 0)
		memcpy(point + 1 + field - x.size, x.data, x.size);
	if (y.size > 0)
		memcpy(point + 1 + 2 * field - y.size, y.data, y.size);
	return 1 + 2 * field;
}

int
tpm_key_from_coordinates(const struct tpm_curve *curve, struct view x, struct view y,
    EVP_PKEY **key, struct error *err)
{
	uint8_t point[TPM_POINT_MAX];
	size_t  size = tpm_key_point(curve, x, y, point, err);

	return size == 0 ? -1 : tpm_key_from_point(curve, (struct view){point, size}, key, err);
}

int
tpm_key_rsa_numbers(const EVP_PKEY *key, struct tpm_rsa_numbers *numbers)
{
	int        size = EVP_PKEY_get_size(key); /* of the modulus */
	OSSL_PARAM params[3];

	if (!EVP_PKEY_is_a(key, "RSA") || size <= 0 || (size_t)size > sizeof numbers->modulus)
		return -1;
	numbers->modulus_size = (size_t)size;
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, numbers->modulus, (size_t)size);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, numbers->exponent,
	    sizeof numbers->exponent);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_get_params(key, params) != 1)
		return -1;
	octets_turn(numbers->modulus, numbers->modulus_size);
	octets_turn(numbers->exponent, sizeof numbers->exponent);
	return 0;
}

/* Computes both coordinates; for a key made from a compressed point, which OpenSSL gives back
 * compressed. */
static int
key_expand(const EVP_PKEY *key, int field, uint8_t *x, uint8_t *y)
{
	BIGNUM *x_number = NULL;
	BIGNUM *y_number = NULL;
	int     rc = -1;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x_number) == 1 &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y_number) == 1 &&
	    BN_bn2binpad(x_number, x, field) == field &&
	    BN_bn2binpad(y_number, y, field) == field)
		rc = 0;
	BN_free(x_number);
	BN_free(y_number);
	return rc;
}

int
tpm_key_coordinates(const EVP_PKEY *key, const struct tpm_curve *curve,
    uint8_t x[TPM_COORDINATE_MAX], uint8_t y[TPM_COORDINATE_MAX], struct error *err)
{
	uint8_t point[1 + 2 * TPM_COORDINATE_MAX];
	size_t  field = curve->field_size;
	size_t  size = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
	        &size) == 1 &&
	    size == 1 + 2 * field && point[0] == POINT_CONVERSION_UNCOMPRESSED) {
		memcpy(x, point + 1, field);
		memcpy(y, point + 1 + field, field);
		return 0;
	}
	if (key_expand(key, (int)field, x, y) == 0)
		return 0;
	return error_set_openssl(err, ERROR_INTERNAL, "reading the point of a %s key",
	    curve->name);
}
