/* The hashes that we take, and no other. */
#include "config.h"

#include "tpm/digest.h"

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/hmac.h"
#include "unit.h"
#include "util/error.h"

static const struct {
	uint16_t    alg;
	unsigned    bits;
	const char *name; /* OpenSSL's; NULL: it is not taken */
} hashes[] = {
    {TPM2_ALG_SHA256, 256, "SHA2-256"},
    {TPM2_ALG_SHA384, 384, "SHA2-384"},
    {TPM2_ALG_SHA512, 512, "SHA2-512"},
    {TPM2_ALG_SHA1, 160, NULL},
    {TPM2_ALG_SHA3_256, 0, NULL},
    {TPM2_ALG_NULL, 1, NULL},
};

START_TEST(digest_of_each_hash_is_its_own)
{
	const EVP_MD *digest = tpm_digest(hashes[_i].alg);

	if (hashes[_i].name == NULL) {
		ck_assert_ptr_null(digest);
		ck_assert_uint_eq(tpm_digest_size(hashes[_i].alg), 0);
		ck_assert_uint_eq(tpm_digest_of_bits(hashes[_i].bits), TPM2_ALG_NULL);
	} else {
		ck_assert(EVP_MD_is_a(digest, hashes[_i].name));
		ck_assert_uint_eq(tpm_digest_size(hashes[_i].alg), hashes[_i].bits / 8);
		ck_assert_uint_eq(tpm_digest_of_bits(hashes[_i].bits), hashes[_i].alg);
	}
}
END_TEST

START_TEST(hmac_with_another_hash_is_refused)
{
	uint8_t           out[EVP_MAX_MD_SIZE];
	const struct view key = {(const uint8_t *)"key", 3};
	struct error      err = {0};

	unit_ok(tpm_hmac(TPM2_ALG_SHA256, key, &key, 1, out, &err), &err);
	unit_fails(tpm_hmac(TPM2_ALG_SHA1, key, &key, 1, out, &err), &err, ERROR_INTERNAL, "no HMAC with hash 0x0004");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tc = tcase_create("digest");

	tcase_add_loop_test(tc, digest_of_each_hash_is_its_own, 0, sizeof hashes / sizeof hashes[0]);
	tcase_add_test(tc, hmac_with_another_hash_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
