/* Which of the certificates that a client shows is the EK's own. */
#include "config.h"

#include "ek_shown_world.h"

START_TEST(judge_finds_the_eks_own_among_others)
{
	EVP_PKEY   *other = ek_key();
	X509       *own = ek_of(&root);
	BIGNUM     *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(own), NULL);
	uint8_t     octets[EK_SERIAL_MAX];
	size_t      size = (size_t)BN_bn2bin(serial, octets);

	shown[shown_count++] = (struct bytes){0}; /* nothing at all */
	show(ek_forge(&root, other, EK_EXTENSIONS));
	show(own);
	judge_at(key, PKI_NOW);
	assert_verified(2, 1, false);
	ck_assert_uint_eq(finding.serial_size, size);
	ck_assert_mem_eq(finding.serial, octets, size);
	judge_at(other, PKI_NOW);
	assert_verified(1, 1, false);
	BN_free(serial);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(judge_of_others_finds_none)
{
	EVP_PKEY *other = ek_key();

	judge_at(key, PKI_NOW);
	ck_assert(!finding.own);
	show(ek_forge(&root, other, EK_EXTENSIONS));
	for (int again = 0; again < 2; again++) {
		judge_at(key, PKI_NOW);
		ck_assert(!finding.own && !finding.verdict.verified);
		ck_assert_uint_eq(finding.verdict.signatures, 0);
	}
	EVP_PKEY_free(other);
}
END_TEST

/* The octets of the EK's key stand in the certificate, and its key is another. */
START_TEST(judge_of_a_key_that_looks_like_the_eks_finds_none)
{
	struct ca  other = {.key = ek_key()};
	X509      *made = ek_forge(&root, other.key, EK_EXTENSIONS);
	AUTO_BYTES spki = {0};
	AUTO_BYTES der = ek_der(made);
	uint8_t   *at;

	/* The x coordinate, and a y that is not its: no point of the curve. */
	spki.size = (size_t)i2d_PUBKEY(key, &spki.data);
	at = memmem(der.data, der.size, spki.data, spki.size - 64);
	ck_assert_ptr_nonnull(at);
	memcpy(at + spki.size - 64, spki.data + spki.size - 64, 32);
	bytes_append(&shown[shown_count++], der.data, der.size);
	judge_at(key, PKI_NOW);
	ck_assert(!finding.own);
	/* It takes none of the places of a genuine one. */
	bytes_append(&shown[shown_count++], der.data, der.size - 1);
	bytes_append(&shown[shown_count++], der.data, der.size);
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(3, 1, false);
	X509_free(made);
	EVP_PKEY_free(other.key);
}
END_TEST

/* A point that is written in another way is the same key. */
START_TEST(judge_of_a_compressed_point_finds_it)
{
	EVP_PKEY *compressed = EVP_PKEY_dup(key);

	ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(compressed,
	                     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
	show(ek_forge(&root, compressed, EK_EXTENSIONS));
	ck_assert_ptr_null(memmem(shown[0].data, shown[0].size, "\x03\x42\x00\x04", 4));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);

	/* Behind more of other keys than are tried of its own. */
	forget_shown();
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *other = ek_key();

		show(ek_forge(&root, other, EK_EXTENSIONS));
		EVP_PKEY_free(other);
	}
	show(ek_forge(&root, compressed, EK_EXTENSIONS));
	judge_at(key, PKI_NOW);
	assert_verified(3, 1, false);
	EVP_PKEY_free(compressed);
}
END_TEST

START_TEST(judge_of_an_rsa_ek_finds_its_own)
{
	EVP_PKEY *rsa = forge_key(FORGE_RSA2048, 0);
	EVP_PKEY *other = forge_key(FORGE_RSA2048, 1);

	show(ek_forge(&root, other, EK_EXTENSIONS));
	show(ek_forge(&root, rsa, EK_EXTENSIONS));
	judge_at(rsa, PKI_NOW);
	assert_verified(1, 1, false);
}
END_TEST

/* Of the EK's own two are tried, and the verdict on the first is told. */
START_TEST(judge_tries_two_of_the_eks_own)
{
	struct ca namesake = ek_forge_ca(NULL, "Vendor Root", EK_CA);

	show(ek_of(&namesake));
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(1, 2, false);
	forget_shown();
	show(ek_of(&namesake));
	show(ek_of(&namesake));
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_refused(0, "the signature is not by its issuer's key: \"CN = Vendor Root\"", 2, false);
	forget_shown();
	for (size_t i = 0; i < 16; i++)
		show(ek_of(&namesake));
	judge_at(key, PKI_NOW);
	assert_refused(0, "the signature is not by its issuer's key: \"CN = Vendor Root\"", 2, false);
	ca_clear(&namesake);
}
END_TEST

/* Sixteen are looked at. */
START_TEST(judge_looks_at_sixteen)
{
	for (size_t i = 0; i < 16; i++)
		show_again(root.certificate);
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	ck_assert(!finding.own);
}
END_TEST

static X509 *
ek_numbered(const uint8_t *serial, size_t size)
{
	return pki_forge(&(struct pki_forgery){
	    .issuer = &root, .key = key, .extensions = EK_EXTENSIONS, .serial = {serial, size}});
}

/* As revocations compare it: the magnitude, without the zero that keeps it positive; and none of what is no number. */
START_TEST(judge_tells_the_serial_number_that_others_can_look_up)
{
	static const uint8_t high[] = {0x80, 0x01};
	static const uint8_t zero[] = {0};

	show(ek_numbered(high, sizeof high));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	ck_assert_uint_eq(finding.serial_size, sizeof high);
	ck_assert_mem_eq(finding.serial, high, sizeof high);
	forget_shown();
	show(ek_numbered(zero, sizeof zero));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	ck_assert_uint_eq(finding.serial_size, 0);
}
END_TEST

/* One of the EK's own names another of them as its issuer, which is read as a CA, and is none. */
START_TEST(judge_of_a_certificate_that_was_tried_as_a_ca_finds_it)
{
	X509     *own = pki_forge(&(struct pki_forgery){
	        .issuer = &root, .key = key, .common_name = "EK", .extensions = EK_EXTENSIONS});
	struct ca none = {.certificate = own, .key = middle.key};

	show(ek_of(&none));
	show(own);
	judge_at(key, PKI_NOW);
	assert_verified(1, 1, false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_shown");
	TCase *tcase = tcase_create("ek_shown");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, judge_finds_the_eks_own_among_others);
	tcase_add_test(tcase, judge_of_others_finds_none);
	tcase_add_test(tcase, judge_of_a_key_that_looks_like_the_eks_finds_none);
	tcase_add_test(tcase, judge_of_a_compressed_point_finds_it);
	tcase_add_test(tcase, judge_of_an_rsa_ek_finds_its_own);
	tcase_add_test(tcase, judge_tries_two_of_the_eks_own);
	tcase_add_test(tcase, judge_looks_at_sixteen);
	tcase_add_test(tcase, judge_tells_the_serial_number_that_others_can_look_up);
	tcase_add_test(tcase, judge_of_a_certificate_that_was_tried_as_a_ca_finds_it);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
