/* Owns the account key's file and its signatures; sends nothing. */
#include "config.h"

#include "device/host/account_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "pki/key.h"
#include "tpm/openssl_error.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

/* A coordinate of P-256, and half of an ES256 signature: RFC 7518 §3.4, §6.2.1. */
#define COORDINATE_SIZE 32

/* The file stays: its owner may want what is in it. */
static int
no_key(const char *path, struct error *err)
{
	return error_set(err, ERROR_MALFORMED,
	    "%s is no P-256 key; remove it, and a new ACME account is made", path);
}

static int
key_check(EVP_PKEY *key, const char *path, struct error *err)
{
	char   group[32];
	size_t length;

	/* A curve that is written out has no name; other keys have none either. */
	if (EVP_PKEY_is_a(key, "EC") == 1 &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &length) == 1 &&
	    strcmp(group, "prime256v1") == 0)
		return 0;
	ERR_clear_error();
	return no_key(path, err);
}

static int
key_make(const struct folder *folder, const char *name, EVP_PKEY **key, struct error *err)
{
	AUTO_BYTES pem = {0};

	if (key_generate(KEY_TYPE_P256, key, err) == 0 && key_encode(*key, &pem, err) == 0 &&
	    folder_replace(folder, name, pem.data, pem.size, 0600, err) == 0)
		return 0;
	EVP_PKEY_free(*key);
	*key = NULL;
	return error_wrap(err, "making the ACME account's key");
}

int
account_key_open(const struct folder *folder, const char *name, EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	AUTO_BYTES      pem = {0};

	*key = NULL;
	if (folder_read(folder, name, KEY_FILE_MAX, &pem, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? key_make(folder, name, key, err) : -1;
	if (key_load_content(&pem, path, (struct view){NULL, 0}, NULL, key, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? no_key(path, err) : -1;
	if (key_check(*key, path, err) == 0)
		return 0;
	EVP_PKEY_free(*key);
	*key = NULL;
	return -1;
}

/* A coordinate, padded, as base64url. */
static char *
coordinate(EVP_PKEY *key, const char *which)
{
	BIGNUM *number = NULL;
	uint8_t octets[COORDINATE_SIZE];
	char   *text = NULL;

	if (EVP_PKEY_get_bn_param(key, which, &number) == 1 &&
	    BN_bn2binpad(number, octets, sizeof octets) == sizeof octets)
		text = base64_encode(BASE64_URL, octets, sizeof octets);
	BN_free(number);
	return text;
}

int
account_key_jwk(EVP_PKEY *key, char **jwk, struct error *err)
{
	static const char format[] = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}";
	AUTO_FREE char   *x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X);
	AUTO_FREE char   *y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y);
	size_t            size;

	*jwk = NULL;
	if (x == NULL || y == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading the account key's point");
	size = sizeof format + strlen(x) + strlen(y);
	*jwk = memory_new(size);
	(void)snprintf(*jwk, size, format, x, y);
	return 0;
}

int
account_key_thumbprint(const char *jwk, char **thumbprint, struct error *err)
{
	uint8_t digest[32];

	if (EVP_Digest(jwk, strlen(jwk), digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing the account key");
	*thumbprint = base64_encode(BASE64_URL, digest, sizeof digest);
	return 0;
}

/* a + between + b; the caller frees. */
static char *
joined(const char *a, const char *between, const char *b)
{
	size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
	char  *text = memory_new(size);

	(void)snprintf(text, size, "%s%s%s", a, between, b);
	return text;
}

char *
account_key_authorization(const char *token, const char *thumbprint)
{
	return joined(token, ".", thumbprint);
}

/* OpenSSL's signature is DER; JOSE's is r and s, padded: RFC 7518 §3.4. */
static bool
signature_convert(const uint8_t *der, size_t size, uint8_t octets[2 * COORDINATE_SIZE])
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
	bool       done = signature != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(signature), octets, COORDINATE_SIZE) == COORDINATE_SIZE &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), octets + COORDINATE_SIZE, COORDINATE_SIZE) ==
	        COORDINATE_SIZE;

	ECDSA_SIG_free(signature);
	return done;
}

/* base64url of the ES256 signature over `input`; NULL when OpenSSL fails. */
static char *
sign(EVP_PKEY *key, const char *input)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t     der[128];
	size_t      size = sizeof der;
	uint8_t     octets[2 * COORDINATE_SIZE];
	char       *text = NULL;

	if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, der, &size, (const uint8_t *)input, strlen(input)) == 1 &&
	    size <= sizeof der && /* OpenSSL 3.0 tells a size of -1 when memory was short */
	    signature_convert(der, size, octets))
		text = base64_encode(BASE64_URL, octets, sizeof octets);
	EVP_MD_CTX_free(ctx);
	return text;
}

int
account_key_sign(EVP_PKEY *key, const char *header, const char *payload, char **jws,
    struct error *err)
{
	/* All three are base64url: no character needs escaping. */
	static const char format[] = "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}";
	AUTO_FREE char   *head = base64_encode(BASE64_URL, (const uint8_t *)header, strlen(header));
	AUTO_FREE char   *body = base64_encode(BASE64_URL, (const uint8_t *)payload, strlen(payload));
	AUTO_FREE char   *input = joined(head, ".", body);
	AUTO_FREE char   *signature = sign(key, input);
	size_t            size;

	*jws = NULL;
	if (signature == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "signing with the account key");
	size = sizeof format + strlen(input) + strlen(signature);
	*jws = memory_new(size);
	(void)snprintf(*jws, size, format, head, body, signature);
	return 0;
}
