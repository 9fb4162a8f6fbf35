#include "config.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "pki/ak_certificate.h"
#include "pki/alt_name.h"
#include "pki_support.h"

#define EK_URN "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y="

static struct pki   pki;
static EVP_PKEY    *ak_key; /* made once, before Check forks */
static struct bytes ak_spki;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	ak_spki = pki_spki(ak_key);
}

static void
teardown(void)
{
	pki_clear(&pki);
	bytes_clear(&ak_spki);
}

static struct ak_profile
profile_of(const char *const *names, size_t name_count)
{
	return (struct ak_profile){
	    .spki = bytes_view(&ak_spki),
	    .ek_urn = EK_URN,
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = name_count,
	    .crl_url = "http://attest.example/crl",
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + 90 * PKI_DAY,
	};
}

static const char *const laptop[] = {"laptop"};

/* Issues and decodes; the caller frees. */
static X509 *
issue(const struct ak_profile *profile)
{
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	int64_t      not_after = 0;
	AUTO_BYTES   der = {0};
	X509        *certificate = NULL;
	struct error err = {0};

	unit_ok(ak_certificate_issue(&pki.issuing, profile, serial, &not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	ck_assert_int_eq(certificate_not_after(certificate), not_after);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_serialNumber(certificate)), sizeof serial);
	ck_assert_mem_eq(ASN1_STRING_get0_data(X509_get0_serialNumber(certificate)), serial,
	    sizeof serial);
	return certificate;
}

/* WIRE.md §5, octet by octet. */
START_TEST(issue_has_the_profile)
{
	static const char san[] =
	    "\x30\x81\xa3"
	    "\x86\x3a" EK_URN
	    "\xa4\x4c\x30\x4a"
	    "\x31\x16\x30\x14\x06\x05\x67\x81\x05\x02\x01\x0c\x0bid:4E544300"
	    "\x31\x18\x30\x16\x06\x05\x67\x81\x05\x02\x02\x0c\x0dNPCT75x rls 2"
	    "\x31\x16\x30\x14\x06\x05\x67\x81\x05\x02\x03\x0c\x0bid:00070002"
	    "\xa0\x17\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x0b\x30\x09\x0c\x07l\xc3\xa4ptop";
	static const char *const names[] = {"l\xc3\xa4ptop"};
	struct ak_profile        profile = profile_of(names, 1);
	X509                    *certificate;

	profile.model = "NPCT75x rls 2";
	certificate = issue(&profile);
	ck_assert_int_eq((int)X509_get_version(certificate), X509_VERSION_3);
	ck_assert_int_eq(X509_NAME_entry_count(X509_get_subject_name(certificate)), 0);
	ck_assert_int_eq(X509_NAME_cmp(X509_get_issuer_name(certificate),
	                     X509_get_subject_name(pki.issuing.certificate)), 0);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), ak_key), 1);
	ck_assert_int_eq(certificate_not_before(certificate), PKI_NOW);
	ck_assert_int_eq(certificate_not_after(certificate), PKI_NOW + 90 * PKI_DAY);
	pki_extension_is(certificate, NID_basic_constraints, 1, "\x30\x00", 2);
	pki_extension_is(certificate, NID_key_usage, 1, "\x03\x02\x07\x80", 4);
	pki_extension_is(certificate, NID_ext_key_usage, 0, "\x30\x07\x06\x05\x67\x81\x05\x08\x03", 9);
	pki_extension_is(certificate, NID_subject_alt_name, 1, san, sizeof san - 1);
	pki_extension_is(certificate, NID_crl_distribution_points, 0,
	    "\x30\x21\x30\x1f\xa0\x1d\xa0\x1b\x86\x19http://attest.example/crl", 35);
	ck_assert_int_eq(ASN1_STRING_length(pki_extension(certificate, NID_subject_key_identifier, 0)), 22);
	ck_assert_int_eq(ASN1_STRING_length(pki_extension(certificate, NID_authority_key_identifier, 0)), 24);
	ck_assert_int_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(certificate),
	                     X509_get0_subject_key_id(pki.issuing.certificate)), 0);
	ck_assert_int_eq(X509_get_ext_count(certificate), 7);
	X509_free(certificate);
}
END_TEST

/* Asserts what the openssl command says of the chain. */
static void
verify_at_openssl(const X509 *certificate)
{
	char *directory = pki_directory();

	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "issuing", pki.issuing.certificate);
	pki_write_certificate(directory, "ak", certificate);
	free(pki_run(directory, "openssl verify -x509_strict -attime 1795262400 -trusted root"
	                        " -untrusted issuing ak"));
	pki_directory_remove(directory);
}

