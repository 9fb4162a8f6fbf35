#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "chain_support.h"
#include "pki/chain.h"
#include "pki/revocation.h"

/* Writes a CRL of `ca` that lists `revoked`, or nobody; returns its path. */
static char *
write_crl(const char *name, const struct ca *ca, const X509 *revoked, int64_t now)
{
	struct ca_revoked entry = {.when = PKI_NOW - 60, .reason = 1};
	AUTO_BYTES        der = {0};
	struct error      err = {0};

	if (revoked != NULL) {
		const ASN1_INTEGER *serial = X509_get0_serialNumber(revoked);

		entry.serial_size = (size_t)ASN1_STRING_length(serial);
		memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
	}
	unit_ok(ca_crl_create(ca, 1, &entry, revoked != NULL, now, PKI_DAY, &der, &err), &err);
	pki_write(directory, name, der.data, der.size);
	return file_join(directory, name);
}

START_TEST(revocation_of_the_leaf_or_its_issuer_refuses_it)
{
	X509               *leaf = leaf_of(&pki.issuing);
	AUTO_FREE char     *none = write_crl("none", &pki.issuing, NULL, PKI_NOW);
	AUTO_FREE char     *this = write_crl("leaf", &pki.issuing, leaf, PKI_NOW);
	AUTO_FREE char     *above = write_crl("above", &pki.root, pki.issuing.certificate, PKI_NOW);
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	policy.revocation = revocation;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	unit_ok(revocation_add_file(revocation, none, &err), &err);
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	verify(&policy, leaf, &pki.issuing.certificate, 1, ""); /* by what was remembered */
	unit_ok(revocation_add_file(revocation, above, &err), &err);
	verify(&policy, leaf, &pki.issuing.certificate, 1,
	    "the CA \"CN = Test Issuing CA\": it was revoked at 2026-11-21T11:59:00Z");
	unit_ok(revocation_add_file(revocation, this, &err), &err);
	ck_assert_uint_eq(revocation_count(revocation), 3);
	verify(&policy, leaf, &pki.issuing.certificate, 1,
	    "the certificate: it was revoked at 2026-11-21T11:59:00Z");
	revocation_free(revocation);
	X509_free(leaf);
}
END_TEST

/* Nobody can tell a list that is not signed from one whose signature could not be verified. */
START_TEST(revocation_by_a_list_of_another_key_beside_a_signed_one_refuses)
{
	X509               *leaf = leaf_of(&pki.issuing);
	X509               *other = leaf_of(&pki.issuing);
	struct ca           impostor = {.certificate = pki.issuing.certificate, .key = key};
	AUTO_FREE char     *none = write_crl("none", &pki.issuing, NULL, PKI_NOW);
	AUTO_FREE char     *forged = write_crl("forged", &impostor, leaf, PKI_NOW);
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	policy.revocation = revocation;
	unit_ok(revocation_add_file(revocation, _i == 0 ? none : forged, &err), &err);
	unit_ok(revocation_add_file(revocation, _i == 0 ? forged : none, &err), &err);
	verify(&policy, other, &pki.issuing.certificate, 1, "");
	verify(&policy, leaf, &pki.issuing.certificate, 1,
	    "the certificate: a CRL in its issuer's name lists it, and the CRL's signature cannot be verified");
	revocation_free(revocation);
	X509_free(other);
	X509_free(leaf);
}
END_TEST

START_TEST(revocation_without_a_crl_of_the_issuer_refuses_where_one_is_required)
{
	X509               *leaf = leaf_of(&pki.issuing);
	AUTO_FREE char     *above = write_crl("above", &pki.root, NULL, PKI_NOW);
	AUTO_FREE char     *none = write_crl("none", &pki.issuing, NULL, PKI_NOW);
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	policy.revocation = revocation;
	unit_ok(revocation_add_file(revocation, above, &err), &err);
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	policy.crl_required = true;
	verify(&policy, leaf, &pki.issuing.certificate, 1,
	    "there is no CRL of its issuer, which may have revoked it");
	unit_ok(revocation_add_file(revocation, none, &err), &err);
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	revocation_free(revocation);
	X509_free(leaf);
}
END_TEST

