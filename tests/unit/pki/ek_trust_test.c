/* Which chain an EK certificate has, among several, and that it has none. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "ek_trust_support.h"

START_TEST(verify_says_facts_chain_and_root)
{
	X509             *certificate = ek_of(&middle);
	struct ek_verdict verdict;
	uint8_t           fingerprint[32];

	import(middle.certificate, false);
	import(root.certificate, true);
	ck_assert_uint_eq(ek_trust_count(trust), 2);
	ck_assert(ek_trust_verify(trust, certificate, NULL, 0, key, PKI_NOW, &verdict));
	ck_assert(verdict.verified);
	ck_assert_str_eq(verdict.reason, "");
	ck_assert_str_eq(verdict.facts.manufacturer, "id:4E544300");
	ck_assert_str_eq(verdict.facts.vendor, "NTC");
	ck_assert_str_eq(verdict.facts.model, "NPCT75x");
	ck_assert_str_eq(verdict.facts.version, "id:00070002");
	ck_assert_uint_eq(verdict.chain_count, 2);
	ck_assert_str_eq(verdict.chain[0], "CN = Vendor CA 1");
	ck_assert_str_eq(verdict.chain[1], "CN = Vendor Root");
	ck_assert_str_eq(verdict.root_name, "CN = Vendor Root");
	ck_assert_int_eq(X509_digest(root.certificate, EVP_sha256(), fingerprint, NULL), 1);
	ck_assert_mem_eq(verdict.root, fingerprint, sizeof fingerprint);
	X509_free(certificate);
}
END_TEST

START_TEST(verify_of_a_roots_own_certificate_is_verified)
{
	import(root.certificate, true);
	verify(ek_of(&root), "");
}
END_TEST

START_TEST(verify_by_nobody_imported_fails)
{
	X509 *sent[] = {middle.certificate, root.certificate};

	verify(ek_of(&middle), "its issuer \"CN = Vendor CA 1\" is not imported");
	/* A root that comes along is none. */
	verify_with(ek_of(&middle), sent, 2, PKI_NOW,
	    "\"CN = Vendor Root\" is its own issuer, and not imported");
}
END_TEST

START_TEST(verify_without_the_root_fails)
{
	import(middle.certificate, false);
	verify(ek_of(&middle), "its issuer \"CN = Vendor Root\" is not imported");
}
END_TEST

START_TEST(verify_with_the_clients_intermediate_is_verified)
{
	X509 *other = ek_of(&middle);
	X509 *sent[] = {other, middle.certificate};

	import(root.certificate, true);
	verify(ek_of(&middle), "its issuer \"CN = Vendor CA 1\" is not imported");
	verify_with(ek_of(&middle), sent, 2, PKI_NOW, "");
	X509_free(other);
}
END_TEST

START_TEST(verify_of_a_self_signed_ek_certificate_fails)
{
	import(root.certificate, true);
	verify(ek_forge(NULL, key, EK_EXTENSIONS), "it is self-signed: no CA vouches for it");
}
END_TEST

START_TEST(verify_of_another_key_fails)
{
	X509             *certificate = ek_of(&root);
	EVP_PKEY         *other = ek_key();
	struct ek_verdict verdict;

	import(root.certificate, true);
	ck_assert(!ek_trust_verify(trust, certificate, NULL, 0, other, PKI_NOW, &verdict));
	ck_assert(!verdict.verified);
	ck_assert_str_eq(verdict.reason, "its key is not this EK");
	EVP_PKEY_free(other);
	X509_free(certificate);
}
END_TEST

START_TEST(verify_of_a_broken_signature_fails)
{
	import(root.certificate, true);
	verify(spoil(ek_of(&root)), "the signature is not by its issuer's key: \"CN = Vendor Root\"");
}
END_TEST

START_TEST(verify_below_a_broken_intermediate_fails)
{
	X509 *spoiled = spoil(X509_dup(middle.certificate));

	import(root.certificate, true);
	import(spoiled, false);
	verify(ek_of(&middle), "the signature is not by its issuer's key: \"CN = Vendor Root\"");
	X509_free(spoiled);
}
END_TEST

/* Somebody's own root with the vendor's name, with and without saying whose key it has. */
START_TEST(verify_by_a_namesake_of_the_root_fails)
{
	struct ca namesake = ek_forge_ca(NULL, "Vendor Root", EK_CA);

	import(root.certificate, true);
	verify(ek_of(&namesake), "the signature is not by its issuer's key: \"CN = Vendor Root\"");
	verify(ek_forge(&namesake, key,
	           "[ext]\nextendedKeyUsage=2.23.133.8.1\nauthorityKeyIdentifier=keyid\n" EK_TPM),
	    "its issuer \"CN = Vendor Root\" is not imported");
	verify_with(ek_of(&namesake), &namesake.certificate, 1, PKI_NOW,
	    "the signature is not by its issuer's key: \"CN = Vendor Root\"");
	ca_clear(&namesake);
}
END_TEST

