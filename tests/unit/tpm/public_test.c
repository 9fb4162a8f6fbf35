#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "forge.h"
#include "tpm/area.h"
#include "tpm/key.h"
#include "tpm/public.h"
#include "unit.h"

static const enum forge_key keys[] = {
    FORGE_RSA2048, FORGE_RSA3072, FORGE_RSA4096, FORGE_P256, FORGE_P384, FORGE_P521};

START_TEST(key_of_public_is_the_same_key)
{
	EVP_PKEY    *key = forge_key(keys[_i], 0);
	EVP_PKEY    *made = NULL;
	TPMT_PUBLIC  area = {0};
	struct error err = {0};

	forge_public_key(key, &area);
	unit_ok(tpm_public_key(&area, &made, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(made, key), 1);
	EVP_PKEY_free(made);
}
END_TEST

START_TEST(key_short_coordinate_is_padded)
{
	EVP_PKEY    *key = NULL;
	EVP_PKEY    *made = NULL;
	TPMT_PUBLIC  area = {0};
	struct error err = {0};

	do { /* one in 256 begins with a zero, which a TPM may leave out */
		EVP_PKEY_free(key);
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		forge_public_key(key, &area);
	} while (area.unique.ecc.x.buffer[0] != 0);
	memmove(area.unique.ecc.x.buffer, area.unique.ecc.x.buffer + 1, --area.unique.ecc.x.size);
	unit_ok(tpm_public_key(&area, &made, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(made, key), 1);
	EVP_PKEY_free(made);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(key_point_at_infinity_is_refused)
{
	EVP_PKEY    *made = NULL;
	TPMT_PUBLIC  area = {0};
	struct error err = {0};

	forge_public_key(forge_key(FORGE_P256, 0), &area);
	area.unique.ecc.x.size = area.unique.ecc.y.size = 0;
	unit_fails(tpm_public_key(&area, &made, &err), &err, ERROR_BAD_ATTESTATION,
	    "not a point on P-256: point is not on curve");
	ck_assert_ptr_null(made);
}
END_TEST

START_TEST(key_coordinate_beyond_the_field_is_refused)
{
	EVP_PKEY    *made = NULL;
	TPMT_PUBLIC  area = {0};
	struct error err = {0};

	forge_public_key(forge_key(FORGE_P256, 0), &area);
	memset(area.unique.ecc.x.buffer, 0xff, 32);
	ck_assert_int_eq(tpm_public_key(&area, &made, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	ck_assert_ptr_null(made);
}
END_TEST

START_TEST(key_without_or_with_too_many_octets_is_refused)
{
	const struct tpm_curve *curve = tpm_curve_by_id(TPM2_ECC_NIST_P256);
	EVP_PKEY               *made = NULL;
	TPMT_PUBLIC             area = {0};
	struct error            err = {0};

	forge_public_key(forge_key(FORGE_P256, 0), &area);
	area.unique.ecc.y.size = 33;
	unit_fails(tpm_public_key(&area, &made, &err), &err, ERROR_BAD_ATTESTATION,
	    "coordinates of 32 and 33 octets are too long for P-256");
	ck_assert_int_eq(tpm_key_from_point(curve, (struct view){NULL, 0}, &made, &err), -1);
	ck_assert_msg(strncmp(err.detail, "not a point on P-256", 20) == 0, "%s", err.detail);
	unit_fails(tpm_key_from_rsa((struct view){NULL, 0}, 65537, &made, &err), &err,
	    ERROR_BAD_ATTESTATION, "RSA modulus of 0 octets");
	ck_assert_ptr_null(made);
}
END_TEST

START_TEST(decode_nothing_is_cut_off)
{
	TPMT_PUBLIC  area;
	struct error err = {0};

	unit_fails(tpm_public_decode((struct view){NULL, 0}, "key", &area, &err), &err,
	    ERROR_MALFORMED, "the key's public area is cut off");
}
END_TEST

/* What follows the type does not matter yet. */
START_TEST(area_is_told_by_its_type)
{
	ck_assert(tpm_area_is((struct view){(const uint8_t *)"\0\1", 2}));
	ck_assert(tpm_area_is((struct view){(const uint8_t *)"\0\x23", 2}));
	ck_assert(tpm_area_is((struct view){(const uint8_t *)"\3\0\0\1", 4}));
	ck_assert(!tpm_area_is((struct view){(const uint8_t *)"\4\0\0\1", 4}));
	ck_assert(!tpm_area_is((struct view){(const uint8_t *)"\3\0\0\1", 3}));
	ck_assert(!tpm_area_is((struct view){(const uint8_t *)"\0\1", 1}));
	ck_assert(!tpm_area_is((struct view){NULL, 0}));
}
END_TEST

START_TEST(key_of_no_asymmetric_type_is_refused)
{
	EVP_PKEY    *made = NULL;
	TPMT_PUBLIC  area = {.type = TPM2_ALG_SYMCIPHER};
	struct error err = {0};

	unit_fails(tpm_public_key(&area, &made, &err), &err, ERROR_BAD_ATTESTATION,
	    "key type 0x0025 is not RSA or ECC");
}
END_TEST

START_TEST(decode_unknown_type_is_malformed)
{
	static const uint8_t octets[16] = {0x12, 0x34, 0x00, 0x0b};
	TPMT_PUBLIC          area;
	struct error         err = {0};

	unit_fails(tpm_public_decode((struct view){octets, sizeof octets}, "AK", &area, &err), &err,
	    ERROR_MALFORMED, "the AK's public area does not decode (TSS2 0x0009000b)");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("public");
	TCase *tc = tcase_create("public");

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		(void)forge_key(keys[i], 0); /* once, before Check forks */
	tcase_add_loop_test(tc, key_of_public_is_the_same_key, 0,
	    (int)(sizeof keys / sizeof keys[0]));
	tcase_add_test(tc, key_short_coordinate_is_padded);
	tcase_add_test(tc, key_point_at_infinity_is_refused);
	tcase_add_test(tc, key_coordinate_beyond_the_field_is_refused);
	tcase_add_test(tc, key_without_or_with_too_many_octets_is_refused);
	tcase_add_test(tc, decode_nothing_is_cut_off);
	tcase_add_test(tc, area_is_told_by_its_type);
	tcase_add_test(tc, key_of_no_asymmetric_type_is_refused);
	tcase_add_test(tc, decode_unknown_type_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
