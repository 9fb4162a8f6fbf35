/* What fronts fetch: whole files from pieces, and never a mix of two. */
#include "config.h"

#include <string.h>

#include <openssl/pem.h>

#include "acme/keeper/published.h"
#include "pki_support.h"
#include "unit.h"
#include "util/error.h"

static struct pki        pki;
static struct bytes      root_crl;
static struct published *published;
static struct error      err;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.root, 1, NULL, 0, PKI_NOW, PKI_DAY, &root_crl, &err), &err);
	published = published_new(bytes_view(&root_crl));
}

static void
teardown(void)
{
	published_free(published);
	bytes_clear(&root_crl);
	pki_clear(&pki);
}

static void
publish(uint64_t number, size_t count)
{
	struct ca_revoked revoked[50];
	AUTO_BYTES        der = {0};

	for (size_t i = 0; i < count; i++)
		revoked[i] = (struct ca_revoked){.serial = {0x40, (uint8_t)i}, .serial_size = 2,
		    .when = PKI_NOW};
	unit_ok(ca_crl_create(&pki.issuing, number, revoked, count, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_ok(published_set(published, number, bytes_view(&der), &err), &err);
	ck_assert_uint_eq(published_version(published), number);
}

START_TEST(piece_by_piece_is_the_whole_file)
{
	AUTO_BYTES whole = {0};
	AUTO_BYTES pieces = {0};
	uint64_t   version = 0;
	uint64_t   size = 0;

	publish(7, 50);
	published_piece(published, true, &version, 0, SIZE_MAX, &size, &whole);
	ck_assert_uint_eq(whole.size, size);
	do
		published_piece(published, true, &version, pieces.size, 100, &size, &pieces);
	while (pieces.size < size);
	ck_assert_uint_eq(version, 7);
	ck_assert(view_equal(bytes_view(&whole), bytes_view(&pieces)));
}
END_TEST

START_TEST(piece_of_an_old_version_or_beyond_the_end_begins_again)
{
	AUTO_BYTES first = {0};
	AUTO_BYTES again = {0};
	AUTO_BYTES beyond = {0};
	uint64_t   version = 0;
	uint64_t   size = 0;

	publish(7, 0);
	published_piece(published, false, &version, 0, 10, &size, &first);
	ck_assert_uint_eq(version, 7);
	version--;
	published_piece(published, false, &version, 10, 10, &size, &again);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&again)));
	ck_assert_uint_eq(version, 7);
	published_piece(published, false, &version, UINT64_MAX, 10, &size, &beyond);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&beyond)));
}
END_TEST

START_TEST(set_replaces_both_forms)
{
	AUTO_BYTES der = {0};
	AUTO_BYTES pem = {0};
	uint64_t   version = 0;
	uint64_t   size = 0;
	X509_CRL  *issuing;
	X509_CRL  *root;
	BIO       *bio;

	publish(7, 0);
	publish(8, 3);
	published_piece(published, false, &version, 0, SIZE_MAX, &size, &der);
	published_piece(published, true, &version, 0, SIZE_MAX, &size, &pem);
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	ck_assert_ptr_nonnull(issuing = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_ptr_nonnull(root = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
	ck_assert_int_eq(X509_CRL_verify(issuing, pki.issuing.key), 1);
	ck_assert_int_eq(X509_CRL_verify(root, pki.root.key), 1);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(issuing)), 3);
	ck_assert_int_eq(i2d_X509_CRL(issuing, NULL), (int)der.size);
	X509_CRL_free(issuing);
	X509_CRL_free(root);
	BIO_free(bio);
}
END_TEST

START_TEST(nothing_is_published_at_first)
{
	AUTO_BYTES der = {0};
	uint64_t   version = 9;
	uint64_t   size = 9;

	ck_assert_uint_eq(published_version(published), 0);
	published_piece(published, false, &version, 0, 10, &size, &der);
	ck_assert_uint_eq(version, 0);
	ck_assert_uint_eq(size, 0);
	ck_assert_uint_eq(der.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_published");
	TCase *tc = tcase_create("published");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, piece_by_piece_is_the_whole_file);
	tcase_add_test(tc, piece_of_an_old_version_or_beyond_the_end_begins_again);
	tcase_add_test(tc, set_replaces_both_forms);
	tcase_add_test(tc, nothing_is_published_at_first);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
