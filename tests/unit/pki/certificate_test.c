#include "config.h"

#include <string.h>

#include <openssl/pem.h>

#include "pki/certificate.h"
#include "pki_support.h"

START_TEST(decode_what_encode_wrote_is_the_same)
{
	AUTO_BYTES   der = {0};
	AUTO_BYTES   again = {0};
	struct pki   pki;
	X509        *back = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode(pki.root.certificate, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &back, &err), &err);
	unit_ok(certificate_encode(back, &again, &err), &err);
	ck_assert(view_equal(bytes_view(&der), bytes_view(&again)));
	X509_free(back);
	pki_clear(&pki);
}
END_TEST

START_TEST(decode_with_an_octet_more_is_malformed)
{
	AUTO_BYTES   der = {0};
	struct pki   pki;
	X509        *back = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode(pki.root.certificate, &der, &err), &err);
	bytes_append_u8(&der, 0);
	unit_fails(certificate_decode(bytes_view(&der), &back, &err), &err, ERROR_MALFORMED,
	    "1 octets after a certificate");
	ck_assert_ptr_null(back);
	pki_clear(&pki);
}
END_TEST

START_TEST(decode_every_prefix_is_malformed)
{
	AUTO_BYTES   der = {0};
	struct pki   pki;
	X509        *back = NULL;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode(pki.root.certificate, &der, &err), &err);
	for (size_t size = 0; size < der.size; size++) {
		ck_assert_int_eq(certificate_decode((struct view){der.data, size}, &back, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		ck_assert_ptr_null(back);
	}
	pki_clear(&pki);
}
END_TEST

START_TEST(decode_nothing_says_so)
{
	X509        *back = NULL;
	struct error err = {0};

	unit_fails(certificate_decode((struct view){NULL, 0}, &back, &err), &err, ERROR_MALFORMED,
	    "a certificate of 0 octets");
	ck_assert_ptr_null(back);
}
END_TEST

/* Nobody is asked for a passphrase: there may be no terminal, and what comes of others is not ours to open. */
START_TEST(decode_pem_that_is_encrypted_asks_nobody)
{
	static const char text[] = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
	                           "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
	                           "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n";
	AUTO_BYTES        pem = {0};
	X509             *back = NULL;
	struct error      err = {0};

	bytes_append(&pem, text, sizeof text - 1);
	ck_assert_int_eq(certificate_decode_pem(&pem, "file", &back, &err), -1);
	ck_assert_ptr_null(back);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(wrap_pem_is_what_openssl_writes)
{
	struct pki   pki;
	AUTO_BYTES   der = {0};
	AUTO_BYTES   pem = {0};
	BIO         *bio = BIO_new(BIO_s_mem());
	char        *expected;
	long         size;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode(pki.issuing.certificate, &der, &err), &err);
	unit_ok(certificate_wrap_pem(bytes_view(&der), &pem, &err), &err);
	ck_assert_int_eq(PEM_write_bio_X509(bio, pki.issuing.certificate), 1);
	size = BIO_get_mem_data(bio, &expected);
	ck_assert_uint_eq(pem.size, (size_t)size);
	ck_assert_mem_eq(pem.data, expected, pem.size);
	BIO_free(bio);
	pki_clear(&pki);
}
END_TEST

START_TEST(load_pem_file_gives_its_first)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "both");
	AUTO_BYTES      pem = {0};
	struct pki      pki;
	X509           *back = NULL;
	struct error    err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	bytes_append(&pem, "a comment\n", 10);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	pki_write(directory, "both", pem.data, pem.size);
	unit_ok(certificate_load(path, &back, &err), &err);
	ck_assert_int_eq(X509_cmp(back, pki.issuing.certificate), 0);
	X509_free(back);
	pki_clear(&pki);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(load_file_without_certificate_is_malformed)
{
	char           *directory = pki_directory();
	AUTO_FREE char *path = file_join(directory, "empty");
	char            detail[512];
	X509           *back = NULL;
	struct error    err = {0};

	pki_write(directory, "empty", "text\n", 5);
	(void)snprintf(detail, sizeof detail, "no PEM certificate in %s: no start line", path);
	unit_fails(certificate_load(path, &back, &err), &err, ERROR_MALFORMED, detail);
	pki_directory_remove(directory);
}
END_TEST