/* Of several CAs with one name, whichever comes first, the one that signed is found. */
START_TEST(verify_tries_every_namesake)
{
	struct ca namesakes[8];

	for (size_t i = 0; i < 8; i++) {
		namesakes[i] = ek_forge_ca(NULL, "Vendor Root", EK_CA);
		import(namesakes[i].certificate, true);
	}
	for (size_t i = 0; i < 8; i++)
		verify(ek_of(&namesakes[i]), "");
	verify(ek_of(&root), "the signature is not by its issuer's key: \"CN = Vendor Root\"");
	for (size_t i = 0; i < 8; i++)
		ca_clear(&namesakes[i]);
}
END_TEST

/* A way that ends nowhere is left again: below "CA 1" there are two, one of a root not imported. */
START_TEST(verify_goes_back_from_a_dead_end)
{
	struct ca other = ek_forge_ca(NULL, "Other Root", EK_CA);
	struct ca astray = middle; /* the same key and name, certified by another */

	astray.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &other, .key = middle.key, .common_name = "Vendor CA 1", .extensions = EK_CA});
	import(root.certificate, true);
	import(middle.certificate, false);
	import(astray.certificate, false);
	verify(ek_of(&middle), "");
	verify(ek_of(&astray), "");
	X509_free(astray.certificate);
	ca_clear(&other);
}
END_TEST

/* What was imported as an intermediate is no end, though it signed itself. */
START_TEST(verify_by_a_root_that_is_not_trusted_as_one_fails)
{
	import(root.certificate, false);
	verify(ek_of(&root), "the CA \"CN = Vendor Root\": it appears twice in the chain");
}
END_TEST

/* A root that another one has certified, too: the way is no longer than it must be. */
START_TEST(verify_prefers_a_root_to_its_namesake)
{
	struct ca         other = ek_forge_ca(NULL, "Other Root", EK_CA);
	X509             *certificate = ek_of(&root);
	X509             *crossed = pki_forge(&(struct pki_forgery){
	                 .issuer = &other, .key = root.key, .common_name = "Vendor Root", .extensions = EK_CA});
	struct ek_verdict verdict;

	import(root.certificate, true);
	import(crossed, false);
	import(other.certificate, true);
	ck_assert(ek_trust_verify(trust, certificate, NULL, 0, key, PKI_NOW, &verdict));
	ck_assert_uint_eq(verdict.chain_count, 1);
	X509_free(crossed);
	X509_free(certificate);
	ca_clear(&other);
}
END_TEST

/* What a root became: the same key and name in a new certificate. */
START_TEST(verify_by_a_reissued_root_is_verified)
{
	X509 *reissued = pki_forge(&(struct pki_forgery){
	    .key = root.key, .common_name = "Vendor Root", .extensions = EK_CA});

	import(reissued, true);
	import(middle.certificate, false);
	verify(ek_of(&middle), "");
	verify_with(ek_of(&middle), &root.certificate, 1, PKI_NOW, "");
	X509_free(reissued);
}
END_TEST

/* Whose signature was found good is remembered, and is not another's of that name. */
START_TEST(verify_again_leads_to_the_same_root)
{
	struct ca         namesake = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	struct ca         below = ek_forge_ca(&root, "Vendor CA 2", EK_CA); /* says no key id of its issuer */
	X509             *certificate = ek_of(&below);
	struct ek_verdict verdict;
	uint8_t           fingerprint[32];

	import(below.certificate, false);
	import(root.certificate, true);
	import(namesake.certificate, true); /* is asked before it */
	ck_assert_int_eq(X509_digest(root.certificate, EVP_sha256(), fingerprint, NULL), 1);
	for (size_t again = 0; again < 3; again++) {
		ck_assert(ek_trust_verify(trust, certificate, NULL, 0, key, PKI_NOW, &verdict));
		ck_assert_mem_eq(verdict.root, fingerprint, sizeof fingerprint);
		/* The namesake's is wrong, once; then the imported ones are known. */
		ck_assert_uint_eq(verdict.signatures, again == 0 ? 3 : 1);
	}
	X509_free(certificate);
	ca_clear(&below);
	ca_clear(&namesake);
}
END_TEST

