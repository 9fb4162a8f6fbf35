#include "config.h"

#include <string.h>

#include "pki/ca_request.h"
#include "pki/chain.h"
#include "pki/trust.h"
#include "pki_support.h"

/* 63 and 64 characters, the last of them of two octets. */
#define LONG_63 "123456789012345678901234567890123456789012345678901234567890123"
#define LONG_64 "12345678901234567890123456789012345678901234567890123456789012\xc3\xa9\xc3\xa9"

static const struct {
	const char *name;
	const char *next;
} names[] = {
    {"Example Issuing", "Example Issuing 2"},
    {"Example Issuing 1", "Example Issuing 2"},
    {"Example Issuing 2", "Example Issuing 3"},
    {"Example Issuing 9", "Example Issuing 10"},
    {"Example Issuing 999999", "Example Issuing 1000000"},
    {"Example 1234567", "Example 1234567 2"}, /* no generation */
    {"Example 02", "Example 02 2"},
    {"Example 2a", "Example 2a 2"},
    {"Example ", "Example  2"},
    {"7", "7 2"},
    {" 7", " 7 2"},
    {LONG_63, "12345678901234567890123456789012345678901234567890123456789012 2"},
    {LONG_64, "12345678901234567890123456789012345678901234567890123456789012 2"},
    {"\xc3\xa9" LONG_63, "\xc3\xa9" "1234567890123456789012345678901234567890123456789012345678901 2"},
    {"1234567890123456789012345678901234567890123456789012345678901\xc3\xa9 9",
        "1234567890123456789012345678901234567890123456789012345678901 10"},
};

START_TEST(name_next_counts_and_fits)
{
	char next[CA_NAME_SIZE];

	ca_name_next(names[_i].name, next);
	ck_assert_str_eq(next, names[_i].next);
}
END_TEST

START_TEST(name_read_is_the_common_name)
{
	struct pki pki;
	char       name[CA_NAME_SIZE];

	pki_make(&pki, KEY_TYPE_P256);
	ca_name_read(pki.issuing.certificate, name);
	ck_assert_str_eq(name, "Test Issuing CA");
	pki_clear(&pki);
}
END_TEST

/* A commonName that X.520 does not allow, of one octet more than there is room for. */
START_TEST(name_read_of_a_longer_name_is_none)
{
	char       text[CA_NAME_SIZE + 1];
	char       name[2 * CA_NAME_SIZE];
	X509      *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	memset(text, 'n', sizeof text);
	for (size_t size = CA_NAME_SIZE - 1; size <= CA_NAME_SIZE; size++) {
		X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, V_ASN1_UTF8STRING,
		    (const unsigned char *)text, (int)size);

		ck_assert_int_eq(X509_NAME_add_entry(subject, entry, -1, 0), 1);
		X509_NAME_ENTRY_free(entry);
		ca_name_read(certificate, name); /* the last commonName */
		ck_assert_uint_eq(strlen(name), size < CA_NAME_SIZE ? size : 0);
	}
	X509_free(certificate);
}
END_TEST

