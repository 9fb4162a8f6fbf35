/* Who gives way: the rules one by one, and a model that counts everything again. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/shares.h"
#include "util/source.h"

#define ENTRIES 400

struct item {
	struct share_entry entry; /* first: a victim is its item */
	struct source      source;
	char               subject[8];
	uint64_t           age; /* the smaller, the older */
};

static struct item    items[ENTRIES];
static struct shares *shares;
static uint64_t       ages;

static void
enter(size_t i, const char *peer, const char *subject, bool held)
{
	items[i] = (struct item){.source = source_of_text(view_text(peer)), .age = ages++};
	(void)snprintf(items[i].subject, sizeof items[i].subject, "%s", subject);
	shares_enter(shares, &items[i].entry, &items[i].source, view_text(items[i].subject), held);
}

static size_t
victim(void)
{
	const struct share_entry *entry = shares_victim(shares);

	return entry != NULL ? (size_t)((const struct item *)(const void *)entry - items) : ENTRIES;
}

static void
setup(void)
{
	memset(items, 0, sizeof items);
	shares = shares_new();
}

static void
teardown(void)
{
	for (size_t i = 0; i < ENTRIES; i++)
		shares_leave(shares, &items[i].entry);
	ck_assert_uint_eq(shares_count(shares), 0);
	ck_assert_ptr_null(shares_victim(shares));
	shares_free(shares);
}

START_TEST(victim_of_nothing_is_none)
{
	shares_free(NULL);
	ck_assert_uint_eq(victim(), ENTRIES);
	enter(0, "192.0.2.1", "a", true);
	ck_assert_uint_eq(victim(), ENTRIES);
}
END_TEST

START_TEST(victim_fullest_source_gives_way_with_its_oldest)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.2", "b", false);
	enter(2, "192.0.2.2", "c", false);
	enter(3, "192.0.2.3", "d", false);
	ck_assert_uint_eq(victim(), 1);
	shares_leave(shares, &items[1].entry);
	ck_assert_uint_eq(victim(), 0); /* of equals, who came first */
}
END_TEST

START_TEST(victim_is_of_the_source_with_the_most_weight)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.2", "b", false);
	enter(2, "192.0.2.2", "c", false);
	enter(3, "192.0.2.1", "d", false);
	ck_assert_uint_eq(victim(), 1); /* quiet for longest */
	shares_weigh(shares, &items[0].entry, 1, 3);
	ck_assert_uint_eq(shares_of_source(shares, &items[0].source), 4);
	ck_assert_uint_eq(victim(), 0);
	shares_weigh(shares, &items[2].entry, 2, 4); /* it stands for two */
	ck_assert_uint_eq(victim(), 2);
	shares_weigh(shares, &items[2].entry, 1, 2);
	ck_assert_uint_eq(victim(), 0);
	enter(4, "192.0.2.3", "e", true);
	shares_weigh(shares, &items[4].entry, 2, 9);
	ck_assert_uint_eq(victim(), 0);
	ck_assert_uint_eq(shares_held(shares, &items[4].source, view_text("e")), 9);
	shares_weigh(shares, &items[4].entry, 2, 5);
	shares_hold(shares, &items[4].entry, false);
	ck_assert_uint_eq(victim(), 4);
	ck_assert_uint_eq(shares_held(shares, &items[4].source, view_text("e")), 0);
}
END_TEST

/* As good as a light one, wherever it is compared. */
START_TEST(victim_is_no_single_one_for_its_weight)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.2", "a", false);
	enter(2, "192.0.2.2", "b", false);
	enter(3, "192.0.2.3", "c", false);
	shares_weigh(shares, &items[3].entry, 1, 8);
	ck_assert_uint_eq(victim(), 1); /* its source has two */
	shares_leave(shares, &items[1].entry);
	ck_assert_uint_eq(victim(), 0);
	shares_leave(shares, &items[0].entry);
	enter(4, "192.0.2.4", "c", false); /* the subject has 9 */
	ck_assert_uint_eq(victim(), 3);
	enter(5, "192.0.2.4", "c", false);
	ck_assert_uint_eq(victim(), 4); /* and the most of it here */
}
END_TEST

/* A source, and its subject, that have held entries for long are no fuller for it. */
START_TEST(victim_is_never_the_newest)
{
	enter(0, "192.0.2.1", "a", true);
	enter(1, "192.0.2.2", "b", false);
	enter(2, "192.0.2.1", "a", false);
	ck_assert_uint_eq(victim(), 1);
	enter(3, "192.0.2.2", "b", false); /* its source gives up the one before */
	ck_assert_uint_eq(victim(), 1);
	shares_leave(shares, &items[1].entry);
	ck_assert_uint_eq(victim(), 2);
}
END_TEST