START_TEST(load_no_file_is_not_found)
{
	X509        *back = NULL;
	struct error err = {0};

	unit_fails(certificate_load("/nonexistent/x.pem", &back, &err), &err, ERROR_NOT_FOUND,
	    "opening /nonexistent/x.pem: No such file or directory");
}
END_TEST

/* The issuer begins a day before PKI_NOW. */
static const struct {
	int64_t now;
	int64_t backdate;
	int64_t begin;
} begins[] = {
    {PKI_NOW, 0, PKI_NOW},
    {PKI_NOW, 300, PKI_NOW - 300},
    {PKI_NOW, PKI_DAY, PKI_NOW - PKI_DAY},
    {PKI_NOW, PKI_DAY + 1, PKI_NOW - PKI_DAY},
    {PKI_NOW - PKI_DAY, 300, PKI_NOW - PKI_DAY},
    {PKI_NOW - PKI_DAY - 1, 300, PKI_NOW - PKI_DAY - 301}, /* the issuer is not valid: nothing helps */
};

START_TEST(begin_is_backdated_but_not_before_the_issuer)
{
	struct pki pki;

	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_int_eq(certificate_begin(pki.root.certificate, begins[_i].now, begins[_i].backdate),
	    begins[_i].begin);
	pki_clear(&pki);
}
END_TEST

START_TEST(check_time_outside_says_both_times)
{
	struct pki   pki;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_check_time(pki.root.certificate, PKI_NOW - PKI_DAY, &err), &err);
	unit_ok(certificate_check_time(pki.root.certificate, PKI_NOW + 20 * PKI_YEAR, &err), &err);
	unit_fails(certificate_check_time(pki.root.certificate, PKI_NOW - PKI_DAY - 1, &err), &err,
	    ERROR_BAD_ATTESTATION, "it is not valid before 2026-11-20T12:00:00Z, and it is "
	                           "2026-11-20T11:59:59Z here; are both clocks right?");
	unit_fails(certificate_check_time(pki.root.certificate, PKI_NOW + 20 * PKI_YEAR + 1, &err), &err,
	    ERROR_BAD_ATTESTATION, "it expired at 2046-11-16T12:00:00Z, and it is "
	                           "2046-11-16T12:00:01Z here; are both clocks right?");
	pki_clear(&pki);
}
END_TEST

