/* Keys of certificates, read without OpenSSL's: the same numbers, and nothing else is one. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pkcs11/public_key.h"
#include "pki/certificate.h"
#include "pki_support.h"
#include "tpm/key.h"
#include "unit.h"
#include "util/error.h"

static const enum key_type types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA3072};

START_TEST(read_gives_the_numbers_that_openssl_gives)
{
	struct pki             pki;
	struct public_key      key;
	struct tpm_rsa_numbers numbers;
	uint8_t                x[TPM_COORDINATE_MAX];
	uint8_t                y[TPM_COORDINATE_MAX];
	uint8_t                hash[32];
	uint8_t                wanted[32];
	struct error           err = {0};

	pki_make(&pki, types[_i]);
	unit_ok(public_key_read(pki.issuing.certificate, &key, &err), &err);
	ck_assert_ptr_eq(key.curve, tpm_key_curve(pki.issuing.key));
	if (key.curve != NULL) {
		size_t size = key.curve->field_size;

		unit_ok(tpm_key_coordinates(pki.issuing.key, key.curve, x, y, &err), &err);
		ck_assert_uint_eq(key.point.size, 2 * size + 1);
		ck_assert_mem_eq(key.point.data + 1, x, size);
		ck_assert_mem_eq(key.point.data + 1 + size, y, size);
	} else {
		static const uint8_t exponent[] = {1, 0, 1};

		ck_assert_int_eq(tpm_key_rsa_numbers(pki.issuing.key, &numbers), 0);
		ck_assert(view_equal(bytes_view(&key.modulus),
		    (struct view){numbers.modulus, numbers.modulus_size}));
		ck_assert(view_equal(bytes_view(&key.exponent), (struct view){exponent, sizeof exponent}));
	}
	unit_ok(public_key_hash(pki.issuing.certificate, hash, &err), &err);
	unit_ok(certificate_key_hash(pki.issuing.certificate, wanted, &err), &err);
	ck_assert_mem_eq(hash, wanted, sizeof hash);
	public_key_clear(&key);
	public_key_clear(&key);
	pki_clear(&pki);
}
END_TEST

static const char *const others[] = {"ED25519", "secp256k1"};

START_TEST(read_another_kind_is_malformed)
{
	EVP_PKEY *other = _i == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, others[_i])
	                          : EVP_PKEY_Q_keygen(NULL, NULL, "EC", others[_i]);
	X509             *certificate = X509_new();
	struct public_key key;
	struct error      err = {0};

	ck_assert_int_eq(X509_set_pubkey(certificate, other), 1);
	unit_fails(public_key_read(certificate, &key, &err), &err, ERROR_MALFORMED,
	    "a certificate whose key is neither RSA nor on a curve that we know");
	ck_assert_ptr_null(key.curve);
	X509_free(certificate);
	EVP_PKEY_free(other);
}
END_TEST

/* RSA's numbers with an octet more, one less, and without the second. */
START_TEST(read_numbers_that_do_not_decode_is_malformed)
{
	static const uint8_t bad[][10] = {
	    {0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03, 0x00, 0x00},
	    {0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01},
	    {0x30, 0x03, 0x02, 0x01, 0x05},
	    {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x03},
	    {0x30, 0x06, 0x04, 0x01, 0x05, 0x02, 0x01, 0x03},
	};
	static const int  sizes[] = {10, 7, 5, 8, 8};
	X509             *certificate = X509_new();
	struct public_key key;
	struct error      err = {0};
	unsigned char    *octets = OPENSSL_memdup(bad[_i], sizeof bad[_i]);

	ck_assert_int_eq(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
	                     OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, octets, sizes[_i]), 1);
	ck_assert_int_eq(public_key_read(certificate, &key, &err), -1);
	ck_assert_uint_eq(key.modulus.size, 0);
	X509_free(certificate);
}
END_TEST

/* An uncompressed point with an octet less, one more, and a compressed one. */
START_TEST(read_point_of_another_size_is_malformed)
{
	static const int     sizes[] = {64, 66, 33};
	static const uint8_t point[66] = {0x04, 1};
	X509                *certificate = X509_new();
	struct public_key    key;
	struct error         err = {0};
	unsigned char       *octets = OPENSSL_memdup(point, sizeof point);

	ck_assert_int_eq(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
	                     OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
	                     OBJ_nid2obj(NID_X9_62_prime256v1), octets, sizes[_i]), 1);
	ck_assert_int_eq(public_key_read(certificate, &key, &err), -1);
	ck_assert_ptr_null(key.curve);
	X509_free(certificate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("public_key");
	TCase *tc = tcase_create("public_key");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, read_gives_the_numbers_that_openssl_gives, 0,
	    sizeof types / sizeof types[0]);
	tcase_add_loop_test(tc, read_another_kind_is_malformed, 0, sizeof others / sizeof others[0]);
	tcase_add_loop_test(tc, read_numbers_that_do_not_decode_is_malformed, 0, 5);
	tcase_add_loop_test(tc, read_point_of_another_size_is_malformed, 0, 3);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
