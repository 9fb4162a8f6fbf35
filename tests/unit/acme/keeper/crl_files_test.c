/* The CRL files: when they are signed again, their numbers, and their pieces. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme/keeper/crl_files.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/error.h"

#define LIFETIME (7 * PKI_DAY)

static char              dir[SCRATCH_SIZE];
static struct store     *store;  /* the keeper's */
static struct store     *writer; /* somebody else's: only what others commit counts as changed */
static struct pki        pki;
static struct crl_files *crl;
static struct error      err;

static void
setup(void)
{
	scratch_make(dir);
	unit_ok(store_acme_create(dir, &err), &err);
	unit_ok(store_acme_open(dir, &store, &err), &err);
	unit_ok(store_acme_open(dir, &writer, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
	crl = crl_files_new(&pki.issuing, LIFETIME, (struct view){0});
}

static void
teardown(void)
{
	crl_files_free(crl);
	pki_clear(&pki);
	store_close(store);
	store_close(writer);
	scratch_remove(dir);
}

static void
revoked_add(uint16_t serial)
{
	struct store_issued issued = {
	    .serial = {0x40, (uint8_t)(serial >> 8), (uint8_t)serial},
	    .serial_size = 3,
	    .names = memory_strdup("laptop"),
	    .not_after = PKI_NOW + 5 * PKI_DAY,
	};

	unit_ok(store_id_draw(issued.id, &err), &err);
	bytes_append(&issued.der, "der", 3);
	unit_ok(store_issued_add(writer, &issued, &err), &err);
	unit_ok(store_issued_revoke(writer, issued.id, PKI_NOW, 0, &err), &err);
	store_issued_clear(&issued);
}

static bool
refresh(int64_t now)
{
	bool fresh = false;

	unit_ok(crl_files_refresh(crl, store, now, &fresh, &err), &err);
	return fresh;
}

/* The CRL as it is; the caller frees. */
static X509_CRL *
current(void)
{
	AUTO_BYTES der = {0};

	crl_files_read(crl, false, &der);
	return d2i_X509_CRL(NULL, &(const unsigned char *){der.data}, (long)der.size);
}

static int
entries(void)
{
	X509_CRL *list = current();
	int       count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list));

	X509_CRL_free(list);
	return count < 0 ? 0 : count;
}

START_TEST(refresh_signs_when_it_must_and_else_not)
{
	ck_assert(refresh(PKI_NOW));
	ck_assert_int_eq(entries(), 0);
	ck_assert(!refresh(PKI_NOW));
	ck_assert(!refresh(PKI_NOW + LIFETIME / 2 - 1));
	ck_assert(refresh(PKI_NOW + LIFETIME / 2));
	revoked_add(1);
	ck_assert(refresh(PKI_NOW + LIFETIME / 2));
	ck_assert_int_eq(entries(), 1);
	/* What has expired leaves the list. */
	ck_assert(refresh(PKI_NOW + LIFETIME));
	revoked_add(2);
	ck_assert(!refresh(PKI_NOW + LIFETIME));
	ck_assert_int_eq(entries(), 0);
}
END_TEST

START_TEST(refresh_numbers_grow_also_within_a_second_and_when_the_clock_goes_back)
{
	uint64_t before;

	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(crl_files_version(crl), PKI_NOW);
	revoked_add(1);
	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(before = crl_files_version(crl), PKI_NOW + 1);
	ck_assert(refresh(PKI_NOW - 100));
	ck_assert_uint_eq(crl_files_version(crl), before + 1);
}
END_TEST

START_TEST(refresh_never_begins_in_the_future)
{
	time_t    now = PKI_NOW;
	X509_CRL *list;

	ck_assert(refresh(PKI_NOW + 1000));
	ck_assert(refresh(PKI_NOW));
	revoked_add(1);
	ck_assert(refresh(PKI_NOW));
	list = current();
	ck_assert_int_le(X509_cmp_time(X509_CRL_get0_lastUpdate(list), &now), 0);
	X509_CRL_free(list);
}
END_TEST

START_TEST(piece_by_piece_is_the_whole_file)
{
	AUTO_BYTES whole = {0};
	AUTO_BYTES pieces = {0};
	uint64_t   version = 0;
	uint64_t   size = 0;

	for (uint16_t i = 0; i < 50; i++)
		revoked_add(i);
	ck_assert(refresh(PKI_NOW));
	crl_files_read(crl, true, &whole);
	do
		crl_files_piece(crl, true, &version, pieces.size, 100, &size, &pieces);
	while (pieces.size < size);
	ck_assert_uint_eq(version, crl_files_version(crl));
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

	ck_assert(refresh(PKI_NOW));
	crl_files_piece(crl, false, &version, 0, 10, &size, &first);
	version--;
	crl_files_piece(crl, false, &version, 10, 10, &size, &again);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&again)));
	ck_assert_uint_eq(version, crl_files_version(crl));
	crl_files_piece(crl, false, &version, UINT64_MAX, 10, &size, &beyond);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&beyond)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_crl_files");
	TCase *tc = tcase_create("crl_files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refresh_signs_when_it_must_and_else_not);
	tcase_add_test(tc, refresh_numbers_grow_also_within_a_second_and_when_the_clock_goes_back);
	tcase_add_test(tc, refresh_never_begins_in_the_future);
	tcase_add_test(tc, piece_by_piece_is_the_whole_file);
	tcase_add_test(tc, piece_of_an_old_version_or_beyond_the_end_begins_again);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