/* Where the remembered one may not have issued it, its namesake is asked for its own signature. */
START_TEST(verify_again_when_the_remembered_is_unfit_asks_the_namesake)
{
	struct ca late = {.key = ek_key()};
	struct ca namesake = ek_forge_ca(NULL, "Late Root", EK_CA);
	struct ca below;

	late.certificate = pki_forge(&(struct pki_forgery){.key = late.key,
	    .common_name = "Late Root", .extensions = EK_CA, .not_before = PKI_NOW + PKI_DAY,
	    .not_after = PKI_NOW + 20 * PKI_YEAR});
	below = ek_forge_ca(&late, "Vendor CA 2", EK_CA);
	import(late.certificate, true);
	import(namesake.certificate, true);
	import(below.certificate, false);
	verify_with(ek_of(&below), NULL, 0, PKI_NOW + 2 * PKI_DAY, "");
	verify(ek_of(&below), "the signature is not by its issuer's key: \"CN = Late Root\"");
	ca_clear(&below);
	ca_clear(&namesake);
	ca_clear(&late);
}
END_TEST

/* An imported CA that only a client's leads to a root is nobody's without it. */
START_TEST(verify_again_without_the_clients_ca_fails)
{
	struct ca         below = ek_forge_ca(&middle, "Vendor CA 2", EK_CA);
	X509             *certificate = ek_of(&below);
	X509             *sent;
	struct ek_verdict verdict;

	import(root.certificate, true);
	import(below.certificate, false);
	for (size_t again = 0; again < 2; again++) {
		sent = X509_dup(middle.certificate);
		ck_assert(ek_trust_verify(trust, certificate, &sent, 1, key, PKI_NOW, &verdict));
		ck_assert_uint_eq(verdict.signatures, 3);
		X509_free(sent);
		ck_assert(!ek_trust_verify(trust, certificate, NULL, 0, key, PKI_NOW, &verdict));
		ck_assert_str_eq(verdict.reason, "its issuer \"CN = Vendor CA 1\" is not imported");
		ck_assert_uint_eq(verdict.signatures, 0);
	}
	X509_free(certificate);
	ca_clear(&below);
}
END_TEST

/* UTF8String and PrintableString, and spaces: one name. */
START_TEST(verify_compares_names_canonically)
{
	struct ca    spaced = {.key = root.key, .certificate = X509_dup(root.certificate)};
	X509_NAME   *name = X509_get_subject_name(spaced.certificate);
	const char   text[] = " vendor  ROOT";

	X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
	ck_assert_int_eq(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_PRINTABLESTRING,
	                     (const unsigned char *)text, -1, -1, 0), 1);
	import(root.certificate, true);
	verify(ek_of(&spaced), "");
	X509_free(spaced.certificate);
}
END_TEST

/* However many there are of one name, little is tried. */
START_TEST(verify_with_many_namesakes_ends)
{
	struct ca namesakes[17];

	/* The first one comes last. */
	for (size_t i = 0; i < 17; i++) {
		namesakes[i] = ek_forge_ca(NULL, "Vendor Root", EK_CA);
		import(namesakes[i].certificate, true);
	}
	verify(ek_of(&namesakes[1]), "");
	verify(ek_of(&namesakes[0]), "more than 16 CAs could have signed its chain");
	for (size_t i = 0; i < 17; i++)
		ca_clear(&namesakes[i]);
}
END_TEST

START_TEST(verify_looks_at_sixteen_that_come_along)
{
	X509 *sent[17];

	import(root.certificate, true);
	for (size_t i = 0; i < 17; i++)
		sent[i] = root.certificate;
	sent[15] = middle.certificate;
	verify_with(ek_of(&middle), sent, 17, PKI_NOW, "");
	sent[15] = root.certificate;
	sent[16] = middle.certificate;
	verify_with(ek_of(&middle), sent, 17, PKI_NOW, "its issuer \"CN = Vendor CA 1\" is not imported");
}
END_TEST

/* Layers of namesakes, each CA of which could be below each of the next. */
#define LAYERS  4
#define BREADTH 11

START_TEST(verify_with_names_that_lead_to_each_other_too_often_ends)
{
	struct ca layers[LAYERS][BREADTH];
	char      name[32];

	for (size_t i = LAYERS; i-- > 0;) {
		(void)snprintf(name, sizeof name, "Layer %zu", i);
		for (size_t j = 0; j < BREADTH; j++) {
			layers[i][j] = ek_forge_ca(i + 1 < LAYERS ? &layers[i + 1][0] : &root, name, EK_CA);
			import(layers[i][j].certificate, false);
		}
	}
	verify(ek_of(&layers[0][0]), "its certificates name each other too often");
	for (size_t i = 0; i < LAYERS * BREADTH; i++)
		ca_clear(&layers[0][0] + i);
}
END_TEST

/* The CA that the client sent has the issuer's name, and another key. */
START_TEST(verify_by_a_namesake_that_came_along_fails)
{
	struct ca namesake = ek_forge_ca(&root, "Vendor CA 1", EK_CA);

	import(root.certificate, true);
	verify_with(ek_forge(&namesake, key, EK_EXTENSIONS_OF_KEY), &middle.certificate, 1, PKI_NOW,
	    "its issuer \"CN = Vendor CA 1\" is not imported");
	verify_with(ek_forge(&namesake, key, EK_EXTENSIONS_OF_KEY), &namesake.certificate, 1, PKI_NOW, "");
	ca_clear(&namesake);
}
END_TEST