/* d2i_X509 accepts a time that cannot be read: such a certificate is never valid. */
START_TEST(check_time_that_cannot_be_read_is_refused)
{
	struct pki   pki;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_int_eq(ASN1_STRING_set(X509_getm_notBefore(pki.root.certificate), "x", 1), 1);
	ck_assert_int_eq(certificate_not_before(pki.root.certificate), INT64_MAX);
	ck_assert_int_eq(certificate_check_time(pki.root.certificate, PKI_NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	pki_clear(&pki);
	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_int_eq(ASN1_STRING_set(X509_getm_notAfter(pki.root.certificate), "x", 1), 1);
	ck_assert_int_eq(certificate_check_time(pki.root.certificate, PKI_NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	pki_clear(&pki);
}
END_TEST

START_TEST(serial_draw_is_positive_long_and_new)
{
	uint8_t      a[CERTIFICATE_SERIAL_SIZE];
	uint8_t      b[CERTIFICATE_SERIAL_SIZE];
	struct error err = {0};

	for (int i = 0; i < 1000; i++) {
		unit_ok(certificate_serial_draw(a, &err), &err);
		ck_assert_uint_eq(a[0] & 0xc0, 0x40);
	}
	unit_ok(certificate_serial_draw(b, &err), &err);
	ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

static const enum key_type key_types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA3072};

START_TEST(key_hash_is_sha256_of_openssl_s_spki)
{
	EVP_PKEY      *key = NULL;
	X509          *certificate = NULL;
	unsigned char *der = NULL;
	uint8_t        mine[32];
	uint8_t        theirs[32];
	int            size;
	struct error   err = {0};

	key = pki_key(key_types[_i], 0);
	unit_ok(ca_root_create(key, "x", PKI_NOW, PKI_YEAR, &certificate, &err), &err);
	size = i2d_PUBKEY(key, &der);
	ck_assert_int_eq(EVP_Digest(der, (size_t)size, theirs, NULL, EVP_sha256(), NULL), 1);
	unit_ok(certificate_key_hash(certificate, mine, &err), &err);
	ck_assert_mem_eq(mine, theirs, sizeof mine);
	OPENSSL_free(der);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
END_TEST

/* One key, one hash: a compressed point is the same key. */
START_TEST(key_hash_of_a_compressed_point_is_the_key_s)
{
	char           *directory = pki_directory();
	AUTO_FREE char *short_path = file_join(directory, "short");
	AUTO_FREE char *long_path = file_join(directory, "long");
	X509           *compressed = NULL;
	X509           *plain = NULL;
	uint8_t         a[32];
	uint8_t         b[32];
	struct error    err = {0};

	free(pki_run(directory,
	    "openssl ecparam -name prime256v1 -genkey -noout -out k &&"
	    " openssl ec -in k -conv_form compressed -out ck &&"
	    " openssl req -x509 -key ck -subj /CN=x -out short &&"
	    " openssl req -x509 -key k -subj /CN=x -out long"));
	unit_ok(certificate_load(short_path, &compressed, &err), &err);
	unit_ok(certificate_load(long_path, &plain, &err), &err);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_pubkey_bitstr(compressed)), 33);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_pubkey_bitstr(plain)), 65);
	unit_ok(certificate_key_hash(compressed, a, &err), &err);
	unit_ok(certificate_key_hash(plain, b, &err), &err);
	ck_assert_mem_eq(a, b, sizeof a);
	X509_free(compressed);
	X509_free(plain);
	pki_directory_remove(directory);
}
END_TEST

/* EKs of TPM 1.2 times are id-RSAES-OAEP keys, which OpenSSL does not know. */
START_TEST(key_hash_of_an_unknown_algorithm_is_malformed)
{
	static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
	EVP_PKEY            *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	X509                *certificate = pki_forge(&(struct pki_forgery){.key = key});
	X509                *unknown = NULL;
	AUTO_BYTES           der = {0};
	uint8_t             *at;
	uint8_t              hash[32];
	struct error         err = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	ck_assert_ptr_nonnull(at = memmem(der.data, der.size, rsa, sizeof rsa));
	at[sizeof rsa - 1] = 7;
	unit_ok(certificate_decode(bytes_view(&der), &unknown, &err), &err);
	ck_assert_int_eq(certificate_key_hash(unknown, hash, &err), -1);
	ck_assert_msg(strncmp(err.detail, "the certificate's key cannot be decoded", 39) == 0, "%s",
	    err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	X509_free(certificate);
	X509_free(unknown);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate");
	TCase *tc = tcase_create("certificate");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, decode_what_encode_wrote_is_the_same);
	tcase_add_test(tc, decode_with_an_octet_more_is_malformed);
	tcase_add_test(tc, decode_every_prefix_is_malformed);
	tcase_add_test(tc, decode_nothing_says_so);
	tcase_add_test(tc, decode_pem_that_is_encrypted_asks_nobody);
	tcase_add_test(tc, wrap_pem_is_what_openssl_writes);
	tcase_add_test(tc, load_pem_file_gives_its_first);
	tcase_add_test(tc, load_file_without_certificate_is_malformed);
	tcase_add_test(tc, load_no_file_is_not_found);
	tcase_add_loop_test(tc, begin_is_backdated_but_not_before_the_issuer, 0,
	    sizeof begins / sizeof begins[0]);
	tcase_add_test(tc, check_time_outside_says_both_times);
	tcase_add_test(tc, check_time_that_cannot_be_read_is_refused);
	tcase_add_test(tc, serial_draw_is_positive_long_and_new);
	tcase_add_loop_test(tc, key_hash_is_sha256_of_openssl_s_spki, 0, 3);
	tcase_add_test(tc, key_hash_of_a_compressed_point_is_the_key_s);
	tcase_add_test(tc, key_hash_of_an_unknown_algorithm_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
