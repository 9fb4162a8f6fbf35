/* Which CRL of an attestation CA was seen last, and that an older one is refused. */
#include "config.h"

#include "acme/keeper/crl_mark.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define DAY ((int64_t)86400)

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct trust *trust;
static struct ca     root;
static EVP_PKEY      *forged; /* the key of somebody else */
static struct error  err;
static int64_t       now;

static void
setup(void)
{
	AUTO_BYTES      pem = {0};
	AUTO_FREE char *path = NULL;

	now = clock_now();
	scratch_make(directory);
	unit_ok(store_acme_create(directory, &err), &err);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	unit_ok(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	unit_ok(key_generate(KEY_TYPE_P256, &forged, &err), &err);
	unit_ok(ca_root_create(root.key, "Attestation Root", now - DAY, 30 * DAY, &root.certificate, &err), &err);
	unit_ok(certificate_encode_pem(root.certificate, &pem, &err), &err);
	path = file_join(directory, "root.pem");
	unit_ok(file_replace(path, pem.data, pem.size, 0600, &err), &err);
	trust = trust_new();
	unit_ok(trust_add_file(trust, path, &err), &err);
}

static void
teardown(void)
{
	trust_free(trust);
	ca_clear(&root);
	EVP_PKEY_free(forged);
	store_close(store);
	scratch_remove(directory);
}

/* A set with one CRL; the caller frees. */
static struct revocation *
crl_of(const struct ca *ca, uint64_t number, int64_t this_update)
{
	struct revocation *revocation = revocation_new(false);
	AUTO_FREE char    *path = file_join(directory, "crl.der");
	AUTO_BYTES         der = {0};

	unit_ok(ca_crl_create(ca, number, NULL, 0, this_update, DAY, &der, &err), &err);
	unit_ok(file_replace(path, der.data, der.size, 0600, &err), &err);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	return revocation;
}

/* Checks the CRL and, where it passes, keeps its mark. */
static int
see(const struct ca *ca, uint64_t number, int64_t this_update)
{
	struct revocation *revocation = crl_of(ca, number, this_update);
	int                rc = crl_mark_check(store, revocation, &err);

	if (rc == 0)
		unit_ok(crl_mark_keep(store, revocation, trust, &err), &err);
	revocation_free(revocation);
	return rc;
}

START_TEST(check_refuses_a_smaller_number)
{
	unit_ok(see(&root, 17, now - 60), &err);
	unit_ok(see(&root, 18, now - 30), &err);
	ck_assert_int_eq(see(&root, 17, now), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "is an older one (number 17 of "));
	ck_assert_ptr_nonnull(strstr(err.detail, "number 18 of "));
	unit_ok(see(&root, 19, now - 45), &err); /* the number counts, not the time */
}
END_TEST

/* RFC 5280 §5.2.3: of up to 20 octets; a longer one is told in hexadecimal. */
START_TEST(check_refuses_a_smaller_number_of_many_octets)
{
	AUTO_FREE char    *path = file_join(directory, "crl.der");
	AUTO_BYTES         der = {0};
	ASN1_INTEGER      *number = s2i_ASN1_INTEGER(NULL, "0x0123456789abcdef01");
	struct revocation *revocation = revocation_new(false);
	X509_CRL          *crl;

	unit_ok(ca_crl_create(&root, 1, NULL, 0, now - 60, DAY, &der, &err), &err);
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &(const unsigned char *){der.data}, (long)der.size));
	X509_EXTENSION_free(X509_CRL_delete_ext(crl, X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1)));
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	ck_assert_int_gt(X509_CRL_sign(crl, root.key, EVP_sha256()), 0);
	der.size = 0;
	(void)bytes_extend(&der, (size_t)i2d_X509_CRL(crl, NULL));
	(void)i2d_X509_CRL(crl, &(unsigned char *){der.data});
	unit_ok(file_replace(path, der.data, der.size, 0600, &err), &err);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	unit_ok(crl_mark_check(store, revocation, &err), &err);
	unit_ok(crl_mark_keep(store, revocation, trust, &err), &err);
	ck_assert_int_eq(see(&root, 17, now), -1);
	ck_assert_msg(strstr(err.detail, "number 0x0123456789abcdef01 of ") != NULL, "%s", err.detail);
	ck_assert_msg(strstr(err.detail, "(number 17 of ") != NULL, "%s", err.detail);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	revocation_free(revocation);
}
END_TEST

START_TEST(check_refuses_another_of_the_same_number)
{
	unit_ok(see(&root, 17, now - 60), &err);
	ck_assert_int_eq(see(&root, 17, now), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "is another than was seen before of the same number"));
}
END_TEST

START_TEST(check_takes_the_same_again)
{
	struct revocation *revocation = crl_of(&root, 17, now - 60);

	for (size_t i = 0; i < 2; i++) {
		unit_ok(crl_mark_check(store, revocation, &err), &err);
		unit_ok(crl_mark_keep(store, revocation, trust, &err), &err);
	}
	revocation_free(revocation);
}
END_TEST

/* Its name and key identifier are the issuer's, its signature is not. */
START_TEST(keep_of_a_forged_crl_raises_nothing)
{
	const struct ca forger = {.certificate = root.certificate, .key = forged};

	unit_ok(see(&forger, 1000, now - 60), &err);
	unit_ok(see(&root, 17, now - 30), &err);
	unit_ok(see(&root, 18, now), &err);
}
END_TEST

/* ---- what cannot be described ---- */

static int describes = -1; /* so many succeed; -1: all */

int __real_revocation_describe(const struct revocation *revocation, size_t i, struct revocation_facts *facts,
    struct error *why);
int __wrap_revocation_describe(const struct revocation *revocation, size_t i, struct revocation_facts *facts,
    struct error *why);
int
__wrap_revocation_describe(const struct revocation *revocation, size_t i, struct revocation_facts *facts,
    struct error *why)
{
	*facts = (struct revocation_facts){.has_number = false};
	if (describes == 0)
		return error_set(why, ERROR_INTERNAL, "no memory");
	describes -= describes > 0;
	return __real_revocation_describe(revocation, i, facts, why);
}

/* It is not known whether it is older: it is not taken, nor is it called older. */
START_TEST(check_of_what_cannot_be_described_is_an_error)
{
	struct revocation *revocation;

	unit_ok(see(&root, 17, now - 60), &err);
	revocation = crl_of(&root, 18, now - 30);
	describes = _i;
	ck_assert_int_eq(crl_mark_check(store, revocation, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	describes = 0;
	ck_assert_int_eq(crl_mark_keep(store, revocation, trust, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	describes = -1;
	unit_ok(crl_mark_check(store, revocation, &err), &err);
	unit_ok(crl_mark_keep(store, revocation, trust, &err), &err);
	revocation_free(revocation);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crl_mark");
	TCase *tc = tcase_create("crl_mark");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_refuses_a_smaller_number);
	tcase_add_test(tc, check_refuses_a_smaller_number_of_many_octets);
	tcase_add_test(tc, check_refuses_another_of_the_same_number);
	tcase_add_test(tc, check_takes_the_same_again);
	tcase_add_test(tc, keep_of_a_forged_crl_raises_nothing);
	tcase_add_loop_test(tc, check_of_what_cannot_be_described_is_an_error, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
