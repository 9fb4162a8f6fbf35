#include "config.h"

#include "ek_support.h"
#include "pki/ek_outline.h"

static struct ca    root;
static struct ca    vendor;
static X509        *certificate; /* the vendor's */
static struct bytes der;

static void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	vendor = ek_forge_ca(&root, "Vendor CA 1", EK_CA);
	certificate = vendor.certificate;
	der = ek_der(certificate);
}

static void
teardown(void)
{
	bytes_clear(&der);
	ca_clear(&vendor);
	ca_clear(&root);
}

START_TEST(read_says_names_serial_and_key)
{
	struct ek_outline outline;
	AUTO_BYTES        key = {0};
	BIGNUM           *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	BIGNUM           *read = NULL;

	ck_assert(ek_outline_read(bytes_view(&der), &outline));
	ck_assert_int_eq(X509_NAME_cmp(outline.issuer, X509_get_issuer_name(certificate)), 0);
	ck_assert_int_eq(X509_NAME_cmp(outline.subject, X509_get_subject_name(certificate)), 0);
	read = BN_bin2bn(outline.serial.data, (int)outline.serial.size, NULL);
	ck_assert_int_eq(BN_cmp(read, serial), 0);
	key.size = (size_t)i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key.data);
	ck_assert_uint_eq(outline.key.size, key.size);
	ck_assert_mem_eq(outline.key.data, key.data, key.size);
	BN_free(read);
	BN_free(serial);
	ek_outline_clear(&outline);
	ck_assert_ptr_null(outline.issuer);
}
END_TEST

/* Version 1 has no version field; and there may be padding behind a certificate. */
START_TEST(read_of_version_1_with_padding)
{
	X509 *old = pki_forge(&(struct pki_forgery){
	    .issuer = &root, .key = root.key, .common_name = "Old", .version = 1});
	AUTO_BYTES        padded = ek_der(old);
	struct ek_outline outline;

	bytes_append_u8(&padded, 0xff);
	ck_assert(ek_outline_read(bytes_view(&padded), &outline));
	ck_assert_int_eq(X509_NAME_cmp(outline.subject, X509_get_subject_name(old)), 0);
	ek_outline_clear(&outline);
	X509_free(old);
}
END_TEST

/* Cut off anywhere before the end, it is none. */
START_TEST(read_of_less_fails)
{
	for (size_t size = 0; size < der.size; size++) {
		uint8_t          *copy = memory_new(size + 1); /* so that ASan sees a read behind it */
		struct ek_outline outline;

		memcpy(copy + 1, der.data, size);
		ck_assert(!ek_outline_read((struct view){copy + 1, size}, &outline));
		ck_assert_ptr_null(outline.issuer);
		ck_assert_ptr_null(outline.subject);
		free(copy);
	}
}
END_TEST

/* Another tag, or an indefinite length, where a field of a certificate begins. */
START_TEST(read_of_another_tag_fails)
{
	static const size_t places[] = {0, 4};
	struct ek_outline   outline;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		uint8_t tag = der.data[places[i]];
		uint8_t length = der.data[places[i] + 1];

		der.data[places[i]] = 0x31;
		ck_assert(!ek_outline_read(bytes_view(&der), &outline));
		der.data[places[i]] = tag;
		der.data[places[i] + 1] = 0x80;
		ck_assert(!ek_outline_read(bytes_view(&der), &outline));
		der.data[places[i] + 1] = length;
	}
	ck_assert(ek_outline_read(bytes_view(&der), &outline));
	ek_outline_clear(&outline);
}
END_TEST

/* A wrong octet anywhere: what is read lies in the certificate, and what is not leaves nothing. */
static void
spoil_each(struct bytes *whole)
{
	for (size_t i = 0; i < whole->size; i++) {
		struct ek_outline outline;

		whole->data[i] ^= 0x2d;
		if (ek_outline_read(bytes_view(whole), &outline)) {
			ck_assert(outline.key.data >= whole->data && outline.key.size <= whole->size);
			ck_assert_uint_le(outline.rsa_bits, 8 * whole->size);
			(void)ek_outline_is_own_issuer(&outline);
			ek_outline_clear(&outline);
		} else {
			ck_assert_ptr_null(outline.issuer);
			ck_assert_ptr_null(outline.subject);
		}
		whole->data[i] ^= 0x2d;
	}
}

