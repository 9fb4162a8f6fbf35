#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "device/host/account_key.h"
#include "device/host/acme_client.h"
#include "scratch.h"
#include "unit.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

/* The public key of RFC 7515 §A.3.1. */
static const char rfc_jwk[] =
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

/* Decodes base64url that is right. */
static void
decoded(const char *text, size_t length, struct bytes *out)
{
	struct error err = {0};

	unit_ok(base64_decode(BASE64_URL, text, length, out, &err), &err);
}

static EVP_PKEY *
rfc_key(void)
{
	static const char x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
	static const char y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
	static const char d[] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
	AUTO_BYTES        point = {0};
	AUTO_BYTES        secret = {0};
	BIGNUM           *number;
	OSSL_PARAM_BLD   *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM       *params;
	EVP_PKEY_CTX     *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY         *key = NULL;

	bytes_append_u8(&point, 4);
	decoded(x, strlen(x), &point);
	decoded(y, strlen(y), &point);
	decoded(d, strlen(d), &secret);
	number = BN_bin2bn(secret.data, (int)secret.size, NULL);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data,
	                     point.size), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number), 1);
	params = OSSL_PARAM_BLD_to_param(build);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(number);
	return key;
}

START_TEST(jwk_is_that_of_the_rfc)
{
	EVP_PKEY       *key = rfc_key();
	AUTO_FREE char *jwk = NULL;
	struct error    err = {0};

	unit_ok(account_key_jwk(key, &jwk, &err), &err);
	ck_assert_str_eq(jwk, rfc_jwk);
	EVP_PKEY_free(key);
}
END_TEST

