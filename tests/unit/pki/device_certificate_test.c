#include "config.h"

#include <string.h>

#include <openssl/objects.h>

#include "pki/alt_name.h"
#include "pki/device_certificate.h"
#include "pki/device_name.h"
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

static struct device_profile
profile_of(const char *identifier)
{
	return (struct device_profile){
	    .key = key,
	    .identifier = identifier,
	    .usages = DEVICE_USAGE_CLIENT,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
}

static X509 *
issue(const struct device_profile *profile)
{
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	int64_t      not_after = 0;
	AUTO_BYTES   der = {0};
	X509        *certificate = NULL;
	struct error err = {0};

	unit_ok(device_certificate_issue(&pki.issuing, profile, serial, &not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	ck_assert_int_eq(certificate_not_after(certificate), not_after);
	return certificate;
}

static void
verify_at_openssl(const X509 *certificate, const char *purpose)
{
	char *directory = pki_directory();
	char  command[256];

	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "issuing", pki.issuing.certificate);
	pki_write_certificate(directory, "leaf", certificate);
	(void)snprintf(command, sizeof command, "openssl verify -x509_strict -purpose %s"
	    " -attime 1795262400 -trusted root -untrusted issuing leaf", purpose);
	free(pki_run(directory, command));
	pki_directory_remove(directory);
}

START_TEST(issue_has_the_profile)
{
	static const char *const dns[] = {"laptop.home.example", "l.example"};
	struct device_profile    profile = profile_of("laptop");
	X509                    *certificate;
	char                     name[64];

	profile.dns_names = dns;
	profile.dns_count = 2;
	profile.usages = DEVICE_USAGE_CLIENT | DEVICE_USAGE_SERVER;
	profile.crl_url = "http://acme.example/crl";
	certificate = issue(&profile);
	ck_assert_int_eq(X509_NAME_entry_count(X509_get_subject_name(certificate)), 1);
	ck_assert_int_gt(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
	                     name, sizeof name), 0);
	ck_assert_str_eq(name, "laptop");
	pki_extension_is(certificate, NID_basic_constraints, 1, "\x30\x00", 2);
	pki_extension_is(certificate, NID_key_usage, 1, "\x03\x02\x07\x80", 4);
	pki_extension_is(certificate, NID_ext_key_usage, 0,
	    "\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01", 22);
	pki_extension_is(certificate, NID_subject_alt_name, 0,
	    "\x30\x38\xa0\x16\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x0a\x30\x08\x0c\x06laptop"
	    "\x82\x13laptop.home.example\x82\x09l.example", 58);
	(void)pki_extension(certificate, NID_subject_key_identifier, 0);
	(void)pki_extension(certificate, NID_authority_key_identifier, 0);
	(void)pki_extension(certificate, NID_crl_distribution_points, 0);
	ck_assert_int_eq(X509_get_ext_count(certificate), 7);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), key), 1);
	verify_at_openssl(certificate, "sslclient");
	verify_at_openssl(certificate, "sslserver");
	X509_free(certificate);
}
END_TEST

START_TEST(issue_for_clients_only_has_no_server_purpose)
{
	struct device_profile profile = profile_of("laptop");
	X509                 *certificate = issue(&profile);

	pki_extension_is(certificate, NID_ext_key_usage, 0,
	    "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02", 12);
	X509_free(certificate);
}
END_TEST

/* RFC 5280: a CN has 64 characters at most, whatever octets they need. */
static const struct {
	const char *unit;
	int         times;
	bool        whole;
} lengths[] = {
    {"x", 64, true},
    {"x", 65, false},
    {"x", 255, false},
    {"\xc3\xa4", 64, true},
    {"\xc3\xa4", 65, false},
    {"\xf0\x9f\x98\x80", 63, true},
};

/* Verifiers that know no otherName refuse a critical SAN, and an empty subject makes it one. */
START_TEST(issue_for_a_long_identifier_shortens_the_common_name)
{
	char                  identifier[256] = "";
	struct device_profile profile = profile_of(identifier);
	X509                 *certificate;
	char                  name[DEVICE_COMMON_NAME_SIZE];
	const ASN1_STRING    *value;
	int                   at;

	for (int i = 0; i < lengths[_i].times; i++)
		strcat(identifier, lengths[_i].unit);
	certificate = issue(&profile);
	ck_assert_int_eq(X509_NAME_entry_count(X509_get_subject_name(certificate)), 1);
	at = X509_NAME_get_index_by_NID(X509_get_subject_name(certificate), NID_commonName, -1);
	ck_assert_int_ge(at, 0);
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(X509_get_subject_name(certificate), at));
	ck_assert_int_eq(device_common_name(identifier, name), lengths[_i].whole);
	ck_assert(view_equal((struct view){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)},
	    (struct view){(const uint8_t *)name, strlen(name)}));
	value = pki_extension(certificate, NID_subject_alt_name, 0);
	ck_assert_ptr_nonnull(memmem(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value),
	    identifier, strlen(identifier)));
	verify_at_openssl(certificate, "sslclient");
	X509_free(certificate);
}
END_TEST

