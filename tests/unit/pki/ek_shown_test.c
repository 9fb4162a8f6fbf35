/*
 * What a stranger can make the judgement of certificates cost, and whether the second
 * answer is the first.
 */
#include "config.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "ek_support.h"
#include "pki/ek_memory.h"
#include "pki/ek_search.h"
#include "pki/ek_shown.h"
#include "pki/ek_trust.h"

#define SHOWN_MAX 17

static struct ca         root;
static struct ca         middle; /* below it, not imported */
static EVP_PKEY         *key;    /* the EK */
static struct ek_trust  *trust;
static struct bytes      shown[SHOWN_MAX];
static size_t            shown_count;
static struct ek_finding finding;
static bool              no_slow; /* as the judge is told */

static void
import(const X509 *certificate, bool is_root)
{
	AUTO_BYTES   der = ek_der(certificate);
	struct error err = {0};

	unit_ok(ek_trust_add(trust, bytes_view(&der), is_root, &err), &err);
}

static void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	middle = ek_forge_ca(&root, "Vendor CA 1", EK_CA);
	key = ek_key();
	trust = ek_trust_new();
	import(root.certificate, true);
}

static void
forget_shown(void)
{
	while (shown_count > 0)
		bytes_clear(&shown[--shown_count]);
}

static void
teardown(void)
{
	forget_shown();
	ek_trust_free(trust);
	EVP_PKEY_free(key);
	ca_clear(&middle);
	ca_clear(&root);
}

/* Shows a certificate; frees it. */
static void
show(X509 *certificate)
{
	ck_assert_uint_lt(shown_count, SHOWN_MAX);
	shown[shown_count++] = ek_der(certificate);
	X509_free(certificate);
}

static void
show_again(const X509 *certificate)
{
	show(X509_dup(certificate));
}

static X509 *
ek_of(const struct ca *issuer)
{
	return ek_forge(issuer, key, EK_EXTENSIONS);
}

static void
judge_at(EVP_PKEY *ek, int64_t now)
{
	struct view views[SHOWN_MAX];

	for (size_t i = 0; i < shown_count; i++)
		views[i] = bytes_view(&shown[i]);
	memset(&finding, 0x55, sizeof finding);
	ek_shown_judge(trust, views, shown_count, ek, now, no_slow, &finding);
}

static void
assert_verified(size_t index, size_t signatures, bool remembered)
{
	uint8_t fingerprint[32];

	ck_assert_msg(finding.own && finding.verdict.verified, "%s", finding.verdict.reason);
	ck_assert_uint_eq(finding.index, index);
	ck_assert_uint_eq(finding.verdict.signatures, signatures);
	ck_assert_int_eq(finding.remembered, remembered);
	ck_assert_str_eq(finding.verdict.reason, "");
	ck_assert_str_eq(finding.verdict.facts.manufacturer, "id:4E544300");
	ck_assert_int_eq(X509_digest(root.certificate, EVP_sha256(), fingerprint, NULL), 1);
	ck_assert_mem_eq(finding.verdict.root, fingerprint, sizeof fingerprint);
}

static void
assert_refused(size_t index, const char *reason, size_t signatures, bool remembered)
{
	ck_assert(finding.own);
	ck_assert(!finding.verdict.verified);
	ck_assert_uint_eq(finding.index, index);
	ck_assert_str_eq(finding.verdict.reason, reason);
	ck_assert_uint_eq(finding.verdict.signatures, signatures);
	ck_assert_int_eq(finding.remembered, remembered);
}

/* ---- which is the EK's ---- */

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

/* ---- what it costs ---- */

static const char *const curves[] = {"P-384", "P-521", NULL};