START_TEST(revocation_by_a_stale_crl_refuses_unless_tolerated)
{
	X509               *leaf = leaf_of(&pki.issuing);
	X509               *revoked = leaf_of(&pki.issuing);
	AUTO_FREE char     *path = write_crl("crl", &pki.issuing, revoked, PKI_NOW);
	struct revocation  *revocation = revocation_new(_i != 0);
	struct chain_policy during = policy_at(PKI_NOW + PKI_DAY);
	struct chain_policy after = policy_at(PKI_NOW + PKI_DAY + 1);
	struct chain_policy ahead = policy_at(PKI_NOW - 300); /* as certificates are backdated */
	struct chain_policy before = policy_at(PKI_NOW - 301);
	const char         *stale =
	    _i != 0 ? "" : "the certificate: the server's copy of its issuer's revocation list (CRL) is out of date; "
	              "tell the server's administrator";
	const char         *early =
	    _i != 0 ? "" : "the certificate: its issuer's revocation list (CRL) is not valid before "
	              "2026-11-21T12:00:00Z, and it is 2026-11-21T11:54:59Z on the server; are the clocks of "
	              "both hosts right?";
	struct error        err = {0};

	unit_ok(revocation_add_file(revocation, path, &err), &err);
	during.revocation = after.revocation = ahead.revocation = before.revocation = revocation;
	verify(&during, leaf, &pki.issuing.certificate, 1, "");
	verify(&after, leaf, &pki.issuing.certificate, 1, stale);
	verify(&ahead, leaf, &pki.issuing.certificate, 1, "");
	verify(&before, leaf, &pki.issuing.certificate, 1, early);
	verify(&after, revoked, &pki.issuing.certificate, 1, "the certificate: it was revoked at ");
	revocation_free(revocation);
	X509_free(leaf);
	X509_free(revoked);
}
END_TEST

/* Entries stand in no order, and the list is signed as it stands. */
START_TEST(revocation_by_a_crl_of_many_finds_each)
{
	enum { COUNT = 50 };
	struct ca_revoked   revoked[COUNT];
	X509               *leaf = leaf_of(&pki.issuing);
	X509               *free_leaf = leaf_of(&pki.issuing);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	AUTO_BYTES          der = {0};
	AUTO_FREE char     *path = file_join(directory, "crl");
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	for (size_t i = 0; i < COUNT; i++) {
		revoked[i] = (struct ca_revoked){.serial_size = 20, .when = PKI_NOW - 60};
		ck_assert_int_eq(certificate_serial_draw(revoked[i].serial, &err), 0);
	}
	revoked[_i].serial_size = (size_t)ASN1_STRING_length(serial);
	memcpy(revoked[_i].serial, ASN1_STRING_get0_data(serial), revoked[_i].serial_size);
	unit_ok(ca_crl_create(&pki.issuing, 1, revoked, COUNT, PKI_NOW, PKI_DAY, &der, &err), &err);
	pki_write(directory, "crl", der.data, der.size);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	policy.revocation = revocation;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "the certificate: it was revoked at ");
	verify(&policy, free_leaf, &pki.issuing.certificate, 1, "");
	revocation_free(revocation);
	X509_free(leaf);
	X509_free(free_leaf);
}
END_TEST

/* A list in the issuer's name by somebody else frees nobody, and is not passed over. */
START_TEST(revocation_by_a_crl_of_another_key_refuses)
{
	X509               *leaf = leaf_of(&pki.issuing);
	struct ca           forger = {.certificate = pki.issuing.certificate, .key = key};
	AUTO_FREE char     *path = write_crl("crl", &forger, NULL, PKI_NOW);
	struct revocation  *revocation = revocation_new(true);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	unit_ok(revocation_add_file(revocation, path, &err), &err);
	policy.revocation = revocation;
	verify(&policy, leaf, &pki.issuing.certificate, 1,
	    "the certificate: the CRL in its issuer's name is not signed by it");
	revocation_free(revocation);
	X509_free(leaf);
}
END_TEST

