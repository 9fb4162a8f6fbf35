/* The operator's trust, read again when its files change. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "acme/keeper/roots.h"
#include "acme/keeper/crl_mark.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/shared.h"

static char               dir[SCRATCH_SIZE];
static struct pki         pki;
static char              *roots_path;
static struct folder      state;
static char              *crl_path;
static struct config_list crls;
static struct config_list any_name;
static struct roots      *roots;
static struct roots_files files;
static struct store      *store;
static struct error       err;

static void
write_roots(bool both)
{
	AUTO_BYTES pem = {0};

	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	if (both)
		unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots_path, pem.data, pem.size, 0600, &err), &err);
}

/* A CRL of `ca` that names a certificate with the serial number `serial`; 0: none. */
static void
write_numbered(const struct ca *ca, uint64_t number, uint8_t serial, int64_t this_update)
{
	struct ca_revoked entry = {.serial = {serial}, .serial_size = 1, .when = PKI_NOW};
	AUTO_BYTES        der = {0};

	unit_ok(ca_crl_create(ca, number, &entry, serial != 0 ? 1 : 0, this_update, PKI_DAY, &der, &err),
	    &err);
	unit_ok(file_replace(crl_path, der.data, der.size, 0600, &err), &err);
}

static void
write_crl(const char *octets)
{
	if (octets == NULL) {
		write_numbered(&pki.issuing, 1, 0, PKI_NOW);
	} else {
		unit_ok(file_replace(crl_path, octets, strlen(octets), 0600, &err), &err);
	}
}

static void
setup(void)
{
	scratch_make(dir);
	pki_make(&pki, KEY_TYPE_P256);
	roots_path = file_join(dir, "roots.pem");
	unit_ok(folder_open(dir, &state, &err), &err);
	crl_path = file_join(dir, "list.crl");
	write_roots(false);
	write_crl(NULL);
	config_list_append(&crls, crl_path);
	unit_ok(store_acme_create(dir, &err), &err);
	unit_ok(store_acme_open(dir, &store, &err), &err);
	files = (struct roots_files){
	    .state = &state, .roots = "roots.pem", .crls = &crls, .any_name = &any_name, .store = store};
}

static void
teardown(void)
{
	roots_free(roots);
	roots = NULL;
	store_close(store);
	store = NULL;
	config_list_clear(&crls);
	config_list_clear(&any_name);
	pki_clear(&pki);
	free(roots_path);
	folder_close(&state);
	free(crl_path);
	scratch_remove(dir);
}

/* How many roots count now. */
static size_t
trusted(void)
{
	struct shared_version *held = roots_acquire(roots, &err);
	size_t                 count;

	ck_assert_ptr_nonnull(held);
	count = trust_count(((const struct roots_snapshot *)held->value)->trust);
	roots_release(roots, held);
	return count;
}

START_TEST(refresh_reads_roots_that_changed)
{
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert_uint_eq(trusted(), 1);
	unit_ok(roots_refresh(roots, &err), &err);
	write_roots(true);
	ck_assert_uint_eq(trusted(), 1);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert_uint_eq(trusted(), 2);
}
END_TEST

START_TEST(acquire_holds_on_to_one_reading)
{
	const struct roots_snapshot *before;
	struct shared_version       *held;

	unit_ok(roots_new(&files, &roots, &err), &err);
	held = roots_acquire(roots, &err);
	before = held->value;
	write_roots(true);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert_uint_eq(trust_count(before->trust), 1);
	ck_assert_uint_eq(trusted(), 2);
	roots_release(roots, held);
}
END_TEST

/* Missing or broken: refused, until it is mended. */
static const char *const broken[] = {"no CRL", NULL};

START_TEST(refresh_of_a_crl_that_cannot_be_read_trusts_nobody_until_it_can)
{
	unit_ok(roots_new(&files, &roots, &err), &err);
	if (broken[_i] != NULL)
		write_crl(broken[_i]);
	else
		(void)unlink(crl_path);
	ck_assert_int_eq(roots_refresh(roots, &err), -1);
	unit_ok(roots_refresh(roots, &err), &err); /* complains once */
	ck_assert_ptr_null(roots_acquire(roots, &err));
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_ptr_nonnull(strstr(err.detail, crl_path));
	write_crl(NULL);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert_uint_eq(trusted(), 1);
}
END_TEST

START_TEST(new_with_a_crl_that_cannot_be_read_fails_unless_tolerated)
{
	(void)unlink(crl_path);
	ck_assert_int_eq(roots_new(&files, &roots, &err), -1);
	ck_assert_ptr_null(roots);
	files.tolerate_stale = true;
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert_uint_eq(trusted(), 1);
}
END_TEST

