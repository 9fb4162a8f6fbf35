/* A new CA: what the options may say, and what is made of them. */
#include "config.h"

#include "admin/new_ca.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/directory.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define DAY ((int64_t)86400)

static struct new_ca_options options;
static struct new_ca         plan;
static struct ca             root;
static struct ca             issuing;
static struct error          err;

static void
setup(void)
{
	options = (struct new_ca_options){"Home", "p256", 20 * DAY, 10 * DAY};
}

static void
teardown(void)
{
	ca_clear(&root);
	ca_clear(&issuing);
}

static const char longest[] = "12345678901234567890123456789012345678901234567890123456";

START_TEST(plan_has_both_names)
{
	unit_ok(new_ca_plan(&options, &plan, &err), &err);
	ck_assert_str_eq(plan.root_name, "Home Root");
	ck_assert_str_eq(plan.issuing_name, "Home Issuing");
	ck_assert_int_eq(plan.root_lifetime, 20 * DAY);
	ck_assert_int_eq(plan.issuing_lifetime, 10 * DAY);
	options.name = longest;
	unit_ok(new_ca_plan(&options, &plan, &err), &err);
	options.issuing_lifetime = options.root_lifetime;
	unit_ok(new_ca_plan(&options, &plan, &err), &err);
}
END_TEST

static const struct {
	const char *name;
	const char *type;
	int64_t     issuing_lifetime;
	const char *detail;
} refused[] = {
    {"", "p256", DAY, "--name has 1 to 56 characters, not 0"},
    {"123456789012345678901234567890123456789012345678901234567", "p256", DAY,
        "--name has 1 to 56 characters, not 57"},
    {"Ho\x1bme", "p256", DAY, "octet 3 of --name is no text in UTF-8"},
    {"Home\xff", "p256", DAY, "octet 5 of --name is no text in UTF-8"},
    {"Home", "p256", 20 * DAY + 1,
        "the issuing certificate cannot outlive its root: --issuing-lifetime is above "
        "--root-lifetime"},
};

START_TEST(plan_of_what_cannot_be_is_malformed)
{
	options.name = refused[_i].name;
	options.key_type = refused[_i].type;
	options.issuing_lifetime = refused[_i].issuing_lifetime;
	unit_fails(new_ca_plan(&options, &plan, &err), &err, ERROR_MALFORMED, refused[_i].detail);
}
END_TEST

START_TEST(plan_of_an_unknown_key_type_is_malformed)
{
	options.key_type = "p257";
	ck_assert_int_eq(new_ca_plan(&options, &plan, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(make_issues_by_the_root)
{
	int64_t now = clock_now();

	unit_ok(new_ca_plan(&options, &plan, &err), &err);
	unit_ok(new_ca_make(&plan, now, &root, &issuing, &err), &err);
	ck_assert_int_eq(X509_verify(root.certificate, root.key), 1);
	ck_assert_int_eq(X509_verify(issuing.certificate, root.key), 1);
	ck_assert_int_eq(certificate_not_after(issuing.certificate), now + 10 * DAY);
	ck_assert_int_eq(EVP_PKEY_eq(root.key, issuing.key), 0);
}
END_TEST

START_TEST(make_uses_an_issuing_key_that_is_there)
{
	EVP_PKEY *key = NULL;

	unit_ok(key_generate(KEY_TYPE_P384, &key, &err), &err);
	issuing.key = key;
	unit_ok(new_ca_plan(&options, &plan, &err), &err);
	unit_ok(new_ca_make(&plan, clock_now(), &root, &issuing, &err), &err);
	ck_assert_ptr_eq(issuing.key, key);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(issuing.certificate), key), 1);
}
END_TEST

START_TEST(encode_fills_the_files_by_their_names)
{
	struct directory_file files[] = {
	    {STATE_DNS_NAMES, 0644, {0}},
	    {STATE_ISSUING_PEM, 0644, {0}},
	    {STATE_ROOT_CRL, 0644, {0}},
	    {STATE_ISSUING_KEY, 0600, {0}},
	    {STATE_ROOT_KEY, 0600, {0}},
	    {STATE_ROOT_PEM, 0644, {0}},
	};
	struct ca_crl crl = {0};
	X509         *certificate = NULL;
	int64_t       now = clock_now();

	unit_ok(new_ca_plan(&options, &plan, &err), &err);
	unit_ok(new_ca_make(&plan, now, &root, &issuing, &err), &err);
	unit_ok(new_ca_encode(&root, &issuing, now, files, 6, &err), &err);
	ck_assert_uint_eq(files[0].content.size, 0);
	ck_assert_uint_eq(files[3].content.size, 0);
	ck_assert_ptr_nonnull(memmem(files[4].content.data, files[4].content.size, "PRIVATE KEY", 11));
	unit_ok(certificate_decode_pem(&files[1].content, "issuing", &certificate, &err), &err);
	ck_assert_int_eq(X509_cmp(certificate, issuing.certificate), 0);
	X509_free(certificate);
	unit_ok(certificate_decode_pem(&files[5].content, "root", &certificate, &err), &err);
	ck_assert_int_eq(X509_cmp(certificate, root.certificate), 0);
	X509_free(certificate);
	unit_ok(ca_crl_read(root.certificate, bytes_view(&files[2].content), &crl, &err), &err);
	ck_assert_int_eq(crl.next_update, certificate_not_after(root.certificate));
	ca_crl_clear(&crl);
	for (size_t i = 0; i < 6; i++)
		bytes_clear(&files[i].content);
}
END_TEST

START_TEST(point_says_where_the_key_is)
{
	struct directory_file file = {STATE_ISSUING_KEY, 0600, {0}};

	new_ca_point(&file, "pkcs11:object=ca");
	ck_assert_str_eq(file.name, STATE_ISSUING_URI);
	ck_assert(view_equal(bytes_view(&file.content), view_text("pkcs11:object=ca\n")));
	bytes_clear(&file.content);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("new_ca");
	TCase *tc = tcase_create("new_ca");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plan_has_both_names);
	tcase_add_loop_test(tc, plan_of_what_cannot_be_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, plan_of_an_unknown_key_type_is_malformed);
	tcase_add_test(tc, make_issues_by_the_root);
	tcase_add_test(tc, make_uses_an_issuing_key_that_is_there);
	tcase_add_test(tc, encode_fills_the_files_by_their_names);
	tcase_add_test(tc, point_says_where_the_key_is);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
