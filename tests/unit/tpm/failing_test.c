#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "failing.h"
#include "failing_crypto.h"
#include "forge.h"
#include "tpm/ak.h"
#include "tpm/certify.h"
#include "tpm/creation.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm/kdf.h"
#include "tpm/key.h"
#include "tpm/spki.h"
#include "unit.h"

static const struct view authorization = {
    (const uint8_t *)"DGyRejmCefe7v4NfDGDKfA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI", 66};
static const struct view secret = {(const uint8_t *)"0123456789abcdef0123456789abcdef", 32};

/* ---- an AK and the evidence of its creation ---- */

static int
accept_ak(const void *arg, struct error *err)
{
	const struct forge_ak *forged = arg;
	struct tpm_creation    creation = {.create_data = bytes_view(&forged->create_data),
	       .attestation = bytes_view(&forged->attestation),
	       .signature = bytes_view(&forged->signature)};
	struct tpm_ak          ak;
	int                    rc = tpm_ak_decode(bytes_view(&forged->public), &ak, err);

	if (rc == 0) {
		rc = tpm_creation_verify(&ak, &creation, err);
		failing_off();
		ck_assert(tpm_name_equal(&ak.name, &forged->name));
		tpm_ak_clear(&ak);
	}
	return rc;
}

/* Those that are made fast. */
static const enum forge_ak_kind ak_kinds[] = {
    FORGE_AK_RSASSA, FORGE_AK_RSAPSS, FORGE_AK_P256, FORGE_AK_P384, FORGE_AK_P521};

#define AK_KINDS (sizeof ak_kinds / sizeof ak_kinds[0])

START_TEST(ak_without_memory_is_accepted_or_refused)
{
	struct forge_ak ak;

	forge_ak_make(ak_kinds[_i], FORGE_FLAW_NONE, &ak);
	failing_each(accept_ak, &ak);
	forge_ak_clear(&ak);
}
END_TEST

/* The rows of which these functions are the judge. */
START_TEST(ak_with_a_flaw_is_refused_without_memory)
{
	const struct forge_flaw_row *row = forge_flaw_row((enum forge_flaw)_i);
	struct forge_ak              ak;
	struct error                 err = {0};

	forge_ak_make(row->ak, (enum forge_flaw)_i, &ak);
	if (accept_ak(&ak, &err) != 0) /* the others are found when the credential is opened */
		failing_refuses(accept_ak, &ak);
	else
		ck_assert_int_ne((int)row->judge, (int)FORGE_BY_CREATION);
	forge_ak_clear(&ak);
}
END_TEST

/* ---- a key that an AK certifies ---- */

struct certify_world {
	struct forge_ak      ak;
	struct forge_certify forged;
	uint16_t             hash;
};

static int
accept_certify(const void *arg, struct error *err)
{
	const struct certify_world *world = arg;
	struct tpm_certify          evidence = {.info = bytes_view(&world->forged.info),
	             .signature = bytes_view(&world->forged.sig),
	             .area = bytes_view(&world->forged.area)};
	struct tpm_certified        certified;
	int rc = tpm_certify_verify(world->ak.key, &evidence, authorization, world->hash, &certified, err);

	failing_off();
	if (rc == 0) {
		ck_assert_int_eq(EVP_PKEY_eq(certified.key, world->forged.key), 1);
		ck_assert(tpm_name_equal(&certified.name, &world->forged.name));
	}
	tpm_certified_clear(&certified);
	return rc;
}

START_TEST(certified_key_without_memory_is_accepted_or_refused)
{
	enum forge_ak_kind   kind = ak_kinds[_i];
	struct certify_world world = {.hash = forge_ak_hash(kind)};

	forge_ak_make(kind, FORGE_FLAW_NONE, &world.ak);
	forge_certify_make(&world.ak, kind, _i % 2 == 0 ? FORGE_RSA2048 : FORGE_P384, authorization,
	    FORGE_CERTIFY_NONE, &world.forged);
	failing_each(accept_certify, &world);
	forge_certify_clear(&world.forged);
	forge_ak_clear(&world.ak);
}
END_TEST

START_TEST(certified_key_with_a_flaw_is_refused_without_memory)
{
	struct certify_world world = {.hash = TPM2_ALG_SHA256};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &world.ak);
	forge_certify_make(&world.ak, FORGE_AK_P256, FORGE_P256, authorization,
	    (enum forge_certify_flaw)_i, &world.forged);
	failing_refuses(accept_certify, &world);
	forge_certify_clear(&world.forged);
	forge_ak_clear(&world.ak);
}
END_TEST

/* ---- credentials ---- */

/* What is made opens, to this secret, for this Name only. */
static int
make_credential(const void *arg, struct error *err)
{
	const struct forge_ek *forged = arg;
	struct tpm_name        name = {.bytes = {0, 0x0b, 1, 2, 3}, .size = 34};
	struct tpm_ek          ek;
	AUTO_BYTES             credential = {0};
	AUTO_BYTES             encrypted = {0};
	AUTO_BYTES             opened = {0};
	int                    rc;

	if (tpm_ek_decode(bytes_view(&forged->spki), bytes_view(&forged->public), &ek, err) != 0)
		return -1;
	rc = tpm_credential_make(&ek, &name, secret, &credential, &encrypted, err);
	failing_off();
	if (rc == 0) {
		ck_assert(forge_activate(forged, &name, bytes_view(&credential), bytes_view(&encrypted), &opened));
		ck_assert(view_equal(bytes_view(&opened), secret));
	} else {
		ck_assert_uint_eq(credential.size, 0);
		ck_assert_uint_eq(encrypted.size, 0);
	}
	tpm_ek_clear(&ek);
	return rc;
}

