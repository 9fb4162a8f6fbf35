/* EKs that are kept: the second answer is the first, and only for the same octets. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "attestation/keeper/ek_keys.h"
#include "forge.h"
#include "unit.h"
#include "util/error.h"

#define MAX 3

static const struct view no_public = {NULL, 0};
static struct ek_keys   *keys;
static struct error      err;

static void
setup(void)
{
	keys = ek_keys_new(MAX);
}

static void
teardown(void)
{
	ek_keys_free(keys);
	ek_keys_free(NULL);
}

/* Reads an EK as a request does, keeps it, and says whether it was kept already. */
static bool
read_and_keep(struct view spki, struct view public)
{
	struct ek_read read;
	bool           kept;

	unit_ok(ek_keys_decode(keys, spki, public, &read, &err), &err);
	kept = read.kept;
	ek_keys_keep(keys, &read);
	ek_read_clear(&read);
	ck_assert_ptr_null(read.ek.key);
	return kept;
}

START_TEST(kept_is_the_same_in_all_members)
{
	struct forge_ek forged;
	struct tpm_ek   decoded;
	struct ek_read  read;

	forge_ek_make(FORGE_P384, &forged);
	unit_ok(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&forged.public), &decoded, &err), &err);
	ck_assert(!read_and_keep(bytes_view(&forged.spki), bytes_view(&forged.public)));
	unit_ok(ek_keys_decode(keys, bytes_view(&forged.spki), bytes_view(&forged.public), &read, &err),
	    &err);
	ck_assert(read.kept);
	ck_assert_int_eq(EVP_PKEY_eq(read.ek.key, decoded.key), 1);
	ck_assert_str_eq(read.ek.kind, decoded.kind);
	ck_assert_uint_eq(read.ek.name_alg, decoded.name_alg);
	ck_assert_uint_eq(read.ek.aes_bits, decoded.aes_bits);
	ck_assert_mem_eq(&read.ek.hash, &decoded.hash, sizeof decoded.hash);
	/* It stays good when the table is gone. */
	ek_keys_free(keys);
	keys = NULL;
	ck_assert_int_eq(EVP_PKEY_eq(read.ek.key, decoded.key), 1);
	ek_read_clear(&read);
	tpm_ek_clear(&decoded);
	forge_ek_clear(&forged);
}
END_TEST

START_TEST(without_keeping_nothing_is_kept)
{
	struct forge_ek forged;
	struct ek_read  read;

	forge_ek_make(FORGE_P256, &forged);
	for (int i = 0; i < 2; i++) {
		unit_ok(ek_keys_decode(keys, bytes_view(&forged.spki), no_public, &read, &err), &err);
		ck_assert(!read.kept);
		ek_read_clear(&read);
	}
	ck_assert_uint_eq(ek_keys_count(keys), 0);
	forge_ek_clear(&forged);
}
END_TEST

/* Each octet counts, those of the public area too, and where one ends and the other begins. */
START_TEST(other_octets_are_read_anew)
{
	struct forge_ek forged;
	struct ek_read  read;
	AUTO_BYTES      whole = {0};

	forge_ek_make(FORGE_P256, &forged);
	ck_assert(!read_and_keep(bytes_view(&forged.spki), no_public));
	ck_assert(!read_and_keep(bytes_view(&forged.spki), bytes_view(&forged.public)));
	ck_assert(read_and_keep(bytes_view(&forged.spki), no_public));
	bytes_append(&whole, forged.spki.data, forged.spki.size);
	bytes_append(&whole, forged.public.data, forged.public.size);
	ck_assert_int_eq(ek_keys_decode(keys, bytes_view(&whole), no_public, &read, &err), -1);
	ck_assert_ptr_null(read.ek.key);
	for (size_t i = 0; i < forged.public.size; i++) {
		forged.public.data[i] ^= 1;
		if (ek_keys_decode(keys, bytes_view(&forged.spki), bytes_view(&forged.public), &read, &err) == 0)
			ck_assert(!read.kept);
		ek_read_clear(&read);
		forged.public.data[i] ^= 1;
	}
	forge_ek_clear(&forged);
}
END_TEST

START_TEST(it_is_bounded)
{
	static const enum forge_key each[] = {FORGE_P256, FORGE_P384, FORGE_P521, FORGE_RSA2048};
	struct forge_ek             forged[4];

	for (int i = 0; i < 4; i++) {
		forge_ek_make(each[i], &forged[i]);
		ck_assert(!read_and_keep(bytes_view(&forged[i].spki), no_public));
	}
	ck_assert_uint_eq(ek_keys_count(keys), MAX);
	ck_assert(!read_and_keep(bytes_view(&forged[0].spki), no_public));
	for (int i = 0; i < 4; i++)
		forge_ek_clear(&forged[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_keys");
	TCase *tc = tcase_create("ek_keys");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, kept_is_the_same_in_all_members);
	tcase_add_test(tc, without_keeping_nothing_is_kept);
	tcase_add_test(tc, other_octets_are_read_anew);
	tcase_add_test(tc, it_is_bounded);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
