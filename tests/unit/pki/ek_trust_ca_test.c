/* Which CAs may stand in the chain of an EK certificate, which keys, names and times they may have. */
#include "config.h"

#include <openssl/param_build.h>

#include "ek_trust_support.h"

/* What stands between the EK and the root, and what is said of it. */
static const struct {
	const char *extensions;
	const char *why;
} unfit[] = {
    {"[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\n", "it is no CA's"},
    {"[ext]\nkeyUsage=critical,keyCertSign\n", "it is no CA's"},
    {EK_EXTENSIONS, "it is no CA's"},
    {"[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n",
        "its key usage does not let it sign certificates"},
    {EK_CA "1.2.3.4=critical,ASN1:NULL\n", "it has a critical extension that is not understood"},
    {EK_CA "nameConstraints=permitted;email:.example.com\n",
        "it has name constraints, which are not understood here"},
    {EK_CA "extendedKeyUsage=2.23.133.8.3\n", "it issues certificates for other keys than EKs"},
    {"[ext]\nbasicConstraints=DER:05\n", "it has an extension that cannot be decoded"},
};

/* Whether the client sends it or somebody imports it. */
START_TEST(verify_by_what_is_no_ca_fails)
{
	struct ca         issuer = ek_forge_ca(&root, "Middle", unfit[_i].extensions);
	struct error      err = {0};
	char              reason[256];

	import(root.certificate, true);
	unit_fails(add(trust, issuer.certificate, false, &err), &err, ERROR_BAD_ATTESTATION,
	    unfit[_i].why);
	(void)snprintf(reason, sizeof reason, "\"CN = Middle\" issued a certificate: %s", unfit[_i].why);
	verify_with(ek_of(&issuer), &issuer.certificate, 1, PKI_NOW, reason);
	ca_clear(&issuer);
}
END_TEST

/* A CA for anything is one for EKs. */
START_TEST(verify_by_a_ca_for_any_purpose_is_verified)
{
	struct ca any = ek_forge_ca(&root, "Any", EK_CA "extendedKeyUsage=1.2.3.4,anyExtendedKeyUsage\n");

	import(root.certificate, true);
	import(any.certificate, false);
	verify(ek_of(&any), "");
	ca_clear(&any);
}
END_TEST

/* The public half of an RSA key with so many bits and this exponent, and of nobody's. */
static EVP_PKEY *
rsa_of(int bits, BN_ULONG exponent)
{
	EVP_PKEY_CTX   *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM         *n = BN_new();
	BIGNUM         *e = BN_new();
	EVP_PKEY       *made = NULL;
	OSSL_PARAM     *params;

	ck_assert_int_eq(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	(void)BN_set_word(e, exponent);
	(void)OSSL_PARAM_BLD_push_BN(builder, "n", n);
	(void)OSSL_PARAM_BLD_push_BN(builder, "e", e);
	params = OSSL_PARAM_BLD_to_param(builder);
	(void)EVP_PKEY_fromdata_init(context);
	ck_assert_int_eq(EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	EVP_PKEY_CTX_free(context);
	return made;
}

static EVP_PKEY *
rsa_of_bits(int bits)
{
	return rsa_of(bits, 65537);
}

/* A CA with this key, below the root. */
static void
check_ca_of(EVP_PKEY *of, const char *name, const char *detail)
{
	X509        *ca = pki_forge(&(struct pki_forgery){
	           .issuer = &root, .key = of, .common_name = name, .extensions = EK_CA});
	bool         is_root;
	struct error err = {0};

	if (detail[0] == '\0')
		unit_ok(ek_trust_check(ca, &is_root, &err), &err);
	else
		unit_fails(ek_trust_check(ca, &is_root, &err), &err, ERROR_BAD_ATTESTATION, detail);
	X509_free(ca);
	EVP_PKEY_free(of);
}

START_TEST(check_of_keys_and_names)
{
	check_ca_of(rsa_of_bits(2048), "CA", "");
	check_ca_of(rsa_of_bits(8192), "CA", "");
	check_ca_of(rsa_of_bits(2047), "CA", "its key has 2047 bits; 2048 to 8192 are accepted");
	check_ca_of(rsa_of_bits(8200), "CA", "its key has 8200 bits; 2048 to 8192 are accepted");
	check_ca_of(rsa_of(2048, 3), "CA", "");
	check_ca_of(rsa_of(2048, 0x20001), "CA", "its key has a public exponent of more than 17 bits");
	check_ca_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "CA",
	    "its key is of an unsupported kind");
	check_ca_of(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), "CA",
	    "its key is of an unsupported kind");
	check_ca_of(ek_key(), NULL, "it has no name");
}
END_TEST