/* What TPMs make, and how OpenSSL names it. */
static const struct {
	const char *algorithm;
	const char *curve;
	size_t      bits;
} ak_kinds[] = {
    {"RSA", NULL, 2048},
    {"RSA", NULL, 3072},
    {"EC", "P-256", 0},
    {"EC", "P-384", 0},
    {"EC", "P-521", 0},
};

START_TEST(issue_for_every_kind_of_ak_verifies_strictly_at_openssl)
{
	struct ak_profile profile;
	X509             *certificate;
	unsigned char    *der = NULL;
	int               size;

	EVP_PKEY_free(ak_key);
	ak_key = ak_kinds[_i].curve != NULL
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", ak_kinds[_i].curve)
	    : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", ak_kinds[_i].bits);
	bytes_clear(&ak_spki);
	ak_spki = pki_spki(ak_key);
	profile = profile_of(laptop, 1);
	certificate = issue(&profile);
	size = i2d_PUBKEY(ak_key, &der);
	ck_assert_int_eq(i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), NULL), size);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), ak_key), 1);
	verify_at_openssl(certificate);
	OPENSSL_free(der);
	X509_free(certificate);
}
END_TEST

static const enum key_type issuer_types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA3072};

START_TEST(issue_by_every_kind_of_ca_verifies_strictly_at_openssl)
{
	struct ak_profile profile = profile_of(laptop, 1);
	X509             *certificate;

	pki_clear(&pki);
	pki_make(&pki, issuer_types[_i]);
	certificate = issue(&profile);
	verify_at_openssl(certificate);
	X509_free(certificate);
}
END_TEST

START_TEST(issue_with_many_names_keeps_them_in_order)
{
	char              longest[256];
	const char *const names[] = {"zeta", "alpha", longest, "\xf0\x9f\x92\xbb"};
	struct ak_profile profile = profile_of(names, 4);
	X509             *certificate;
	GENERAL_NAMES    *found;

	memset(longest, 'x', 255);
	longest[255] = '\0';
	certificate = issue(&profile);
	verify_at_openssl(certificate);
	found = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	ck_assert_int_eq(sk_GENERAL_NAME_num(found), 6);
	for (int i = 0; i < 4; i++) {
		const GENERAL_NAME  *name = sk_GENERAL_NAME_value(found, i + 2);
		const ASN1_STRING   *der;
		const unsigned char *data;
		size_t               size = strlen(names[i]);

		ck_assert_int_eq(name->type, GEN_OTHERNAME);
		ck_assert_int_eq(OBJ_obj2nid(name->d.otherName->type_id), NID_id_on_permanentIdentifier);
		ck_assert_int_eq(ASN1_TYPE_get(name->d.otherName->value), V_ASN1_SEQUENCE);
		der = name->d.otherName->value->value.sequence;
		data = ASN1_STRING_get0_data(der);
		ck_assert_mem_eq(data + (size_t)ASN1_STRING_length(der) - size, names[i], size);
	}
	GENERAL_NAMES_free(found);
	X509_free(certificate);
}
END_TEST

START_TEST(issue_without_a_model_says_unknown)
{
	static const char *const absent[] = {NULL, ""};
	struct ak_profile        profile = profile_of(laptop, 1);
	X509                    *certificate;
	GENERAL_NAMES           *names;
	const X509_NAME         *directory;

	profile.model = absent[_i];
	certificate = issue(&profile);
	names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	directory = sk_GENERAL_NAME_value(names, 1)->d.directoryName;
	ck_assert_int_eq(X509_NAME_entry_count(directory), 3);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(
	                     X509_NAME_ENTRY_get_data(X509_NAME_get_entry(directory, 1))), "unknown");
	GENERAL_NAMES_free(names);
	X509_free(certificate);
}
END_TEST

/* Printable ASCII, and nothing beside it. */
START_TEST(add_uri_takes_printable_ascii_only)
{
	static const char *const bad[] = {"http://a b", "http://a\x7f", "http://a\x1f", "http://\xc3\xa4"};
	AUTO_BYTES               names = {0};
	struct error             err = {0};

	unit_ok(alt_name_add_uri(&names, "http://!~", &err), &err);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_int_eq(alt_name_add_uri(&names, bad[i], &err), -1);
		ck_assert_msg(strstr(err.detail, "is not printable ASCII") != NULL, "%s", err.detail);
	}
	ck_assert(view_equal(bytes_view(&names), view_text("\x86\x09http://!~")));
}
END_TEST

START_TEST(issue_without_a_crl_url_has_no_distribution_point)
{
	struct ak_profile profile = profile_of(laptop, 1);
	X509             *certificate;

	profile.crl_url = NULL;
	certificate = issue(&profile);
	ck_assert_int_eq(X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1), -1);
	ck_assert_int_eq(X509_get_ext_count(certificate), 6);
	X509_free(certificate);
}
END_TEST

