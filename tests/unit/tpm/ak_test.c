#include "config.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "forge.h"
#include "tpm/ak.h"
#include "unit.h"

/* Asserts that the AK was decoded to this key, as OpenSSL encodes it. */
static void
spki_is(const struct tpm_ak *ak, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int            size = i2d_PUBKEY(key, &der);

	ck_assert_int_gt(size, 0);
	ck_assert(view_equal(bytes_view(&ak->spki), (struct view){der, (size_t)size}));
	OPENSSL_free(der);
}

START_TEST(decode_each_kind_gives_key_and_name)
{
	struct forge_ak forged;
	struct tpm_ak   ak;
	struct error    err = {0};

	forge_ak_make((enum forge_ak_kind)_i, FORGE_FLAW_NONE, &forged);
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	spki_is(&ak, forged.key);
	ck_assert(tpm_name_equal(&ak.name, &forged.name));
	tpm_ak_clear(&ak);
	ck_assert_ptr_null(ak.spki.data);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(decode_again_each_kind_gives_the_same)
{
	struct forge_ak forged;
	struct tpm_ak   ak;
	struct tpm_ak   again;
	struct error    err = {0};

	forge_ak_make((enum forge_ak_kind)_i, FORGE_FLAW_NONE, &forged);
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	unit_ok(tpm_ak_decode_again(bytes_view(&forged.public), &again, &err), &err);
	ck_assert(tpm_name_equal(&ak.name, &again.name));
	ck_assert(view_equal(bytes_view(&ak.spki), bytes_view(&again.spki)));
	tpm_ak_clear(&again);
	unit_fails(tpm_ak_decode_again((struct view){forged.public.data, 3}, &again, &err), &err,
	    ERROR_MALFORMED, err.detail);
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

/* What comes before the number is the template's: another key has the same. */
START_TEST(number_size_leaves_the_template)
{
	struct forge_ak forged;
	struct tpm_ak   ak;
	struct error    err = {0};
	size_t          number;

	forge_ak_make((enum forge_ak_kind)_i, FORGE_FLAW_NONE, &forged);
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	number = tpm_ak_number_size(&ak);
	ck_assert_uint_lt(number, forged.public.size);
	if (ak.area.type == TPM2_ALG_RSA)
		ck_assert_mem_eq(forged.public.data + forged.public.size - number, ak.area.unique.rsa.buffer, number);
	else
		ck_assert_mem_eq(forged.public.data + forged.public.size - number, ak.area.unique.ecc.x.buffer,
		    ak.area.unique.ecc.x.size);
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(decode_flaw_is_refused_by_its_own_rule)
{
	const struct forge_flaw_row *row = forge_flaw_row((enum forge_flaw)_i);
	struct forge_ak              forged;
	struct tpm_ak                ak;
	struct error                 err = {0};

	forge_ak_make(row->ak, (enum forge_flaw)_i, &forged);
	if (row->judge == FORGE_BY_AK) {
		unit_fails(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err, row->kind,
		    row->detail);
		ck_assert_ptr_null(ak.spki.data);
		ck_assert_uint_eq(ak.name.size, 0);
	} else {
		unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	}
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(decode_explicit_exponent_65537_is_accepted)
{
	struct forge_ak forged;
	struct tpm_ak   ak;
	struct error    err = {0};
	uint8_t        *exponent;

	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &forged);
	/* type, nameAlg, attributes, policy, symmetric, scheme, hash, keyBits stand before it */
	exponent = forged.public.data + 2 + 2 + 4 + 2 + 2 + 2 + 2 + 2;
	ck_assert_uint_eq(exponent[1] + exponent[3], 0);
	exponent[1] = exponent[3] = 1;
	unit_ok(tpm_ak_decode(bytes_view(&forged.public), &ak, &err), &err);
	spki_is(&ak, forged.key);
	tpm_ak_clear(&ak);
	forge_ak_clear(&forged);
}
END_TEST

START_TEST(decode_every_prefix_is_malformed)
{
	struct forge_ak forged;
	struct tpm_ak   ak;
	struct error    err = {0};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &forged);
	for (size_t size = 0; size < forged.public.size; size++) {
		err.kind = ERROR_INTERNAL;
		ck_assert_int_eq(
		    tpm_ak_decode((struct view){forged.public.data, size}, &ak, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	forge_ak_clear(&forged);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ak");
	TCase *tc = tcase_create("ak");

	(void)forge_key(FORGE_RSA2048, 0); /* once, before Check forks */
	(void)forge_key(FORGE_RSA3072, 0);
	(void)forge_key(FORGE_RSA1024, 0);
	(void)forge_key(FORGE_RSA2048_E3, 0);
	(void)forge_key(FORGE_RSA2048_ROCA, 0);
	tcase_add_loop_test(tc, decode_each_kind_gives_key_and_name, 0, FORGE_AK_COUNT);
	tcase_add_loop_test(tc, decode_flaw_is_refused_by_its_own_rule, 0, FORGE_FLAW_COUNT);
	tcase_add_loop_test(tc, decode_again_each_kind_gives_the_same, 0, FORGE_AK_COUNT);
	tcase_add_loop_test(tc, number_size_leaves_the_template, 0, FORGE_AK_COUNT);
	tcase_add_test(tc, decode_explicit_exponent_65537_is_accepted);
	tcase_add_test(tc, decode_every_prefix_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
