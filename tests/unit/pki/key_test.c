#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "cleansed.h"
#include "forge_must.h"
#include "pki/key.h"
#include "pki_support.h"

static const struct {
	const char   *word;
	enum key_type type;
	const char   *algorithm;
	int           bits;
	const char   *digest;
} types[] = {
    {"p256", KEY_TYPE_P256, "EC", 256, "SHA256"},
    {"p384", KEY_TYPE_P384, "EC", 384, "SHA384"},
    {"rsa3072", KEY_TYPE_RSA3072, "RSA", 3072, "SHA256"},
    {"rsa4096", KEY_TYPE_RSA4096, "RSA", 4096, "SHA256"},
};

START_TEST(type_parse_every_word_gives_its_type)
{
	enum key_type type = KEY_TYPE_P256;
	struct error  err = {0};

	unit_ok(key_type_parse(types[_i].word, &type, &err), &err);
	ck_assert_int_eq((int)type, (int)types[_i].type);
}
END_TEST

START_TEST(type_parse_other_word_names_them_all)
{
	enum key_type type = KEY_TYPE_P256;
	struct error  err = {0};

	unit_fails(key_type_parse("rsa2048", &type, &err), &err, ERROR_MALFORMED,
	    "key type \"rsa2048\" is not one of p256, p384, rsa3072, rsa4096");
}
END_TEST

/* One of each type, made before Check forks, and kept until the end: RSA keys take long. */
static EVP_PKEY *generated[4];

static void
keys_generate(void)
{
	struct error err = {0};

	for (size_t i = 0; i < sizeof generated / sizeof generated[0]; i++)
		forge_must(key_generate(types[i].type, &generated[i], &err) == 0);
}

START_TEST(type_of_each_key_is_its_own)
{
	enum key_type type = KEY_TYPE_RSA4096;

	ck_assert(key_type_of(generated[_i], &type));
	ck_assert_int_eq((int)type, (int)types[_i].type);
}
END_TEST

