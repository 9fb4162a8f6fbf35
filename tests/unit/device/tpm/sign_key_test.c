#include "config.h"

#include "device/tpm/ak_type.h"
#include "device/tpm/sign_key.h"
#include "unit.h"

static size_t
type_count(void)
{
	size_t count = 0;

	while (sign_key_type_at(count) != NULL)
		count++;
	return count;
}

START_TEST(type_has_a_word_and_a_public_area_of_its_own)
{
	const struct sign_key_type *type = sign_key_type_at((size_t)_i);
	TPMT_PUBLIC                 area = sign_key_public(type);

	ck_assert_ptr_eq(sign_key_type_find(type->word), type);
	ck_assert_ptr_eq(sign_key_type_of(&area), type);
}
END_TEST

/* WIRE.md §6: what a verifier wants; noDA, so that the key never locks the TPM. */
START_TEST(public_has_the_attributes_of_a_device_key)
{
	TPMT_PUBLIC area = sign_key_public(sign_key_type_at((size_t)_i));

	ck_assert_uint_eq(area.objectAttributes,
	    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
	        TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT);
	ck_assert_uint_eq(area.authPolicy.size, 0);
}
END_TEST

START_TEST(find_unknown_word_is_null)
{
	TPMT_PUBLIC other = {.type = TPM2_ALG_RSA, .parameters.rsaDetail.keyBits = 1024};

	ck_assert_ptr_null(sign_key_type_of(&other));
	ck_assert_ptr_null(sign_key_type_find("dsa"));
	ck_assert_ptr_null(sign_key_type_find(""));
	ck_assert_str_eq(sign_key_type_at(0)->word, "ecc-p256");
}
END_TEST

/* RFC 9053 and RFC 8812, for the rows of device/ak_type.h. */
static const struct {
	const char *word;
	int64_t     number;
} algorithms[] = {
    {"rsa2048", -257},
    {"rsa2048-pss", -37},
    {"rsa3072", -257},
    {"rsa3072-pss", -37},
    {"p256", -7},
    {"p384", -35},
    {"p521", -36},
};

START_TEST(cose_algorithm_of_every_ak_type)
{
	size_t count = 0;

	for (const struct device_ak_type *type; (type = device_ak_type_at(count)) != NULL; count++) {
		TPMT_PUBLIC area = device_ak_type_public(type);

		ck_assert_str_eq(type->word, algorithms[count].word);
		ck_assert_int_eq(sign_key_cose_algorithm(&area), algorithms[count].number);
	}
	ck_assert_uint_eq(count, sizeof algorithms / sizeof algorithms[0]);
}
END_TEST

START_TEST(cose_algorithm_of_another_scheme_is_none)
{
	TPMT_PUBLIC area = device_ak_type_public(device_ak_type_at(0));

	area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
	ck_assert_int_eq(sign_key_cose_algorithm(&area), 0);
	area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSASSA;
	area.parameters.rsaDetail.scheme.details.anySig.hashAlg = TPM2_ALG_SHA1;
	ck_assert_int_eq(sign_key_cose_algorithm(&area), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sign_key");
	TCase *tc = tcase_create("sign_key");

	tcase_add_loop_test(tc, type_has_a_word_and_a_public_area_of_its_own, 0, (int)type_count());
	tcase_add_loop_test(tc, public_has_the_attributes_of_a_device_key, 0, (int)type_count());
	tcase_add_test(tc, find_unknown_word_is_null);
	tcase_add_test(tc, cose_algorithm_of_every_ak_type);
	tcase_add_test(tc, cose_algorithm_of_another_scheme_is_none);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
