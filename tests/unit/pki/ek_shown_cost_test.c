/* How many signatures certificates that a client shows can make the judge verify. */
#include "config.h"

#include "ek_shown_world.h"

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

int
main(void)
{
	Suite *suite = suite_create("ek_shown_cost");
	TCase *tcase = tcase_create("ek_shown_cost");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, judge_of_strangers_verifies_nothing, 0, 3);
	tcase_add_loop_test(tcase, judge_of_strangers_with_a_vendors_name_uses_the_vendors_key, 0, 3);
	tcase_add_test(tcase, judge_of_many_with_a_slow_vendors_name_is_bounded);
	tcase_add_test(tcase, judge_without_slow_keys_postpones_what_needs_one);
	tcase_add_test(tcase, judge_finds_the_second_below_a_clients_ca);
	tcase_add_test(tcase, judge_has_one_bound_for_all);
	tcase_add_test(tcase, judge_below_a_clients_ca_with_8192_bits_is_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
