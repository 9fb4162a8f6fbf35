/* Facts that are alike have one number, as long as somebody has it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "attestation/keeper/challenge_facts.h"
#include "unit.h"

START_TEST(take_alike_gives_one_number)
{
	struct facts *facts = facts_new();
	uint32_t      one = facts_take(facts, view_text("facts"));
	uint32_t      other = facts_take(facts, view_text("facta"));
	uint32_t      longer = facts_take(facts, view_text("facts, more"));

	ck_assert_uint_eq(facts_take(facts, view_text("facts")), one);
	ck_assert_uint_ne(other, one);
	ck_assert_uint_ne(longer, one);
	facts_give(facts, one);
	ck_assert(view_equal(facts_view(facts, one), view_text("facts"))); /* one reference is left */
	ck_assert(view_equal(facts_view(facts, other), view_text("facta")));
	ck_assert(view_equal(facts_view(facts, longer), view_text("facts, more")));
	facts_give(facts, one);
	facts_give(facts, other);
	facts_give(facts, longer);
	facts_free(facts);
	facts_free(NULL);
}
END_TEST

/* As many as there are machines: each is given back once, in another order. */
START_TEST(take_many_keeps_each)
{
	static uint32_t numbers[1000];
	struct facts   *facts = facts_new();
	char            text[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof text, "facts %d", i % 500);
		numbers[i] = facts_take(facts, view_text(text));
		ck_assert_uint_lt(numbers[i], FACTS_NUMBERS);
	}
	for (int i = 0; i < 1000; i++) {
		int k = i * 77 % 1000;

		(void)snprintf(text, sizeof text, "facts %d", k % 500);
		ck_assert(view_equal(facts_view(facts, numbers[k]), view_text(text)));
		facts_give(facts, numbers[k]);
	}
	facts_free(facts);
}
END_TEST

START_TEST(weight_is_one_more_for_each_two_kibibytes)
{
	static const uint8_t octets[3 * FACTS_OCTETS];

	ck_assert_uint_eq(facts_weight((struct view){octets, 1}), 1);
	ck_assert_uint_eq(facts_weight((struct view){octets, FACTS_OCTETS - 1}), 1);
	ck_assert_uint_eq(facts_weight((struct view){octets, FACTS_OCTETS}), 2);
	ck_assert_uint_eq(facts_weight((struct view){octets, sizeof octets}), 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("challenge_facts");
	TCase *tc = tcase_create("challenge_facts");

	tcase_add_test(tc, take_alike_gives_one_number);
	tcase_add_test(tc, take_many_keeps_each);
	tcase_add_test(tc, weight_is_one_more_for_each_two_kibibytes);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