/* A public key signs nothing. */
START_TEST(create_request_that_cannot_be_signed_fails)
{
	struct pki   pki;
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_int_eq(
	    ca_request_create(X509_get0_pubkey(pki.issuing.certificate), "Next", &pem, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(pem.size, 0);
	pki_clear(&pki);
}
END_TEST

START_TEST(create_request_is_what_openssl_reads)
{
	char           *directory = pki_directory();
	AUTO_BYTES      pem = {0};
	AUTO_FREE char *text = NULL;
	EVP_PKEY       *key = NULL;
	struct error    err = {0};

	unit_ok(key_generate((enum key_type)_i, &key, &err), &err);
	unit_ok(ca_request_create(key, "Next \xc3\x9c", &pem, &err), &err);
	pki_write(directory, "csr", pem.data, pem.size);
	text = pki_run(directory, "openssl req -in csr -noout -verify -text -nameopt utf8");
	ck_assert_ptr_nonnull(strstr(text, "verify OK"));
	ck_assert_ptr_nonnull(strstr(text, "CN=Next \xc3\x9c"));
	ck_assert_ptr_nonnull(strstr(text, "Basic Constraints: critical\n                    CA:TRUE, pathlen:0"));
	ck_assert_ptr_nonnull(strstr(text, "Key Usage: critical\n                    Certificate Sign, CRL Sign"));
	EVP_PKEY_free(key);
	pki_directory_remove(directory);
}
END_TEST

/* ---- checking ---- */

#define CA_PROFILE \
	"[ext]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n" \
	"subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"

/* What it is forged with, and what is said; an empty sentence: nothing. */
static const struct {
	const char *name;
	const char *extensions;
	int64_t     not_before;
	int64_t     not_after;
	const char *sentence;
} certificates[] = {
    {"Next", CA_PROFILE, 0, 0, ""},
    {"Next",
        "[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        0, 0, "it is no certificate of a CA: its basicConstraints do not say CA:TRUE"},
    {"Next",
        "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        0, 0, "its keyUsage does not allow both keyCertSign and cRLSign"},
    {"Next",
        "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        0, 0, "its keyUsage does not allow both keyCertSign and cRLSign"},
    {"Next",
        "[ext]\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n"
        "authorityKeyIdentifier=keyid\n",
        0, 0, "its keyUsage does not allow both keyCertSign and cRLSign"},
    {"Next",
        "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "authorityKeyIdentifier=keyid\n",
        0, 0, "it has no subjectKeyIdentifier"},
    {NULL, CA_PROFILE, 0, 0, "its subject is empty"},
    {"Next", CA_PROFILE, PKI_NOW, PKI_NOW + PKI_DAY, ""}, /* in its first second */
    {"Next", CA_PROFILE, PKI_NOW - 2 * PKI_DAY, PKI_NOW - 60,
        "it is valid from 2026-11-19T12:00:00Z to 2026-11-21T11:59:00Z, and it is 2026-11-21T12:00:00Z here; "
        "are both clocks right?"},
    {"Next", CA_PROFILE, PKI_NOW + 60, PKI_NOW + PKI_DAY,
        "it is valid from 2026-11-21T12:01:00Z to 2026-11-22T12:00:00Z, and it is 2026-11-21T12:00:00Z here; "
        "are both clocks right?"},
};

/* Checks a certificate under the roots of a file. */
static int
check(const struct ca *issuing, X509 *const *others, const char *roots_path, struct error *err)
{
	struct trust   *roots = trust_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int             rc;

	(void)sk_X509_push(chain, issuing->certificate);
	for (; others != NULL && *others != NULL; others++)
		(void)sk_X509_push(chain, *others);
	unit_ok(trust_add_file(roots, roots_path, err), err);
	rc = ca_request_check(issuing, chain, roots, PKI_NOW, err);
	sk_X509_free(chain);
	trust_free(roots);
	return rc;
}

START_TEST(check_each_rule_has_its_sentence)
{
	char           *directory = pki_directory();
	AUTO_FREE char *roots = file_join(directory, "root");
	struct pki      pki;
	struct ca       next = {0};
	struct error    err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	pki_write_certificate(directory, "root", pki.root.certificate);
	unit_ok(key_generate(KEY_TYPE_P256, &next.key, &err), &err);
	next.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.root,
	    .key = next.key,
	    .common_name = certificates[_i].name,
	    .extensions = certificates[_i].extensions,
	    .not_before = certificates[_i].not_before,
	    .not_after = certificates[_i].not_after,
	});
	if (certificates[_i].sentence[0] == '\0')
		unit_ok(check(&next, NULL, roots, &err), &err);
	else
		unit_fails(check(&next, NULL, roots, &err), &err, ERROR_BAD_ATTESTATION,
		    certificates[_i].sentence);
	ca_clear(&next);
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(check_another_key_is_refused)
{
	char           *directory = pki_directory();
	AUTO_FREE char *roots = file_join(directory, "root");
	struct pki      pki;
	struct ca       crossed;
	struct error    err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	pki_write_certificate(directory, "root", pki.root.certificate);
	crossed = (struct ca){.certificate = pki.issuing.certificate, .key = pki.root.key};
	unit_fails(check(&crossed, NULL, roots, &err), &err, ERROR_BAD_ATTESTATION,
	    "it was issued for another key than the pending one");
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(check_chain_must_lead_to_a_root)
{
	char           *directory = pki_directory();
	AUTO_FREE char *roots = file_join(directory, "root");
	AUTO_FREE char *strangers = file_join(directory, "stranger");
	struct pki      pki;
	struct pki      stranger;
	struct ca       below = {0};
	X509           *others[CHAIN_INTERMEDIATES_MAX + 1] = {NULL};
	struct error    err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	pki_make(&stranger, KEY_TYPE_P256);
	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "stranger", stranger.root.certificate);
	unit_ok(check(&pki.issuing, NULL, roots, &err), &err);
	ck_assert_int_eq(check(&pki.issuing, NULL, strangers, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);

	/* As many as may come along, and one more. */
	for (size_t i = 0; i < CHAIN_INTERMEDIATES_MAX - 1; i++)
		others[i] = pki.issuing.certificate;
	unit_ok(check(&pki.issuing, others, roots, &err), &err);
	others[CHAIN_INTERMEDIATES_MAX - 1] = pki.issuing.certificate;
	unit_fails(check(&pki.issuing, others, roots, &err), &err, ERROR_BAD_ATTESTATION,
	    "there are 7 certificates in its chain");
	others[1] = NULL;

	/* Below one that allows no CA below it. */
	unit_ok(key_generate(KEY_TYPE_P256, &below.key, &err), &err);
	below.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing, .key = below.key, .common_name = "Below", .extensions = CA_PROFILE});
	others[0] = pki.issuing.certificate;
	ck_assert_int_eq(check(&below, others, roots, &err), -1);
	ck_assert_msg(strstr(err.detail, "more CAs are below it than it allows") != NULL, "%s", err.detail);
	ca_clear(&below);
	pki_clear(&pki);
	pki_clear(&stranger);
	pki_directory_remove(directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ca_request");
	TCase *tc = tcase_create("ca_request");

	tcase_set_timeout(tc, 60); /* RSA-4096 under sanitizers */
	tcase_add_loop_test(tc, name_next_counts_and_fits, 0, sizeof names / sizeof names[0]);
	tcase_add_test(tc, name_read_is_the_common_name);
	tcase_add_test(tc, name_read_of_a_longer_name_is_none);
	tcase_add_test(tc, create_request_that_cannot_be_signed_fails);
	tcase_add_loop_test(tc, create_request_is_what_openssl_reads, 0, 3);
	tcase_add_loop_test(tc, check_each_rule_has_its_sentence, 0,
	    sizeof certificates / sizeof certificates[0]);
	tcase_add_test(tc, check_another_key_is_refused);
	tcase_add_test(tc, check_chain_must_lead_to_a_root);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
