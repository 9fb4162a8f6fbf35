#include "config.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/crl_reason.h"
#include "pki_support.h"

static const enum key_type key_types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA3072};

START_TEST(create_root_and_issuing_verify_strictly_at_openssl)
{
	char      *directory = pki_directory();
	struct pki pki;

	pki_make(&pki, key_types[_i]);
	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "issuing", pki.issuing.certificate);
	free(pki_run(directory, "openssl verify -x509_strict -attime 1795262400 -trusted root root issuing"));
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(create_root_has_the_profile)
{
	struct pki pki;
	X509      *root;

	pki_make(&pki, KEY_TYPE_P256);
	root = pki.root.certificate;
	ck_assert_int_eq((int)X509_get_version(root), X509_VERSION_3);
	pki_extension_is(root, NID_basic_constraints, 1, "\x30\x03\x01\x01\xff", 5);
	pki_extension_is(root, NID_key_usage, 1, "\x03\x02\x01\x06", 4);
	ck_assert_int_eq(ASN1_STRING_length(pki_extension(root, NID_subject_key_identifier, 0)), 22);
	ck_assert_int_eq(X509_get_ext_count(root), 3);
	ck_assert_int_eq(certificate_not_before(root), PKI_NOW - PKI_DAY);
	ck_assert_int_eq(certificate_not_after(root), PKI_NOW + 20 * PKI_YEAR);
	pki_clear(&pki);
}
END_TEST

START_TEST(create_issuing_has_the_profile)
{
	struct pki               pki;
	X509                    *issuing;
	const ASN1_OCTET_STRING *id;

	pki_make(&pki, KEY_TYPE_P256);
	issuing = pki.issuing.certificate;
	pki_extension_is(issuing, NID_basic_constraints, 1, "\x30\x06\x01\x01\xff\x02\x01\x00", 8);
	pki_extension_is(issuing, NID_key_usage, 1, "\x03\x02\x01\x06", 4);
	ck_assert_int_eq(ASN1_STRING_length(pki_extension(issuing, NID_subject_key_identifier, 0)), 22);
	id = pki_extension(issuing, NID_authority_key_identifier, 0);
	ck_assert_int_eq(ASN1_STRING_length(id), 24);
	ck_assert_mem_eq(ASN1_STRING_get0_data(id) + 4,
	    ASN1_STRING_get0_data(X509_get0_subject_key_id(pki.root.certificate)), 20);
	ck_assert_int_eq(X509_get_ext_count(issuing), 4);
	ck_assert_int_eq(certificate_not_before(issuing), PKI_NOW - PKI_DAY);
	ck_assert_int_eq(certificate_not_after(issuing), PKI_NOW + 5 * PKI_YEAR);
	pki_clear(&pki);
}
END_TEST

START_TEST(create_issuing_never_outlives_the_root)
{
	struct pki   pki;
	X509        *issuing = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_issuing_create(&pki.root, pki.issuing.key, "Second", PKI_NOW, 50 * PKI_YEAR,
	            &issuing, &err), &err);
	ck_assert_int_eq(certificate_not_after(issuing), PKI_NOW + 20 * PKI_YEAR);
	X509_free(issuing);
	pki_clear(&pki);
}
END_TEST

START_TEST(create_issuing_after_the_root_ended_fails)
{
	struct pki   pki;
	X509        *issuing = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_fails(ca_issuing_create(&pki.root, pki.issuing.key, "Late", PKI_NOW + 20 * PKI_YEAR,
	               PKI_YEAR, &issuing, &err), &err, ERROR_INTERNAL,
	    "the issuing certificate is valid from 2026-11-20T12:00:00Z to 2046-11-16T12:00:00Z,"
	    " not at 2046-11-16T12:00:00Z; is the clock right?");
	ck_assert_ptr_null(issuing);
	pki_clear(&pki);
}
END_TEST

START_TEST(create_issuing_with_the_root_s_name_fails)
{
	struct pki   pki;
	X509        *issuing = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_fails(ca_issuing_create(&pki.root, pki.issuing.key, "Test Root CA", PKI_NOW, PKI_YEAR,
	               &issuing, &err), &err, ERROR_INTERNAL,
	    "the issuing CA needs another name than its root, \"Test Root CA\"");
	pki_clear(&pki);
}
END_TEST

