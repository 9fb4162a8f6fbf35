#include "config.h"

#include <string.h>

#include "chain_support.h"
#include "pki/chain.h"
#include "pki/trust.h"

START_TEST(verify_of_a_right_chain_says_which_root)
{
	X509               *leaf = leaf_of(&pki.issuing);
	X509               *untrusted[] = {leaf, pki.root.certificate, pki.issuing.certificate};
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	verify(&policy, leaf, untrusted, 3, ""); /* any order, and more than is needed */
	policy.lax = true;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	X509_free(leaf);
}
END_TEST

START_TEST(verify_without_the_intermediate_fails)
{
	X509               *leaf = leaf_of(&pki.issuing);
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, NULL, 0, "the certificate: its issuer is neither trusted nor in the chain");
	X509_free(leaf);
}
END_TEST

START_TEST(verify_by_nobody_trusted_fails)
{
	X509               *leaf = leaf_of(&pki.issuing);
	struct trust       *nobody = trust_new();
	struct chain_policy policy = {.trust = nobody, .now = PKI_NOW};
	X509               *untrusted[] = {pki.issuing.certificate, pki.root.certificate};

	verify(&policy, leaf, untrusted, 2,
	    "the CA \"CN = Test Root CA\": it is self-signed and not trusted");
	verify(&policy, pki.root.certificate, NULL, 0, "the certificate: it is self-signed and not trusted");
	trust_free(nobody);
	X509_free(leaf);
}
END_TEST

/* One's own root with the trusted one's name is not that root. */
START_TEST(verify_by_a_namesake_of_the_root_fails)
{
	struct pki          other;
	X509               *leaf;
	struct chain_policy policy = policy_at(PKI_NOW);
	const X509         *root = NULL;
	struct error        err = {0};

	pki_make(&other, KEY_TYPE_P256);
	leaf = leaf_of(&other.issuing);
	ck_assert_int_eq(chain_verify(&policy, leaf, &other.issuing.certificate, 1, &root, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	policy.lax = true;
	ck_assert_int_eq(chain_verify(&policy, leaf, &other.issuing.certificate, 1, &root, &err), -1);
	X509_free(leaf);
	pki_clear(&other);
}
END_TEST

START_TEST(verify_a_root_itself_fails)
{
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, pki.root.certificate, NULL, 0, "the certificate is a trusted root itself");
}
END_TEST

START_TEST(verify_at_another_time_fails)
{
	X509               *leaf = leaf_of(&pki.issuing);
	struct chain_policy before = policy_at(PKI_NOW - 2 * PKI_DAY);
	struct chain_policy after = policy_at(PKI_NOW + 2 * PKI_YEAR);
	struct chain_policy later = policy_at(PKI_NOW + 6 * PKI_YEAR);

	verify(&before, leaf, &pki.issuing.certificate, 1,
	    "the CA \"CN = Test Root CA\" is not valid before 2026-11-20T12:00:00Z, and it is "
	    "2026-11-19T12:00:00Z here; are both clocks right?");
	verify(&after, leaf, &pki.issuing.certificate, 1,
	    "the certificate expired at 2027-11-21T12:00:00Z, and it is 2028-11-20T12:00:00Z here; "
	    "are both clocks right?");
	verify(&later, leaf, &pki.issuing.certificate, 1,
	    "the CA \"CN = Test Issuing CA\" expired at 2031-11-20T12:00:00Z, and it is "
	    "2032-11-19T12:00:00Z here; are both clocks right?");
	X509_free(leaf);
}
END_TEST

START_TEST(verify_with_a_spoiled_signature_fails)
{
	X509                *leaf = leaf_of(&pki.issuing);
	AUTO_BYTES           der = {0};
	X509                *spoiled = NULL;
	struct chain_policy  policy = policy_at(PKI_NOW);
	struct error         err = {0};

	unit_ok(certificate_encode(leaf, &der, &err), &err);
	der.data[der.size - 1] ^= 1;
	unit_ok(certificate_decode(bytes_view(&der), &spoiled, &err), &err);
	verify(&policy, spoiled, &pki.issuing.certificate, 1,
	    "the certificate: its signature is not by its issuer's key");
	X509_free(spoiled);
	X509_free(leaf);
}
END_TEST

/* What the certificate between root and leaf is, and what is then said. */
static const struct {
	const char *extensions;
	const char *detail;
	const char *lax;
} intermediates[] = {
    {CA, "", ""},
    {LEAF, "the CA \"CN = middle\": it is no CA, but issued another certificate",
        "the CA \"CN = middle\": it is no CA, but issued another certificate"},
    {"[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"
     "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        "the CA \"CN = middle\": ", "the CA \"CN = middle\": "},
    {"[ext]\nbasicConstraints=CA:TRUE\nkeyUsage=critical,keyCertSign\n"
     "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        "the CA \"CN = middle\": Basic Constraints of CA cert not marked critical", ""},
    {"[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
     "authorityKeyIdentifier=keyid\n",
        "the CA \"CN = middle\": Missing Subject Key Identifier", ""},
    {CA "1.2.3.4=critical,ASN1:NULL\n",
        "the CA \"CN = middle\": it has a critical extension that is not understood",
        "the CA \"CN = middle\": it has a critical extension that is not understood"},
    {CA "nameConstraints=critical,permitted;DNS:.example\n", "", ""},
    {CA "nameConstraints=critical,excluded;dirName:dn\n[dn]\nCN=leaf\n",
        "the certificate: excluded subtree violation", "the certificate: excluded subtree violation"},
};

START_TEST(verify_by_an_odd_intermediate_says_what_is_wrong)
{
	EVP_PKEY           *middle_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509               *middle = pki_forge(&(struct pki_forgery){
	                  .issuer = &pki.root,
	                  .key = middle_key,
	                  .common_name = "middle",
	                  .extensions = intermediates[_i].extensions,
	              });
	struct ca           ca = {.certificate = middle, .key = middle_key};
	X509               *leaf = pki_forge(&(struct pki_forgery){
	                  .issuer = &ca,
	                  .key = key,
	                  .common_name = "leaf",
	                  .extensions = strstr(intermediates[_i].extensions, "hash") != NULL
	                      ? LEAF
	                      : "[ext]\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=DER:300480020102\n",
	              });
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, &middle, 1, intermediates[_i].detail);
	policy.lax = true;
	verify(&policy, leaf, &middle, 1, intermediates[_i].lax);
	X509_free(leaf);
	ca_clear(&ca);
}
END_TEST

