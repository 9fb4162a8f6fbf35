/* Messages between front and keeper: both ways, and whatever is not one. */
#include "config.h"

#include "attestation/message.h"

#include <string.h>

#include "unit.h"
#include "util/cbor.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static const struct attestation_question challenge_question = {
    .request = 17,
    .peer = VIEW("192.0.2.1:51442"),
    .kind = ATTESTATION_CHALLENGE,
    .challenge = {VIEW("1314145024"), VIEW("NPCT75x"), VIEW("7.2"), VIEW("cleo"), VIEW("ek"), VIEW(""), VIEW("ak"),
        {VIEW("certificate"), VIEW("")}, 2},
};
static const struct attestation_question certify_question = {
    .request = UINT64_MAX,
    .kind = ATTESTATION_CERTIFY,
    .certify = {VIEW("secret")},
};

START_TEST(question_both_ways_is_the_same)
{
	AUTO_BYTES              body = {0};
	struct attestation_question back;
	struct error            err = {0};

	attestation_question_encode(&challenge_question, &body);
	unit_ok(attestation_question_decode(bytes_view(&body), &back, &err), &err);
	ck_assert_int_eq(back.kind, ATTESTATION_CHALLENGE);
	ck_assert_uint_eq(back.request, 17);
	ck_assert(view_equal(back.peer, VIEW("192.0.2.1:51442")));
	ck_assert(view_equal(back.challenge.manufacturer, VIEW("1314145024")));
	ck_assert(view_equal(back.challenge.model, VIEW("NPCT75x")));
	ck_assert(view_equal(back.challenge.firmware, VIEW("7.2")));
	ck_assert(view_equal(back.challenge.wish, VIEW("cleo")));
	ck_assert(view_equal(back.challenge.ek, VIEW("ek")));
	ck_assert_uint_eq(back.challenge.ek_public.size, 0);
	ck_assert(view_equal(back.challenge.ak_public, VIEW("ak")));
	ck_assert_uint_eq(back.challenge.certificate_count, 2);
	ck_assert(view_equal(back.challenge.certificates[0], VIEW("certificate")));
	ck_assert_uint_eq(back.challenge.certificates[1].size, 0);
}
END_TEST

START_TEST(question_certify_both_ways_is_the_same)
{
	AUTO_BYTES              body = {0};
	struct attestation_question back;
	struct error            err = {0};

	attestation_question_encode(&certify_question, &body);
	unit_ok(attestation_question_decode(bytes_view(&body), &back, &err), &err);
	ck_assert_int_eq(back.kind, ATTESTATION_CERTIFY);
	ck_assert_uint_eq(back.request, UINT64_MAX);
	ck_assert(view_equal(back.certify.secret, VIEW("secret")));
}
END_TEST

/* Cut anywhere, a message is none; nor is it with anything behind it. */
START_TEST(question_cut_or_longer_is_malformed)
{
	const struct attestation_question *questions[] = {&challenge_question, &certify_question};
	AUTO_BYTES                     body = {0};
	struct attestation_question        back;
	struct error                   err = {0};

	attestation_question_encode(questions[_i], &body);
	for (size_t size = 0; size < body.size; size++)
		ck_assert_int_eq(attestation_question_decode((struct view){body.data, size}, &back, &err), -1);
	bytes_append_u8(&body, 0);
	unit_fails(attestation_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "1 octets are left over after the CBOR");
}
END_TEST