/* An operator's own root may lack what an AKI is made of. */
START_TEST(create_issuing_by_a_root_without_key_id_fails)
{
	EVP_PKEY    *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct ca    root = {.certificate = NULL, .key = key};
	X509        *issuing = NULL;
	AUTO_BYTES   der = {0};
	struct error err = {0};

	root.certificate = pki_forge(&(struct pki_forgery){
	    .key = key,
	    .common_name = "bare root",
	    .extensions = "[ext]\nbasicConstraints=critical,CA:TRUE\n",
	});
	unit_fails(ca_issuing_create(&root, key, "x", PKI_NOW, PKI_DAY, &issuing, &err), &err,
	    ERROR_INTERNAL, "the issuing certificate has no subject key identifier");
	unit_fails(ca_crl_create(&root, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err, ERROR_INTERNAL,
	    "the issuing certificate has no subject key identifier");
	ca_clear(&root);
}
END_TEST

static const char *const bad_names[] = {
    "",
    "\xff",
    "a name of sixty-five characters, which is one too many for a CN..",
};

START_TEST(create_root_with_a_bad_name_fails)
{
	EVP_PKEY    *key = NULL;
	X509        *root = NULL;
	struct error err = {0};

	unit_ok(key_generate(KEY_TYPE_P256, &key, &err), &err);
	ck_assert_int_eq(ca_root_create(key, bad_names[_i], PKI_NOW, PKI_YEAR, &root, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "(1 to 64 characters of UTF-8)"));
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_null(root);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(check_pair_of_two_keys_fails)
{
	struct pki   pki;
	struct ca    mixed;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	mixed = (struct ca){.certificate = pki.issuing.certificate, .key = pki.root.key};
	unit_ok(ca_check_pair(&pki.issuing, &err), &err);
	unit_fails(ca_check_pair(&mixed, &err), &err, ERROR_INTERNAL,
	    "the private key is not the certificate's: key values mismatch");
	pki_clear(&pki);
}
END_TEST

static X509_CRL *
crl_decode(const struct bytes *der)
{
	const unsigned char *p = der->data;
	X509_CRL            *crl = d2i_X509_CRL(NULL, &p, (long)der->size);

	ck_assert_ptr_nonnull(crl);
	ck_assert_ptr_eq(p, der->data + der->size);
	return crl;
}

START_TEST(crl_create_says_what_it_was_told)
{
	static const struct ca_revoked revoked[] = {
	    {{0x7f, 1, 2, 3}, 4, PKI_NOW - 60, 1},
	    {{0x80, 0xff}, 2, PKI_NOW - 30, 0},
	};
	char         *directory = pki_directory();
	AUTO_BYTES    der = {0};
	AUTO_FREE char *text = NULL;
	struct pki    pki;
	X509_CRL     *crl;
	struct error  err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.issuing, 0x1122334455667788, revoked, 2, PKI_NOW, PKI_DAY, &der, &err),
	    &err);
	crl = crl_decode(&der);
	ck_assert_int_eq((int)X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	ck_assert_int_eq(X509_CRL_verify(crl, pki.issuing.key), 1);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	X509_CRL_free(crl);
	pki_write(directory, "crl", der.data, der.size);
	text = pki_run(directory, "openssl crl -inform DER -in crl -noout -text");
	ck_assert_ptr_nonnull(strstr(text, "Issuer: CN = Test Issuing CA"));
	ck_assert_ptr_nonnull(strstr(text, "Last Update: Nov 21 12:00:00 2026 GMT"));
	ck_assert_ptr_nonnull(strstr(text, "Next Update: Nov 22 12:00:00 2026 GMT"));
	ck_assert_ptr_nonnull(strstr(text, "1234605616436508552"));
	ck_assert_ptr_nonnull(strstr(text, "X509v3 Authority Key Identifier"));
	ck_assert_ptr_nonnull(strstr(text, "Serial Number: 7F010203\n"
	                                   "        Revocation Date: Nov 21 11:59:00 2026 GMT\n"
	                                   "        CRL entry extensions:\n"
	                                   "            X509v3 CRL Reason Code: \n"
	                                   "                Key Compromise\n"));
	ck_assert_ptr_nonnull(strstr(text, "Serial Number: 80FF\n"
	                                   "        Revocation Date: Nov 21 11:59:30 2026 GMT\n"
	                                   "    Signature Algorithm"));
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

/* An empty CRL of every CA of a chain is what nginx wants: openssl checks one with it. */
START_TEST(crl_create_empty_passes_crl_check_all)
{
	char        *directory = pki_directory();
	AUTO_BYTES   root = {0};
	AUTO_BYTES   issuing = {0};
	struct pki   pki;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.root, 1, NULL, 0, PKI_NOW, PKI_YEAR, &root, &err), &err);
	unit_ok(ca_crl_create(&pki.issuing, 1, NULL, 0, PKI_NOW, PKI_YEAR, &issuing, &err), &err);
	pki_write(directory, "root.crl", root.data, root.size);
	pki_write(directory, "issuing.crl", issuing.data, issuing.size);
	pki_write_certificate(directory, "root", pki.root.certificate);
	pki_write_certificate(directory, "issuing", pki.issuing.certificate);
	free(pki_run(directory,
	    "for c in root issuing; do openssl crl -inform DER -in $c.crl; done > crls &&"
	    " openssl verify -x509_strict -crl_check_all -attime 1795262400 -CAfile root"
	    " -CRLfile crls issuing"));
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

static const struct {
	struct ca_revoked revoked;
	const char       *detail;
} bad_entries[] = {
    {{{1}, 1, PKI_NOW, 7}, "7 is no reason for a revocation"},
    {{{1}, 1, PKI_NOW, 8}, "8 is no reason for a revocation"},
    {{{1}, 1, PKI_NOW, 11}, "11 is no reason for a revocation"},
    {{{1}, 1, PKI_NOW, -1}, "-1 is no reason for a revocation"},
    {{{0}, 1, PKI_NOW, 0}, "adding an entry to a CRL"},
    {{{1}, 0, PKI_NOW, 0}, "adding an entry to a CRL"},
    {{{1}, 21, PKI_NOW, 0}, "adding an entry to a CRL"},
};

START_TEST(crl_create_with_a_bad_entry_fails)
{
	AUTO_BYTES   der = {0};
	struct pki   pki;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_fails(ca_crl_create(&pki.issuing, 1, &bad_entries[_i].revoked, 1, PKI_NOW, PKI_DAY, &der,
	               &err), &err, ERROR_INTERNAL, bad_entries[_i].detail);
	ck_assert_uint_eq(der.size, 0);
	pki_clear(&pki);
}
END_TEST

START_TEST(crl_create_of_a_hundred_thousand_holds_them_all)
{
	enum { COUNT = 100000 };
	struct ca_revoked *revoked = calloc(COUNT, sizeof *revoked);
	AUTO_BYTES         der = {0};
	struct pki         pki;
	X509_CRL          *crl;
	struct error       err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	for (size_t i = 0; i < COUNT; i++) {
		revoked[i] = (struct ca_revoked){.serial_size = 20, .when = PKI_NOW, .reason = 4};
		ck_assert_int_eq(certificate_serial_draw(revoked[i].serial, &err), 0);
	}
	unit_ok(ca_crl_create(&pki.issuing, 1, revoked, COUNT, PKI_NOW, PKI_DAY, &der, &err), &err);
	crl = crl_decode(&der);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), COUNT);
	ck_assert_int_eq(X509_CRL_verify(crl, pki.issuing.key), 1);
	X509_CRL_free(crl);
	free(revoked);
	pki_clear(&pki);
}
END_TEST