START_TEST(refresh_of_broken_roots_keeps_the_old_ones_only_where_tolerated)
{
	files.tolerate_stale = _i == 1;
	unit_ok(roots_new(&files, &roots, &err), &err);
	unit_ok(file_replace(roots_path, "nothing", 7, 0600, &err), &err);
	ck_assert_int_eq(roots_refresh(roots, &err), -1);
	if (_i == 1)
		ck_assert_uint_eq(trusted(), 1);
	else
		ck_assert_ptr_null(roots_acquire(roots, &err));
}
END_TEST

START_TEST(allow_any_name_is_for_the_roots_that_were_named)
{
	const struct roots_snapshot *snapshot;
	struct shared_version       *held;

	config_list_append(&any_name, roots_path);
	unit_ok(roots_new(&files, &roots, &err), &err);
	held = roots_acquire(roots, &err);
	snapshot = held->value;
	ck_assert(roots_allow_any_name(snapshot, pki.root.certificate));
	ck_assert(!roots_allow_any_name(snapshot, pki.issuing.certificate));
	roots_release(roots, held);
}
END_TEST

/* Whether this CA's certificates are good for any name now. */
static bool
vouches(const struct ca *ca)
{
	struct shared_version *held = roots_acquire(roots, &err);
	bool                   does;

	ck_assert_ptr_nonnull(held);
	does = roots_allow_any_name(held->value, ca->certificate);
	roots_release(roots, held);
	return does;
}

START_TEST(refresh_takes_any_name_from_a_root_that_was_taken_out)
{
	AUTO_FREE char *path = file_join(dir, "any.pem");
	AUTO_BYTES      both = {0};
	AUTO_BYTES      one = {0};

	unit_ok(certificate_encode_pem(pki.root.certificate, &one, &err), &err);
	bytes_append(&both, one.data, one.size);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &both, &err), &err);
	unit_ok(file_replace(path, both.data, both.size, 0600, &err), &err);
	config_list_append(&any_name, path);
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert(vouches(&pki.root) && vouches(&pki.issuing));
	unit_ok(file_replace(path, one.data, one.size, 0600, &err), &err);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(vouches(&pki.root));
	ck_assert(!vouches(&pki.issuing));
}
END_TEST

/* ---- older CRLs ---- */

/* As a restart does; -1 when the server would not start. */
static int
restart(void)
{
	roots_free(roots);
	roots = NULL;
	store_close(store);
	store = NULL;
	unit_ok(store_acme_open(dir, &store, &err), &err);
	files.store = store;
	return roots_new(&files, &roots, &err);
}

/* Whether the CRLs in use name the certificate of the issuing CA with this serial number. */
static bool
names(uint8_t serial)
{
	struct shared_version       *held = roots_acquire(roots, &err);
	const struct roots_snapshot *snapshot = held->value;
	X509                        *certificate = X509_new();
	struct error                 why = {0};
	int                          rc;

	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial), 1);
	rc = revocation_check(snapshot->revocation, certificate, pki.issuing.certificate, PKI_NOW, &why);
	ck_assert_msg(rc == 0 || strstr(why.detail, "it was revoked at") != NULL, "%s", why.detail);
	X509_free(certificate);
	roots_release(roots, held);
	return rc != 0;
}

