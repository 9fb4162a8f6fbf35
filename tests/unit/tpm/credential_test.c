#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "cleansed.h"
#include "forge.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm/key.h"
#include "unit.h"

static const uint8_t  secret[64] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
static const struct view secret_32 = {secret, 32};

static const enum forge_key kinds[] = {
    FORGE_RSA2048, FORGE_RSA3072, FORGE_RSA4096, FORGE_P256, FORGE_P384, FORGE_P521};

#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

/* A Name as a TPM would have it; its octets mean nothing here. */
static struct tpm_name
some_name(uint8_t seed)
{
	struct tpm_name name = {.bytes = {0, 0x0b}, .size = 34};

	memset(name.bytes + 2, seed, 32);
	return name;
}

struct made {
	struct forge_ek forged;
	struct tpm_ek   ek;
	struct bytes    credential;
	struct bytes    encrypted_secret;
};

static void
make(enum forge_key kind, bool with_public, struct view value, struct made *made)
{
	struct tpm_name name = some_name(1);
	struct error    err = {0};

	memset(made, 0, sizeof *made);
	forge_ek_make(kind, &made->forged);
	unit_ok(tpm_ek_decode(bytes_view(&made->forged.spki),
	            with_public ? bytes_view(&made->forged.public) : (struct view){0}, &made->ek,
	            &err),
	    &err);
	unit_ok(tpm_credential_make(&made->ek, &name, value, &made->credential,
	            &made->encrypted_secret, &err),
	    &err);
}

static bool
activate(const struct made *made, uint8_t name_seed, struct bytes *opened)
{
	struct tpm_name name = some_name(name_seed);

	return forge_activate(&made->forged, &name, bytes_view(&made->credential),
	    bytes_view(&made->encrypted_secret), opened);
}

static void
made_clear(struct made *made)
{
	forge_ek_clear(&made->forged);
	tpm_ek_clear(&made->ek);
	bytes_clear(&made->credential);
	bytes_clear(&made->encrypted_secret);
}

START_TEST(make_each_kind_is_opened_by_its_ek)
{
	struct made made;
	AUTO_BYTES  opened = {0};

	make(kinds[_i], _i % 2 == 0, secret_32, &made);
	ck_assert(activate(&made, 1, &opened));
	ck_assert(view_equal(bytes_view(&opened), secret_32));
	made_clear(&made);
}
END_TEST

/* As often as one likes, after it was used unprepared. */
START_TEST(make_prepared_is_opened_by_its_ek)
{
	struct made     made;
	struct tpm_name name = some_name(1);
	struct error    err = {0};

	make(kinds[_i], _i % 2 == 0, secret_32, &made);
	tpm_credential_prepare(&made.ek);
	ck_assert(EVP_PKEY_is_a(made.ek.key, "RSA") == (made.ek.prepared != NULL));
	tpm_credential_prepare(&made.ek);
	for (int i = 0; i < 3; i++) {
		AUTO_BYTES opened = {0};

		bytes_clear(&made.credential);
		bytes_clear(&made.encrypted_secret);
		unit_ok(tpm_credential_make(&made.ek, &name, secret_32, &made.credential,
		            &made.encrypted_secret, &err),
		    &err);
		ck_assert(activate(&made, 1, &opened));
		ck_assert(view_equal(bytes_view(&opened), secret_32));
		bytes_clear(&opened);
		ck_assert(!activate(&made, 2, &opened));
	}
	made_clear(&made);
}
END_TEST

START_TEST(make_for_another_name_is_not_opened)
{
	struct made made;
	AUTO_BYTES  opened = {0};

	make(kinds[_i], false, secret_32, &made);
	ck_assert(!activate(&made, 2, &opened));
	made_clear(&made);
}
END_TEST

START_TEST(make_for_another_ek_is_not_opened)
{
	struct made made;
	AUTO_BYTES  opened = {0};

	make(kinds[_i], false, secret_32, &made);
	made.forged.key = forge_key(kinds[_i], 2);
	ck_assert(!activate(&made, 1, &opened));
	made_clear(&made);
}
END_TEST

START_TEST(make_twice_gives_different_seeds)
{
	struct made first;
	struct made second;

	make(kinds[_i], false, secret_32, &first);
	make(kinds[_i], false, secret_32, &second);
	ck_assert(!view_equal(bytes_view(&first.credential), bytes_view(&second.credential)));
	ck_assert(!view_equal(
	    bytes_view(&first.encrypted_secret), bytes_view(&second.encrypted_secret)));
	made_clear(&first);
	made_clear(&second);
}
END_TEST

START_TEST(make_short_coordinates_are_padded)
{
	struct made made;
	AUTO_BYTES  opened = {0};

	/* every other coordinate of P-521 begins with a zero octet, and every other Z */
	make(FORGE_P521, false, secret_32, &made);
	ck_assert(activate(&made, 1, &opened));
	ck_assert(view_equal(bytes_view(&opened), secret_32));
	made_clear(&made);
}
END_TEST

START_TEST(make_changed_octet_is_not_opened)
{
	struct made made;
	AUTO_BYTES  opened = {0};

	make(FORGE_P256, false, secret_32, &made);
	for (size_t i = 0; i < made.credential.size; i++) {
		made.credential.data[i] ^= 0x10;
		ck_assert(!activate(&made, 1, &opened));
		made.credential.data[i] ^= 0x10;
	}
	made_clear(&made);
}
END_TEST