START_TEST(revocation_by_a_crl_of_a_namesake_says_nothing)
{
	struct pki          other;
	X509               *leaf = leaf_of(&pki.issuing);
	AUTO_FREE char     *path = NULL;
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	struct error        err = {0};

	pki_make(&other, KEY_TYPE_P256);
	path = write_crl("crl", &other.issuing, leaf, PKI_NOW);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	policy.revocation = revocation;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	revocation_free(revocation);
	X509_free(leaf);
	pki_clear(&other);
}
END_TEST

/* The same key and key identifier under another name is another issuer, with serial numbers of its own. */
START_TEST(revocation_by_a_crl_in_another_name_says_nothing)
{
	X509               *leaf = leaf_of(&pki.issuing);
	struct ca           renamed = {.certificate = X509_dup(pki.issuing.certificate), .key = pki.issuing.key};
	struct revocation  *revocation = revocation_new(false);
	struct chain_policy policy = policy_at(PKI_NOW);
	AUTO_FREE char     *path = NULL;
	struct error        err = {0};

	ck_assert_int_eq(X509_NAME_add_entry_by_NID(X509_get_subject_name(renamed.certificate),
	                     NID_organizationName, MBSTRING_UTF8, (const unsigned char *)"x", -1, -1, 0), 1);
	ck_assert_int_gt(X509_sign(renamed.certificate, pki.root.key, EVP_sha256()), 0);
	path = write_crl("crl", &renamed, leaf, PKI_NOW);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	policy.revocation = revocation;
	verify(&policy, leaf, &pki.issuing.certificate, 1, "");
	ck_assert(!revocation_has_issuer(revocation, pki.issuing.certificate));
	ck_assert(revocation_has_issuer(revocation, renamed.certificate));
	revocation_free(revocation);
	X509_free(renamed.certificate);
	X509_free(leaf);
}
END_TEST

/* Another CA of the same name and key identifier: what was verified for the first is not for it. */
START_TEST(revocation_verified_for_one_issuer_is_not_for_its_namesake)
{
	struct pki          other;
	struct ca           twin = {0};
	X509               *leaf = leaf_of(&pki.issuing);
	X509               *twin_leaf = NULL;
	AUTO_FREE char     *path = write_crl("crl", &pki.issuing, NULL, PKI_NOW);
	struct revocation  *revocation = revocation_new(false);
	ASN1_OCTET_STRING  *id = X509_get_ext_d2i(pki.issuing.certificate, NID_subject_key_identifier,
	    NULL, NULL);
	struct error        err = {0};

	pki_make(&other, KEY_TYPE_P256);
	twin.key = other.issuing.key;
	ck_assert_ptr_nonnull(twin.certificate = X509_dup(other.issuing.certificate));
	ck_assert_int_eq(X509_add1_ext_i2d(twin.certificate, NID_subject_key_identifier, id, 0,
	                     X509V3_ADD_REPLACE), 1);
	ck_assert_int_gt(X509_sign(twin.certificate, other.root.key, EVP_sha256()), 0);
	twin_leaf = leaf_of(&twin);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	for (int i = 0; i < 2; i++) {
		unit_ok(revocation_check(revocation, leaf, pki.issuing.certificate, PKI_NOW, &err), &err);
		unit_fails(revocation_check(revocation, twin_leaf, twin.certificate, PKI_NOW, &err), &err,
		    ERROR_BAD_ATTESTATION, "the CRL in its issuer's name is not signed by it");
	}
	ASN1_OCTET_STRING_free(id);
	X509_free(twin.certificate);
	X509_free(twin_leaf);
	X509_free(leaf);
	revocation_free(revocation);
	pki_clear(&other);
}
END_TEST