START_TEST(victim_within_a_network_the_fullest_subnet_gives_way)
{
	enter(0, "[2001:db8:1:1::1]:1", "", false);
	enter(1, "[2001:db8:1:2::1]:1", "", false);
	enter(2, "[2001:db8:1:2::2]:1", "", false);
	enter(3, "192.0.2.1", "", false);
	enter(4, "192.0.2.1", "", false);
	ck_assert_uint_eq(victim(), 1);
	shares_leave(shares, &items[1].entry);
	shares_leave(shares, &items[2].entry);
	ck_assert_uint_eq(victim(), 3);
}
END_TEST

/* Each subnet is quiet, the network is not. */
START_TEST(victim_many_subnets_of_a_network_count_together)
{
	char peer[64];

	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(peer, sizeof peer, "[2001:db8:1:%zx::1]:1", i);
		enter(i, peer, "", false);
	}
	enter(10, "192.0.2.1", "", false);
	enter(11, "192.0.2.1", "", false);
	ck_assert_uint_eq(victim(), 0);
}
END_TEST

/* One subject from many sources, of which the machine's own has least. */
START_TEST(victim_subject_from_many_sources_gives_way_where_it_has_most)
{
	char peer[64];

	enter(0, "198.51.100.1", "ek", false);
	enter(1, "198.51.100.2", "other", false);
	for (size_t i = 0; i < 20; i++) {
		(void)snprintf(peer, sizeof peer, "192.0.2.%zu", i / 2);
		enter(2 + i, peer, "ek", false);
	}
	for (size_t i = 0; i < 10; i++) {
		ck_assert_uint_eq(victim(), 2 + 2 * i);
		shares_leave(shares, &items[victim()].entry);
	}
	ck_assert_uint_eq(victim(), 0);
}
END_TEST

/* Somebody behind the same address asks for many: the others there have their share. */
START_TEST(victim_within_a_source_the_fullest_subject_gives_way)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.1", "b", false);
	enter(2, "192.0.2.1", "b", false);
	ck_assert_uint_eq(victim(), 1);
}
END_TEST

START_TEST(hold_what_is_held_stays_and_counts_for_nobody)
{
	enter(0, "192.0.2.1", "a", true);
	enter(1, "192.0.2.1", "a", true);
	enter(2, "192.0.2.1", "a", false);
	enter(3, "192.0.2.2", "b", false);
	enter(4, "192.0.2.2", "b", false);
	ck_assert_uint_eq(shares_count(shares), 5);
	ck_assert_uint_eq(shares_held(shares, &items[0].source, view_text("a")), 2);
	ck_assert_uint_eq(shares_held(shares, &items[0].source, view_text("b")), 0);
	ck_assert_uint_eq(victim(), 3);
	shares_hold(shares, &items[3].entry, true);
	ck_assert_uint_eq(victim(), 2); /* each has one, and this source came first */
	shares_hold(shares, &items[2].entry, true);
	ck_assert_uint_eq(victim(), 4);
	shares_hold(shares, &items[3].entry, false); /* as its newest */
	ck_assert_uint_eq(victim(), 4);
}
END_TEST

START_TEST(leave_twice_counts_once)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.1", "a", false);
	shares_leave(shares, &items[0].entry);
	shares_leave(shares, &items[0].entry);
	ck_assert_uint_eq(shares_count(shares), 1);
	ck_assert_uint_eq(victim(), 1);
}
END_TEST

/* ---- the model ---- */

enum level { NETWORK, SOURCE, SUBJECT, PAIR };

static bool
same(const struct item *a, const struct item *b, enum level level)
{
	struct source above_a = source_above(&a->source);
	struct source above_b = source_above(&b->source);

	switch (level) {
	case NETWORK:
		return source_equal(&above_a, &above_b);
	case SOURCE:
		return source_equal(&a->source, &b->source);
	case SUBJECT:
		return strcmp(a->subject, b->subject) == 0;
	case PAIR:
		return same(a, b, SOURCE) && same(a, b, SUBJECT);
	}
	return false;
}

static bool
is_loose(const struct item *item)
{
	return item->entry.pair != NULL && !item->entry.held;
}

/* What counts of those at the level: their weight, if there are several. */
static size_t
count_of(const struct item *item, enum level level)
{
	size_t count = 0;
	size_t weight = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (!is_loose(&items[i]) || !same(item, &items[i], level))
			continue;
		count += items[i].entry.count;
		weight += items[i].entry.weight;
	}
	return count > 1 ? weight : count;
}

/* The most that anybody has at the level, among those who share `within` at `outer`. */
static size_t
most_of(enum level level, const struct item *within, enum level outer)
{
	size_t most = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		size_t count;

		if (!is_loose(&items[i]) || (within != NULL && !same(within, &items[i], outer)) ||
		    (level == SUBJECT && items[i].subject[0] == '\0'))
			continue;
		count = count_of(&items[i], level);
		most = count > most ? count : most;
	}
	return most;
}