static const enum forge_key ek_kinds[] = {FORGE_RSA2048, FORGE_P256, FORGE_P384, FORGE_P521};

/* OpenSSL 3.0's own SSKDF crashes when it is made without memory: from there on nothing fails. */
int __real_tpm_kdfe(uint16_t alg, struct view z, const char *label, struct view u, struct view v, uint8_t *out,
    size_t size, struct error *err);
int __wrap_tpm_kdfe(uint16_t alg, struct view z, const char *label, struct view u, struct view v, uint8_t *out,
    size_t size, struct error *err);
int
__wrap_tpm_kdfe(uint16_t alg, struct view z, const char *label, struct view u, struct view v, uint8_t *out,
    size_t size, struct error *err)
{
	failing_off();
	return __real_tpm_kdfe(alg, z, label, u, v, out, size, err);
}

START_TEST(credential_without_memory_is_right_or_none)
{
	struct forge_ek ek;

	forge_ek_make(ek_kinds[_i], &ek);
	failing_each(make_credential, &ek);
	forge_ek_clear(&ek);
}
END_TEST

/* ---- keys ---- */

static int
read_key(const void *arg, struct error *err)
{
	const struct forge_ek *forged = arg;
	EVP_PKEY              *key = NULL;
	struct ek_hash         hash;
	AUTO_BYTES             spki = {0};
	int                    rc = -1;

	if (spki_decode(bytes_view(&forged->spki), "EK", &key, err) == 0 && spki_encode(key, &spki, err) == 0 &&
	    ek_hash_of_key(key, &hash, err) == 0) {
		failing_off();
		ck_assert_int_eq(EVP_PKEY_eq(key, forged->key), 1);
		ck_assert(view_equal(bytes_view(&spki), bytes_view(&forged->spki)));
		rc = 0;
	}
	EVP_PKEY_free(key);
	return rc;
}

START_TEST(key_read_without_memory_is_itself_or_none)
{
	struct forge_ek ek;

	forge_ek_make(ek_kinds[_i], &ek);
	failing_each(read_key, &ek);
	forge_ek_clear(&ek);
}
END_TEST

/* ---- what OpenSSL's own calls refuse: here memory does not fail ---- */

static int
make_rsa_key(const void *arg, struct error *err)
{
	struct tpm_rsa_numbers numbers;
	EVP_PKEY              *key = NULL;
	int                    rc;

	failing_off();
	ck_assert_int_eq(tpm_key_rsa_numbers(arg, &numbers), 0);
	failing_on();
	rc = tpm_key_from_rsa((struct view){numbers.modulus, numbers.modulus_size}, 65537, &key, err);
	failing_off();
	ck_assert((key != NULL) == (rc == 0));
	if (rc == 0)
		ck_assert_int_eq(EVP_PKEY_eq(key, arg), 1);
	EVP_PKEY_free(key);
	return rc;
}

/* The first RSA key of a process: later ones find what it left. */
START_TEST(key_without_its_preparation_is_none)
{
	struct error err = {0};

	failing_spare_memory();
	failing_refuses_at(make_rsa_key, forge_key(FORGE_RSA2048, 0), 1);
	unit_ok(make_rsa_key(forge_key(FORGE_RSA2048, 0), &err), &err);
}
END_TEST

static int
derive(const void *arg, struct error *err)
{
	uint8_t out[32] = {0};
	int     rc;

	failing_on();
	rc = __real_tpm_kdfe(TPM2_ALG_SHA256, secret, "IDENTITY", authorization, secret, out, sizeof out, err);
	failing_off();
	if (rc == 0)
		ck_assert_mem_eq(out, arg, sizeof out);
	return rc;
}

START_TEST(derivation_that_fails_is_told)
{
	uint8_t      wanted[32];
	struct error err = {0};

	failing_spare_memory();
	unit_ok(__real_tpm_kdfe(TPM2_ALG_SHA256, secret, "IDENTITY", authorization, secret, wanted, sizeof wanted, &err), &err);
	failing_each(derive, wanted);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	failing_crypto();
	for (int kind = 0; kind < FORGE_KEY_COUNT; kind++) /* before Check forks */
		if (kind != FORGE_RSA3072 && kind != FORGE_RSA4096)
			(void)forge_key((enum forge_key)kind, 0);
	suite = suite_create("tpm/failing");
	tcase = tcase_create("failing");
	tcase_add_loop_test(tcase, ak_without_memory_is_accepted_or_refused, 0, AK_KINDS);
	tcase_add_loop_test(tcase, ak_with_a_flaw_is_refused_without_memory, FORGE_FLAW_NONE + 1, FORGE_FLAW_COUNT);
	tcase_add_loop_test(tcase, certified_key_without_memory_is_accepted_or_refused, 0, AK_KINDS);
	tcase_add_loop_test(tcase, certified_key_with_a_flaw_is_refused_without_memory, FORGE_CERTIFY_NONE + 1,
	    FORGE_CERTIFY_FLAW_COUNT);
	tcase_add_loop_test(tcase, credential_without_memory_is_right_or_none, 0, 2);
	tcase_add_loop_test(tcase, key_read_without_memory_is_itself_or_none, 0,
	    sizeof ek_kinds / sizeof ek_kinds[0]);
	tcase_add_test(tcase, key_without_its_preparation_is_none);
	tcase_add_test(tcase, derivation_that_fails_is_told);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