START_TEST(read_with_a_wrong_octet_anywhere)
{
	X509 *rsa = pki_forge(&(struct pki_forgery){
	    .issuer = &root, .key = forge_key(FORGE_RSA2048, 0), .common_name = "RSA"});
	AUTO_BYTES        rsa_der = ek_der(rsa);
	struct ek_outline outline;

	ck_assert(ek_outline_read(bytes_view(&rsa_der), &outline));
	ck_assert_uint_eq(outline.rsa_bits, 2048);
	ek_outline_clear(&outline);
	spoil_each(&der);
	spoil_each(&rsa_der);
	X509_free(rsa);
}
END_TEST

/* A modulus of nothing but zeros, and one that is longer than there are. */
START_TEST(read_of_an_rsa_modulus_that_is_none_has_no_length)
{
	X509 *rsa = pki_forge(&(struct pki_forgery){
	    .issuer = &root, .key = forge_key(FORGE_RSA1024, 0), .common_name = "RSA"});
	AUTO_BYTES        plain = ek_der(rsa);
	BIGNUM           *modulus = NULL;
	uint8_t           octets[128];
	uint8_t          *at;
	struct ek_outline outline;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(X509_get0_pubkey(rsa), "n", &modulus), 1);
	ck_assert_int_eq(BN_bn2binpad(modulus, octets, sizeof octets), (int)sizeof octets);
	at = memmem(plain.data, plain.size, octets, sizeof octets);
	ck_assert_ptr_nonnull(at);
	memset(at, 0, sizeof octets);
	ck_assert(ek_outline_read(bytes_view(&plain), &outline));
	ck_assert_uint_eq(outline.rsa_bits, 0);
	ek_outline_clear(&outline);
	at[sizeof octets - 1] = 5;
	ck_assert(ek_outline_read(bytes_view(&plain), &outline));
	ck_assert_uint_eq(outline.rsa_bits, 3);
	ek_outline_clear(&outline);
	BN_free(modulus);
	X509_free(rsa);
}
END_TEST

/* By the key ids, where a certificate has both. */
START_TEST(own_issuer_has_its_own_key_id)
{
	struct ca  own = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	X509      *same = pki_forge(&(struct pki_forgery){.issuer = &root, .key = root.key,
	         .common_name = "Vendor Root", .extensions = EK_CA "authorityKeyIdentifier=keyid:always\n"});
	X509      *other = pki_forge(&(struct pki_forgery){.issuer = &own, .key = root.key,
	         .common_name = "Vendor Root", .extensions = EK_CA "authorityKeyIdentifier=keyid:always\n"});
	AUTO_BYTES same_der = ek_der(same);
	AUTO_BYTES other_der = ek_der(other);
	struct ek_outline outline;

	ck_assert(ek_outline_read(bytes_view(&same_der), &outline));
	ck_assert(ek_outline_is_own_issuer(&outline));
	ek_outline_clear(&outline);
	ck_assert(ek_outline_read(bytes_view(&other_der), &outline));
	ck_assert(!ek_outline_is_own_issuer(&outline));
	ek_outline_clear(&outline);
	X509_free(same);
	X509_free(other);
	ca_clear(&own);
}
END_TEST

/* A root names its own key as its issuer's. */
START_TEST(own_issuer_is_one_of_the_same_name_and_key)
{
	AUTO_BYTES        root_der = ek_der(root.certificate);
	struct ek_outline outline;

	ck_assert(ek_outline_read(bytes_view(&root_der), &outline));
	ck_assert(ek_outline_is_own_issuer(&outline));
	ck_assert(ek_outline_is_own_issuer(&outline)); /* which is read once */
	ek_outline_clear(&outline);
	ck_assert(ek_outline_read(bytes_view(&der), &outline));
	ck_assert(!ek_outline_is_own_issuer(&outline));
	ek_outline_clear(&outline);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_outline");
	TCase *tcase = tcase_create("read");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, read_says_names_serial_and_key);
	tcase_add_test(tcase, read_of_version_1_with_padding);
	tcase_add_test(tcase, read_of_less_fails);
	tcase_add_test(tcase, read_of_another_tag_fails);
	tcase_add_test(tcase, read_with_a_wrong_octet_anywhere);
	tcase_add_test(tcase, read_of_an_rsa_modulus_that_is_none_has_no_length);
	tcase_add_test(tcase, own_issuer_has_its_own_key_id);
	tcase_add_test(tcase, own_issuer_is_one_of_the_same_name_and_key);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