/* Nobody makes such a key for a test: any odd number of so many bits is a modulus. */
START_TEST(verify_by_a_long_key_that_came_along_fails)
{
	static uint8_t modulus[1024];
	static uint8_t exponent[] = {1, 0, 1};
	OSSL_PARAM     params[] = {OSSL_PARAM_construct_BN("n", modulus, sizeof modulus),
	        OSSL_PARAM_construct_BN("e", exponent, sizeof exponent), OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX  *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	struct ca      slow = {.key = NULL};
	struct ca      issuer;

	memset(modulus, 0xff, sizeof modulus);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(context, &slow.key, EVP_PKEY_PUBLIC_KEY, params), 1);
	slow.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &root, .key = slow.key, .common_name = "Slow", .extensions = EK_CA});
	issuer = (struct ca){.certificate = slow.certificate, .key = middle.key};
	import(root.certificate, true);
	verify_with(ek_of(&issuer), &slow.certificate, 1, PKI_NOW,
	    "\"CN = Slow\" issued a certificate: its key has 8192 bits, and it is not imported");
	EVP_PKEY_CTX_free(context);
	ca_clear(&slow);
}
END_TEST

/* By name and without a key id to tell by: an own issuer that somebody brings along. */
START_TEST(verify_by_an_own_issuer_that_came_along_fails)
{
	struct ca own = ek_forge_ca(NULL, "Own", EK_CA);

	import(root.certificate, true);
	verify_with(ek_of(&own), &own.certificate, 1, PKI_NOW,
	    "\"CN = Own\" is its own issuer, and not imported");
	ca_clear(&own);
}
END_TEST

static X509 *shared; /* each thread has its own copy of this */

static void *
verify_often(void *arg)
{
	X509             *certificate = X509_dup(shared);
	struct ek_verdict verdict;
	size_t            verified = 0;

	(void)arg;
	for (size_t i = 0; i < 50; i++)
		verified += ek_trust_verify(trust, certificate, NULL, 0, key, PKI_NOW, &verdict);
	X509_free(certificate);
	return (void *)(uintptr_t)verified;
}

START_TEST(verify_by_many_threads_is_verified)
{
	pthread_t threads[4];
	void     *verified;

	import(root.certificate, true);
	import(middle.certificate, false);
	shared = ek_of(&middle);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_often, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &verified), 0);
		ck_assert_uint_eq((uintptr_t)verified, 50);
	}
	X509_free(shared);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_trust");
	TCase *tcase = tcase_create("verify");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, verify_says_facts_chain_and_root);
	tcase_add_test(tcase, verify_of_a_roots_own_certificate_is_verified);
	tcase_add_test(tcase, verify_by_nobody_imported_fails);
	tcase_add_test(tcase, verify_without_the_root_fails);
	tcase_add_test(tcase, verify_with_the_clients_intermediate_is_verified);
	tcase_add_test(tcase, verify_of_a_self_signed_ek_certificate_fails);
	tcase_add_test(tcase, verify_of_another_key_fails);
	tcase_add_test(tcase, verify_of_a_broken_signature_fails);
	tcase_add_test(tcase, verify_below_a_broken_intermediate_fails);
	tcase_add_test(tcase, verify_by_a_namesake_of_the_root_fails);
	tcase_add_test(tcase, verify_tries_every_namesake);
	tcase_add_test(tcase, verify_goes_back_from_a_dead_end);
	tcase_add_test(tcase, verify_by_a_root_that_is_not_trusted_as_one_fails);
	tcase_add_test(tcase, verify_prefers_a_root_to_its_namesake);
	tcase_add_test(tcase, verify_by_a_reissued_root_is_verified);
	tcase_add_test(tcase, verify_again_leads_to_the_same_root);
	tcase_add_test(tcase, verify_again_when_the_remembered_is_unfit_asks_the_namesake);
	tcase_add_test(tcase, verify_again_without_the_clients_ca_fails);
	tcase_add_test(tcase, verify_compares_names_canonically);
	tcase_add_test(tcase, verify_with_many_namesakes_ends);
	tcase_add_test(tcase, verify_looks_at_sixteen_that_come_along);
	tcase_add_test(tcase, verify_with_names_that_lead_to_each_other_too_often_ends);
	tcase_add_test(tcase, verify_by_a_namesake_that_came_along_fails);
	tcase_add_test(tcase, verify_by_a_long_key_that_came_along_fails);
	tcase_add_test(tcase, verify_by_an_own_issuer_that_came_along_fails);
	tcase_add_test(tcase, verify_by_many_threads_is_verified);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
