#include "config.h"

#include <pthread.h>
#include <string.h>

#include <openssl/param_build.h>

#include "ek_support.h"
#include "pki/ek_trust.h"

static struct ca        root;
static struct ca        middle; /* below it */
static EVP_PKEY        *key;
static struct ek_trust *trust;

static int
add(struct ek_trust *set, const X509 *certificate, bool is_root, struct error *err)
{
	AUTO_BYTES der = ek_der(certificate);

	return ek_trust_add(set, bytes_view(&der), is_root, err);
}

static void
import(const X509 *certificate, bool is_root)
{
	struct error err = {0};

	unit_ok(add(trust, certificate, is_root, &err), &err);
}

static void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	middle = ek_forge_ca(&root, "Vendor CA 1", EK_CA "authorityKeyIdentifier=keyid\n");
	key = ek_key();
	trust = ek_trust_new();
}

static void
teardown(void)
{
	ek_trust_free(trust);
	EVP_PKEY_free(key);
	ca_clear(&middle);
	ca_clear(&root);
}

/* Verifies with what the client sent; "" is success, any other the whole reason. Frees the certificate. */
static void
verify_with(X509 *certificate, X509 *const *sent, size_t count, int64_t now, const char *reason)
{
	struct ek_verdict verdict;

	memset(&verdict, 0x55, sizeof verdict);
	ck_assert_int_eq(ek_trust_verify(trust, certificate, sent, count, NULL, now, &verdict),
	    verdict.verified);
	ck_assert_str_eq(verdict.reason, reason);
	ck_assert_int_eq(verdict.verified, reason[0] == '\0');
	ck_assert_int_eq(verdict.chain_count != 0, verdict.verified);
	ck_assert_str_eq(verdict.facts.manufacturer, "id:4E544300");
	X509_free(certificate);
}

static void
verify(X509 *certificate, const char *reason)
{
	verify_with(certificate, NULL, 0, PKI_NOW, reason);
}

static X509 *
ek_of(const struct ca *issuer)
{
	return ek_forge(issuer, key, EK_EXTENSIONS);
}

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

/* The certificate with its last octet, one of the signature, changed. */
static X509 *
spoil(X509 *certificate)
{
	AUTO_BYTES   der = ek_der(certificate);
	X509        *spoiled = NULL;
	struct error err = {0};

	der.data[der.size - 1] ^= 1;
	unit_ok(certificate_decode(bytes_view(&der), &spoiled, &err), &err);
	X509_free(certificate);
	return spoiled;
}

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
	tcase_add_test(tcase, verify_with_many_namesakes_ends);
	tcase_add_test(tcase, verify_looks_at_sixteen_that_come_along);
	tcase_add_test(tcase, verify_by_an_own_issuer_that_came_along_fails);
	tcase_add_test(tcase, verify_by_many_threads_is_verified);
	tcase_add_test(tcase, add_of_what_is_no_certificate_is_malformed);
	tcase_add_test(tcase, has_root_of_an_intermediate);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
