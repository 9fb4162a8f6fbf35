#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "acme/front/jwk.h"
#include "acme/front/jwk_memory.h"
#include "jws_vectors.h"
#include "unit.h"
#include "util/error.h"

static struct jwk_memory *memory;

static void
setup(void)
{
	memory = jwk_memory_new(1);
}

static void
teardown(void)
{
	jwk_memory_free(memory);
}

static void
parse(const char *text, struct jwk *jwk)
{
	struct error err = {0};

	unit_ok(jwk_memory_parse(memory, view_text(text), jwk, &err), &err);
}

/* What is found is whole, and lives on when the memory forgets it. */
START_TEST(parse_again_gives_the_same_key)
{
	struct jwk first;
	struct jwk second;
	struct jwk other;
	struct jwk plain;
	struct error err = {0};

	unit_ok(jwk_parse(view_text(MADE_KID_JWK), &plain, &err), &err);
	parse(MADE_KID_JWK, &first);
	parse(MADE_KID_JWK, &second);
	parse(MADE_JWK_384, &other);
	ck_assert_ptr_eq(first.key, second.key);
	jwk_clear(&first);
	ck_assert_str_eq(second.type, "EC");
	ck_assert_str_eq(second.curve, "P-256");
	ck_assert_str_eq(second.text, plain.text);
	ck_assert_str_eq(second.thumbprint, plain.thumbprint);
	ck_assert_int_eq(json_equal(second.members, plain.members), 1);
	ck_assert_int_eq(EVP_PKEY_get_bits(second.key), 256);
	ck_assert_str_eq(other.curve, "P-384");
	ck_assert_int_eq(EVP_PKEY_get_bits(other.key), 384);
	jwk_clear(&plain);
	jwk_clear(&second);
	jwk_clear(&other);
}
END_TEST

/* A refusal is not remembered as a key. */
START_TEST(parse_of_no_key_fails_each_time)
{
	struct jwk   jwk;
	struct error err = {0};

	for (int i = 0; i < 2; i++) {
		unit_fails(jwk_memory_parse(memory, view_text("{\"kty\":\"oct\"}"), &jwk, &err), &err,
		    ERROR_BAD_PUBLIC_KEY, "the JWK is no EC key on P-256 or P-384, no RSA key and no Ed25519 key");
		ck_assert_ptr_null(jwk.key);
		jwk_clear(&jwk);
	}
}
END_TEST

static bool no_digest;

int __real_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine);
int __wrap_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine);
int
__wrap_EVP_Digest(const void *data, size_t size, unsigned char *hash, unsigned *hash_size, const EVP_MD *digest,
    ENGINE *engine)
{
	return no_digest ? 0 : __real_EVP_Digest(data, size, hash, hash_size, digest, engine);
}

/* What has no digest is nobody's key: that of another text is not found in its place. */
START_TEST(parse_without_a_digest_is_an_error)
{
	struct jwk   jwk;
	struct error err = {0};

	parse(MADE_KID_JWK, &jwk);
	jwk_clear(&jwk);
	no_digest = true;
	ck_assert_int_eq(jwk_memory_parse(memory, view_text(MADE_KID_JWK), &jwk, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strncmp(err.detail, "hashing a JWK", 13) == 0, "%s", err.detail);
	ck_assert_ptr_null(jwk.key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwk_memory");
	TCase *tc = tcase_create("parse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, parse_again_gives_the_same_key);
	tcase_add_test(tc, parse_of_no_key_fails_each_time);
	tcase_add_test(tc, parse_without_a_digest_is_an_error);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
