#include "config.h"

#include <openssl/evp.h>

#include "forge.h"
#include "tpm/certify.h"
#include "unit.h"

/* RFC 8555 §8.1: token "." thumbprint; what they say does not matter here. */
static const struct view authorization = {
    (const uint8_t *)"DGyRejmCefe7v4NfDGDKfA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI", 66};

static struct tpm_certify
evidence_of(const struct forge_certify *forged)
{
	return (struct tpm_certify){.info = bytes_view(&forged->info),
	    .signature = bytes_view(&forged->sig),
	    .area = bytes_view(&forged->area)};
}

static const enum forge_key certified_keys[] = {
    FORGE_P256, FORGE_P384, FORGE_P521, FORGE_RSA2048, FORGE_RSA3072};

#define CERTIFIED_COUNT ((int)(sizeof certified_keys / sizeof certified_keys[0]))

START_TEST(verify_each_ak_and_key_is_accepted)
{
	enum forge_ak_kind   kind = (enum forge_ak_kind)(_i / CERTIFIED_COUNT);
	struct forge_ak      ak;
	struct forge_certify forged;
	struct tpm_certify   evidence;
	struct tpm_certified certified;
	struct error         err = {0};

	forge_ak_make(kind, FORGE_FLAW_NONE, &ak);
	forge_certify_make(&ak, kind, certified_keys[_i % CERTIFIED_COUNT], authorization,
	    FORGE_CERTIFY_NONE, &forged);
	evidence = evidence_of(&forged);
	unit_ok(tpm_certify_verify(ak.key, &evidence, authorization, forge_ak_hash(kind), &certified,
	            &err),
	    &err);
	ck_assert_int_eq(EVP_PKEY_eq(certified.key, forged.key), 1);
	ck_assert(tpm_name_equal(&certified.name, &forged.name));
	tpm_certified_clear(&certified);
	forge_certify_clear(&forged);
	forge_ak_clear(&ak);
}
END_TEST

START_TEST(verify_flaw_is_refused_by_its_own_rule)
{
	const struct forge_certify_row *row = forge_certify_row((enum forge_certify_flaw)_i);
	struct forge_ak                 ak;
	struct forge_certify            forged;
	struct tpm_certify              evidence;
	struct tpm_certified            certified;
	struct error                    err = {0};

	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &ak);
	forge_certify_make(&ak, FORGE_AK_RSASSA, FORGE_P256, authorization,
	    (enum forge_certify_flaw)_i, &forged);
	evidence = evidence_of(&forged);
	unit_fails(tpm_certify_verify(ak.key, &evidence, authorization, TPM2_ALG_SHA256, &certified,
	               &err),
	    &err, row->kind, row->detail);
	ck_assert_ptr_null(certified.key);
	ck_assert_uint_eq(certified.name.size, 0);
	forge_certify_clear(&forged);
	forge_ak_clear(&ak);
}
END_TEST

static const struct {
	enum forge_key key;
	const char    *detail;
} weak[] = {
    {FORGE_RSA1024, "certified key of 1024 bits: RSA needs at least 2048"},
    {FORGE_RSA2048_E3, "certified key: RSA exponent 3 is not 65537"},
    {FORGE_RSA2048_ROCA,
        "certified key modulus can be factored (ROCA, CVE-2017-15361): update the TPM's "
        "firmware and make a new key"},
    {FORGE_P224, "certified key: curve 0x0002 is not P-256, P-384 or P-521"},
};

START_TEST(verify_weak_key_is_refused)
{
	struct forge_ak      ak;
	struct forge_certify forged;
	struct tpm_certify   evidence;
	struct tpm_certified certified;
	struct error         err = {0};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	forge_certify_make(&ak, FORGE_AK_P256, weak[_i].key, authorization, FORGE_CERTIFY_NONE,
	    &forged);
	evidence = evidence_of(&forged);
	unit_fails(tpm_certify_verify(ak.key, &evidence, authorization, TPM2_ALG_SHA256, &certified,
	               &err),
	    &err, ERROR_BAD_ATTESTATION, weak[_i].detail);
	forge_certify_clear(&forged);
	forge_ak_clear(&ak);
}
END_TEST

START_TEST(verify_other_key_authorization_or_hash_is_refused)
{
	struct forge_ak      ak;
	struct forge_certify forged;
	struct tpm_certify   evidence;
	struct tpm_certified certified;
	struct error         err = {0};
	struct view          shorter = {authorization.data, authorization.size - 1};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	forge_certify_make(&ak, FORGE_AK_P256, FORGE_P256, authorization, FORGE_CERTIFY_NONE,
	    &forged);
	evidence = evidence_of(&forged);
	unit_fails(
	    tpm_certify_verify(ak.key, &evidence, shorter, TPM2_ALG_SHA256, &certified, &err), &err,
	    ERROR_BAD_ATTESTATION, "extraData is not the hash of the key authorization");
	unit_fails(tpm_certify_verify(ak.key, &evidence, authorization, TPM2_ALG_SHA384, &certified,
	               &err),
	    &err, ERROR_BAD_ATTESTATION, "extraData is not the hash of the key authorization");
	unit_fails(
	    tpm_certify_verify(ak.key, &evidence, authorization, TPM2_ALG_SHA1, &certified, &err),
	    &err, ERROR_BAD_ATTESTATION, "hash 0x0004 of alg is not SHA-256, SHA-384 or SHA-512");
	forge_certify_clear(&forged);
	forge_ak_clear(&ak);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certify");
	TCase *tc = tcase_create("certify");

	for (size_t index = 0; index < 3; index++) { /* once, before Check forks */
		(void)forge_key(FORGE_RSA2048, index);
		(void)forge_key(FORGE_RSA3072, index);
	}
	(void)forge_key(FORGE_RSA1024, 2);
	(void)forge_key(FORGE_RSA2048_E3, 2);
	(void)forge_key(FORGE_RSA2048_ROCA, 2);
	tcase_add_loop_test(tc, verify_each_ak_and_key_is_accepted, 0,
	    FORGE_AK_COUNT * CERTIFIED_COUNT);
	tcase_add_loop_test(tc, verify_flaw_is_refused_by_its_own_rule, FORGE_CERTIFY_NONE + 1,
	    FORGE_CERTIFY_FLAW_COUNT);
	tcase_add_loop_test(tc, verify_weak_key_is_refused, 0,
	    (int)(sizeof weak / sizeof weak[0]));
	tcase_add_test(tc, verify_other_key_authorization_or_hash_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
