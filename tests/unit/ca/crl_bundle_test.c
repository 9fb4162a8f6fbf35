/* A CRL and the root's as PEM. */
#include "config.h"

#include "ca/crl_bundle.h"

#include <openssl/pem.h>

#include "ca/files.h"
#include "pki_support.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

static struct pki   pki;
static char         directory[SCRATCH_SIZE];
static struct folder state;
static struct bytes der;
static struct error err;

static void
setup(void)
{
	struct ca_revoked revoked[3];

	for (size_t i = 0; i < 3; i++)
		revoked[i] = (struct ca_revoked){.serial = {0x40, (uint8_t)i}, .serial_size = 2,
		    .when = PKI_NOW};
	scratch_make(directory);
	unit_ok(folder_open(directory, &state, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.issuing, 8, revoked, 3, PKI_NOW, PKI_DAY, &der, &err), &err);
}

static void
teardown(void)
{
	bytes_clear(&der);
	pki_clear(&pki);
	folder_close(&state);
	scratch_remove(directory);
}

START_TEST(append_is_the_crl_and_that_of_the_root)
{
	AUTO_FREE char *path = file_join(directory, STATE_ROOT_CRL);
	AUTO_BYTES      root_crl = {0};
	AUTO_BYTES      pem = {0};
	X509_CRL       *issuing;
	X509_CRL       *root;
	BIO            *bio;

	unit_ok(ca_crl_create(&pki.root, 1, NULL, 0, PKI_NOW, PKI_DAY, &root_crl, &err), &err);
	unit_ok(file_replace(path, root_crl.data, root_crl.size, 0644, &err), &err);
	unit_ok(crl_bundle_append(&state, bytes_view(&der), &pem, &err), &err);
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	ck_assert_ptr_nonnull(issuing = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_ptr_nonnull(root = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_ptr_null(PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_int_eq(X509_CRL_verify(issuing, pki.issuing.key), 1);
	ck_assert_int_eq(X509_CRL_verify(root, pki.root.key), 1);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(issuing)), 3);
	ck_assert_int_eq(i2d_X509_CRL(issuing, NULL), (int)der.size);
	X509_CRL_free(issuing);
	X509_CRL_free(root);
	BIO_free(bio);
}
END_TEST

START_TEST(append_without_a_crl_of_the_root_is_the_crl)
{
	AUTO_BYTES pem = {0};
	X509_CRL  *issuing;
	BIO       *bio;

	unit_ok(crl_bundle_append(&state, bytes_view(&der), &pem, &err), &err);
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	ck_assert_ptr_nonnull(issuing = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_ptr_null(PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	X509_CRL_free(issuing);
	BIO_free(bio);
}
END_TEST

/* Named so by the linker. */
static bool no_pem;

int __real_pem_wrap(const char *name, struct view of, struct bytes *pem, struct error *failed);
int __wrap_pem_wrap(const char *name, struct view of, struct bytes *pem, struct error *failed);
int
__wrap_pem_wrap(const char *name, struct view of, struct bytes *pem, struct error *failed)
{
	return no_pem ? error_set(failed, ERROR_INTERNAL, "no memory") : __real_pem_wrap(name, of, pem, failed);
}

/* Half of it would say that nothing of the root's is revoked. */
START_TEST(append_that_cannot_be_encoded_says_so)
{
	AUTO_BYTES pem = {0};

	no_pem = true;
	unit_fails(crl_bundle_append(&state, bytes_view(&der), &pem, &err), &err, ERROR_INTERNAL, "no memory");
	ck_assert_uint_eq(pem.size, 0);
	no_pem = false;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crl_bundle");
	TCase *tc = tcase_create("append");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, append_is_the_crl_and_that_of_the_root);
	tcase_add_test(tc, append_without_a_crl_of_the_root_is_the_crl);
	tcase_add_test(tc, append_that_cannot_be_encoded_says_so);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
