#include "config.h"

#include "forge.h"
#include "tpm/name.h"
#include "unit.h"

START_TEST(compute_each_name_alg_is_algorithm_and_digest)
{
	/* SHA-256, -384 and -512 (FIPS 180-4) of the areas below, by sha256sum and its like */
	static const uint8_t areas[3][4] = {
	    {0x00, 0x01, 0x00, 0x0b}, {0x00, 0x01, 0x00, 0x0c}, {0x00, 0x01, 0x00, 0x0d}};
	static const size_t sizes[] = {34, 50, 66};
	struct view         area = {areas[_i], sizeof areas[_i]};
	struct tpm_name     name = {0};
	struct tpm_name     wanted = forge_name(area);
	struct error        err = {0};

	unit_ok(tpm_name_compute(area, &name, &err), &err);
	ck_assert_uint_eq(name.size, sizes[_i]);
	ck_assert_mem_eq(name.bytes, areas[_i] + 2, 2);
	ck_assert(tpm_name_equal(&name, &wanted));
}
END_TEST

START_TEST(compute_unknown_name_alg_is_bad_attestation)
{
	static const uint8_t area[] = {0x00, 0x01, 0x00, 0x04}; /* RSA, SHA-1 */
	struct tpm_name      name = {0};
	struct error         err = {0};

	unit_fails(tpm_name_compute((struct view){area, sizeof area}, &name, &err), &err,
	    ERROR_BAD_ATTESTATION, "nameAlg 0x0004 is not SHA-256, SHA-384 or SHA-512");
	ck_assert(!tpm_name_equal(&name, &name));
}
END_TEST

START_TEST(compute_short_area_is_malformed)
{
	static const uint8_t area[] = {0x00, 0x01, 0x00};
	struct tpm_name      name = {0};
	struct error         err = {0};

	unit_fails(tpm_name_compute((struct view){area, sizeof area}, &name, &err), &err,
	    ERROR_MALFORMED, "a public area of 3 octets holds no nameAlg");
}
END_TEST

START_TEST(equal_different_octet_or_size_is_false)
{
	struct tpm_name a = {.bytes = {0, 0xb, 1}, .size = 3};
	struct tpm_name b = {.bytes = {0, 0xb, 2}, .size = 3};
	struct tpm_name c = {.bytes = {0, 0xb, 1}, .size = 2};

	ck_assert(tpm_name_equal(&a, &a));
	ck_assert(!tpm_name_equal(&a, &b));
	ck_assert(!tpm_name_equal(&a, &c));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("name");
	TCase *tc = tcase_create("name");

	tcase_add_loop_test(tc, compute_each_name_alg_is_algorithm_and_digest, 0, 3);
	tcase_add_test(tc, compute_unknown_name_alg_is_bad_attestation);
	tcase_add_test(tc, compute_short_area_is_malformed);
	tcase_add_test(tc, equal_different_octet_or_size_is_false);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