/* What is read back is what was signed. */
START_TEST(crl_read_says_what_was_signed)
{
	static const struct ca_revoked revoked[] = {
	    {{0x7f, 0x01}, 2, PKI_NOW - 60, 1},
	    {{0x80, 0xff}, 2, PKI_NOW - 30, 0}, /* read as positive, without the octet that says so */
	};
	AUTO_BYTES    der = {0};
	struct pki    pki;
	struct ca_crl crl;
	struct error  err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.issuing, UINT64_MAX, revoked, 2, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_ok(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err);
	ck_assert_uint_eq(crl.number, UINT64_MAX);
	ck_assert_int_eq(crl.this_update, PKI_NOW);
	ck_assert_int_eq(crl.next_update, PKI_NOW + PKI_DAY);
	ck_assert_uint_eq(crl.revoked.size, sizeof revoked);
	ck_assert_mem_eq(crl.revoked.data, revoked, sizeof revoked);
	ca_crl_clear(&crl);
	ck_assert_uint_eq(crl.number, 0);
	pki_clear(&pki);
}
END_TEST

/* A CRL that lacks something, signed all the same. */
static void
crl_without(const struct ca *ca, bool with_number, bool with_next_update, struct bytes *der)
{
	X509_CRL      *crl = X509_CRL_new();
	ASN1_TIME     *when = ASN1_TIME_set(NULL, (time_t)PKI_NOW);
	ASN1_INTEGER  *number = ASN1_INTEGER_new();
	unsigned char *data = NULL;
	int            size;

	(void)X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	(void)X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate));
	(void)X509_CRL_set1_lastUpdate(crl, when);
	(void)ASN1_INTEGER_set(number, 1);
	if (with_next_update)
		(void)X509_CRL_set1_nextUpdate(crl, when);
	if (with_number)
		(void)X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
	ck_assert_int_gt(X509_CRL_sign(crl, ca->key, EVP_sha256()), 0);
	ck_assert_int_gt(size = i2d_X509_CRL(crl, &data), 0);
	bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(when);
	X509_CRL_free(crl);
}

