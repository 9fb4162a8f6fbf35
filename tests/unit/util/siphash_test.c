/* SipHash-2-4 against the vectors of its authors, and against OpenSSL's. */
#include "config.h"

#include <sys/types.h>

#include <endian.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "unit.h"
#include "util/folder.h"
#include "util/siphash.h"

#define SIZE_MOST 80

static struct siphash_key key;
static uint8_t            octets[SIZE_MOST];

static void
setup(void)
{
	uint8_t *raw = (uint8_t *)&key;

	for (uint8_t i = 0; i < 16; i++)
		raw[i] = i;
	for (uint8_t i = 0; i < SIZE_MOST; i++)
		octets[i] = i;
}

/* Appendix A of the paper, and the first and last of the reference implementation's vectors. */
START_TEST(hash_of_the_vectors_is_theirs)
{
	ck_assert_uint_eq(siphash(&key, (struct view){octets, 15}), UINT64_C(0xa129ca6149be45e5));
	ck_assert_uint_eq(siphash(&key, (struct view){octets, 0}), UINT64_C(0x726fdb47dd0e0e31));
	ck_assert_uint_eq(siphash(&key, (struct view){octets, 1}), UINT64_C(0x74f839c593dc67fd));
	ck_assert_uint_eq(siphash(&key, (struct view){octets, 63}), UINT64_C(0x958a324ceb064572));
	ck_assert_uint_eq(siphash(&key, (struct view){NULL, 0}), UINT64_C(0x726fdb47dd0e0e31));
}
END_TEST

static uint64_t
openssl_siphash(const struct siphash_key *with, struct view data)
{
	size_t      size = 8;
	uint64_t    hash = 0;
	OSSL_PARAM  params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
	EVP_MAC     *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(EVP_MAC_init(ctx, (const uint8_t *)with, sizeof *with, params), 1);
	ck_assert_int_eq(EVP_MAC_update(ctx, data.data, data.size), 1);
	ck_assert_int_eq(EVP_MAC_final(ctx, (uint8_t *)&hash, &size, sizeof hash), 1);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return le64toh(hash);
}

START_TEST(hash_of_each_size_is_as_openssl_has_it)
{
	siphash_key_draw(&key);
	for (size_t size = 0; size < SIZE_MOST; size++) {
		struct view data = {octets + SIZE_MOST - size, size};

		ck_assert_uint_eq(siphash(&key, data), openssl_siphash(&key, data));
	}
}
END_TEST

START_TEST(key_draw_gives_another_each_time)
{
	struct siphash_key one;
	struct siphash_key other;

	siphash_key_draw(&one);
	siphash_key_draw(&other);
	ck_assert_uint_ne(one.halves[0], other.halves[0]);
	ck_assert_uint_ne(one.halves[1], other.halves[1]);
}
END_TEST

/* Named so by the linker: without random numbers the key would be one that everybody knows. */
static bool no_random;

ssize_t __real_getrandom(void *out, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);
ssize_t
__wrap_getrandom(void *out, size_t size, unsigned flags)
{
	return no_random ? -1 : __real_getrandom(out, size, flags);
}

START_TEST(key_draw_without_random_numbers_aborts)
{
	struct siphash_key drawn;

	no_random = true;
	siphash_key_draw(&drawn);
}
END_TEST

/* Nor would a name be one that nobody has guessed. */
START_TEST(letters_without_random_numbers_abort)
{
	char letters[6];

	no_random = true;
	folder_letters(letters);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("siphash");
	TCase *tc = tcase_create("siphash");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, hash_of_the_vectors_is_theirs);
	tcase_add_test(tc, hash_of_each_size_is_as_openssl_has_it);
	tcase_add_test(tc, key_draw_gives_another_each_time);
	tcase_add_test_raise_signal(tc, key_draw_without_random_numbers_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, letters_without_random_numbers_abort, SIGABRT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