static const struct {
	const char *cbor;
	size_t      size;
	const char *detail;
} refused[] = {
    {"\x84\x00\x01\x40\x41x", 6, "no question of kind 0 has 4 items"},
    {"\x84\x01\x01\x40\x41x", 6, "no question of kind 1 has 4 items"},
    {"\x83\x02\x01\x40", 4, "no question of kind 2 has 3 items"},
    {"\x84\x03\x01\x40\x41x", 6, "a CBOR item is larger than 2"},
    {"\x8c\x01\x01", 3, "no question of kind 1 has 12 items"},
    {"\x8d\x01\x01", 3, "a CBOR item is larger than 12"},
    {"\x9f\x02\x01\x40\x41x\xff", 7, "a CBOR item is of another kind than wanted"},
    {"\x84\x02\x01\x40\x61x", 6, "a CBOR item is of another kind than wanted"},
    {"\x84\x02\x01\x40\x5f\x41x\xff", 8, "a CBOR item is of another kind than wanted"},
    {"\xa1\x02\x01", 3, "a CBOR item is of another kind than wanted"},
    {"\x8b\x01\x01\x40\x40\x40\x40\x40\x40\x40\x40\x89", 12, "a CBOR item is larger than 8"},
    {"\x8b\x01\x01\x40\x40\x40\x40\x40\x40\x40\x40\x9f\xff", 13,
        "a CBOR item is of another kind than wanted"},
    {"\x8b\x01\x01\x40\x40\x40\x40\x40\x40\x40\x40\x40", 12,
        "a CBOR item is of another kind than wanted"},
    {"\x8b\x01\x01\x40\x40\x40\x40\x40\x40\x40\x40\x81\x59\x20\x01", 15,
        "the CBOR is cut off or broken"},
    {"\x8b\x01\x01\x40\x40\x40\x40\x40\x40\x40\x40\x81\x40\x40", 14,
        "1 octets are left over after the CBOR"},
    {"\x84\x02\x01\x40\x5a\x00\x01\x00\x01", 9, "the CBOR is cut off or broken"},
};

