/* The operator's trust, read again when its files change. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acme/keeper/roots.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "pki_support.h"
#include "scratch.h"
#include "unit.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/shared.h"

static char               dir[SCRATCH_SIZE];
static struct pki         pki;
static char              *roots_path;
static char              *crl_path;
static struct config_list crls;
static struct config_list any_name;
static struct roots      *roots;
static struct roots_files files;
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

static void
write_crl(const char *octets)
{
	AUTO_BYTES der = {0};

	if (octets == NULL) {
		unit_ok(ca_crl_create(&pki.issuing, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
		unit_ok(file_replace(crl_path, der.data, der.size, 0600, &err), &err);
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
	crl_path = file_join(dir, "list.crl");
	write_roots(false);
	write_crl(NULL);
	config_list_append(&crls, crl_path);
	files = (struct roots_files){.roots = roots_path, .crls = &crls, .any_name = &any_name};
}

static void
teardown(void)
{
	roots_free(roots);
	roots = NULL;
	config_list_clear(&crls);
	config_list_clear(&any_name);
	pki_clear(&pki);
	free(roots_path);
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
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