static void
assert_victim_is_right(void)
{
	size_t             networks = most_of(NETWORK, NULL, NETWORK);
	size_t             subjects = most_of(SUBJECT, NULL, SUBJECT);
	size_t             chosen = victim();
	const struct item *item = &items[chosen];

	if (networks == 0) {
		ck_assert_uint_eq(chosen, ENTRIES);
		return;
	}
	ck_assert_uint_lt(chosen, ENTRIES);
	ck_assert(is_loose(item));
	if (subjects > networks) {
		ck_assert_uint_eq(count_of(item, SUBJECT), subjects);
		ck_assert_uint_eq(count_of(item, PAIR), most_of(PAIR, item, SUBJECT));
	} else {
		ck_assert_uint_eq(count_of(item, NETWORK), networks);
		ck_assert_uint_eq(count_of(item, SOURCE), most_of(SOURCE, item, NETWORK));
		ck_assert_uint_eq(count_of(item, PAIR), most_of(PAIR, item, SOURCE));
	}
	for (size_t i = 0; i < ENTRIES; i++)
		ck_assert(!is_loose(&items[i]) || !same(item, &items[i], PAIR) ||
		    items[i].age >= item->age);
}

static size_t
shares_loose(void)
{
	size_t loose = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		loose += is_loose(&items[i]);
	return loose;
}

static void
enter_random(size_t i)
{
	static const char *const subjects[] = {"", "a", "b", "c", "d", "e"};
	char                     peer[64];
	long                     draw = random();

	if (draw % 3 == 0)
		(void)snprintf(peer, sizeof peer, "192.0.2.%ld:1", draw / 3 % 7);
	else
		(void)snprintf(peer, sizeof peer, "[2001:db8:%ld:%ld::1]:1", draw / 3 % 3,
		    draw / 9 % 4);
	enter(i, peer, subjects[(size_t)random() % 6], random() % 5 == 0);
	if (random() % 2 == 0) {
		uint32_t count = 1 + (uint32_t)random() % 3;

		shares_weigh(shares, &items[i].entry, count, count * (1 + (size_t)random() % 8));
	}
	if (items[i].entry.count == 1 && shares_loose() > 1)
		ck_assert_uint_ne(victim(), i);
}

START_TEST(model_random_changes_agree)
{
	srandom((unsigned)_i);
	for (int step = 0; step < 3000; step++) {
		size_t i = (size_t)random() % ENTRIES;

		if (items[i].entry.pair == NULL) {
			enter_random(i);
		} else if (random() % 3 == 0) {
			bool held = random() % 2 == 0;

			if (items[i].entry.held && !held)
				items[i].age = ages++;
			shares_hold(shares, &items[i].entry, held);
		} else {
			shares_leave(shares, &items[i].entry);
		}
		if (step % 100 == 0)
			assert_victim_is_right();
	}
	for (; victim() != ENTRIES; shares_leave(shares, &items[victim()].entry)) {
		if (shares_count(shares) % 16 == 0)
			assert_victim_is_right();
	}
}
END_TEST

START_TEST(of_source_counts_the_evictable_ones_and_those_below)
{
	struct source one = source_of_text(view_text("[2001:db8:1:1::1]:1"));
	struct source network = source_above(&one);
	struct source other = source_of_text(view_text("192.0.2.1"));

	ck_assert_uint_eq(shares_of_source(shares, &network), 0);
	enter(0, "[2001:db8:1:1::1]:1", "a", false);
	enter(1, "[2001:db8:1:2::1]:1", "b", false);
	enter(2, "[2001:db8:1:1::2]:1", "c", true);
	ck_assert_uint_eq(shares_of_source(shares, &one), 1);
	ck_assert_uint_eq(shares_of_source(shares, &network), 2);
	ck_assert_uint_eq(shares_of_source(shares, &other), 0);
	shares_leave(shares, &items[0].entry);
	ck_assert_uint_eq(shares_of_source(shares, &one), 0);
	ck_assert_uint_eq(shares_of_source(shares, &network), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shares");
	TCase *tc = tcase_create("shares");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, of_source_counts_the_evictable_ones_and_those_below);
	tcase_add_test(tc, victim_of_nothing_is_none);
	tcase_add_test(tc, victim_fullest_source_gives_way_with_its_oldest);
	tcase_add_test(tc, victim_is_of_the_source_with_the_most_weight);
	tcase_add_test(tc, victim_is_no_single_one_for_its_weight);
	tcase_add_test(tc, victim_is_never_the_newest);
	tcase_add_test(tc, victim_within_a_network_the_fullest_subnet_gives_way);
	tcase_add_test(tc, victim_many_subnets_of_a_network_count_together);
	tcase_add_test(tc, victim_subject_from_many_sources_gives_way_where_it_has_most);
	tcase_add_test(tc, victim_within_a_source_the_fullest_subject_gives_way);
	tcase_add_test(tc, hold_what_is_held_stays_and_counts_for_nobody);
	tcase_add_test(tc, leave_twice_counts_once);
	tcase_add_loop_test(tc, model_random_changes_agree, 1, 5);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
