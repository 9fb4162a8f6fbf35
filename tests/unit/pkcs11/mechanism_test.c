#include "config.h"

#include <openssl/rsa.h>

#include "failing.h"
#include "failing_crypto.h"
#include "pki_support.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/pss.h"
#include "tpm/key.h"

static const TPMT_PUBLIC p256 = {
    .type = TPM2_ALG_ECC, .parameters.eccDetail.curveID = TPM2_ECC_NIST_P256};
static const TPMT_PUBLIC p384 = {
    .type = TPM2_ALG_ECC, .parameters.eccDetail.curveID = TPM2_ECC_NIST_P384};
static const TPMT_PUBLIC p521 = {
    .type = TPM2_ALG_ECC, .parameters.eccDetail.curveID = TPM2_ECC_NIST_P521};
static const TPMT_PUBLIC rsa = {.type = TPM2_ALG_RSA, .parameters.rsaDetail.keyBits = 2048};

START_TEST(find_each_row_by_its_type)
{
	const struct mechanism *mechanism;
	size_t                  count = 0;

	for (; (mechanism = mechanism_at(count)) != NULL; count++)
		ck_assert_ptr_eq(mechanism_find(mechanism->type), mechanism);
	ck_assert_uint_eq(count, 15);
	ck_assert_ptr_null(mechanism_find(CKM_AES_CBC));
}
END_TEST

START_TEST(size_is_that_of_the_key)
{
	ck_assert_uint_eq(signing_size(&p256), 64);
	ck_assert_uint_eq(signing_size(&p384), 96);
	ck_assert_uint_eq(signing_size(&p521), 132);
	ck_assert_uint_eq(signing_size(&rsa), 256);
}
END_TEST

/* Which digests are given, and what becomes of them: FIPS 186-5 §6.4.1. */
static const struct {
	const TPMT_PUBLIC *area;
	size_t             given;
	TPM2_ALG_ID        hash;
	size_t             zeros; /* in front */
	size_t             taken; /* of what is given */
} digests[] = {
    {&p256, 32, TPM2_ALG_SHA256, 0, 32},
    {&p256, 20, TPM2_ALG_SHA256, 12, 20},
    {&p256, 48, TPM2_ALG_SHA256, 0, 32},
    {&p256, 64, TPM2_ALG_SHA256, 0, 32},
    {&p384, 32, TPM2_ALG_SHA256, 0, 32},
    {&p384, 48, TPM2_ALG_SHA384, 0, 48},
    {&p384, 64, TPM2_ALG_SHA384, 0, 48},
    {&p384, 36, TPM2_ALG_SHA384, 12, 36},
    {&p521, 64, TPM2_ALG_SHA512, 0, 64},
    {&p521, 32, TPM2_ALG_SHA256, 0, 32},
    {&p521, 60, TPM2_ALG_SHA512, 4, 60},
};

START_TEST(ecdsa_digest_of_any_size)
{
	struct signing       signing = {.mechanism = mechanism_find(CKM_ECDSA)};
	struct signing_input input;
	uint8_t              data[64];
	static const uint8_t zeros[64];

	memset(data, 0x5a, sizeof data);
	ck_assert_uint_eq(signing_input_make(&signing, digests[_i].area,
	                      (struct view){data, digests[_i].given}, &input), CKR_OK);
	ck_assert_uint_eq(input.hash, digests[_i].hash);
	ck_assert_uint_eq(input.size, digests[_i].zeros + digests[_i].taken);
	ck_assert_mem_eq(input.digest, zeros, digests[_i].zeros);
	ck_assert_mem_eq(input.digest + digests[_i].zeros, data, digests[_i].taken);
}
END_TEST

