/* The server's own key and certificate: for its names, and valid since an hour ago. */
#include "config.h"

#include "acme/keeper/server_key.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define DAY ((int64_t)86400)

static struct ca          root;
static struct ca          issuing;
static struct config_list names;
static struct server_key  made;
static struct error       err;
static int64_t            now;

static void
setup(void)
{
	now = clock_now();
	unit_ok(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	unit_ok(key_generate(KEY_TYPE_P256, &issuing.key, &err), &err);
	unit_ok(ca_root_create(root.key, "Root", now - 10 * DAY, 30 * DAY, &root.certificate, &err), &err);
	unit_ok(ca_issuing_create(&root, issuing.key, "Issuing", now - 5 * DAY, 10 * DAY,
	            &issuing.certificate, &err), &err);
}

static void
teardown(void)
{
	bytes_clear(&made.chain);
	bytes_clear(&made.key);
	config_list_clear(&names);
	ca_clear(&root);
	ca_clear(&issuing);
}

START_TEST(make_certifies_the_key_for_its_names)
{
	X509 *leaf = NULL;

	config_list_append(&names, "ca.example");
	config_list_append(&names, "192.0.2.1");
	unit_ok(server_key_make(&issuing, view_text("above"), &names, "http://ca.example/crl", now, DAY,
	            &made, &err), &err);
	unit_ok(certificate_decode_pem(&made.chain, "chain", &leaf, &err), &err);
	ck_assert_int_eq(X509_verify(leaf, issuing.key), 1);
	ck_assert_int_eq(X509_check_host(leaf, "ca.example", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_ip_asc(leaf, "192.0.2.1", 0), 1);
	ck_assert_int_eq(X509_check_host(leaf, "other.example", 0, 0, NULL), 0);
	ck_assert_int_eq(certificate_not_before(leaf), now - 3600);
	ck_assert_int_eq(certificate_not_after(leaf), now + DAY);
	ck_assert_int_eq(made.not_after, now + DAY);
	ck_assert_ptr_nonnull(memmem(made.key.data, made.key.size, "PRIVATE KEY", 11));
	ck_assert(view_equal((struct view){made.chain.data + made.chain.size - 5, 5}, view_text("above")));
	X509_free(leaf);
}
END_TEST

START_TEST(make_does_not_outlive_its_issuer)
{
	config_list_append(&names, "ca.example");
	unit_ok(server_key_make(&issuing, view_text(""), &names, NULL, now, 100 * DAY, &made, &err), &err);
	ck_assert_int_eq(made.not_after, certificate_not_after(issuing.certificate));
}
END_TEST

START_TEST(make_does_not_begin_before_its_issuer)
{
	X509   *leaf = NULL;
	int64_t begin = certificate_not_before(issuing.certificate);

	config_list_append(&names, "ca.example");
	unit_ok(server_key_make(&issuing, view_text(""), &names, NULL, begin + 60, DAY, &made, &err), &err);
	unit_ok(certificate_decode_pem(&made.chain, "chain", &leaf, &err), &err);
	ck_assert_int_eq(certificate_not_before(leaf), begin);
	X509_free(leaf);
}
END_TEST

START_TEST(make_without_a_name_makes_nothing)
{
	unit_fails(server_key_make(&issuing, view_text(""), &names, NULL, now, DAY, &made, &err), &err,
	    ERROR_INTERNAL, "a server certificate without a name");
	ck_assert_ptr_null(made.chain.data);
	ck_assert_ptr_null(made.key.data);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server_key");
	TCase *tc = tcase_create("server_key");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, make_certifies_the_key_for_its_names);
	tcase_add_test(tc, make_does_not_outlive_its_issuer);
	tcase_add_test(tc, make_does_not_begin_before_its_issuer);
	tcase_add_test(tc, make_without_a_name_makes_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