static const struct {
	const char *identifier;
	const char *dns;
	unsigned    usages;
	int64_t     not_before;
	const char *detail;
} refused[] = {
    {"", NULL, DEVICE_USAGE_CLIENT, PKI_NOW, "the identifier of a device certificate: "},
    {"a/b", NULL, DEVICE_USAGE_CLIENT, PKI_NOW, "the identifier of a device certificate: "},
    {"a\nb", NULL, DEVICE_USAGE_CLIENT, PKI_NOW, "the identifier of a device certificate: "},
    {"\xff", NULL, DEVICE_USAGE_CLIENT, PKI_NOW, "the identifier of a device certificate: "},
    {"a", "a b.example", DEVICE_USAGE_CLIENT, PKI_NOW, "\"a b.example\" is no DNS name"},
    {"a", NULL, 0, PKI_NOW, "a device certificate without a usage"},
    {"a", NULL, DEVICE_USAGE_CLIENT, PKI_NOW - 2 * PKI_DAY, "the issuing certificate is valid from "},
};

START_TEST(issue_of_a_bad_profile_fails)
{
	struct device_profile profile = profile_of(refused[_i].identifier);
	uint8_t               serial[CERTIFICATE_SERIAL_SIZE];
	int64_t               not_after = 0;
	AUTO_BYTES            der = {0};
	struct error          err = {0};

	profile.dns_names = &refused[_i].dns;
	profile.dns_count = refused[_i].dns != NULL;
	profile.usages = refused[_i].usages;
	profile.not_before = refused[_i].not_before;
	ck_assert_int_eq(device_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, &err),
	    -1);
	ck_assert_msg(strncmp(err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0, "%s",
	    err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(der.size, 0);
}
END_TEST

static const struct {
	const char *name;
	bool        valid;
} dns_names[] = {
    {"a", true},
    {"a.example", true},
    {"xn--lptop-gra.example", true},
    {"1.example", true},
    {"1a", true},
    {"a-b.c", true},
    {"x23456789012345678901234567890123456789012345678901234567890123.example", true},
    {"x234567890123456789012345678901234567890123456789012345678901234.example", false},
    {"", false},
    {".", false},
    {"a.", false},
    {".a", false},
    {"a..b", false},
    {"-a.example", false},
    {"a-.example", false},
    {"a.-", false},
    {"*.example", false},
    {"a_b.example", false},
    {"l\xc3\xa4ptop.example", false},
    {"a b", false},
    {"127.0.0.1", false},
    {"::1", false},
    {"a@b", false},
};

START_TEST(dns_is_valid_for_names_of_hosts_only)
{
	ck_assert_int_eq(alt_name_dns_is_valid(dns_names[_i].name, strlen(dns_names[_i].name)),
	    dns_names[_i].valid);
}
END_TEST

START_TEST(dns_is_valid_up_to_253_characters)
{
	char name[256];

	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 32 == 31 ? '.' : 'a';
	ck_assert(alt_name_dns_is_valid(name, 253));
	ck_assert(!alt_name_dns_is_valid(name, 254));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_certificate");
	TCase *tc = tcase_create("device_certificate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, issue_has_the_profile);
	tcase_add_test(tc, issue_for_clients_only_has_no_server_purpose);
	tcase_add_loop_test(tc, issue_for_a_long_identifier_shortens_the_common_name, 0,
	    sizeof lengths / sizeof lengths[0]);
	tcase_add_loop_test(tc, issue_of_a_bad_profile_fails, 0, sizeof refused / sizeof refused[0]);
	tcase_add_loop_test(tc, dns_is_valid_for_names_of_hosts_only, 0,
	    sizeof dns_names / sizeof dns_names[0]);
	tcase_add_test(tc, dns_is_valid_up_to_253_characters);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
