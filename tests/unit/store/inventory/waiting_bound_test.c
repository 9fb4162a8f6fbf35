/* Who gives way on a list that is full: the longest unseen, of the source that has most. */
#include "config.h"

#include "waiting_world.h"

/* ---- who gives way ---- */

/* One EK each from as many addresses as there is room, the first seen first. */
static void
fill(void)
{
	for (uint8_t i = 0; i < MAX; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "198.51.100.%u", i);
		add_plain(0xa0, i, source, NOW + i);
	}
}

START_TEST(add_above_the_bound_the_longest_unseen_gives_way)
{
	fill();
	add_plain(0xa0, 0, "198.51.100.0", NOW + 100); /* seen again */
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xa0, 0));
	ck_assert(!waits(0xa0, 1));
	ck_assert(waits(0xb0, 0));
}
END_TEST

START_TEST(add_above_the_bound_a_flood_displaces_only_itself)
{
	fill();
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + 1000 + i);
	ck_assert_uint_eq(list(false).count, MAX);
	/* Two of those that were there first gave way, and from then on its own. */
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE hex(ek_hash) GLOB 'F0*'"), 2);
	ck_assert(waits(0xa0, 2));
	ck_assert(waits(0xf0, 199));
}
END_TEST

START_TEST(add_after_a_flood_of_an_empty_list_takes_a_place_of_it)
{
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + i);
	ck_assert_uint_eq(list(false).count, MAX);
	for (uint8_t i = 0; i < 5; i++)
		add_plain(0xa0, i, "192.0.2.7", NOW - 500 + i); /* by a clock that was set back */
	for (uint8_t i = 0; i < 5; i++)
		ck_assert_msg(waits(0xa0, i), "%u of them is gone", i);
	ck_assert(waits(0xf0, 199));
}
END_TEST

START_TEST(add_above_the_bound_a_verified_one_stays)
{
	struct store_waiting genuine = entry(0xc0, 0, "198.51.100.99");

	genuine.evidence.verdict = STORE_VERDICT_VERIFIED;
	ck_assert(!add(&genuine, MAX, NOW - 1000));
	for (uint8_t i = 0; i < 100; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "203.0.113.%u", i);
		add_plain(0xf0, i, source, NOW + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
}
END_TEST

/* A machine from a quiet network, and then 130 EKs from two others, each within any share. */
START_TEST(add_above_the_bound_a_quiet_source_keeps_its_place)
{
	add_plain(0xc0, 0, "198.51.100.99", NOW);
	for (uint8_t i = 0; i < 130; i++)
		add_plain(0xf0, i, i % 2 == 0 ? "203.0.113.1" : "203.0.113.2", NOW + 1 + i);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
}
END_TEST

/* Who is verified gives way to its like only. */
START_TEST(add_to_a_list_of_verified_ones_needs_a_verified_one)
{
	struct store_waiting e = entry(0xc0, 0, "198.51.100.1");

	e.evidence.verdict = STORE_VERDICT_VERIFIED;
	for (uint8_t i = 0; i < MAX; i++) {
		e.ek_hash[1] = i;
		ck_assert(!add(&e, MAX, NOW + i));
	}
	add_plain(0xf0, 0, "203.0.113.1", NOW + 100);
	ck_assert(!waits(0xf0, 0));
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 3); /* its share */
	(void)snprintf(e.source, sizeof e.source, "192.0.2.1");
	e.ek_hash[1] = MAX;
	ck_assert(!add(&e, MAX, NOW + 101));
	ck_assert(waits(0xc0, MAX));
	ck_assert(!waits(0xc0, 0));
}
END_TEST

START_TEST(add_one_of_a_bound_of_one_stays_itself)
{
	struct store_waiting e = entry(0xff, 0, "192.0.2.7");
	struct store_waiting next = entry(0x00, 1, "192.0.2.7");

	ck_assert(!add(&e, 1, NOW));
	ck_assert(!add(&next, 1, NOW));
	ck_assert_str_eq(list(false).text, "0001 ");
}
END_TEST