START_TEST(crl_read_of_what_is_none_of_ours_is_refused)
{
	AUTO_BYTES    der = {0};
	AUTO_BYTES    numberless = {0};
	AUTO_BYTES    endless = {0};
	struct pki    pki;
	struct ca     other;
	struct ca_crl crl;
	struct error  err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&pki.issuing, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_fails(ca_crl_read(pki.root.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_BAD_ATTESTATION, "the CRL is another issuer's");
	der.data[der.size - 1] ^= 1;
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_BAD_ATTESTATION, "the CRL is another issuer's");
	der.data[der.size - 1] ^= 1;
	bytes_append_u8(&der, 0);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_MALFORMED, "not a CRL");
	ck_assert_int_eq(ca_crl_read(pki.issuing.certificate, (struct view){der.data, 5}, &crl, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(ca_crl_read(pki.issuing.certificate, (struct view){NULL, 0}, &crl, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);

	/* Its name, and another's key. */
	other = (struct ca){.certificate = pki.issuing.certificate, .key = pki.root.key};
	bytes_clear(&der);
	unit_ok(ca_crl_create(&other, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_BAD_ATTESTATION, "the CRL is another issuer's");

	/* Its key, and another's name. */
	other = (struct ca){.certificate = pki.root.certificate, .key = pki.issuing.key};
	bytes_clear(&der);
	unit_ok(ca_crl_create(&other, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_BAD_ATTESTATION, "the CRL is another issuer's");

	crl_without(&pki.issuing, false, true, &numberless);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&numberless), &crl, &err), &err,
	    ERROR_MALFORMED, "the CRL has no number, or not both its times");
	crl_without(&pki.issuing, true, false, &endless);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&endless), &crl, &err), &err,
	    ERROR_MALFORMED, "the CRL has no number, or not both its times");
	pki_clear(&pki);
}
END_TEST

/* The issuing CA's key, and another's name. */
START_TEST(crl_read_in_another_name_is_refused)
{
	AUTO_BYTES    der = {0};
	struct pki    pki;
	struct ca     other;
	struct ca_crl crl;
	struct error  err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	other = (struct ca){.certificate = pki.root.certificate, .key = pki.issuing.key};
	unit_ok(ca_crl_create(&other, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&der), &crl, &err), &err,
	    ERROR_BAD_ATTESTATION, "the CRL is another issuer's");
	pki_clear(&pki);
}
END_TEST

/* A CRL with one entry, whose serial number has so many octets. */
static void
crl_with_serial(const struct ca *ca, int size, struct bytes *der)
{
	ASN1_INTEGER  *number = ASN1_INTEGER_new();
	ASN1_TIME     *when = ASN1_TIME_set(NULL, PKI_NOW);
	X509_CRL      *crl = X509_CRL_new();
	X509_REVOKED  *entry = X509_REVOKED_new();
	uint8_t        serial[32];
	unsigned char *data = NULL;

	memset(serial, 0x5a, sizeof serial);
	ck_assert_int_eq(ASN1_INTEGER_set_uint64(number, 7), 1);
	ck_assert_int_eq(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
	ck_assert_int_eq(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)), 1);
	ck_assert_int_eq(X509_CRL_set1_lastUpdate(crl, when), 1);
	ck_assert_int_eq(X509_CRL_set1_nextUpdate(crl, when), 1);
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	ck_assert_int_eq(ASN1_STRING_set(number, serial, size), 1);
	ck_assert_int_eq(X509_REVOKED_set_serialNumber(entry, number), 1);
	ck_assert_int_eq(X509_REVOKED_set_revocationDate(entry, when), 1);
	ck_assert_int_eq(X509_CRL_add0_revoked(crl, entry), 1);
	ck_assert_int_gt(X509_CRL_sign(crl, ca->key, EVP_sha256()), 0);
	ck_assert_int_gt(size = i2d_X509_CRL(crl, &data), 0);
	bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(when);
	X509_CRL_free(crl);
}

