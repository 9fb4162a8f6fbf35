/* How many certificates a machine gets in a day, and that others do not pay for it. */
#include "config.h"

#include "attestation/keeper/quota.h"

#include "unit.h"
#include "util/ek_hash.h"

#define DAY_MS INT64_C(86400000)

static struct quota *quota;

static void
setup(void)
{
	quota = quota_new(24);
}

static void
teardown(void)
{
	quota_free(quota);
}

static bool
take(uint8_t first, uint8_t last, int64_t now_ms)
{
	struct ek_hash hash = {{first}};

	hash.bytes[EK_HASH_SIZE - 1] = last;
	return quota_take(quota, &hash, now_ms);
}

START_TEST(take_has_a_days_at_once_and_then_one_at_a_time)
{
	for (int i = 0; i < 24; i++)
		ck_assert_msg(take(1, 1, 1000), "%d", i);
	ck_assert(!take(1, 1, 1000));
	ck_assert(!take(1, 1, 1000 + DAY_MS / 24 - 1));
	ck_assert(take(1, 1, 1000 + DAY_MS / 24));
	ck_assert(!take(1, 1, 1000 + DAY_MS / 24));
	for (int i = 0; i < 24; i++)
		ck_assert_msg(take(1, 1, 1000 + 3 * DAY_MS), "%d", i);
	ck_assert(!take(1, 1, 1000 + 3 * DAY_MS));
}
END_TEST

START_TEST(take_of_others_at_the_same_place_is_counted_apart)
{
	while (take(1, 1, 1000))
		;
	for (int i = 0; i < 24; i++)
		ck_assert(take(1, 2, 1000));
	ck_assert(!take(1, 2, 1000));
	ck_assert(!take(1, 1, 1000));
}
END_TEST

/* Who has had half of a day's has half of the new number left. */
START_TEST(limit_another_number_counts_the_share_that_was_taken)
{
	for (int i = 0; i < 12; i++)
		ck_assert(take(1, 1, 1000) && take(2, 2, 1000));
	quota_limit(quota, 4);
	for (int i = 0; i < 2; i++)
		ck_assert(take(1, 1, 1000));
	ck_assert(!take(1, 1, 1000));
	for (int i = 0; i < 4; i++)
		ck_assert(take(1, 2, 1000));
	ck_assert(!take(1, 2, 1000));
	quota_limit(quota, 48);
	for (int i = 0; i < 24; i++)
		ck_assert_msg(take(2, 2, 1000), "%d", i);
	ck_assert(!take(2, 2, 1000));
	quota_limit(quota, 0);
	ck_assert(take(2, 2, 1000));
}
END_TEST

/* Eight of one beginning have their places; a ninth is let through. */
START_TEST(take_without_a_place_is_not_refused)
{
	for (uint8_t i = 1; i <= 8; i++)
		ck_assert(take(1, i, 1000));
	for (int i = 0; i < 100; i++)
		ck_assert(take(1, 9, 1000));
}
END_TEST

START_TEST(take_without_a_bound_is_never_refused)
{
	quota_free(quota);
	quota = quota_new(0);
	for (int i = 0; i < 1000; i++)
		ck_assert(take(1, 1, 1000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("quota");
	TCase *tc = tcase_create("take");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, take_has_a_days_at_once_and_then_one_at_a_time);
	tcase_add_test(tc, take_of_others_at_the_same_place_is_counted_apart);
	tcase_add_test(tc, limit_another_number_counts_the_share_that_was_taken);
	tcase_add_test(tc, take_without_a_place_is_not_refused);
	tcase_add_test(tc, take_without_a_bound_is_never_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