START_TEST(ecdsa_digest_that_is_none)
{
	struct signing       signing = {.mechanism = mechanism_find(CKM_ECDSA)};
	struct signing_input input;
	uint8_t              data[65] = {0};

	ck_assert_uint_eq(signing_input_make(&signing, &p256, (struct view){data, 0}, &input),
	    CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(signing_input_make(&signing, &p521, (struct view){data, 65}, &input),
	    CKR_DATA_LEN_RANGE);
}
END_TEST

START_TEST(rsa_digest_info)
{
	static const uint8_t prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	struct signing       signing = {
	          .mechanism = mechanism_find(CKM_RSA_PKCS), .hash = TPM2_ALG_NULL};
	struct signing_input input;
	uint8_t              data[sizeof prefix + 33] = {0};
	const struct view    right = {data, sizeof prefix + 32};

	memcpy(data, prefix, sizeof prefix);
	data[sizeof prefix] = 7;
	ck_assert_uint_eq(signing_input_make(&signing, &rsa, right, &input), CKR_OK);
	ck_assert_uint_eq(input.hash, TPM2_ALG_SHA256);
	ck_assert_uint_eq(input.size, 32);
	ck_assert_uint_eq(input.digest[0], 7);
	for (size_t i = 0; i < sizeof prefix; i++) { /* another octet anywhere */
		data[i] ^= 1;
		ck_assert_uint_eq(signing_input_make(&signing, &rsa, right, &input), CKR_DATA_INVALID);
		data[i] ^= 1;
	}
	for (size_t size = 0; size <= sizeof data; size++) {
		if (size != right.size)
			ck_assert_uint_eq(signing_input_make(&signing, &rsa, (struct view){data, size}, &input),
			    CKR_DATA_INVALID);
	}
}
END_TEST

START_TEST(pss_parameters)
{
	CK_RSA_PKCS_PSS_PARAMS parameters = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	CK_MECHANISM           mechanism = {CKM_RSA_PKCS_PSS, &parameters, sizeof parameters};
	struct signing         signing;
	struct signing_input   input;
	uint8_t                data[48] = {0};

	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_OK);
	ck_assert_uint_eq(signing.salt, 32);
	ck_assert_uint_eq(signing_input_make(&signing, &rsa, (struct view){data, 32}, &input), CKR_OK);
	ck_assert_uint_eq(signing_input_make(&signing, &rsa, (struct view){data, 48}, &input),
	    CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(signing_read(&mechanism, &p256, &signing), CKR_KEY_TYPE_INCONSISTENT);
	mechanism.mechanism = CKM_SHA384_RSA_PKCS_PSS;
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_PARAM_INVALID);
	mechanism.mechanism = CKM_SHA256_RSA_PKCS_PSS;
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_OK);
	parameters.mgf = CKG_MGF1_SHA384; /* TPMs have one hash for both */
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_PARAM_INVALID);
	parameters = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 513};
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_PARAM_INVALID);
	parameters.sLen = 32;
	mechanism.ulParameterLen--;
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_PARAM_INVALID);
	mechanism = (CK_MECHANISM){CKM_RSA_PKCS, &parameters, sizeof parameters};
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_PARAM_INVALID);
	mechanism = (CK_MECHANISM){CKM_AES_CBC, NULL, 0};
	ck_assert_uint_eq(signing_read(&mechanism, &rsa, &signing), CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(output_is_padded)
{
	TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_ECDSA};
	uint8_t        out[256];

	signature.signature.ecdsa.signatureR = (TPM2B_ECC_PARAMETER){.size = 31, .buffer = {1}};
	signature.signature.ecdsa.signatureS = (TPM2B_ECC_PARAMETER){.size = 33, .buffer = {0, 2}};
	ck_assert_uint_eq(signing_output(&p256, &signature, out), CKR_OK);
	ck_assert(out[0] == 0 && out[1] == 1 && out[31] == 0 && out[32] == 2);
	signature.sigAlg = TPM2_ALG_SM2; /* whose numbers stand in the same place */
	ck_assert_uint_eq(signing_output(&p256, &signature, out), CKR_DEVICE_ERROR);
	signature.sigAlg = TPM2_ALG_ECDSA;
	signature.signature.ecdsa.signatureS.buffer[0] = 1;
	ck_assert_uint_eq(signing_output(&p256, &signature, out), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(signing_output(&rsa, &signature, out), CKR_DEVICE_ERROR);
	signature = (TPMT_SIGNATURE){.sigAlg = TPM2_ALG_RSAPSS};
	signature.signature.rsapss.sig = (TPM2B_PUBLIC_KEY_RSA){.size = 255, .buffer = {3}};
	ck_assert_uint_eq(signing_output(&rsa, &signature, out), CKR_OK);
	ck_assert(out[0] == 0 && out[1] == 3);
	ck_assert_uint_eq(signing_output(&p256, &signature, out), CKR_DEVICE_ERROR);
}
END_TEST

/* A signature by a software key, of which a chip could as well choose the longest salt. */
static void
pss_sign(EVP_PKEY *key, int salt, const uint8_t digest[32], TPM2B_PUBLIC_KEY_RSA *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t        size = sizeof out->buffer;

	ck_assert(EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1 &&
	    EVP_PKEY_sign(ctx, out->buffer, &size, digest, 32) == 1);
	out->size = (uint16_t)size;
	EVP_PKEY_CTX_free(ctx);
}

START_TEST(salt_of_another_length_is_refused)
{
	EVP_PKEY              *key = forge_key(FORGE_RSA2048, 0);
	struct tpm_rsa_numbers numbers;
	struct signing         signing = {.mechanism = mechanism_find(CKM_RSA_PKCS_PSS), .salt = 32};
	struct signing         other = {.mechanism = mechanism_find(CKM_RSA_PKCS)};
	struct signing_input   input = {.hash = TPM2_ALG_SHA256, .digest = {9}, .size = 32};
	TPMT_SIGNATURE         signature = {.sigAlg = TPM2_ALG_RSAPSS};
	TPMT_PUBLIC            area = rsa;

	ck_assert_int_eq(tpm_key_rsa_numbers(key, &numbers), 0);
	area.unique.rsa.size = (uint16_t)numbers.modulus_size;
	memcpy(area.unique.rsa.buffer, numbers.modulus, numbers.modulus_size);
	pss_sign(key, 32, input.digest, &signature.signature.rsapss.sig);
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature), CKR_OK);
	pss_sign(key, RSA_PSS_SALTLEN_MAX, input.digest, &signature.signature.rsapss.sig);
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature),
	    CKR_MECHANISM_PARAM_INVALID);
	signing.salt = 256 - 32 - 2; /* asked for so */
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature), CKR_OK);
	ck_assert_uint_eq(signing_check_salt(&other, &input, &area, &signature), CKR_OK);
	signing.salt--;
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature),
	    CKR_MECHANISM_PARAM_INVALID);
	for (size_t salt = 0; salt < 2; salt++) {
		signing.salt = salt;
		pss_sign(key, (int)salt, input.digest, &signature.signature.rsapss.sig);
		ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature), CKR_OK);
	}
	signing.salt = 5; /* where padding is */
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature), CKR_MECHANISM_PARAM_INVALID);
	signing.salt = 1;
	input.digest[31]++;
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature),
	    CKR_MECHANISM_PARAM_INVALID);
	input.digest[31]--;
	signature.signature.rsapss.sig.buffer[100]++;
	ck_assert_uint_eq(signing_check_salt(&signing, &input, &area, &signature),
	    CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

struct pss {
	struct tpm_rsa_numbers numbers;
	TPM2B_PUBLIC_KEY_RSA   signature;
	uint8_t                digest[32];
};

/* Whether the salt is as long as it was asked to be, with each digest of OpenSSL's failing: then it is not. */
static int
look_at_salt(const void *arg, struct error *err)
{
	const struct pss *pss = arg;

	return pss_has_salt((struct view){pss->numbers.modulus, pss->numbers.modulus_size},
	           (struct view){pss->signature.buffer, pss->signature.size},
	           (struct view){pss->digest, sizeof pss->digest}, TPM2_ALG_SHA256, 32)
	    ? 0
	    : error_set(err, ERROR_INTERNAL, "another salt");
}

START_TEST(salt_without_a_digest_is_refused)
{
	EVP_PKEY   *key = forge_key(FORGE_RSA2048, 0);
	struct pss  pss = {.digest = {9}};
	struct view modulus;
	struct view signature;

	ck_assert_int_eq(tpm_key_rsa_numbers(key, &pss.numbers), 0);
	pss_sign(key, 32, pss.digest, &pss.signature);
	failing_each(look_at_salt, &pss);
	modulus = (struct view){pss.numbers.modulus, pss.numbers.modulus_size};
	signature = (struct view){pss.signature.buffer, pss.signature.size};
	/* What no key and no digest is. */
	ck_assert(!pss_has_salt(modulus, signature, (struct view){pss.digest, 31}, TPM2_ALG_SHA256, 32));
	ck_assert(!pss_has_salt(modulus, signature, (struct view){pss.digest, 32}, TPM2_ALG_NULL, 32));
	ck_assert(!pss_has_salt((struct view){modulus.data, 64}, (struct view){signature.data, 64},
	    (struct view){pss.digest, 32}, TPM2_ALG_SHA256, 32));
	ck_assert(!pss_has_salt((struct view){modulus.data, 255}, signature, (struct view){pss.digest, 32},
	    TPM2_ALG_SHA256, 32));
}
END_TEST

/* The bare operation of RSA, by the public key or the private one. */
static void
rsa_apply(EVP_PKEY *key, bool private, TPM2B_PUBLIC_KEY_RSA *octets)
{
	EVP_PKEY_CTX        *ctx = EVP_PKEY_CTX_new(key, NULL);
	TPM2B_PUBLIC_KEY_RSA out;
	size_t               size = sizeof out.buffer;

	ck_assert_int_eq(private ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_recover_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	ck_assert_int_eq(private ? EVP_PKEY_sign(ctx, out.buffer, &size, octets->buffer, octets->size)
	                         : EVP_PKEY_verify_recover(ctx, out.buffer, &size, octets->buffer, octets->size), 1);
	out.size = (UINT16)size;
	*octets = out;
	EVP_PKEY_CTX_free(ctx);
}

/* What stands before the salt is in no digest: RFC 8017 §9.1.2, step 10. */
START_TEST(salt_behind_another_padding_is_refused)
{
	static const struct {
		size_t  at;
		uint8_t change;
	} changes[] = {{1, 1}, {256 - 32 - 1 - 32 - 2, 1}, {256 - 32 - 1 - 32 - 1, 2}};
	EVP_PKEY  *key = forge_key(FORGE_RSA2048, 0);
	struct pss pss = {.digest = {9}};
	struct error err = {0};

	ck_assert_int_eq(tpm_key_rsa_numbers(key, &pss.numbers), 0);
	pss_sign(key, 32, pss.digest, &pss.signature);
	unit_ok(look_at_salt(&pss, &err), &err);
	rsa_apply(key, false, &pss.signature);
	pss.signature.buffer[changes[_i].at] ^= changes[_i].change; /* the mask is the seed's alone */
	rsa_apply(key, true, &pss.signature);
	ck_assert_int_eq(look_at_salt(&pss, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mechanism");
	TCase *tc = tcase_create("mechanism");

	failing_crypto();
	tcase_add_test(tc, find_each_row_by_its_type);
	tcase_add_test(tc, size_is_that_of_the_key);
	tcase_add_loop_test(tc, ecdsa_digest_of_any_size, 0, (int)(sizeof digests / sizeof digests[0]));
	tcase_add_test(tc, ecdsa_digest_that_is_none);
	tcase_add_test(tc, rsa_digest_info);
	tcase_add_test(tc, pss_parameters);
	tcase_add_test(tc, output_is_padded);
	tcase_add_test(tc, salt_of_another_length_is_refused);
	tcase_add_test(tc, salt_without_a_digest_is_refused);
	tcase_add_loop_test(tc, salt_behind_another_padding_is_refused, 0, 3);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