START_TEST(question_of_another_shape_is_malformed)
{
	struct attestation_question back;
	struct error            err = {0};
	struct view body = {(const uint8_t *)refused[_i].cbor, refused[_i].size};

	unit_fails(attestation_question_decode(body, &back, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
}
END_TEST

START_TEST(question_field_over_its_bound_is_malformed)
{
	struct attestation_question question = certify_question;
	AUTO_BYTES              body = {0};
	uint8_t                 large[65537] = {0};
	struct attestation_question back;
	struct error            err = {0};

	question.certify.secret = (struct view){large, sizeof large};
	attestation_question_encode(&question, &body);
	unit_fails(attestation_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 65536");
}
END_TEST

START_TEST(question_certificate_over_its_bound_is_malformed)
{
	struct attestation_question question = challenge_question;
	AUTO_BYTES              body = {0};
	uint8_t                 large[ATTESTATION_CERTIFICATE_MAX + 1] = {0};
	struct attestation_question back;
	struct error            err = {0};

	question.challenge.certificates[1] = (struct view){large, sizeof large};
	attestation_question_encode(&question, &body);
	unit_fails(attestation_question_decode(bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "a CBOR item is larger than 8192");
}
END_TEST

/* As many and as large as they may be, beside the rest of a request's body. */
START_TEST(question_with_all_certificates_is_the_same)
{
	static uint8_t          large[ATTESTATION_CERTIFICATES_MAX][ATTESTATION_CERTIFICATE_MAX];
	struct attestation_question question = challenge_question;
	AUTO_BYTES              body = {0};
	struct attestation_question back;
	struct error            err = {0};

	question.challenge.certificate_count = ATTESTATION_CERTIFICATES_MAX;
	for (size_t i = 0; i < ATTESTATION_CERTIFICATES_MAX; i++) {
		memset(large[i], (int)i, sizeof large[i]);
		question.challenge.certificates[i] = (struct view){large[i], sizeof large[i]};
	}
	attestation_question_encode(&question, &body);
	unit_ok(attestation_question_decode(bytes_view(&body), &back, &err), &err);
	ck_assert_uint_eq(back.challenge.certificate_count, ATTESTATION_CERTIFICATES_MAX);
	for (size_t i = 0; i < ATTESTATION_CERTIFICATES_MAX; i++)
		ck_assert(view_equal(back.challenge.certificates[i], question.challenge.certificates[i]));
}
END_TEST

START_TEST(answer_both_ways_is_the_same)
{
	struct attestation_answer answer = {VIEW("credential"), VIEW("encrypted")};
	struct attestation_answer back;
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	attestation_answer_encode(&answer, &body);
	unit_ok(attestation_answer_decode(bytes_view(&body), &back, &err), &err);
	ck_assert(view_equal(back.first, answer.first));
	ck_assert(view_equal(back.second, answer.second));
}
END_TEST

/* Every kind of failure arrives as what it was. */
START_TEST(answer_refusal_comes_back_as_error)
{
	struct error          refusal = {0};
	struct attestation_answer back;
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	error_set(&refusal, (enum error_kind)_i, "detail %d", _i);
	attestation_refusal_encode(&refusal, &body);
	unit_fails(attestation_answer_decode(bytes_view(&body), &back, &err), &err, (enum error_kind)_i,
	    refusal.detail);
	ck_assert_ptr_null(back.first.data);
}
END_TEST

START_TEST(answer_of_unknown_kind_is_malformed)
{
	static const uint8_t      body[] = {0x83, 0x02, 0x40, 0x40};
	struct attestation_answer back;
	struct error              err = {0};

	unit_fails(attestation_answer_decode((struct view){body, sizeof body}, &back, &err), &err,
	    ERROR_MALFORMED, "a CBOR item is larger than 1");
}
END_TEST

START_TEST(answer_refusal_of_unknown_error_is_malformed)
{
	static const uint8_t      body[] = {0x83, 0x00, 0x18, ERROR_KIND_COUNT, 0x40};
	struct attestation_answer back;
	struct error              err = {0};

	ck_assert_int_eq(attestation_answer_decode((struct view){body, sizeof body}, &back, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "a CBOR item is larger than"));
}
END_TEST

START_TEST(chain_both_ways_is_the_same)
{
	const struct view chain[] = {VIEW("issuing"), VIEW("between")};
	struct view       back[ATTESTATION_CHAIN_MAX];
	size_t            count = 0;
	AUTO_BYTES        octets = {0};
	struct error      err = {0};

	unit_ok(attestation_chain_encode(chain, 2, &octets, &err), &err);
	unit_ok(attestation_chain_decode(bytes_view(&octets), back, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert(view_equal(back[0], chain[0]));
	ck_assert(view_equal(back[1], chain[1]));
}
END_TEST

START_TEST(chain_that_is_none_is_malformed)
{
	struct view  chain[ATTESTATION_CHAIN_MAX + 1] = {{NULL, 0}};
	struct view  back[ATTESTATION_CHAIN_MAX];
	size_t       count = 0;
	AUTO_BYTES   octets = {0};
	struct error err = {0};

	unit_fails(attestation_chain_encode(chain, ATTESTATION_CHAIN_MAX + 1, &octets, &err), &err,
	    ERROR_INTERNAL, "a chain of 9 certificates; at most 8 are sent");
	ck_assert_uint_eq(octets.size, 0);
	unit_fails(attestation_chain_decode(VIEW("\x81\x89@@@@@@@@@"), back, &count, &err), &err,
	    ERROR_MALFORMED, "a CBOR item is larger than 8");
	unit_ok(attestation_chain_encode(chain, 1, &octets, &err), &err);
	bytes_append_u8(&octets, 0);
	ck_assert_int_eq(attestation_chain_decode(bytes_view(&octets), back, &count, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(attestation_chain_decode(VIEW("\x01"), back, &count, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_test(tc, question_both_ways_is_the_same);
	tcase_add_test(tc, question_certify_both_ways_is_the_same);
	tcase_add_loop_test(tc, question_cut_or_longer_is_malformed, 0, 2);
	tcase_add_loop_test(tc, question_of_another_shape_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, question_field_over_its_bound_is_malformed);
	tcase_add_test(tc, question_certificate_over_its_bound_is_malformed);
	tcase_add_test(tc, question_with_all_certificates_is_the_same);
	tcase_add_test(tc, answer_both_ways_is_the_same);
	tcase_add_loop_test(tc, answer_refusal_comes_back_as_error, 0, ERROR_KIND_COUNT);
	tcase_add_test(tc, answer_of_unknown_kind_is_malformed);
	tcase_add_test(tc, answer_refusal_of_unknown_error_is_malformed);
	tcase_add_test(tc, chain_both_ways_is_the_same);
	tcase_add_test(tc, chain_that_is_none_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
