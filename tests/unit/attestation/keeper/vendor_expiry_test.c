/* What is said of imported roots that end, for sets of every kind. */
#include "config.h"

#include <check.h>

#include "attestation/keeper/vendor_expiry.h"
#include "pki/ek_trust.h"
#include "pki_support.h"
#include "unit.h"
#include "util/bytes.h"

#define CA_EXTENSIONS                                                     \
	"[ext]\nbasicConstraints = critical, CA:TRUE\n"                   \
	"keyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n"

#define REMEDY                                                                                     \
	"; TPMs that they certify after their end are refused: run \"attest-ca trust import\" with" \
	" what the vendors have now"

static struct ek_trust *trust;
static EVP_PKEY        *key;

static void
setup(void)
{
	trust = ek_trust_new();
	key = EVP_EC_gen("P-256");
}

static void
teardown(void)
{
	ek_trust_free(trust);
	EVP_PKEY_free(key);
}

/* Imports a root, or with an issuer an intermediate. */
static void
import(const char *name, int64_t begin, int64_t end)
{
	X509        *x = pki_forge(&(struct pki_forgery){.key = key, .common_name = name,
	           .extensions = CA_EXTENSIONS, .not_before = PKI_NOW + begin, .not_after = PKI_NOW + end});
	struct error err = {0};
	AUTO_BYTES   der = {0};

	der.size = (size_t)i2d_X509(x, &der.data);
	unit_ok(ek_trust_add(trust, bytes_view(&der), true, &err), &err);
	X509_free(x);
}

static void
assert_said(enum deadline_state wanted, int64_t when, const char *words)
{
	char    reason[VENDOR_EXPIRY_REASON_SIZE];
	int64_t end = 0;

	ck_assert_int_eq(vendor_expiry(trust, PKI_NOW, &end, reason), wanted);
	ck_assert_str_eq(reason, words);
	ck_assert_int_eq(end, when == 0 ? 0 : PKI_NOW + when);
}

START_TEST(expiry_of_no_roots_is_fine)
{
	assert_said(DEADLINE_FINE, 0, "");
}
END_TEST

START_TEST(expiry_of_young_roots_is_fine)
{
	import("A", -PKI_YEAR, 20 * PKI_YEAR);
	import("B", -PKI_YEAR, 10 * PKI_YEAR);
	assert_said(DEADLINE_FINE, 10 * PKI_YEAR, "");
}
END_TEST

START_TEST(expiry_of_one_that_ends_soon_is_a_warning)
{
	import("A", -PKI_YEAR, 20 * PKI_YEAR);
	import("B", -10 * PKI_YEAR, 90 * PKI_DAY);
	assert_said(DEADLINE_SOON, 90 * PKI_DAY,
	    "of 2 imported roots 0 have expired and 1 will soon: \"CN = B\"" REMEDY);
}
END_TEST

/* An expired root still vouches for old TPMs. */
START_TEST(expiry_of_one_that_has_ended_is_a_warning)
{
	import("A", -PKI_YEAR, 20 * PKI_YEAR);
	import("B", -10 * PKI_YEAR, 0);
	assert_said(DEADLINE_SOON, 20 * PKI_YEAR,
	    "of 2 imported roots 1 has expired and 0 will soon: \"CN = B\"" REMEDY);
}
END_TEST

START_TEST(expiry_of_all_is_an_error)
{
	import("A", -10 * PKI_YEAR, -PKI_DAY);
	import("B", -10 * PKI_YEAR, -2 * PKI_DAY);
	assert_said(DEADLINE_OVER, -PKI_DAY,
	    "of 2 imported roots 2 have expired and 0 will soon: \"CN = A\", \"CN = B\"" REMEDY);
}
END_TEST

START_TEST(expiry_of_many_names_three_and_first_what_can_be_helped)
{
	import("A", -10 * PKI_YEAR, -PKI_DAY);
	import("B", -10 * PKI_YEAR, -PKI_DAY);
	import("C", -10 * PKI_YEAR, -PKI_DAY);
	import("D", -10 * PKI_YEAR, PKI_DAY);
	import("E", -10 * PKI_YEAR, 10 * PKI_YEAR);
	assert_said(DEADLINE_SOON, PKI_DAY,
	    "of 5 imported roots 3 have expired and 1 will soon: \"CN = D\", \"CN = A\", \"CN = B\" and 1 more" REMEDY);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vendor_expiry");
	TCase *tc = tcase_create("expiry");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, expiry_of_no_roots_is_fine);
	tcase_add_test(tc, expiry_of_young_roots_is_fine);
	tcase_add_test(tc, expiry_of_one_that_ends_soon_is_a_warning);
	tcase_add_test(tc, expiry_of_one_that_has_ended_is_a_warning);
	tcase_add_test(tc, expiry_of_all_is_an_error);
	tcase_add_test(tc, expiry_of_many_names_three_and_first_what_can_be_helped);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
