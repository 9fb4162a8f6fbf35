#include "config.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "forge.h"
#include "tpm/roca.h"
#include "unit.h"

/* Moduli of the tests of crocs-muni/roca, by those who found the weakness. */
static const struct {
	bool        weak;
	const char *modulus;
} published[] = {
    {true, "944e13208a280c37efc31c3114485e590192adbb8e11c87cad60cdef0037ce99278330d3f471a2538fa667802ed2"
           "a3c44a8b7dea826e888d0aa341fd664f7fa7"},
    {true, "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9"
           "b0058c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4"
           "411f756a097c8929c14740245ea355f8332d1aa36bb50c7dcb4505da8de02e4e53d38f8df06097da7524df0df93d"
           "b48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa92550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f"
           "8cc263ff4af55cdb45f4249a5193925f5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacbc8ce4d3cb7a2"
           "fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11"},
    {false, "af659676197f1db06da7ac111a0a0ec175b8b7ef07192ffcd1f6b854c327785f1a7fd3db7da45cd4a31b2b2e5ce"
            "0d823a68e28c8adf1747316becce1fe5768064039ad2062260c8d1a34e0586dce9bc13090fcc9fb8b8b2c08ed3a"
            "e8d61b29818a669689a7d9c1dab053b557fb8d3f9c44faad3e18c55e739b00d3c9126558bc8e980cd2af377126e"
            "f5b1374136774b8bd370e3c1c149db395c8f99696b628b105946fea20106fe24d103ac062661a9248e8c3f628e0"
            "0b308d33953aabe555132e218e74ef4b578716b4fe7cf340e8e604a319bf6e9951e1942601d34291032db54999d"
            "09e5d036dde3544ad35256bbb97d5e3fffd38166c21eae9199548853b"},
};

static bool
number_is_weak(const BIGNUM *number)
{
	uint8_t octets[512];

	ck_assert_int_le(BN_num_bytes(number), (int)sizeof octets);
	return tpm_roca_weak((struct view){octets, (size_t)BN_bn2bin(number, octets)});
}

START_TEST(weak_published_modulus_is_known)
{
	BIGNUM *modulus = NULL;

	ck_assert_int_gt(BN_hex2bn(&modulus, published[_i].modulus), 0);
	ck_assert_int_eq(number_is_weak(modulus), published[_i].weak);
	BN_free(modulus);
}
END_TEST

static bool
key_is_weak(enum forge_key kind, size_t index)
{
	BIGNUM *modulus = NULL;
	bool    weak;

	ck_assert_int_eq(
	    EVP_PKEY_get_bn_param(forge_key(kind, index), OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
	weak = number_is_weak(modulus);
	BN_free(modulus);
	return weak;
}

START_TEST(weak_key_made_like_infineons_is_true)
{
	ck_assert(key_is_weak(FORGE_RSA2048_ROCA, 0));
}
END_TEST

START_TEST(weak_key_of_openssl_is_false)
{
	for (size_t index = 0; index < 4; index++)
		ck_assert(!key_is_weak(FORGE_RSA1024, index));
}
END_TEST

/* Each prime must be able to say no alone: a number that is 1 modulo all but one. */
START_TEST(weak_one_residue_outside_is_false)
{
	static const unsigned primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53,
	    59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149,
	    151, 157, 163, 167};
	BIGNUM  *number = BN_new();
	BIGNUM  *product = BN_new();
	unsigned prime = primes[_i];

	/* 1 + t * (product of the other primes) is 0 modulo this one for some t; 0 is no power */
	ck_assert(BN_one(product) == 1);
	for (unsigned p = 3; p <= 167; p += 2) {
		bool is_prime = true;

		for (unsigned d = 3; d * d <= p; d += 2)
			is_prime = is_prime && p % d != 0;
		if (is_prime && p != prime)
			ck_assert_int_eq(BN_mul_word(product, p), 1);
	}
	ck_assert(BN_one(number) == 1);
	ck_assert(number_is_weak(number));
	while (BN_mod_word(number, prime) != 0)
		ck_assert_int_eq(BN_add(number, number, product), 1);
	ck_assert(!number_is_weak(number));
	BN_free(number);
	BN_free(product);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("roca");
	TCase *tc = tcase_create("roca");

	(void)forge_key(FORGE_RSA2048_ROCA, 0); /* once, before Check forks */
	tcase_add_loop_test(tc, weak_published_modulus_is_known, 0,
	    (int)(sizeof published / sizeof published[0]));
	tcase_add_test(tc, weak_key_made_like_infineons_is_true);
	tcase_add_test(tc, weak_key_of_openssl_is_false);
	tcase_add_loop_test(tc, weak_one_residue_outside_is_false, 0, 38);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
