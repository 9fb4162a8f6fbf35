/* What the judge of shown certificates remembers, and when that does not count. */
#include "config.h"

#include "ek_shown_world.h"

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
	Suite *suite = suite_create("ek_shown_again");
	TCase *tcase = tcase_create("ek_shown_again");

	tcase_add_checked_fixture(tcase, setup, teardown);
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