START_TEST(make_public_area_decides_hash_and_aes)
{
	struct made     made;
	struct tpm_name name = some_name(1);
	struct error    err = {0};
	AUTO_BYTES      opened = {0};

	/* P-256 with SHA-384 and AES-256: no template has it, and a TPM may */
	make(FORGE_P256, false, secret_32, &made);
	made.forged.area.nameAlg = TPM2_ALG_SHA384;
	made.forged.area.parameters.eccDetail.symmetric.keyBits.aes = 256;
	bytes_clear(&made.forged.public);
	forge_marshal_public(&made.forged.area, &made.forged.public);
	tpm_ek_clear(&made.ek);
	unit_ok(tpm_ek_decode(bytes_view(&made.forged.spki), bytes_view(&made.forged.public),
	            &made.ek, &err),
	    &err);
	bytes_clear(&made.credential);
	bytes_clear(&made.encrypted_secret);
	unit_ok(tpm_credential_make(&made.ek, &name, secret_32, &made.credential,
	            &made.encrypted_secret, &err),
	    &err);
	ck_assert(activate(&made, 1, &opened));
	ck_assert(view_equal(bytes_view(&opened), secret_32));
	made_clear(&made);
}
END_TEST

static const struct {
	enum forge_key kind;
	size_t         size; /* of nameAlg's digest */
} limits[] = {{FORGE_RSA2048, 32}, {FORGE_P256, 32}, {FORGE_P384, 48}, {FORGE_P521, 64}};

START_TEST(make_secret_of_any_size_up_to_the_digest_is_opened)
{
	for (size_t size = 1; size <= limits[_i].size; size += limits[_i].size - 1) {
		struct view value = {secret, size};
		struct made made;
		AUTO_BYTES  opened = {0};

		make(limits[_i].kind, false, value, &made);
		ck_assert(activate(&made, 1, &opened));
		ck_assert(view_equal(bytes_view(&opened), value));
		made_clear(&made);
	}
}
END_TEST

START_TEST(make_secret_longer_than_the_digest_is_internal)
{
	struct made     made;
	struct tpm_name name = some_name(1);
	struct error    err = {0};
	AUTO_BYTES      credential = {0};

	make(FORGE_P256, false, secret_32, &made);
	unit_fails(tpm_credential_make(&made.ek, &name, (struct view){secret, 33}, &credential,
	               &credential, &err),
	    &err, ERROR_INTERNAL, "secret of 33 octets for a nameAlg of 32");
	unit_fails(tpm_credential_make(&made.ek, &name, (struct view){secret, 0}, &credential,
	               &credential, &err),
	    &err, ERROR_INTERNAL, "secret of 0 octets for a nameAlg of 32");
	name.size = 0;
	unit_fails(
	    tpm_credential_make(&made.ek, &name, secret_32, &credential, &credential, &err), &err,
	    ERROR_INTERNAL, "a credential needs a Name");
	ck_assert_uint_eq(credential.size, 0);
	made_clear(&made);
}
END_TEST

START_TEST(make_leaves_no_secret_behind)
{
	const struct view any = {NULL, 0};
	struct made       made;

	cleansed_watch();
	make(kinds[_i], true, secret_32, &made);
	/* The secret behind its size; the storage key; the integrity key, and the
	 * block that each of the two keys was cut from. */
	ck_assert_uint_eq(cleansed_count(sizeof(TPM2B_DIGEST), secret_32), 1);
	ck_assert_uint_eq(cleansed_count(32, any), 1);
	ck_assert_uint_eq(cleansed_count(EVP_MAX_MD_SIZE, any), 3);
	/* Z, where there is one; the one that holds the secret has its size. */
	ck_assert_uint_eq(TPM_COORDINATE_MAX, sizeof(TPM2B_DIGEST));
	ck_assert_uint_eq(cleansed_count(TPM_COORDINATE_MAX, any),
	    tpm_key_curve(made.ek.key) != NULL ? 2 : 1);
	/* The seed, with its size and where its encrypted form is. */
	ck_assert_uint_eq(cleansed_count(EVP_MAX_MD_SIZE + sizeof(size_t) + sizeof(struct bytes), any), 1);
	made_clear(&made);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credential");
	TCase *tc = tcase_create("credential");

	for (int i = 0; i < KIND_COUNT; i++) { /* once, before Check forks */
		(void)forge_key(kinds[i], 2);
		(void)forge_key(kinds[i], 3);
	}
	tcase_add_loop_test(tc, make_each_kind_is_opened_by_its_ek, 0, KIND_COUNT);
	tcase_add_loop_test(tc, make_prepared_is_opened_by_its_ek, 0, KIND_COUNT);
	tcase_add_loop_test(tc, make_for_another_name_is_not_opened, 0, KIND_COUNT);
	tcase_add_loop_test(tc, make_for_another_ek_is_not_opened, 0, KIND_COUNT);
	tcase_add_loop_test(tc, make_twice_gives_different_seeds, 0, KIND_COUNT);
	tcase_add_loop_test(tc, make_short_coordinates_are_padded, 0, 16);
	tcase_add_test(tc, make_changed_octet_is_not_opened);
	tcase_add_test(tc, make_public_area_decides_hash_and_aes);
	tcase_add_loop_test(tc, make_secret_of_any_size_up_to_the_digest_is_opened, 0,
	    (int)(sizeof limits / sizeof limits[0]));
	tcase_add_test(tc, make_secret_longer_than_the_digest_is_internal);
	tcase_add_loop_test(tc, make_leaves_no_secret_behind, 0, KIND_COUNT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