/* How the second of two CRLs in a PEM file is damaged, by sed. */
static const char *const damages[] = {
    "s/^-----BEGIN/----BEGIN/",          /* its first line is none */
    "s/^-----BEGIN X509 CRL/-----BEGIN/", /* nor names what begins */
    "s/^-----END X509 CRL/-----END/",
    "/^-----END/d",
    "s/^-----BEGIN/----BEGIN/;/^-----END/d", /* passed over as text */
    "2s/^./*/", /* no Base64 */
    "2d",       /* no DER */
};

START_TEST(revocation_add_file_with_a_damaged_second_adds_none)
{
	AUTO_FREE char    *first = write_crl("a", &pki.issuing, NULL, PKI_NOW);
	AUTO_FREE char    *both = file_join(directory, "both");
	struct revocation *revocation = revocation_new(false);
	struct error       err = {0};
	char               command[512];

	free(write_crl("b", &pki.root, NULL, PKI_NOW));
	(void)snprintf(command, sizeof command, "openssl crl -inform DER -in a > both;"
	    " openssl crl -inform DER -in b | sed '%s' >> both", damages[_i]);
	free(pki_run(directory, command));
	unit_ok(revocation_add_file(revocation, first, &err), &err);
	ck_assert_int_eq(revocation_add_file(revocation, both, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, both));
	ck_assert_uint_eq(revocation_count(revocation), 1);
	ck_assert(revocation_has_issuer(revocation, pki.issuing.certificate));
	ck_assert(!revocation_has_issuer(revocation, pki.root.certificate));
	revocation_free(revocation);
}
END_TEST

START_TEST(revocation_add_file_reads_pem_of_several)
{
	AUTO_FREE char    *both = file_join(directory, "both");
	struct revocation *revocation = revocation_new(false);
	struct error       err = {0};

	free(write_crl("a", &pki.issuing, NULL, PKI_NOW));
	free(write_crl("b", &pki.root, NULL, PKI_NOW));
	free(pki_run(directory, "for c in a b; do openssl crl -inform DER -in $c; done > both"));
	unit_ok(revocation_add_file(revocation, both, &err), &err);
	ck_assert_uint_eq(revocation_count(revocation), 2);
	revocation_free(revocation);
}
END_TEST

/* A CA by the openssl command leaves ./crl; what is then said after its path. */
#define OPENSSL_CA \
	"touch index; echo 01 > number; openssl req -x509 -newkey ed25519 -nodes -subj /CN=x -keyout k -out c;" \
	" printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=default\\n" \
	"certificate=c\\nprivate_key=k\\ndefault_crl_days=1\\ncrl_extensions=e\\n[e]\\n%s\\n' > conf;" \
	" openssl ca -config conf -gencrl -out crl"

static const struct {
	const char *extension; /* NULL: the file holds `text` */
	const char *text;
	const char *before;
	const char *after;
} bad_crls[] = {
    {"issuingDistributionPoint=critical,@i\\n[i]\\nonlyuser=TRUE", NULL, "the CRL in ",
        " covers only a part of its issuer's certificates"},
    {"1.2.3.4=critical,ASN1:NULL", NULL, "the CRL in ", " has a critical extension that is not understood"},
    {NULL, "", "no CRL in ", ""},
    {NULL, "hello\n", "no CRL in ", ""},
    {NULL, "0hello\n", "no CRL in ", ""},
};