/* The issuing CA has pathlen:0. */
START_TEST(verify_below_a_pathlen_fails)
{
	EVP_PKEY           *middle_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509               *middle = pki_forge(&(struct pki_forgery){
	                  .issuer = &pki.issuing,
	                  .key = middle_key,
	                  .common_name = "middle",
	                  .extensions = CA,
	              });
	struct ca           ca = {.certificate = middle, .key = middle_key};
	X509               *leaf = leaf_of(&ca);
	X509               *untrusted[] = {middle, pki.issuing.certificate};
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, untrusted, 2,
	    "the CA \"CN = Test Issuing CA\": more CAs are below it than it allows");
	X509_free(leaf);
	ca_clear(&ca);
}
END_TEST

START_TEST(verify_by_more_intermediates_than_allowed_fails)
{
	enum { MORE = CHAIN_INTERMEDIATES_MAX + 1 };
	struct ca           cas[MORE] = {0};
	X509               *untrusted[MORE];
	X509               *leaf;
	struct chain_policy policy = policy_at(PKI_NOW);

	for (size_t i = 0; i < MORE; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "middle %zu", i);
		cas[i].key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		cas[i].certificate = pki_forge(&(struct pki_forgery){
		    .issuer = i == 0 ? &pki.root : &cas[i - 1],
		    .key = cas[i].key,
		    .common_name = name,
		    .extensions = CA,
		});
		untrusted[i] = cas[i].certificate;
	}
	leaf = leaf_of(&cas[MORE - 2]);
	verify(&policy, leaf, untrusted, MORE - 1, "");
	verify(&policy, leaf, untrusted, MORE, "a chain of more than 6 intermediates");
	X509_free(leaf);
	leaf = leaf_of(&cas[MORE - 1]);
	verify(&policy, leaf, untrusted + 1, MORE - 1, "the CA \"CN = middle 1\": its issuer is neither");
	X509_free(leaf);
	for (size_t i = 0; i < MORE; i++)
		ca_clear(&cas[i]);
}
END_TEST

START_TEST(verify_of_sha1_fails_unless_lax)
{
	X509 *leaf = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing,
	    .key = key,
	    .common_name = "leaf",
	    .extensions = LEAF,
	    .digest = EVP_sha1(),
	});
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, &pki.issuing.certificate, 1, "the certificate: it is signed with a weak hash");
	policy.lax = true;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	X509_free(leaf);
}
END_TEST

START_TEST(verify_of_a_short_key_fails)
{
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	X509     *leaf = pki_forge(&(struct pki_forgery){
	        .issuer = &pki.issuing,
	        .key = small,
	        .common_name = "leaf",
	        .extensions = LEAF,
	    });
	struct chain_policy policy = policy_at(PKI_NOW);

	verify(&policy, leaf, &pki.issuing.certificate, 1, "the certificate: its key is too short");
	X509_free(leaf);
	EVP_PKEY_free(small);
}
END_TEST