static void
ck_refused(int rc, const char *first, const char *second)
{
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(strstr(err.detail, first) != NULL && strstr(err.detail, second) != NULL, "%s",
	    err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
}

START_TEST(older_crl_is_refused_and_what_was_known_stays)
{
	write_roots(true);
	write_numbered(&pki.issuing, 258, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert(names(7));
	write_numbered(&pki.issuing, 257, 0, PKI_NOW + 60); /* the number counts, not the time */
	ck_refused(roots_refresh(roots, &err), "older one (number 257 of ", "number 258 of ");
	ck_assert(names(7));
	unit_ok(roots_refresh(roots, &err), &err); /* complains once */
	ck_assert(names(7));
	write_numbered(&pki.issuing, 259, 8, PKI_NOW);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(!names(7) && names(8));
}
END_TEST

START_TEST(older_crl_is_refused_after_a_restart)
{
	write_roots(true);
	write_numbered(&pki.issuing, 258, 7, PKI_NOW);
	unit_ok(restart(), &err);
	write_numbered(&pki.issuing, 257, 0, PKI_NOW);
	ck_refused(restart(), "older one (number 257 of ", "number 258 of ");
	ck_refused(restart(), "older one (number 257 of ", "number 258 of ");
	write_numbered(&pki.issuing, 258, 7, PKI_NOW);
	ck_refused(restart(), "of the same number (number 258 of ", "number 258 of "); /* another signature */
	write_numbered(&pki.issuing, 259, 7, PKI_NOW - 60);
	unit_ok(restart(), &err);
	ck_assert(names(7));
}
END_TEST

START_TEST(same_crl_again_is_believed)
{
	write_roots(true);
	write_numbered(&pki.issuing, 5, 7, PKI_NOW);
	unit_ok(restart(), &err);
	unit_ok(restart(), &err);
	ck_assert(names(7));
}
END_TEST

START_TEST(another_crl_of_the_same_number_is_refused)
{
	write_roots(true);
	write_numbered(&pki.issuing, 5, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	write_numbered(&pki.issuing, 5, 0, PKI_NOW);
	ck_refused(roots_refresh(roots, &err), "another than was seen before of the same number",
	    "number 5 of ");
	ck_assert(names(7));
}
END_TEST

/* Else whoever can write the file once blocks the issuer's own CRLs for good. */
START_TEST(forged_crl_of_a_great_number_is_not_remembered)
{
	struct ca forger = {.certificate = pki.issuing.certificate, .key = pki.root.key};

	write_roots(true);
	write_numbered(&forger, 1000, 0, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	write_numbered(&pki.issuing, 2, 7, PKI_NOW);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(names(7));
	write_numbered(&forger, 1000, 0, PKI_NOW);
	unit_ok(restart(), &err);
	write_numbered(&pki.issuing, 2, 7, PKI_NOW);
	ck_refused(restart(), "number 2 of", "number 2 of"); /* signed again: another of that number */
	write_numbered(&pki.issuing, 3, 7, PKI_NOW);
	unit_ok(restart(), &err);
}
END_TEST

/* The issuing CA is in no file: attestations bring it, and its certificate is remembered. */
START_TEST(crl_of_an_issuer_that_only_attestations_bring_is_remembered)
{
	write_numbered(&pki.issuing, 5, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert(names(7)); /* verifies it */
	unit_ok(roots_refresh(roots, &err), &err);
	write_numbered(&pki.issuing, 4, 0, PKI_NOW);
	ck_refused(restart(), "number 4 of ", "number 5 of ");
	write_numbered(&pki.issuing, 6, 7, PKI_NOW);
	unit_ok(restart(), &err); /* verified with the certificate that was remembered */
	write_numbered(&pki.issuing, 5, 0, PKI_NOW);
	ck_refused(restart(), "number 5 of ", "number 6 of ");
}
END_TEST

/* One of two files is replaced a moment after the other. */
START_TEST(older_crl_beside_the_newest_is_no_fault)
{
	AUTO_FREE char *other = file_join(dir, "other.crl");

	write_roots(true);
	write_numbered(&pki.issuing, 5, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert_int_eq(link(crl_path, other), 0);
	config_list_append(&crls, other);
	unit_ok(restart(), &err);
	write_numbered(&pki.issuing, 6, 8, PKI_NOW);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(names(7) && names(8));
	unit_ok(restart(), &err);
}
END_TEST

static void
write_without_number(int64_t this_update)
{
	AUTO_BYTES     der = {0};
	X509_CRL      *crl;
	unsigned char *data = NULL;
	int            size;

	unit_ok(ca_crl_create(&pki.issuing, 1, NULL, 0, this_update, PKI_DAY, &der, &err), &err);
	crl = d2i_X509_CRL(NULL, &(const unsigned char *){der.data}, (long)der.size);
	X509_EXTENSION_free(X509_CRL_delete_ext(crl, X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1)));
	ck_assert_int_gt(X509_CRL_sign(crl, pki.issuing.key, EVP_sha256()), 0);
	ck_assert_int_gt(size = i2d_X509_CRL(crl, &data), 0);
	unit_ok(file_replace(crl_path, data, (size_t)size, 0600, &err), &err);
	OPENSSL_free(data);
	X509_CRL_free(crl);
}

START_TEST(crl_without_a_number_goes_by_its_time)
{
	write_roots(true);
	write_without_number(PKI_NOW - 10);
	unit_ok(restart(), &err);
	write_without_number(PKI_NOW - 11);
	ck_refused(restart(), "older one (without a number, of ", "without a number, of ");
	write_without_number(PKI_NOW);
	unit_ok(restart(), &err);
	write_numbered(&pki.issuing, 5, 0, PKI_NOW - 1);
	ck_refused(restart(), "number 5 of ", "without a number, of ");
}
END_TEST

/* The roots that were taken out at the same time are out. */
START_TEST(older_crl_does_not_keep_roots_that_were_taken_out)
{
	write_roots(true);
	write_numbered(&pki.issuing, 5, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	ck_assert_uint_eq(trusted(), 2);
	write_numbered(&pki.issuing, 4, 0, PKI_NOW);
	write_roots(false);
	ck_refused(roots_refresh(roots, &err), "number 4 of ", "number 5 of ");
	ck_assert_uint_eq(trusted(), 1);
	ck_assert(names(7));
}
END_TEST

/* Nothing was known but that there is a newer one: an older one stands in nobody's place. */
START_TEST(older_crl_behind_a_broken_one_is_trusted_by_nobody)
{
	write_roots(true);
	write_numbered(&pki.issuing, 258, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	write_crl("rubbish");
	ck_assert_int_eq(roots_refresh(roots, &err), -1);
	ck_assert_ptr_null(roots_acquire(roots, &err));
	write_numbered(&pki.issuing, 257, 0, PKI_NOW);
	ck_refused(roots_refresh(roots, &err), "older one (number 257 of ", "number 258 of ");
	ck_assert_ptr_null(roots_acquire(roots, &err));
	write_numbered(&pki.issuing, 259, 8, PKI_NOW);
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(!names(7) && names(8));
}
END_TEST

/* ---- a store that fails ---- */

enum { NOTHING, CHECK, KEEP };

static int fails;

#define FAILS(name, number, parameters, ...)                                                          \
	int __real_##name parameters;                                                                 \
	int __wrap_##name parameters;                                                                 \
	int __wrap_##name parameters                                                                  \
	{                                                                                             \
		return fails == (number) ? error_set(why, ERROR_INTERNAL, "not in this test")         \
		                         : __real_##name(__VA_ARGS__);                                \
	}

FAILS(crl_mark_check, CHECK, (struct store *on, const struct revocation *revocation, struct error *why), on, revocation,
    why)
FAILS(crl_mark_keep, KEEP, (struct store *on, const struct revocation *revocation, const struct trust *trust,
    struct error *why), on, revocation, trust, why)

/* What could not be compared with the record is not taken, and read again; what could not be recorded is taken. */
START_TEST(refresh_whose_store_fails_is_tried_again)
{
	write_roots(true);
	write_numbered(&pki.issuing, 258, 7, PKI_NOW);
	unit_ok(roots_new(&files, &roots, &err), &err);
	write_numbered(&pki.issuing, 259, 8, PKI_NOW);
	fails = _i;
	ck_assert_int_eq(roots_refresh(roots, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	fails = NOTHING;
	if (_i == CHECK)
		ck_assert(names(7) && !names(8));
	unit_ok(roots_refresh(roots, &err), &err);
	ck_assert(!names(7) && names(8));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_roots");
	TCase *tc = tcase_create("roots");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refresh_reads_roots_that_changed);
	tcase_add_test(tc, acquire_holds_on_to_one_reading);
	tcase_add_loop_test(tc, refresh_of_a_crl_that_cannot_be_read_trusts_nobody_until_it_can, 0, 2);
	tcase_add_test(tc, new_with_a_crl_that_cannot_be_read_fails_unless_tolerated);
	tcase_add_loop_test(tc, refresh_of_broken_roots_keeps_the_old_ones_only_where_tolerated, 0, 2);
	tcase_add_test(tc, allow_any_name_is_for_the_roots_that_were_named);
	tcase_add_test(tc, refresh_takes_any_name_from_a_root_that_was_taken_out);
	suite_add_tcase(suite, tc);
	tc = tcase_create("older");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, older_crl_is_refused_and_what_was_known_stays);
	tcase_add_test(tc, older_crl_is_refused_after_a_restart);
	tcase_add_test(tc, same_crl_again_is_believed);
	tcase_add_test(tc, another_crl_of_the_same_number_is_refused);
	tcase_add_test(tc, forged_crl_of_a_great_number_is_not_remembered);
	tcase_add_test(tc, crl_of_an_issuer_that_only_attestations_bring_is_remembered);
	tcase_add_test(tc, older_crl_beside_the_newest_is_no_fault);
	tcase_add_test(tc, crl_without_a_number_goes_by_its_time);
	tcase_add_test(tc, older_crl_does_not_keep_roots_that_were_taken_out);
	tcase_add_test(tc, older_crl_behind_a_broken_one_is_trusted_by_nobody);
	tcase_add_loop_test(tc, refresh_whose_store_fails_is_tried_again, CHECK, KEEP + 1);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
