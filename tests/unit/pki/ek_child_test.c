/* Who signed a certificate that is outlined only: as OpenSSL verifies it when it is decoded. */
#include "config.h"

#include <openssl/rsa.h>

#include "pki/ek_child.h"
#include "pki/ek_outline.h"
#include "pki_support.h"

static EVP_PKEY *key;
static EVP_PKEY *other;

static void
setup(void)
{
	ck_assert_ptr_nonnull(key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048));
	ck_assert_ptr_nonnull(other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static void
teardown(void)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* Of the key's own, signed by RSASSA-PSS with this hash. */
static X509 *
certificate_new(const EVP_MD *md)
{
	X509         *certificate = pki_forge(&(struct pki_forgery){.key = key, .common_name = "child"});
	EVP_MD_CTX   *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pss = NULL;

	ck_assert_int_eq(EVP_DigestSignInit(ctx, &pss, md, NULL, key), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING), 1);
	ck_assert_int_gt(X509_sign_ctx(certificate, ctx), 0);
	EVP_MD_CTX_free(ctx);
	return certificate;
}

static const struct {
	const char *hash;
	bool        good;
} hashes[] = {{"SHA1", true}, {"SHA256", true}, {"SHA512", true}, {"SHA224", false}};

/* PSS names its hash in parameters, and SHA-1 by naming none. */
START_TEST(signed_by_pss_is_as_good_as_its_hash)
{
	X509             *certificate = certificate_new(EVP_get_digestbyname(hashes[_i].hash));
	AUTO_BYTES        der = {0};
	struct ek_outline outline;
	struct ek_child   decoded;
	struct ek_child   outlined;
	struct error      err = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	ck_assert(ek_outline_read(bytes_view(&der), &outline));
	decoded = ek_child_of(certificate);
	outlined = ek_child_of_outline(&outline);
	ck_assert_int_eq(ek_child_signed(&decoded, key), hashes[_i].good);
	ck_assert_int_eq(ek_child_signed(&outlined, key), hashes[_i].good);
	ck_assert(!ek_child_signed(&decoded, other));
	ck_assert(!ek_child_signed(&outlined, other));
	ek_outline_clear(&outline);
	X509_free(certificate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_child");
	TCase *tc = tcase_create("signed");

	tcase_set_timeout(tc, 20);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, signed_by_pss_is_as_good_as_its_hash, 0, sizeof hashes / sizeof hashes[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