/* An operator may trust the issuing CA alone. */
START_TEST(verify_to_a_trusted_intermediate_succeeds)
{
	AUTO_FREE char     *path = write_pem("issuing.pem", &pki.issuing.certificate, 1);
	X509               *leaf = leaf_of(&pki.issuing);
	struct trust       *issuing = trust_new();
	struct chain_policy policy = {.trust = issuing, .now = PKI_NOW};
	const X509         *root = NULL;
	struct error        err = {0};

	unit_ok(trust_add_file(issuing, path, &err), &err);
	unit_ok(chain_verify(&policy, leaf, NULL, 0, &root, &err), &err);
	ck_assert_int_eq(X509_cmp(root, pki.issuing.certificate), 0);
	ck_assert_str_eq(trust_source(issuing, root), path);
	X509_free(leaf);
	trust_free(issuing);
}
END_TEST

START_TEST(trust_add_file_takes_a_whole_bundle_or_nothing)
{
	X509           *leaf = leaf_of(&pki.issuing);
	X509           *good[] = {pki.root.certificate, pki.issuing.certificate};
	X509           *bad[] = {pki.root.certificate, leaf};
	AUTO_FREE char *good_path = write_pem("good.pem", good, 2);
	AUTO_FREE char *bad_path = write_pem("bad.pem", bad, 2);
	char            detail[512];
	struct error    err = {0};

	unit_ok(trust_add_file(trust, good_path, &err), &err);
	ck_assert_uint_eq(trust_count(trust), 3);
	(void)snprintf(detail, sizeof detail, "certificate 2 of %s is no CA's", bad_path);
	unit_fails(trust_add_file(trust, bad_path, &err), &err, ERROR_MALFORMED, detail);
	ck_assert_uint_eq(trust_count(trust), 3);
	ck_assert_ptr_null(trust_source(trust, leaf));
	X509_free(leaf);
}
END_TEST

START_TEST(trust_add_file_without_certificates_is_malformed)
{
	AUTO_FREE char *empty = file_join(directory, "empty.pem");
	AUTO_FREE char *nothing = file_join(directory, "nothing.pem");
	AUTO_FREE char *broken = file_join(directory, "broken.pem");
	char            detail[512];
	struct error    err = {0};

	pki_write(directory, "empty.pem", "hello\n", 6);
	pki_write(directory, "nothing.pem", "", 0);
	(void)snprintf(detail, sizeof detail, "no PEM certificate in %s", nothing);
	unit_fails(trust_add_file(trust, nothing, &err), &err, ERROR_MALFORMED, detail);
	pki_write(directory, "broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 59);
	(void)snprintf(detail, sizeof detail, "no PEM certificate in %s", empty);
	unit_fails(trust_add_file(trust, empty, &err), &err, ERROR_MALFORMED, detail);
	(void)snprintf(detail, sizeof detail, "certificate 1 of %s: ", broken);
	ck_assert_int_eq(trust_add_file(trust, broken, &err), -1);
	ck_assert_msg(strncmp(err.detail, detail, strlen(detail)) == 0, "%s", err.detail);
	ck_assert_int_eq(trust_add_file(trust, "/nonexistent/x", &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(trust_count(trust), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chain");
	TCase *tc = tcase_create("chain");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, verify_of_a_right_chain_says_which_root);
	tcase_add_test(tc, verify_without_the_intermediate_fails);
	tcase_add_test(tc, verify_by_nobody_trusted_fails);
	tcase_add_test(tc, verify_by_a_namesake_of_the_root_fails);
	tcase_add_test(tc, verify_a_root_itself_fails);
	tcase_add_test(tc, verify_at_another_time_fails);
	tcase_add_test(tc, verify_with_a_spoiled_signature_fails);
	tcase_add_loop_test(tc, verify_by_an_odd_intermediate_says_what_is_wrong, 0,
	    sizeof intermediates / sizeof intermediates[0]);
	tcase_add_test(tc, verify_below_a_pathlen_fails);
	tcase_add_test(tc, verify_by_more_intermediates_than_allowed_fails);
	tcase_add_test(tc, verify_of_sha1_fails_unless_lax);
	tcase_add_test(tc, verify_of_a_short_key_fails);
	tcase_add_test(tc, verify_to_a_trusted_intermediate_succeeds);
	tcase_add_test(tc, trust_add_file_takes_a_whole_bundle_or_nothing);
	tcase_add_test(tc, trust_add_file_without_certificates_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