START_TEST(revocation_add_file_of_a_bad_one_is_malformed)
{
	AUTO_FREE char    *path = file_join(directory, "crl");
	char               detail[512];
	struct revocation *revocation = revocation_new(false);
	struct error       err = {0};

	if (bad_crls[_i].extension != NULL) {
		char        command[2048];
		const char *at = strstr(OPENSSL_CA, "%s");

		(void)snprintf(command, sizeof command, "%.*s%s%s", (int)(at - OPENSSL_CA), OPENSSL_CA,
		    bad_crls[_i].extension, at + 2);
		free(pki_run(directory, command));
	} else {
		pki_write(directory, "crl", bad_crls[_i].text, strlen(bad_crls[_i].text));
	}
	(void)snprintf(detail, sizeof detail, "%s%s%s", bad_crls[_i].before, path, bad_crls[_i].after);
	ck_assert_int_eq(revocation_add_file(revocation, path, &err), -1);
	ck_assert_msg(strncmp(err.detail, detail, strlen(detail)) == 0, "%s", err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_uint_eq(revocation_count(revocation), 0);
	revocation_free(revocation);
}
END_TEST

START_TEST(revocation_add_file_with_octets_after_it_is_malformed)
{
	AUTO_FREE char    *path = write_crl("crl", &pki.root, NULL, PKI_NOW);
	char               detail[512];
	struct revocation *revocation = revocation_new(false);
	struct error       err = {0};

	free(pki_run(directory, "printf x >> crl"));
	(void)snprintf(detail, sizeof detail, "1 octets after the CRL in %s", path);
	unit_fails(revocation_add_file(revocation, path, &err), &err, ERROR_MALFORMED, detail);
	revocation_free(revocation);
}
END_TEST

/* A thirteenth month, in either of its times. */
START_TEST(revocation_add_file_at_a_time_that_is_none_is_malformed)
{
	AUTO_FREE char    *path = write_crl("crl", &pki.root, NULL, PKI_NOW);
	AUTO_BYTES         der = {0};
	char               detail[512];
	struct revocation *revocation = revocation_new(false);
	struct error       err = {0};
	uint8_t           *at;

	unit_ok(file_read(path, 10000, &der, &err), &err);
	at = memmem(der.data, der.size, "\x17\x0d" "2611", 6); /* a UTCTime */
	ck_assert_ptr_nonnull(at);
	if (_i == 1)
		at = memmem(at + 6, der.size - (size_t)(at + 6 - der.data), "\x17\x0d" "26", 4);
	ck_assert_ptr_nonnull(at);
	memcpy(at + 4, "13", 2);
	pki_write(directory, "crl", der.data, der.size);
	(void)snprintf(detail, sizeof detail, "the CRL in %s has no valid time", path);
	ck_assert_int_eq(revocation_add_file(revocation, path, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(strncmp(err.detail, detail, strlen(detail)), 0);
	ck_assert_uint_eq(revocation_count(revocation), 0);
	revocation_free(revocation);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("revocation");
	TCase *tc = tcase_create("revocation");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, revocation_of_the_leaf_or_its_issuer_refuses_it);
	tcase_add_loop_test(tc, revocation_by_a_list_of_another_key_beside_a_signed_one_refuses, 0, 2);
	tcase_add_test(tc, revocation_without_a_crl_of_the_issuer_refuses_where_one_is_required);
	tcase_add_loop_test(tc, revocation_by_a_stale_crl_refuses_unless_tolerated, 0, 2);
	tcase_add_loop_test(tc, revocation_by_a_crl_of_many_finds_each, 0, 3);
	tcase_add_test(tc, revocation_by_a_crl_of_another_key_refuses);
	tcase_add_test(tc, revocation_by_a_crl_of_a_namesake_says_nothing);
	tcase_add_test(tc, revocation_by_a_crl_in_another_name_says_nothing);
	tcase_add_test(tc, revocation_verified_for_one_issuer_is_not_for_its_namesake);
	tcase_add_test(tc, revocation_add_file_reads_pem_of_several);
	tcase_add_loop_test(tc, revocation_add_file_with_a_damaged_second_adds_none, 0,
	    sizeof damages / sizeof damages[0]);
	tcase_add_loop_test(tc, revocation_add_file_of_a_bad_one_is_malformed, 0,
	    sizeof bad_crls / sizeof bad_crls[0]);
	tcase_add_test(tc, revocation_add_file_with_octets_after_it_is_malformed);
	tcase_add_loop_test(tc, revocation_add_file_at_a_time_that_is_none_is_malformed, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