/* RFC 7638 §3.1: its key is RSA, but only the text counts. */
START_TEST(thumbprint_is_that_of_the_rfc)
{
	static const char jwk[] =
	    "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbb"
	    "fAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBX"
	    "Arwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM"
	    "QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb"
	    "w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\"}";
	AUTO_FREE char *thumbprint = NULL;
	struct error    err = {0};

	unit_ok(account_key_thumbprint(jwk, &thumbprint, &err), &err);
	ck_assert_str_eq(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}
END_TEST

START_TEST(authorization_joins_token_and_thumbprint)
{
	AUTO_FREE char *text = account_key_authorization("token", "thumb");

	ck_assert_str_eq(text, "token.thumb");
}
END_TEST

/* r and s, each of 32 octets, as OpenSSL wants them. */
static bool
verifies(EVP_PKEY *key, const char *input, const struct bytes *octets)
{
	ECDSA_SIG     *pair = ECDSA_SIG_new();
	EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	int            size;
	bool           good;

	ck_assert_uint_eq(octets->size, 64);
	ck_assert_int_eq(ECDSA_SIG_set0(pair, BN_bin2bn(octets->data, 32, NULL),
	                     BN_bin2bn(octets->data + 32, 32, NULL)), 1);
	size = i2d_ECDSA_SIG(pair, &der);
	ck_assert_int_eq(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	good = EVP_DigestVerify(ctx, der, (size_t)size, (const uint8_t *)input, strlen(input)) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(pair);
	return good;
}

/* Many times, because one signature in 128 has an r or s that begins with a zero octet. */
START_TEST(sign_verifies_and_says_what_was_given)
{
	EVP_PKEY *key = rfc_key();

	for (int i = 0; i < 400; i++) {
		AUTO_FREE char *jws = NULL;
		AUTO_BYTES      header = {0};
		AUTO_BYTES      payload = {0};
		AUTO_BYTES      signature = {0};
		char            input[512];
		const char     *parts[3];
		json_t         *object;
		struct error    err = {0};

		unit_ok(account_key_sign(key, "{\"alg\":\"ES256\"}", i % 2 ? "{\"a\":1}" : "", &jws,
		            &err), &err);
		object = json_loads(jws, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_int_eq(json_unpack(object, "{s:s, s:s, s:s !}", "protected", &parts[0],
		                     "payload", &parts[1], "signature", &parts[2]), 0);
		decoded(parts[0], strlen(parts[0]), &header);
		decoded(parts[1], strlen(parts[1]), &payload);
		decoded(parts[2], strlen(parts[2]), &signature);
		ck_assert_uint_eq(header.size, strlen("{\"alg\":\"ES256\"}"));
		ck_assert_uint_eq(payload.size, i % 2 ? 7 : 0);
		(void)snprintf(input, sizeof input, "%s.%s", parts[0], parts[1]);
		ck_assert(verifies(key, input, &signature));
		input[0] ^= 1;
		ck_assert(!verifies(key, input, &signature));
		json_decref(object);
	}
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(open_missing_makes_one_and_then_finds_it)
{
	char            directory[SCRATCH_SIZE];
	AUTO_FOLDER     folder = {.fd = -1};
	AUTO_FREE char *path = NULL;
	EVP_PKEY       *made = NULL;
	EVP_PKEY       *found = NULL;
	struct stat     status;
	struct error    err = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
	path = file_join(directory, "account.pem");
	unit_ok(account_key_open(&folder, "account.pem", &made, &err), &err);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	unit_ok(account_key_open(&folder, "account.pem", &found, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(made, found), 1);
	EVP_PKEY_free(made);
	EVP_PKEY_free(found);
	scratch_remove(directory);
}
END_TEST

START_TEST(open_other_key_is_refused)
{
	char            directory[SCRATCH_SIZE];
	AUTO_FOLDER     folder = {.fd = -1};
	AUTO_FREE char *path = NULL;
	EVP_PKEY       *key = _i == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")
	                              : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY       *found = NULL;
	FILE           *file;
	struct error    err = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
	path = file_join(directory, "account.pem");
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(file);
	ck_assert_int_eq(account_key_open(&folder, "account.pem", &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "is no P-256 key; remove it"));
	ck_assert_ptr_null(found);
	EVP_PKEY_free(key);
	scratch_remove(directory);
}
END_TEST

/* What is in the way is not written over. */
START_TEST(open_file_that_is_no_key_leaves_it)
{
	static const char text[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	char              directory[SCRATCH_SIZE];
	char              found_text[sizeof text + 1] = "";
	AUTO_FOLDER       folder = {.fd = -1};
	AUTO_FREE char   *path = NULL;
	EVP_PKEY         *found = NULL;
	FILE             *file;
	struct error      err = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
	path = file_join(directory, "account.pem");
	ck_assert_ptr_nonnull(file = fopen(path, "w"));
	(void)fputs(_i == 0 ? text : "", file);
	(void)fclose(file);
	ck_assert_int_eq(account_key_open(&folder, "account.pem", &found, &err), -1);
	ck_assert_msg(err.kind == ERROR_MALFORMED, "%s", err.detail);
	ck_assert_msg(strstr(err.detail, "is no P-256 key; remove it") != NULL, "%s", err.detail);
	ck_assert_ptr_null(found);
	ck_assert_ptr_nonnull(file = fopen(path, "r"));
	ck_assert_uint_eq(fread(found_text, 1, sizeof found_text - 1, file), _i == 0 ? sizeof text - 1 : 0);
	(void)fclose(file);
	scratch_remove(directory);
}
END_TEST

static const struct {
	unsigned int tried;
	long         retry_after;
	int64_t      ms;
} pauses[] = {
    {0, 0, 200},
    {1, 0, 400},
    {4, 0, 3200},
    {5, 0, 5000},
    {4000000000U, 0, 5000},
    {0, 3, 3000},
    {9, 1, 1000},
    {0, 86400, 60000}, /* longer than anybody waits: the deadline ends it */
    {0, -1, 200},
};

START_TEST(pause_grows_and_obeys_retry_after)
{
	ck_assert_int_eq(acme_client_pause(pauses[_i].tried, pauses[_i].retry_after), pauses[_i].ms);
}
END_TEST

/* There is no place for a new one. */
START_TEST(open_where_none_can_be_kept_is_an_error)
{
	char         directory[SCRATCH_SIZE];
	AUTO_FOLDER  folder = {.fd = -1};
	EVP_PKEY    *found = NULL;
	struct error err = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
	scratch_remove(directory);
	ck_assert_int_eq(account_key_open(&folder, "account.pem", &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strncmp(err.detail, "making the ACME account's key: ", 31) == 0, "%s", err.detail);
	ck_assert_ptr_null(found);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("account_key");
	TCase *tc = tcase_create("account_key");

	tcase_add_test(tc, jwk_is_that_of_the_rfc);
	tcase_add_test(tc, thumbprint_is_that_of_the_rfc);
	tcase_add_test(tc, authorization_joins_token_and_thumbprint);
	tcase_add_test(tc, sign_verifies_and_says_what_was_given);
	tcase_add_test(tc, open_missing_makes_one_and_then_finds_it);
	tcase_add_loop_test(tc, open_other_key_is_refused, 0, 2);
	tcase_add_loop_test(tc, open_file_that_is_no_key_leaves_it, 0, 2);
	tcase_add_loop_test(tc, pause_grows_and_obeys_retry_after, 0,
	    (int)(sizeof pauses / sizeof pauses[0]));
	tcase_add_test(tc, open_where_none_can_be_kept_is_an_error);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