/* A key of the curve; for NULL a public RSA key of 8192 bits, and of nobody's. */
static EVP_PKEY *
slow_key(const char *curve)
{
	EVP_PKEY_CTX   *context;
	OSSL_PARAM_BLD *builder;
	OSSL_PARAM     *params;
	BIGNUM         *n;
	BIGNUM         *e;
	EVP_PKEY       *made = NULL;

	if (curve != NULL)
		return EVP_EC_gen(curve);
	context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	builder = OSSL_PARAM_BLD_new();
	n = BN_new();
	e = BN_new();
	ck_assert_int_eq(BN_rand(n, 8192, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	(void)BN_set_word(e, 65537);
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

/*
 * Two certificates for the EK and six CAs with one key, whose names alternate, so that
 * each could have issued three; the last issuer is `above`.
 */
static void
show_attack(const char *curve, const char *above)
{
	EVP_PKEY *slow = slow_key(curve);
	struct ca signer = {.key = ek_key()}; /* in a name of its choice */
	struct ca names[2] = {{.key = signer.key}, {.key = signer.key}};
	struct ca top = {.key = signer.key};

	names[0].certificate = pki_forge(
	    &(struct pki_forgery){.key = signer.key, .common_name = "A", .extensions = EK_CA});
	names[1].certificate = pki_forge(
	    &(struct pki_forgery){.key = signer.key, .common_name = "B", .extensions = EK_CA});
	top.certificate = pki_forge(
	    &(struct pki_forgery){.key = signer.key, .common_name = above, .extensions = EK_CA});
	show(ek_of(&names[0]));
	show(ek_of(&names[1]));
	for (size_t i = 0; i < 6; i++)
		show(pki_forge(&(struct pki_forgery){
		    .issuer = i < 4 ? &names[1 - i % 2] : &top,
		    .key = slow,
		    .common_name = i % 2 == 0 ? "A" : "B",
		    .extensions = EK_CA,
		}));
	X509_free(names[0].certificate);
	X509_free(names[1].certificate);
	X509_free(top.certificate);
	EVP_PKEY_free(signer.key);
	EVP_PKEY_free(slow);
}

/* Where no imported CA bears any of the names, nothing is verified. */
START_TEST(judge_of_strangers_verifies_nothing)
{
	show_attack(curves[_i], "C");
	judge_at(key, PKI_NOW);
	ck_assert_uint_eq(finding.verdict.signatures, 0);
	assert_refused(0, "its issuer \"CN = C\" is not imported", 0, false);
	judge_at(key, PKI_NOW);
	assert_refused(0, "its issuer \"CN = C\" is not imported", 0, true);
}
END_TEST

/* Names are public: with those of an imported CA, its key alone is used, and not often. */
START_TEST(judge_of_strangers_with_a_vendors_name_uses_the_vendors_key)
{
	show_attack(curves[_i], "Vendor Root");
	judge_at(key, PKI_NOW);
	ck_assert(finding.own && !finding.verdict.verified);
	/* Of the two CAs that say so, each once; one with 8192 bits is not even asked for. */
	ck_assert_uint_eq(finding.verdict.signatures, curves[_i] != NULL ? 2 : 0);
}
END_TEST

/* A vendor's key that is slow is used for one wrong signature of a request. */
START_TEST(judge_of_many_with_a_slow_vendors_name_is_bounded)
{
	struct ca slow = {.key = EVP_EC_gen("P-384")};
	struct ca forger = {.key = ek_key()};
	struct ca below = {.key = forger.key};

	slow.certificate = pki_forge(&(struct pki_forgery){
	    .key = slow.key, .common_name = "Slow Root", .extensions = EK_CA});
	import(slow.certificate, true);
	forger.certificate = slow.certificate;
	below.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &forger, .key = forger.key, .common_name = "Below", .extensions = EK_CA});
	show(ek_of(&below));
	show(ek_of(&below));
	for (size_t i = 0; i < 6; i++)
		show(pki_forge(&(struct pki_forgery){
		    .issuer = &forger, .key = forger.key, .common_name = "Below", .extensions = EK_CA}));
	judge_at(key, PKI_NOW);
	assert_refused(0,
	    "too many wrong signatures came along to try one more by a key as slow as its issuer's", 1,
	    false);
	/* The genuine one is found by it, still. */
	forget_shown();
	show(ek_of(&slow));
	judge_at(key, PKI_NOW);
	ck_assert(finding.verdict.verified);
	X509_free(below.certificate);
	X509_free(slow.certificate);
	EVP_PKEY_free(slow.key);
	EVP_PKEY_free(forger.key);
}
END_TEST

/* With no_slow a slow key refutes nothing and proves nothing; no such verdict is kept. */
START_TEST(judge_without_slow_keys_postpones_what_needs_one)
{
	struct ca slow = {.key = EVP_EC_gen("P-384")};
	struct ca forger = {.key = ek_key()};

	slow.certificate = pki_forge(&(struct pki_forgery){
	    .key = slow.key, .common_name = "Slow Root", .extensions = EK_CA});
	import(slow.certificate, true);
	forger.certificate = slow.certificate;
	show(ek_of(&forger));
	judge_at(key, PKI_NOW);
	ck_assert(!finding.postponed);

	judge_at(key, PKI_NOW);
	ck_assert(finding.remembered);

	/* Genuine: not yet, then verified, then remembered. */
	forget_shown();
	show(ek_of(&slow));
	no_slow = true;
	judge_at(key, PKI_NOW);
	assert_refused(0, "its issuer's signature is not verified yet", 0, false);
	ck_assert(finding.postponed);
	judge_at(key, PKI_NOW);
	assert_refused(0, "its issuer's signature is not verified yet", 0, false);
	no_slow = false;
	judge_at(key, PKI_NOW);
	ck_assert(finding.verdict.verified && !finding.postponed);

	no_slow = true;
	judge_at(key, PKI_NOW);
	ck_assert(finding.verdict.verified && finding.remembered && !finding.postponed);
	/* Other vendors' machines notice nothing. */
	forget_shown();
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	no_slow = false;
	X509_free(slow.certificate);
	EVP_PKEY_free(slow.key);
	EVP_PKEY_free(forger.key);
}
END_TEST

/* A second certificate of the EK is found below a CA that is not imported, as the first is. */
START_TEST(judge_finds_the_second_below_a_clients_ca)
{
	struct ca namesake = ek_forge_ca(NULL, "Vendor CA 1", EK_CA);

	show(ek_of(&namesake));
	show(ek_of(&middle));
	show_again(middle.certificate);
	judge_at(key, PKI_NOW);
	assert_verified(1, 3, false);
	ca_clear(&namesake);
}
END_TEST

/* What one certificate used up, the other has not. */
START_TEST(judge_has_one_bound_for_all)
{
	struct ca namesakes[9];

	for (size_t i = 0; i < 9; i++)
		namesakes[i] = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	for (size_t i = 0; i < 8; i++)
		import(namesakes[i].certificate, true);
	show(ek_of(&namesakes[8]));
	show(ek_of(&namesakes[8]));
	judge_at(key, PKI_NOW);
	ck_assert(!finding.verdict.verified);
	ck_assert_uint_eq(finding.verdict.signatures, EK_SEARCH_REQUEST_WRONG_MAX);
	for (size_t i = 0; i < 9; i++)
		ca_clear(&namesakes[i]);
}
END_TEST

/* Genuine, and with a key that takes longer than any of a vendor's. */
START_TEST(judge_below_a_clients_ca_with_8192_bits_is_refused)
{
	EVP_PKEY *slow = slow_key(NULL);
	X509     *ca = pki_forge(&(struct pki_forgery){
	        .issuer = &root, .key = slow, .common_name = "Slow", .extensions = EK_CA});
	struct ca signer = {.key = root.key, .certificate = ca};

	show(ek_of(&signer));
	show(ca);
	judge_at(key, PKI_NOW);
	assert_refused(0,
	    "\"CN = Slow\" issued a certificate: its key has 8192 bits, and it is not imported", 0, false);
	EVP_PKEY_free(slow);
}
END_TEST

/* ---- what is remembered ---- */

START_TEST(judge_again_says_the_same)
{
	struct ek_finding first;

	show_again(middle.certificate);
	show(ek_of(&middle));
	judge_at(key, PKI_NOW);
	assert_verified(1, 2, false);
	first = finding;
	judge_at(key, PKI_NOW);
	assert_verified(1, 0, true);
	ck_assert_mem_eq(finding.serial, first.serial, sizeof first.serial);
	ck_assert_uint_eq(finding.serial_size, first.serial_size);
	ck_assert_uint_eq(finding.verdict.chain_count, first.verdict.chain_count);
	ck_assert_str_eq(finding.verdict.chain[0], first.verdict.chain[0]);
	ck_assert_str_eq(finding.verdict.root_name, first.verdict.root_name);
	ck_assert_str_eq(finding.verdict.facts.model, first.verdict.facts.model);
	ck_assert_str_eq(finding.verdict.facts.version, first.verdict.facts.version);
}
END_TEST

/* A verified certificate stays so, wherever it stands and whatever comes along, or does not. */
START_TEST(judge_again_in_another_place_is_verified)
{
	X509 *own = ek_of(&middle);

	show_again(own);
	show_again(middle.certificate);
	judge_at(key, PKI_NOW);
	assert_verified(0, 2, false);
	forget_shown();
	show_again(root.certificate);
	show(own);
	judge_at(key, PKI_NOW);
	assert_verified(1, 0, true);
}
END_TEST

/* A verified certificate is that of its EK, and of no other. */
START_TEST(judge_again_for_another_ek_finds_none)
{
	EVP_PKEY *other = ek_key();

	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	for (int again = 0; again < 2; again++) {
		judge_at(other, PKI_NOW);
		ck_assert(!finding.own && !finding.verdict.verified);
	}
	judge_at(key, PKI_NOW);
	assert_verified(0, 0, true);
	EVP_PKEY_free(other);
}
END_TEST

/* One octet of it changed is another certificate. */
START_TEST(judge_again_of_a_changed_certificate_is_refused)
{
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	shown[0].data[shown[0].size - 1] ^= 1;
	for (int again = 0; again < 2; again++) {
		judge_at(key, PKI_NOW);
		assert_refused(0, "the signature is not by its issuer's key: \"CN = Vendor Root\"",
		    again == 0, again == 1);
	}
	shown[0].data[shown[0].size - 1] ^= 1;
	judge_at(key, PKI_NOW);
	assert_verified(0, 0, true);
}
END_TEST

/* Whoever shows another's certificate without its chain does not spoil it for the other. */
START_TEST(judge_again_with_more_is_judged_anew)
{
	X509 *own = ek_of(&middle);

	show_again(own);
	for (int again = 0; again < 2; again++) {
		judge_at(key, PKI_NOW);
		assert_refused(0, "its issuer \"CN = Vendor CA 1\" is not imported", 0, again == 1);
	}
	show_again(middle.certificate);
	judge_at(key, PKI_NOW);
	assert_verified(0, 2, false);
	/* What was refused before is refused: the same gets the same answer. */
	forget_shown();
	show(own);
	judge_at(key, PKI_NOW);
	assert_refused(0, "its issuer \"CN = Vendor CA 1\" is not imported", 0, true);
}
END_TEST

/* The octets of two certificates, cut elsewhere, are other certificates. */
START_TEST(judge_again_cut_elsewhere_is_judged_anew)
{
	AUTO_BYTES both = {0};
	size_t     first;

	show_again(middle.certificate);
	show(ek_of(&middle));
	first = shown[0].size;
	bytes_append(&both, shown[0].data, shown[0].size);
	bytes_append(&both, shown[1].data, shown[1].size);
	forget_shown();
	bytes_append(&shown[shown_count++], both.data, first + 1);
	bytes_append(&shown[shown_count++], both.data + first + 1, both.size - first - 1);
	judge_at(key, PKI_NOW);
	ck_assert(!finding.own);
	forget_shown();
	bytes_append(&shown[shown_count++], both.data, first);
	bytes_append(&shown[shown_count++], both.data + first, both.size - first);
	judge_at(key, PKI_NOW);
	assert_verified(1, 2, false);
}
END_TEST

/* Another set has another memory. */
START_TEST(judge_again_by_another_set_is_judged_anew)
{
	show(ek_of(&root));
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	ek_trust_free(trust);
	trust = ek_trust_new();
	judge_at(key, PKI_NOW);
	assert_refused(0, "its issuer \"CN = Vendor Root\" is not imported", 0, false);
	ek_trust_free(trust);
	trust = ek_trust_new();
	import(root.certificate, true);
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
}
END_TEST

#define TOO_EARLY                                                                      \
	"it is not valid before 2026-11-20T12:00:00Z, and it is 2026-11-19T12:00:00Z here; " \
	"are both clocks right?"

/* "Not yet" is no verdict for good, of the certificate or of a CA above it. */
START_TEST(judge_again_when_it_is_valid_is_verified)
{
	struct ca late = {.key = ek_key()};

	show(ek_of(&root)); /* valid since a day before PKI_NOW */
	for (int again = 0; again < 2; again++) {
		judge_at(key, PKI_NOW - 2 * PKI_DAY);
		assert_refused(0, TOO_EARLY, 0, false);
	}
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	judge_at(key, PKI_NOW - 2 * PKI_DAY); /* a clock that was set back */
	assert_refused(0, TOO_EARLY, 0, false);

	forget_shown();
	late.certificate = pki_forge(&(struct pki_forgery){.issuer = &root, .key = late.key,
	    .common_name = "Late", .extensions = EK_CA, .not_before = PKI_NOW + PKI_DAY,
	    .not_after = PKI_NOW + 20 * PKI_YEAR});
	show(ek_of(&late));
	show_again(late.certificate);
	judge_at(key, PKI_NOW);
	assert_refused(0,
	    "the CA \"CN = Late\": it is not valid before 2026-11-22T12:00:00Z, and it is "
	    "2026-11-21T12:00:00Z here; are both clocks right?",
	    1, false);
	judge_at(key, PKI_NOW + 2 * PKI_DAY);
	assert_verified(0, 2, false);
	ca_clear(&late);
}
END_TEST

/* Strangers fill their own table, not that of the machines that were verified. */
START_TEST(judge_of_many_strangers_displaces_nobody)
{
	X509      *own = ek_of(&root);
	AUTO_BYTES der = {0};

	show_again(own);
	judge_at(key, PKI_NOW);
	assert_verified(0, 1, false);
	forget_shown();
	der = ek_der(root.certificate);
	for (uint32_t i = 0; i < 5000; i++) {
		bytes_append(&shown[0], der.data, der.size);
		bytes_append(&shown[0], (const uint8_t *)&i, sizeof i);
		shown_count = 1;
		judge_at(key, PKI_NOW);
		ck_assert(!finding.own);
		forget_shown();
	}
	ck_assert_uint_eq(ek_memory_count(ek_trust_refused(trust)), 1024);
	ck_assert_uint_eq(ek_memory_count(ek_trust_verified(trust)), 1);
	show(own);
	judge_at(key, PKI_NOW);
	assert_verified(0, 0, true);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_shown");
	TCase *tcase = tcase_create("judge");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, judge_finds_the_eks_own_among_others);
	tcase_add_test(tcase, judge_of_others_finds_none);
	tcase_add_test(tcase, judge_of_a_key_that_looks_like_the_eks_finds_none);
	tcase_add_test(tcase, judge_of_a_compressed_point_finds_it);
	tcase_add_test(tcase, judge_of_an_rsa_ek_finds_its_own);
	tcase_add_test(tcase, judge_tries_two_of_the_eks_own);
	tcase_add_test(tcase, judge_looks_at_sixteen);
	tcase_add_loop_test(tcase, judge_of_strangers_verifies_nothing, 0, 3);
	tcase_add_loop_test(tcase, judge_of_strangers_with_a_vendors_name_uses_the_vendors_key, 0, 3);
	tcase_add_test(tcase, judge_of_many_with_a_slow_vendors_name_is_bounded);
	tcase_add_test(tcase, judge_without_slow_keys_postpones_what_needs_one);
	tcase_add_test(tcase, judge_finds_the_second_below_a_clients_ca);
	tcase_add_test(tcase, judge_has_one_bound_for_all);
	tcase_add_test(tcase, judge_below_a_clients_ca_with_8192_bits_is_refused);
	tcase_add_test(tcase, judge_again_says_the_same);
	tcase_add_test(tcase, judge_again_in_another_place_is_verified);
	tcase_add_test(tcase, judge_again_for_another_ek_finds_none);
	tcase_add_test(tcase, judge_again_of_a_changed_certificate_is_refused);
	tcase_add_test(tcase, judge_again_with_more_is_judged_anew);
	tcase_add_test(tcase, judge_again_cut_elsewhere_is_judged_anew);
	tcase_add_test(tcase, judge_again_by_another_set_is_judged_anew);
	tcase_add_test(tcase, judge_again_when_it_is_valid_is_verified);
	tcase_add_test(tcase, judge_of_many_strangers_displaces_nobody);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
