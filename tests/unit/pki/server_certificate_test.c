#include "config.h"

#include <string.h>

#include "pki/alt_name.h"
#include "pki/server_certificate.h"
#include "pki_support.h"

static struct pki pki;
static EVP_PKEY  *key;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_ptr_nonnull(key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static void
teardown(void)
{
	pki_clear(&pki);
	EVP_PKEY_free(key);
}

START_TEST(issue_for_names_and_addresses_verifies_for_each)
{
	static const char *const names[] = {"acme.home.example", "localhost", "127.0.0.1", "2001:db8::1"};
	struct server_profile    profile = {key, names, 4, NULL, PKI_NOW, PKI_NOW + PKI_DAY};
	char                    *directory = pki_directory();
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	int64_t                  not_after = 0;
	AUTO_BYTES               der = {0};
	X509                    *certificate = NULL;
	struct error             err = {0};

	unit_ok(server_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	pki_extension_is(certificate, NID_ext_key_usage, 0,
	    "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01", 12);
	ck_assert_int_eq(X509_get_ext_count(certificate), 6);
	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "issuing", pki.issuing.certificate);
	pki_write_certificate(directory, "leaf", certificate);
	free(pki_run(directory,
	    "set -e; v='openssl verify -x509_strict -purpose sslserver -attime 1795262400"
	    " -trusted root -untrusted issuing';"
	    " $v -verify_hostname acme.home.example leaf; $v -verify_hostname localhost leaf;"
	    " $v -verify_ip 127.0.0.1 leaf; $v -verify_ip 2001:db8::1 leaf;"
	    " ! $v -verify_hostname other.example leaf; ! $v -verify_ip 127.0.0.2 leaf"));
	X509_free(certificate);
	pki_directory_remove(directory);
}
END_TEST

static const struct {
	const char *name;
	size_t      count;
	const char *detail;
} refused[] = {
    {"a", 0, "a server certificate without a name"},
    {"", 1, "\"\" is no DNS name"},
    {"a b", 1, "\"a b\" is no DNS name"},
    {"300.0.0.1", 1, "\"300.0.0.1\" is no DNS name"},
    {"https://a", 1, "\"https://a\" is no DNS name"},
};

START_TEST(issue_for_a_bad_name_fails)
{
	struct server_profile profile = {key, &refused[_i].name, refused[_i].count, NULL, PKI_NOW,
	    PKI_NOW + PKI_DAY};
	uint8_t               serial[CERTIFICATE_SERIAL_SIZE];
	int64_t               not_after = 0;
	AUTO_BYTES            der = {0};
	struct error          err = {0};

	unit_fails(server_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, &err),
	    &err, ERROR_INTERNAL, refused[_i].detail);
	ck_assert_uint_eq(der.size, 0);
}
END_TEST

/* For whoever has not looked whether it is one. */
START_TEST(add_address_that_is_none_fails)
{
	AUTO_BYTES   names = {0};
	struct error err = {0};

	unit_fails(alt_name_add_ip(&names, "300.0.0.1", &err), &err, ERROR_INTERNAL, "\"300.0.0.1\" is no IP address");
	ck_assert_uint_eq(names.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server_certificate");
	TCase *tc = tcase_create("server_certificate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, issue_for_names_and_addresses_verifies_for_each);
	tcase_add_loop_test(tc, issue_for_a_bad_name_fails, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, add_address_that_is_none_fails);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
