/* Which waiting EK is evicted; without a store. */
#include "config.h"

#include "store/inventory/waiting_shares.h"

#include <stdio.h>

#include "store/inventory/waiting.h"
#include "unit.h"

static struct waiting_shares *shares;

static void
setup(void)
{
	shares = waiting_shares_new();
}

static void
teardown(void)
{
	waiting_shares_free(shares);
}

static void
enter(uint8_t first, const char *source, enum store_verdict verdict)
{
	struct store_waiting entry = {.ek_hash = {first}, .evidence = {.verdict = verdict}};

	(void)snprintf(entry.source, sizeof entry.source, "%s", source);
	waiting_shares_enter(shares, &entry);
}

/* The first octet of the hash; 0: none. */
static uint8_t
evict(bool verified)
{
	uint8_t ek_hash[STORE_HASH_SIZE];

	return waiting_shares_evict(shares, verified, ek_hash) ? ek_hash[0] : 0;
}

START_TEST(evict_takes_the_oldest_of_the_fullest_network)
{
	enter(1, "192.0.2.1", STORE_VERDICT_ABSENT);
	enter(2, "2001:db8:1:1::/64", STORE_VERDICT_ABSENT);
	enter(3, "2001:db8:1:2::/64", STORE_VERDICT_REFUSED);
	enter(4, "2001:db8:2:1::/64", STORE_VERDICT_ABSENT);
	ck_assert_uint_eq(evict(false), 2);
	ck_assert_uint_eq(evict(false), 1);
	ck_assert_uint_eq(evict(true), 0);
}
END_TEST

START_TEST(evict_takes_each_kind_for_itself)
{
	enter(1, "192.0.2.1", STORE_VERDICT_VERIFIED);
	enter(2, "192.0.2.1", STORE_VERDICT_ABSENT);
	ck_assert_uint_eq(waiting_shares_count(shares), 2);
	ck_assert_uint_eq(evict(false), 2);
	ck_assert_uint_eq(evict(false), 0);
	ck_assert_uint_eq(waiting_shares_count(shares), 1);
	ck_assert_uint_eq(evict(true), 1);
	ck_assert_uint_eq(evict(true), 0);
}
END_TEST

START_TEST(enter_again_is_the_newest_and_of_its_kind)
{
	enter(1, "192.0.2.1", STORE_VERDICT_ABSENT);
	enter(2, "192.0.2.2", STORE_VERDICT_ABSENT);
	enter(3, "192.0.2.3", STORE_VERDICT_ABSENT);
	enter(1, "192.0.2.1", STORE_VERDICT_ABSENT);
	enter(2, "192.0.2.2", STORE_VERDICT_VERIFIED);
	ck_assert_uint_eq(evict(false), 3);
	ck_assert_uint_eq(evict(false), 1);
	ck_assert_uint_eq(evict(false), 0);
	ck_assert_uint_eq(evict(true), 2);
}
END_TEST

START_TEST(clear_forgets_all)
{
	enter(1, "192.0.2.1", STORE_VERDICT_VERIFIED);
	enter(2, "no address", STORE_VERDICT_ABSENT);
	waiting_shares_clear(shares);
	ck_assert_uint_eq(evict(false), 0);
	ck_assert_uint_eq(evict(true), 0);
	waiting_shares_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("waiting_shares");
	TCase *tc = tcase_create("waiting_shares");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, evict_takes_the_oldest_of_the_fullest_network);
	tcase_add_test(tc, evict_takes_each_kind_for_itself);
	tcase_add_test(tc, enter_again_is_the_newest_and_of_its_kind);
	tcase_add_test(tc, clear_forgets_all);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
