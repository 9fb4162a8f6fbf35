/* SubjectPublicKeyInfo that is none, or of a key that nobody's TPM makes. */
#include "config.h"

#include "tpm/spki.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <tss2/tss2_tpm2_types.h>

#include "forge.h"
#include "tpm/key.h"
#include "tpm/public.h"
#include "unit.h"
#include "unit_hex.h"
#include "util/bytes.h"
#include "util/error.h"

static struct error err;

/* An RSA key of so many bits, of which only the public half is anything. */
static EVP_PKEY *
rsa_of(unsigned bits)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM         *modulus = BN_new();
	BIGNUM         *exponent = BN_new();
	EVP_PKEY_CTX   *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY       *key = NULL;
	OSSL_PARAM     *params;

	ck_assert_int_eq(BN_set_word(exponent, 65537), 1);
	ck_assert_int_eq(BN_set_word(modulus, 1), 1);
	ck_assert_int_eq(BN_set_bit(modulus, (int)bits - 1), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
	ck_assert_ptr_nonnull(params = OSSL_PARAM_BLD_to_param(build));
	ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

START_TEST(decode_rsa_key_that_is_too_long_is_refused)
{
	EVP_PKEY              *key = rsa_of(8192);
	EVP_PKEY              *decoded = NULL;
	unsigned char         *octets = NULL;
	int                    size = i2d_PUBKEY(key, &octets);
	struct tpm_rsa_numbers numbers;

	ck_assert_int_gt(size, 0);
	unit_fails(spki_decode((struct view){octets, (size_t)size}, "EK", &decoded, &err), &err,
	    ERROR_BAD_ATTESTATION, "EK: RSA modulus of 8192 bits");
	ck_assert_ptr_null(decoded);
	ck_assert_int_eq(tpm_key_rsa_numbers(key, &numbers), -1);
	OPENSSL_free(octets);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(numbers_of_no_rsa_key_are_none)
{
	struct tpm_rsa_numbers numbers;
	EVP_PKEY              *empty = EVP_PKEY_new();

	ck_assert_int_eq(tpm_key_rsa_numbers(empty, &numbers), -1);
	ck_assert_int_eq(tpm_key_rsa_numbers(forge_key(FORGE_P256, 0), &numbers), -1);
	ck_assert_int_eq(tpm_key_rsa_numbers(forge_key(FORGE_RSA2048, 0), &numbers), 0);
	EVP_PKEY_free(empty);
}
END_TEST

/* Sizes, tags and octets left over; a BIT STRING with unused bits. */
static const char *const broken[] = {
    "",
    "30",
    "3000",
    "310930040605010203" "030100",
    "30063000030200aa" "00",
    "3006300004020" "0aa",
    "30063000030201aa",
    "3005300003" "0100" "00",
    "30023000",
    "30043000" "0300",
};

START_TEST(find_key_in_what_is_no_spki_is_malformed)
{
	AUTO_BYTES  der = {0};
	struct view key;

	unit_fails(spki_find_key(unit_hex(broken[_i], &der), &key, &err), &err, ERROR_MALFORMED,
	    "not a SubjectPublicKeyInfo");
}
END_TEST

START_TEST(find_key_gives_the_octets_of_the_bit_string)
{
	AUTO_BYTES  der = {0};
	struct view key;

	unit_ok(spki_find_key(unit_hex("30063000030200aa", &der), &key, &err), &err);
	ck_assert_uint_eq(key.size, 1);
	ck_assert_uint_eq(key.data[0], 0xaa);
}
END_TEST

START_TEST(public_area_of_no_key_has_no_spki)
{
	const TPMT_PUBLIC area = {.type = TPM2_ALG_KEYEDHASH};
	AUTO_BYTES        der = {0};

	ck_assert_int_eq(tpm_public_spki(&area, &der, &err), -1);
	ck_assert_uint_eq(der.size, 0);
}
END_TEST

START_TEST(point_that_is_none_is_refused)
{
	const struct tpm_curve *curve = tpm_key_curve(forge_key(FORGE_P256, 0));
	uint8_t                 octets[65] = {0};

	ck_assert_int_eq(tpm_key_check_point(curve, (struct view){octets, 1}, &err), -1); /* at infinity */
	ck_assert_int_eq(tpm_key_check_point(curve, (struct view){octets, sizeof octets}, &err), -1);
	octets[0] = 4;
	ck_assert_int_eq(tpm_key_check_point(curve, (struct view){octets, sizeof octets}, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spki");
	TCase *tc = tcase_create("spki");

	(void)forge_key(FORGE_RSA2048, 0);
	tcase_add_test(tc, decode_rsa_key_that_is_too_long_is_refused);
	tcase_add_test(tc, numbers_of_no_rsa_key_are_none);
	tcase_add_loop_test(tc, find_key_in_what_is_no_spki_is_malformed, 0, sizeof broken / sizeof broken[0]);
	tcase_add_test(tc, find_key_gives_the_octets_of_the_bit_string);
	tcase_add_test(tc, public_area_of_no_key_has_no_spki);
	tcase_add_test(tc, point_that_is_none_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