START_TEST(check_tells_roots_from_intermediates)
{
	X509        *spoiled = spoil(X509_dup(root.certificate));
	bool         is_root = false;
	struct error err = {0};

	unit_ok(ek_trust_check(root.certificate, &is_root, &err), &err);
	ck_assert(is_root);
	unit_ok(ek_trust_check(middle.certificate, &is_root, &err), &err);
	ck_assert(!is_root);
	unit_fails(ek_trust_check(spoiled, &is_root, &err), &err, ERROR_BAD_ATTESTATION,
	    "it is its own issuer, but its signature is not by its key");
	unit_fails(add(trust, spoiled, true, &err), &err, ERROR_BAD_ATTESTATION,
	    "it is its own issuer, but its signature is not by its key");
	unit_fails(add(trust, middle.certificate, true, &err), &err, ERROR_BAD_ATTESTATION,
	    "it is not self-signed, and so no root");
	ck_assert_uint_eq(ek_trust_count(trust), 0);
	X509_free(spoiled);
}
END_TEST

/* CAs one below the other, the first below the root; of the path lengths of -1 there is no say. */
static void
verify_chain(const long *pathlens, size_t count, const char *reason)
{
	struct ca        cas[8];
	X509            *sent[8];
	const struct ca *issuer = &root;

	for (size_t i = 0; i < count; i++) {
		char extensions[256];
		char name[32];

		(void)snprintf(extensions, sizeof extensions,
		    "[ext]\nbasicConstraints=critical,CA:TRUE%s%.0ld\nkeyUsage=critical,keyCertSign\n",
		    pathlens[i] < 0 ? "" : pathlens[i] == 0 ? ",pathlen:0" : ",pathlen:",
		    pathlens[i] < 0 ? 0 : pathlens[i]);
		(void)snprintf(name, sizeof name, "CA %zu", i + 1);
		cas[i] = ek_forge_ca(issuer, name, extensions);
		sent[i] = cas[i].certificate;
		issuer = &cas[i];
	}
	verify_with(ek_of(issuer), sent, count, PKI_NOW, reason);
	for (size_t i = 0; i < count; i++)
		ca_clear(&cas[i]);
}

START_TEST(verify_of_more_cas_than_allowed_fails)
{
	import(root.certificate, true);
	verify_chain((const long[]){1, 0}, 2, "");
	verify_chain((const long[]){0, -1}, 2,
	    "the CA \"CN = CA 1\": more CAs are below it than it allows");
	verify_chain((const long[]){-1, 1, 5, -1}, 4,
	    "the CA \"CN = CA 2\": more CAs are below it than it allows");
}
END_TEST

START_TEST(verify_of_a_chain_too_long_fails)
{
	static const long any[] = {-1, -1, -1, -1, -1, -1};

	import(root.certificate, true);
	verify_chain(any, EK_CHAIN_MAX - 1, "");
	verify_chain(any, EK_CHAIN_MAX, "a chain of more than 6 CAs");
}
END_TEST

static X509 *
ek_of_time(const struct ca *issuer, int64_t not_before, int64_t not_after)
{
	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .extensions = EK_EXTENSIONS,
	    .not_before = not_before,
	    .not_after = not_after,
	});
}

/* The root ends 20 years after PKI_NOW. */
START_TEST(verify_at_other_times_is_as_documented)
{
	int64_t end = PKI_NOW + 20 * PKI_YEAR;

	import(root.certificate, true);
	/* Everybody has expired. */
	verify_with(ek_of(&root), NULL, 0, PKI_NOW + 50 * PKI_YEAR, "");
	verify_with(ek_of_time(&root, end, end + PKI_YEAR), NULL, 0, end + PKI_DAY, "");
	verify_with(ek_of_time(&root, end + 1, end + PKI_YEAR), NULL, 0, end + PKI_DAY,
	    "the CA \"CN = Vendor Root\": it expired at 2046-11-16T12:00:00Z, before the certificate that it signed begins");
	verify_with(ek_of(&root), NULL, 0, PKI_NOW - 2 * PKI_DAY,
	    "it is not valid before 2026-11-20T12:00:00Z, and it is 2026-11-19T12:00:00Z here; "
	    "are both clocks right?");
	verify_with(ek_of_time(&root, PKI_NOW - 9 * PKI_DAY, 0), NULL, 0, PKI_NOW - 2 * PKI_DAY,
	    "the CA \"CN = Vendor Root\": it is not valid before 2026-11-20T12:00:00Z, and it is "
	    "2026-11-19T12:00:00Z here; are both clocks right?");
}
END_TEST

/* The same rule above the EK's issuer. */
START_TEST(verify_below_a_ca_younger_than_its_issuer_fails)
{
	struct ca old = {.key = ek_key()};

	old.certificate = pki_forge(&(struct pki_forgery){.key = old.key,
	    .common_name = "Old", .extensions = EK_CA, .not_before = PKI_NOW - 9 * PKI_DAY,
	    .not_after = PKI_NOW - 2 * PKI_DAY});
	ca_clear(&middle);
	middle = ek_forge_ca(&old, "Vendor CA 1", EK_CA);
	import(old.certificate, true);
	import(middle.certificate, false);
	verify(ek_of(&middle),
	    "the CA \"CN = Old\": it expired at 2026-11-19T12:00:00Z, before the certificate that it signed begins");
	ca_clear(&old);
}
END_TEST