/* As add_above_the_bound_a_quiet_source_keeps_its_place, from as many networks of one site. */
START_TEST(add_above_the_bound_a_site_displaces_only_itself)
{
	add_plain(0xc0, 0, "198.51.100.99", NOW);
	add_plain(0xc0, 1, "2001:db8:9:1::/64", NOW);
	for (uint8_t i = 0; i < 130; i++) {
		char source[32];

		if (_i == 1)
			forget();
		(void)snprintf(source, sizeof source, "2001:db8:1:%x::/64", i);
		add_plain(0xf0, i, source, NOW + 1 + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
	ck_assert(waits(0xc0, 1));
	ck_assert(waits(0xf0, 129));
	ck_assert(!waits(0xf0, 115));
	ck_assert(waits(0xf0, 116));
}
END_TEST

/* What an administrator has taken off meanwhile evicts nobody, and is not missed. */
START_TEST(add_after_others_were_approved_evicts_none)
{
	char                *names[] = {(char[]){"cleo"}};
	struct store_device  device = {.ek_hash = {0xa0, 0}, .names = names, .name_count = 1};

	fill();
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101); /* a0 0 gives way */
	device.ek_hash[1] = 1;
	unit_ok(store_waiting_approve(store, &device, false, NOW + 102, &err), &err);
	add_plain(0xb0, 1, "192.0.2.2", NOW + 103);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xa0, 2));
	add_plain(0xb0, 2, "192.0.2.3", NOW + 104); /* a0 1, which has gone, would be next */
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(!waits(0xa0, 2));
	ck_assert(waits(0xa0, 3));
	ck_assert(waits(0xb0, 2));
}
END_TEST

/* What a transaction took back is on the list again, and gives way in its turn. */
START_TEST(add_in_a_transaction_that_fails_is_made_good)
{
	fill();
	for (uint8_t i = 0; i < 8; i++) {
		unit_ok(store_begin(store, &err), &err);
		add_plain(0xb0, i, "192.0.2.1", NOW + 101 + i);
		store_rollback(store);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	for (uint8_t i = 0; i < 40; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "192.0.2.%u", i);
		add_plain(0xd0, i, source, NOW + 200 + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE hex(ek_hash) GLOB 'D0*'"), MAX);
}
END_TEST

START_TEST(add_denied_ones_take_no_room)
{
	uint8_t hash[STORE_HASH_SIZE] = {0xa0, 0};

	fill();
	unit_ok(store_waiting_deny(store, hash, NOW, &err), &err);
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101);
	ck_assert(waits(0xa0, 1));
	ck_assert_str_eq(list(true).text, "a000 ");
}
END_TEST

START_TEST(add_flood_is_on_record_for_its_share_only)
{
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + i);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 3);
}
END_TEST

/* From one source that displaces itself, or from very many. */
START_TEST(add_flood_of_a_full_list_is_not_on_record)
{
	fill();
	for (uint8_t i = 0; i < 200; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "203.0.113.%u", i < 100 ? 66U : i);
		add_plain(0xf0, i, source, NOW + MAX + STORE_WAITING_MOMENT - 20);
	}
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), MAX);
	/* A day later they are those that nobody sees any more. */
	add_plain(0xb0, 0, "192.0.2.1", NOW + MAX + 2 * STORE_WAITING_MOMENT);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), MAX + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("waiting_bound");
	TCase *tc = tcase_create("waiting_bound");

	tcase_add_checked_fixture(tc, setup_shares, teardown_counted);
	tcase_add_test(tc, add_above_the_bound_the_longest_unseen_gives_way);
	tcase_add_test(tc, add_above_the_bound_a_flood_displaces_only_itself);
	tcase_add_test(tc, add_after_a_flood_of_an_empty_list_takes_a_place_of_it);
	tcase_add_test(tc, add_above_the_bound_a_verified_one_stays);
	tcase_add_test(tc, add_above_the_bound_a_quiet_source_keeps_its_place);
	tcase_add_test(tc, add_to_a_list_of_verified_ones_needs_a_verified_one);
	tcase_add_test(tc, add_one_of_a_bound_of_one_stays_itself);
	tcase_add_loop_test(tc, add_above_the_bound_a_site_displaces_only_itself, 0, 2);
	tcase_add_test(tc, add_after_others_were_approved_evicts_none);
	tcase_add_test(tc, add_in_a_transaction_that_fails_is_made_good);
	tcase_add_test(tc, add_denied_ones_take_no_room);
	tcase_add_test(tc, add_flood_is_on_record_for_its_share_only);
	tcase_add_test(tc, add_flood_of_a_full_list_is_not_on_record);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
