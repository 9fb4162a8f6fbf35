#include "config.h"

#include <openssl/evp.h>

#include "forge.h"
#include "tpm/signature.h"
#include "unit.h"

static const struct view message = {(const uint8_t *)"what was attested", 17};

static const struct {
	enum forge_key      key;
	TPMI_ALG_SIG_SCHEME scheme;
	TPMI_ALG_HASH       hash;
	int                 salt;
} valid[] = {
    {FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, -1},
    {FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA384, -1},
    {FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA512, -1},
    {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 32},
    {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 0},
    {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 20},
    {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 256 - 32 - 2}, /* as TPMs before rev. 1.16 */
    {FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA512, 64},
    {FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, -1},
    {FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, -1},
    {FORGE_P384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, -1},
    {FORGE_P521, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, -1},
};

static void
sign(enum forge_key key, TPMI_ALG_SIG_SCHEME scheme, TPMI_ALG_HASH hash, int salt,
    TPMT_SIGNATURE *signature)
{
	AUTO_BYTES   octets = {0};
	struct error err = {0};

	forge_sign(forge_key(key, 0), scheme, hash, salt, message, &octets);
	unit_ok(tpm_signature_decode(bytes_view(&octets), signature, &err), &err);
}

START_TEST(verify_each_scheme_is_accepted)
{
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	sign(valid[_i].key, valid[_i].scheme, valid[_i].hash, valid[_i].salt, &signature);
	ck_assert_uint_eq(tpm_signature_hash(&signature), valid[_i].hash);
	unit_ok(tpm_signature_verify(forge_key(valid[_i].key, 0), &signature, message, &err), &err);
}
END_TEST

START_TEST(verify_other_message_or_key_is_refused)
{
	static const struct view other = {(const uint8_t *)"what was Attested", 17};
	TPMT_SIGNATURE           signature;
	struct error             err = {0};

	sign(valid[_i].key, valid[_i].scheme, valid[_i].hash, valid[_i].salt, &signature);
	unit_fails(tpm_signature_verify(forge_key(valid[_i].key, 0), &signature, other, &err), &err,
	    ERROR_BAD_ATTESTATION, "the signature does not verify");
	unit_fails(tpm_signature_verify(forge_key(valid[_i].key, 1), &signature, message, &err),
	    &err, ERROR_BAD_ATTESTATION, "the signature does not verify");
}
END_TEST

START_TEST(verify_changed_hash_is_refused)
{
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	sign(FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, -1, &signature);
	signature.signature.rsassa.hash = TPM2_ALG_SHA512;
	unit_fails(tpm_signature_verify(forge_key(FORGE_RSA2048, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "the signature does not verify");
}
END_TEST

START_TEST(verify_sha1_is_refused)
{
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	sign(FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA1, -1, &signature);
	unit_fails(tpm_signature_verify(forge_key(FORGE_RSA2048, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "signature hash 0x0004 is not SHA-256, SHA-384 or SHA-512");
}
END_TEST

START_TEST(verify_key_of_the_other_kind_is_refused)
{
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	sign(FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, -1, &signature);
	unit_fails(tpm_signature_verify(forge_key(FORGE_P256, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "RSA signature of a key that is not RSA");
	sign(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, -1, &signature);
	unit_fails(tpm_signature_verify(forge_key(FORGE_RSA2048, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION,
	    "ECDSA signature of a key that is not on P-256, P-384 or P-521");
	unit_fails(tpm_signature_verify(forge_key(FORGE_P224, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION,
	    "ECDSA signature of a key that is not on P-256, P-384 or P-521");
}
END_TEST

START_TEST(verify_other_scheme_is_refused)
{
	TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_HMAC};
	struct error   err = {0};

	ck_assert_uint_eq(tpm_signature_hash(&signature), TPM2_ALG_NULL);
	unit_fails(tpm_signature_verify(forge_key(FORGE_P256, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "signature scheme 0x0005 is not RSASSA, RSAPSS or ECDSA");
	signature.sigAlg = TPM2_ALG_NULL;
	unit_fails(tpm_signature_verify(forge_key(FORGE_P256, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "signature scheme 0x0010 is not RSASSA, RSAPSS or ECDSA");
}
END_TEST

START_TEST(verify_numbers_of_zero_are_refused)
{
	TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_ECDSA,
	    .signature.ecdsa.hash = TPM2_ALG_SHA256};
	struct error   err = {0};

	unit_fails(tpm_signature_verify(forge_key(FORGE_P256, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "the signature does not verify");
	signature.signature.ecdsa.signatureR.size = TPM2_MAX_ECC_KEY_BYTES;
	signature.signature.ecdsa.signatureS.size = TPM2_MAX_ECC_KEY_BYTES;
	unit_fails(tpm_signature_verify(forge_key(FORGE_P256, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "the signature does not verify");
	signature = (TPMT_SIGNATURE){.sigAlg = TPM2_ALG_RSAPSS,
	    .signature.rsapss.hash = TPM2_ALG_SHA256};
	unit_fails(tpm_signature_verify(forge_key(FORGE_RSA2048, 0), &signature, message, &err), &err,
	    ERROR_BAD_ATTESTATION, "the signature does not verify");
}
END_TEST

START_TEST(decode_every_prefix_is_malformed)
{
	AUTO_BYTES     octets = {0};
	TPMT_SIGNATURE signature;
	struct error   err = {0};

	forge_sign(forge_key(FORGE_P256, 0), TPM2_ALG_ECDSA, TPM2_ALG_SHA256, -1, message, &octets);
	for (size_t size = 0; size < octets.size; size++) {
		err.kind = ERROR_INTERNAL;
		ck_assert_int_eq(
		    tpm_signature_decode((struct view){octets.data, size}, &signature, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	bytes_append_u8(&octets, 0);
	unit_fails(tpm_signature_decode(bytes_view(&octets), &signature, &err), &err,
	    ERROR_MALFORMED, "the signature has octets left over: 1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("signature");
	TCase *tc = tcase_create("signature");
	int    count = (int)(sizeof valid / sizeof valid[0]);

	(void)forge_key(FORGE_RSA2048, 0); /* once, before Check forks */
	(void)forge_key(FORGE_RSA2048, 1);
	tcase_add_loop_test(tc, verify_each_scheme_is_accepted, 0, count);
	tcase_add_loop_test(tc, verify_other_message_or_key_is_refused, 0, count);
	tcase_add_test(tc, verify_changed_hash_is_refused);
	tcase_add_test(tc, verify_sha1_is_refused);
	tcase_add_test(tc, verify_key_of_the_other_kind_is_refused);
	tcase_add_test(tc, verify_other_scheme_is_refused);
	tcase_add_test(tc, verify_numbers_of_zero_are_refused);
	tcase_add_test(tc, decode_every_prefix_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