/* Another algorithm with as many bits as P-256, and RSA of another size. */
START_TEST(type_of_another_key_is_none)
{
	enum key_type type = KEY_TYPE_RSA4096;
	EVP_PKEY     *key = _i == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048);

	ck_assert(_i != 0 || EVP_PKEY_get_bits(key) == 256);
	ck_assert(!key_type_of(key, &type));
	ck_assert_int_eq((int)type, (int)KEY_TYPE_RSA4096);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(load_what_encode_wrote_is_the_same_key)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "the key.pem");
	AUTO_BYTES      pem = {0};
	EVP_PKEY       *key = generated[_i];
	EVP_PKEY       *back = NULL;
	struct error    err = {0};

	ck_assert(EVP_PKEY_is_a(key, types[_i].algorithm));
	ck_assert_int_eq(EVP_PKEY_get_bits(key), types[_i].bits);
	ck_assert_str_eq(EVP_MD_get0_name(key_digest(key)), types[_i].digest);
	unit_ok(key_encode(key, &pem, &err), &err);
	ck_assert_int_eq(memcmp(pem.data, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
	pki_write(directory, "the key.pem", pem.data, pem.size);
	unit_ok(key_load(path, &back, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(key, back), 1);
	EVP_PKEY_free(back);
	pki_directory_remove(directory);
}
END_TEST

/* Made by the openssl command: what an operator brings along. */
static const char *const foreign[] = {
    "openssl genpkey -algorithm ED25519 -out k",
    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out k",
    "openssl ecparam -name prime256v1 -genkey -out k",
    "openssl req -x509 -newkey ed25519 -nodes -subj /CN=x -keyout a -out b && cat b a > k",
};

START_TEST(load_foreign_file_finds_its_key)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "k");
	EVP_PKEY       *key = NULL;
	struct error    err = {0};

	free(pki_run(directory, foreign[_i]));
	unit_ok(key_load(path, &key, &err), &err);
	ck_assert_ptr_nonnull(key);
	EVP_PKEY_free(key);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(load_file_uri_finds_its_key)
{
	char        *directory = pki_directory();
	char         uri[4096];
	EVP_PKEY    *key = NULL;
	struct error err = {0};

	free(pki_run(directory, foreign[0]));
	(void)snprintf(uri, sizeof uri, "file:%s/k", directory);
	unit_ok(key_load(uri, &key, &err), &err);
	ck_assert_ptr_null(key_digest(key));
	EVP_PKEY_free(key);
	pki_directory_remove(directory);
}
END_TEST

/* A command that leaves ./k, and what key_load says before and after its path. */
static const struct {
	const char     *command;
	enum error_kind kind;
	const char     *before;
	const char     *after;
} refused[] = {
    {"true", ERROR_NOT_FOUND, "no private key at ", ": No such file or directory"},
    {": > k", ERROR_NOT_FOUND, "no private key at ", ""},
    {"openssl genpkey -algorithm ED25519 | openssl pkey -pubout -out k", ERROR_NOT_FOUND,
        "no private key at ", ""},
    {"openssl genpkey -algorithm ED25519 -aes256 -pass pass:secret -out k", ERROR_INTERNAL,
        "the private key at ",
        " is encrypted, and no passphrase was given"},
    {"openssl genpkey -algorithm ED25519 |"
     " openssl pkcs8 -topk8 -outform DER -passout pass:secret -out k", ERROR_INTERNAL,
        "the private key at ",
        " is encrypted, and no passphrase was given"},
    {"openssl ecparam -name prime256v1 -genkey -noout |"
     " openssl ec -aes128 -passout pass:secret -out k", ERROR_INTERNAL,
        "the private key at ",
        " is encrypted, and no passphrase was given"},
    {"openssl genpkey -algorithm ED25519 > k; openssl genpkey -algorithm ED25519 >> k",
        ERROR_INTERNAL, "2 private keys at ", ", not one"},
};

START_TEST(load_of_more_than_any_key_has_says_so)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "k");
	char            detail[512];
	EVP_PKEY       *key = NULL;
	struct error    err = {0};

	free(pki_run(directory, "head -c 1048577 /dev/zero >k"));
	(void)snprintf(detail, sizeof detail, "no private key at %s: %s has more than 1048576 octets", path, path);
	unit_fails(key_load(path, &key, &err), &err, ERROR_TOO_LARGE, detail);
	ck_assert_ptr_null(key);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(load_without_one_usable_key_says_why)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "k");
	char            detail[512];
	EVP_PKEY       *key = NULL;
	struct error    err = {0};

	free(pki_run(directory, refused[_i].command));
	(void)snprintf(detail, sizeof detail, "%s%s%s", refused[_i].before, path, refused[_i].after);
	unit_fails(key_load(path, &key, &err), &err, refused[_i].kind, detail);
	ck_assert_ptr_null(key);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(encode_leaves_no_copy_of_the_key)
{
	AUTO_BYTES   pem = {0};
	EVP_PKEY    *key = NULL;
	struct error err = {0};

	unit_ok(key_generate(KEY_TYPE_P256, &key, &err), &err);
	cleansed_watch();
	unit_ok(key_encode(key, &pem, &err), &err);
	ck_assert_uint_eq(cleansed_freed(pem.size, bytes_view(&pem)), 1);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("key");
	TCase *tc = tcase_create("key");

	keys_generate();
	tcase_set_timeout(tc, 60); /* RSA-4096 under sanitizers */
	tcase_add_loop_test(tc, type_parse_every_word_gives_its_type, 0, 4);
	tcase_add_test(tc, type_parse_other_word_names_them_all);
	tcase_add_loop_test(tc, type_of_each_key_is_its_own, 0, 4);
	tcase_add_loop_test(tc, type_of_another_key_is_none, 0, 2);
	tcase_add_loop_test(tc, load_what_encode_wrote_is_the_same_key, 0, 4);
	tcase_add_loop_test(tc, load_foreign_file_finds_its_key, 0,
	    sizeof foreign / sizeof foreign[0]);
	tcase_add_test(tc, load_file_uri_finds_its_key);
	tcase_add_test(tc, load_of_more_than_any_key_has_says_so);
	tcase_add_loop_test(tc, load_without_one_usable_key_says_why, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, encode_leaves_no_copy_of_the_key);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