START_TEST(crl_read_serial_has_twenty_octets_at_most)
{
	AUTO_BYTES        longest = {0};
	AUTO_BYTES        longer = {0};
	struct pki        pki;
	struct ca_revoked entry;
	struct ca_crl     crl;
	struct error      err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	crl_with_serial(&pki.issuing, 20, &longest);
	unit_ok(ca_crl_read(pki.issuing.certificate, bytes_view(&longest), &crl, &err), &err);
	ck_assert_uint_eq(crl.revoked.size, sizeof entry);
	memcpy(&entry, crl.revoked.data, sizeof entry);
	ck_assert_uint_eq(entry.serial_size, 20);
	ck_assert_uint_eq(entry.serial[19], 0x5a);
	ck_assert_int_eq(entry.when, PKI_NOW);
	ca_crl_clear(&crl);
	crl_with_serial(&pki.issuing, 21, &longer);
	unit_fails(ca_crl_read(pki.issuing.certificate, bytes_view(&longer), &crl, &err), &err,
	    ERROR_MALFORMED, "entry 1 of the CRL has no serial number");
	pki_clear(&pki);
}
END_TEST

static const int every_reason[] = {
#define X(name, code, word) REASON_##name,
    CRL_REASONS(X)
#undef X
};

START_TEST(crl_reason_has_its_word)
{
	struct error err = {0};
	int          reason = -1;

	ck_assert_ptr_nonnull(crl_reason_word(every_reason[_i]));
	unit_ok(crl_reason_parse(crl_reason_word(every_reason[_i]), &reason, &err), &err);
	ck_assert_int_eq(reason, every_reason[_i]);
}
END_TEST

START_TEST(crl_reason_that_is_none_is_refused)
{
	struct error err = {0};
	int          reason;

	ck_assert_ptr_null(crl_reason_word(2));
	ck_assert_ptr_null(crl_reason_word(-1));
	unit_fails(crl_reason_parse("keycompromise", &reason, &err), &err, ERROR_MALFORMED,
	    "\"keycompromise\" is no reason; there are unspecified, keyCompromise, affiliationChanged,"
	    " superseded, cessationOfOperation, privilegeWithdrawn");
}
END_TEST

/* The year 10000 has a digit too many for a certificate. */
START_TEST(create_root_at_a_time_that_no_certificate_has_fails)
{
	EVP_PKEY    *key = pki_key(KEY_TYPE_P256, 0);
	X509        *root = NULL;
	struct error err = {0};

	unit_fails(ca_root_create(key, "Root", PKI_NOW, INT64_C(253402300800) - PKI_NOW, &root, &err), &err, ERROR_INTERNAL,
	    "a validity that a certificate cannot express");
	unit_fails(ca_root_create(key, "Root", INT64_C(253402300800) + PKI_DAY, -PKI_DAY, &root, &err), &err,
	    ERROR_INTERNAL, "a validity that a certificate cannot express");
	ck_assert_ptr_null(root);
	unit_ok(ca_root_create(key, "Root", PKI_NOW, INT64_C(253402300799) - PKI_NOW, &root, &err), &err);
	ck_assert_int_eq(certificate_not_after(root), INT64_C(253402300799));
	X509_free(root);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ca");
	TCase *tc = tcase_create("ca");

	tcase_set_timeout(tc, 60); /* RSA-3072 and the long CRL under sanitizers */
	tcase_add_loop_test(tc, create_root_and_issuing_verify_strictly_at_openssl, 0, 3);
	tcase_add_test(tc, create_root_has_the_profile);
	tcase_add_test(tc, create_issuing_has_the_profile);
	tcase_add_test(tc, create_issuing_never_outlives_the_root);
	tcase_add_test(tc, create_issuing_after_the_root_ended_fails);
	tcase_add_test(tc, create_issuing_with_the_root_s_name_fails);
	tcase_add_test(tc, create_issuing_by_a_root_without_key_id_fails);
	tcase_add_loop_test(tc, create_root_with_a_bad_name_fails, 0, 3);
	tcase_add_test(tc, create_root_at_a_time_that_no_certificate_has_fails);
	tcase_add_test(tc, check_pair_of_two_keys_fails);
	tcase_add_test(tc, crl_create_says_what_it_was_told);
	tcase_add_test(tc, crl_create_empty_passes_crl_check_all);
	tcase_add_loop_test(tc, crl_create_with_a_bad_entry_fails, 0,
	    sizeof bad_entries / sizeof bad_entries[0]);
	tcase_add_test(tc, crl_create_of_a_hundred_thousand_holds_them_all);
	tcase_add_test(tc, crl_read_says_what_was_signed);
	tcase_add_test(tc, crl_read_of_what_is_none_of_ours_is_refused);
	tcase_add_loop_test(tc, crl_reason_has_its_word, 0,
	    sizeof every_reason / sizeof every_reason[0]);
	tcase_add_test(tc, crl_reason_that_is_none_is_refused);
	tcase_add_test(tc, crl_read_in_another_name_is_refused);
	tcase_add_test(tc, crl_read_serial_has_twenty_octets_at_most);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