/* The EK certificate with an AKI of this key id and, if need be, an issuer that is nobody's. */
static X509 *
ek_with_aki(const struct ca *issuer, const ASN1_OCTET_STRING *id, const X509_NAME *name)
{
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	X509            *certificate = ek_of(issuer);

	aki->keyid = ASN1_OCTET_STRING_dup(id);
	if (name != NULL) {
		GENERAL_NAME *general = GENERAL_NAME_new();

		aki->issuer = GENERAL_NAMES_new();
		GENERAL_NAME_set0_value(general, GEN_DIRNAME, X509_NAME_dup(name));
		(void)sk_GENERAL_NAME_push(aki->issuer, general);
		aki->serial = ASN1_INTEGER_new();
		(void)ASN1_INTEGER_set(aki->serial, 4711);
	}
	ck_assert_int_eq(
	    X509_add1_ext_i2d(certificate, NID_authority_key_identifier, aki, 0, X509V3_ADD_DEFAULT), 1);
	ck_assert_int_gt(X509_sign(certificate, issuer->key, EVP_sha256()), 0);
	AUTHORITY_KEYID_free(aki);
	return certificate;
}

START_TEST(verify_believes_the_key_id_alone)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(root.certificate);
	struct ca                without = ek_forge_ca(NULL, "Without",
	                   "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");

	import(root.certificate, true);
	import(without.certificate, true);
	verify(ek_with_aki(&root, id, X509_get_subject_name(middle.certificate)), "");
	verify(ek_with_aki(&root, X509_get0_subject_key_id(middle.certificate), NULL),
	    "its issuer \"CN = Vendor Root\" is not imported");
	verify(ek_with_aki(&without, id, NULL), ""); /* an issuer without one cannot contradict */
	ca_clear(&without);
}
END_TEST

/* SHA-1 is what vendors had; what is weaker, or no hash of a signature, is not taken. */
START_TEST(verify_of_signatures_with_old_hashes)
{
	X509 *sha1 = ek_of(&root);
	X509 *md5 = ek_of(&root);

	ck_assert_int_gt(X509_sign(sha1, root.key, EVP_sha1()), 0);
	import(root.certificate, true);
	verify(sha1, "");
	ck_assert_int_gt(X509_sign(md5, root.key, EVP_sha224()), 0);
	verify(md5, "the signature is not by its issuer's key: \"CN = Vendor Root\"");
}
END_TEST

START_TEST(add_of_what_is_no_certificate_is_malformed)
{
	AUTO_BYTES   der = ek_der(root.certificate);
	struct error err = {0};

	bytes_append_u8(&der, 0);
	unit_fails(ek_trust_add(trust, bytes_view(&der), true, &err), &err, ERROR_MALFORMED,
	    "1 octets after a certificate");
}
END_TEST

START_TEST(has_root_of_an_intermediate)
{
	struct ca below = ek_forge_ca(&middle, "Below", EK_CA);
	X509     *leaf = ek_of(&middle);

	import(root.certificate, true);
	ck_assert(!ek_trust_has_root(trust, below.certificate, PKI_NOW));
	import(middle.certificate, false);
	ck_assert(ek_trust_has_root(trust, below.certificate, PKI_NOW));
	ck_assert(ek_trust_has_root(trust, middle.certificate, PKI_NOW));
	ck_assert(!ek_trust_has_root(trust, below.certificate, PKI_NOW - 9 * PKI_DAY));
	ck_assert(!ek_trust_has_root(trust, leaf, PKI_NOW));
	X509_free(leaf);
	ca_clear(&below);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_trust_ca");
	TCase *tcase = tcase_create("verify");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, verify_by_what_is_no_ca_fails, 0,
	    (int)(sizeof unfit / sizeof unfit[0]));
	tcase_add_test(tcase, verify_by_a_ca_for_any_purpose_is_verified);
	tcase_add_test(tcase, check_of_keys_and_names);
	tcase_add_test(tcase, check_tells_roots_from_intermediates);
	tcase_add_test(tcase, verify_of_more_cas_than_allowed_fails);
	tcase_add_test(tcase, verify_of_a_chain_too_long_fails);
	tcase_add_test(tcase, verify_at_other_times_is_as_documented);
	tcase_add_test(tcase, verify_below_a_ca_younger_than_its_issuer_fails);
	tcase_add_test(tcase, verify_believes_the_key_id_alone);
	tcase_add_test(tcase, verify_of_signatures_with_old_hashes);
	tcase_add_test(tcase, add_of_what_is_no_certificate_is_malformed);
	tcase_add_test(tcase, has_root_of_an_intermediate);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