START_TEST(issue_beyond_the_issuer_is_cut_to_it)
{
	struct ak_profile profile = profile_of(laptop, 1);
	X509             *certificate;

	profile.not_after = PKI_NOW + 10 * PKI_YEAR;
	certificate = issue(&profile);
	ck_assert_int_eq(certificate_not_after(certificate), PKI_NOW + 5 * PKI_YEAR);
	X509_free(certificate);
}
END_TEST

/* One thing wrong each. */
static const char *const slash[] = {"laptop", "lap/top"};
static const char *const empty[] = {""};
static const char *const latin1[] = {"l\xe4ptop"};

static const struct {
	const char *const *names;
	size_t             name_count;
	const char        *model;
	const char        *ek_urn;
	const char        *crl_url;
	int64_t            not_before;
	int64_t            not_after;
	const char        *detail;
} refused[] = {
    {laptop, 0, "m", EK_URN, NULL, PKI_NOW, PKI_NOW + 1, "an AK certificate without a name"},
    {slash, 2, "m", EK_URN, NULL, PKI_NOW, PKI_NOW + 1, "name 2 of an AK certificate: "},
    {empty, 1, "m", EK_URN, NULL, PKI_NOW, PKI_NOW + 1, "name 1 of an AK certificate: "},
    {latin1, 1, "m", EK_URN, NULL, PKI_NOW, PKI_NOW + 1, "name 1 of an AK certificate: "},
    {laptop, 1, "\xff", EK_URN, NULL, PKI_NOW, PKI_NOW + 1,
        "a TPM attribute of 1 octets is not 1 to 255 characters of UTF-8"},
    {laptop, 1, "m", "urn:ek:\x80", NULL, PKI_NOW, PKI_NOW + 1,
        "\"urn:ek:\x80\" is not printable ASCII"},
    {laptop, 1, "m", EK_URN, "http://a b", PKI_NOW, PKI_NOW + 1,
        "\"http://a b\" is not printable ASCII"},
    {laptop, 1, "m", EK_URN, NULL, PKI_NOW - 2 * PKI_DAY, PKI_NOW,
        "the issuing certificate is valid from 2026-11-20T12:00:00Z to 2031-11-20T12:00:00Z,"
        " not at 2026-11-19T12:00:00Z; is the clock right?"},
    {laptop, 1, "m", EK_URN, NULL, PKI_NOW + 5 * PKI_YEAR, PKI_NOW + 6 * PKI_YEAR,
        "the issuing certificate is valid from 2026-11-20T12:00:00Z to 2031-11-20T12:00:00Z,"
        " not at 2031-11-20T12:00:00Z; is the clock right?"},
    {laptop, 1, "m", EK_URN, NULL, PKI_NOW, PKI_NOW,
        "a certificate that ends before it begins"},
};

START_TEST(issue_of_a_bad_profile_fails)
{
	struct ak_profile profile = profile_of(refused[_i].names, refused[_i].name_count);
	uint8_t           serial[CERTIFICATE_SERIAL_SIZE];
	int64_t           not_after = 0;
	AUTO_BYTES        der = {0};
	struct error      err = {0};

	profile.model = refused[_i].model;
	profile.ek_urn = refused[_i].ek_urn;
	profile.crl_url = refused[_i].crl_url;
	profile.not_before = refused[_i].not_before;
	profile.not_after = refused[_i].not_after;
	ck_assert_int_eq(ak_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, &err),
	    -1);
	ck_assert_msg(strncmp(err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0, "%s",
	    err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(der.size, 0);
	ck_assert_int_eq(not_after, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ak_certificate");
	TCase *tc = tcase_create("ak_certificate");
	int    status;

	ak_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	if (ak_key == NULL)
		return EXIT_FAILURE;
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, issue_has_the_profile);
	tcase_add_loop_test(tc, issue_for_every_kind_of_ak_verifies_strictly_at_openssl, 0, 5);
	tcase_add_loop_test(tc, issue_by_every_kind_of_ca_verifies_strictly_at_openssl, 0, 3);
	tcase_add_test(tc, issue_with_many_names_keeps_them_in_order);
	tcase_add_loop_test(tc, issue_without_a_model_says_unknown, 0, 2);
	tcase_add_test(tc, add_uri_takes_printable_ascii_only);
	tcase_add_test(tc, issue_without_a_crl_url_has_no_distribution_point);
	tcase_add_test(tc, issue_beyond_the_issuer_is_cut_to_it);
	tcase_add_loop_test(tc, issue_of_a_bad_profile_fails, 0, sizeof refused / sizeof refused[0]);
	suite_add_tcase(suite, tc);
	status = unit_run(suite);
	EVP_PKEY_free(ak_key);
	return status;
}
