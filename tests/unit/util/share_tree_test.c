/* Who gives way: the rules one by one, and a model that counts everything again. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/share_node.h"
#include "util/share_tree.h"
#include "util/slab.h"
#include "util/source.h"

#define ENTRIES 400

struct item {
	struct share_link link;
	struct source     source;
	char              subject[8];
	uint32_t          weight;
	bool              keeps_source; /* what the tree reads from it: nothing that the tree keeps */
	bool              keeps_subject;
	uint64_t          age; /* the smaller, the older */
};

static struct item        items[ENTRIES];
static struct share_tree *tree;
static uint64_t           ages;

static struct share_link *
item_link(const void *table, uint32_t number)
{
	if (table != items || number >= ENTRIES)
		abort(); /* cheaper than ck_assert, which writes to a pipe */
	return &items[number].link;
}

static uint32_t
item_weight(const void *table, uint32_t number)
{
	if (table != items)
		abort();
	return items[number].weight;
}

static void
item_parts(const void *table, uint32_t number, struct share_parts *parts)
{
	const struct item *item = &((const struct item *)table)[number];

	parts->has_source = item->keeps_source;
	parts->has_subject = item->keeps_subject;
	if (item->keeps_source)
		parts->source = item->source;
	if (item->keeps_subject)
		parts->subject = view_text(item->subject);
}

static const struct share_owner owner = {item_link, item_weight, item_parts};

static void
enter_weighing(size_t i, const char *peer, const char *subject, bool held, uint32_t weight)
{
	struct item       *item = &items[i];
	struct share_parts asked;

	*item = (struct item){.source = source_of_text(view_text(peer)), .age = ages++, .weight = weight};
	(void)snprintf(item->subject, sizeof item->subject, "%s", subject);
	share_tree_ask(tree, &item->source, view_text(item->subject), &asked);
	item->keeps_source = asked.has_source;
	item->keeps_subject = asked.has_subject;
	share_tree_enter(tree, (uint32_t)i, &item->source, view_text(item->subject), held);
}

static void
enter(size_t i, const char *peer, const char *subject, bool held)
{
	enter_weighing(i, peer, subject, held, 1);
}

static void
leave(size_t i)
{
	share_tree_leave(tree, (uint32_t)i);
}

static size_t
victim(void)
{
	uint32_t number = share_tree_victim(tree);

	return number != SLAB_NONE ? number : ENTRIES;
}

static void
setup(void)
{
	memset(items, 0, sizeof items);
	tree = share_tree_new(&owner, items);
}

static void
teardown(void)
{
	for (size_t i = 0; i < ENTRIES; i++)
		leave(i);
	ck_assert_uint_eq(share_tree_count(tree), 0);
	ck_assert_uint_eq(victim(), ENTRIES);
	share_tree_free(tree);
}

START_TEST(victim_of_nothing_is_none)
{
	share_tree_free(NULL);
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
	leave(1);
	ck_assert_uint_eq(victim(), 0); /* of equals, who came first */
}
END_TEST

START_TEST(victim_is_of_the_source_with_the_most_weight)
{
	enter_weighing(0, "192.0.2.1", "a", false, 3);
	enter(1, "192.0.2.2", "b", false);
	enter(2, "192.0.2.2", "c", false);
	ck_assert_uint_eq(victim(), 1); /* a single one is one */
	enter(3, "192.0.2.1", "d", false);
	ck_assert_uint_eq(share_tree_of_source(tree, &items[0].source), 4);
	ck_assert_uint_eq(victim(), 0);
	enter_weighing(4, "192.0.2.2", "c", false, 3); /* now 5, and c alone has 4 */
	ck_assert_uint_eq(victim(), 2);
	leave(4);
	ck_assert_uint_eq(victim(), 0);
	enter_weighing(5, "192.0.2.3", "e", true, 9);
	ck_assert_uint_eq(victim(), 0);
	ck_assert_uint_eq(share_tree_held(tree, &items[5].source, view_text("e")), 9);
	enter_weighing(6, "192.0.2.3", "e", true, 5);
	ck_assert_uint_eq(share_tree_held(tree, &items[5].source, view_text("e")), 14);
	share_tree_hold(tree, 5, false);
	ck_assert_uint_eq(victim(), 0);
	share_tree_hold(tree, 6, false);
	ck_assert_uint_eq(victim(), 5);
	ck_assert_uint_eq(share_tree_held(tree, &items[5].source, view_text("e")), 0);
}
END_TEST

/* As good as a light one, wherever it is compared. */
START_TEST(victim_is_no_single_one_for_its_weight)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.2", "a", false);
	enter(2, "192.0.2.2", "b", false);
	enter_weighing(3, "192.0.2.3", "c", false, 8);
	ck_assert_uint_eq(victim(), 1); /* its source has two */
	leave(1);
	ck_assert_uint_eq(victim(), 0);
	leave(0);
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
	leave(1);
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
	leave(1);
	leave(2);
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
		leave(victim());
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
	ck_assert_uint_eq(share_tree_count(tree), 5);
	ck_assert_uint_eq(share_tree_held(tree, &items[0].source, view_text("a")), 2);
	ck_assert_uint_eq(share_tree_held(tree, &items[0].source, view_text("b")), 0);
	ck_assert_uint_eq(victim(), 3);
	share_tree_hold(tree, 3, true);
	ck_assert_uint_eq(victim(), 2); /* each has one, and this source came first */
	share_tree_hold(tree, 2, true);
	ck_assert_uint_eq(victim(), 4);
	share_tree_hold(tree, 3, false); /* as its newest */
	ck_assert_uint_eq(victim(), 4);
}
END_TEST

START_TEST(leave_twice_counts_once)
{
	enter(0, "192.0.2.1", "a", false);
	enter(1, "192.0.2.1", "a", false);
	leave(0);
	leave(0);
	ck_assert_uint_eq(share_tree_count(tree), 1);
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
	return share_link_entered(&item->link) && !share_link_held(&item->link);
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
		count++;
		weight += items[i].weight;
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

/* The weight of all that count as this one does at the level, evictable or held. */
static size_t
weight_of(const struct item *item, enum level level, bool held)
{
	size_t weight = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (share_link_entered(&items[i].link) && share_link_held(&items[i].link) == held &&
		    same(item, &items[i], level))
			weight += items[i].weight;
	}
	return weight;
}

static void
assert_counts_are_right(void)
{
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct item *item = &items[i];
		struct source      network = source_above(&item->source);
		struct share_parts parts;

		ck_assert_uint_eq(share_tree_held(tree, &item->source, view_text(item->subject)),
		    weight_of(item, PAIR, true));
		ck_assert_uint_eq(share_tree_of_source(tree, &item->source), weight_of(item, SOURCE, false));
		ck_assert_uint_eq(share_tree_of_source(tree, &network), weight_of(item, NETWORK, false));
		if (!share_link_entered(&item->link))
			continue;
		share_tree_parts(tree, i, &parts);
		ck_assert(source_equal(&parts.source, &item->source));
		ck_assert(view_equal(parts.subject, view_text(item->subject)));
	}
}

static size_t
loose_count(void)
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
	enter_weighing(i, peer, subjects[(size_t)random() % 6], random() % 5 == 0,
	    random() % 2 == 0 ? 1 : 1 + (uint32_t)random() % 24);
	if (loose_count() > 1)
		ck_assert_uint_ne(victim(), i);
}

START_TEST(model_random_changes_agree)
{
	srandom((unsigned)_i);
	for (int step = 0; step < 3000; step++) {
		size_t i = (size_t)random() % (step % 1000 < 500 ? ENTRIES : ENTRIES / 16);

		if (!share_link_entered(&items[i].link)) {
			enter_random(i);
		} else if (random() % 3 == 0) {
			bool held = random() % 2 == 0;

			if (share_link_held(&items[i].link) && !held)
				items[i].age = ages++;
			share_tree_hold(tree, (uint32_t)i, held);
		} else {
			leave(i);
		}
		if (step % 100 == 0)
			assert_victim_is_right();
		if (step % 500 == 0)
			assert_counts_are_right();
	}
	for (; victim() != ENTRIES; leave(victim())) {
		if (share_tree_count(tree) % 16 == 0)
			assert_victim_is_right();
	}
}
END_TEST

/* Two who were alone, with all that comes of it when a third has something in common with each. */
START_TEST(alone_then_together_counts_as_if_from_the_first)
{
	struct source source = source_of_text(view_text("[2001:db8:1:1::1]:1"));
	struct source other = source_of_text(view_text("[2001:db8:1:2::1]:1"));
	struct source network = source_above(&source);

	enter_weighing(0, "[2001:db8:1:1::1]:1", "a", false, 2);
	enter_weighing(1, "192.0.2.1", "b", true, 3);
	ck_assert_uint_eq(share_tree_of_source(tree, &source), 2);
	ck_assert_uint_eq(share_tree_of_source(tree, &network), 2);
	ck_assert_uint_eq(share_tree_of_source(tree, &other), 0);
	ck_assert_uint_eq(share_tree_held(tree, &items[1].source, view_text("b")), 3);
	ck_assert_uint_eq(share_tree_held(tree, &source, view_text("b")), 0);
	ck_assert_uint_eq(share_tree_held(tree, &items[1].source, view_text("")), 0);
	ck_assert_uint_eq(victim(), 0);
	enter(2, "[2001:db8:1:2::1]:1", "b", false); /* a site with the first, a subject with the second */
	ck_assert_uint_eq(share_tree_of_source(tree, &source), 2);
	ck_assert_uint_eq(share_tree_of_source(tree, &network), 3);
	ck_assert_uint_eq(share_tree_held(tree, &items[1].source, view_text("b")), 3);
	ck_assert_uint_eq(victim(), 0);
	enter(3, "198.51.100.1", "c", false);
	leave(0);
	ck_assert_uint_eq(victim(), 2); /* quiet for longer than the other single one */
	share_tree_hold(tree, 1, false);
	ck_assert_uint_eq(share_tree_held(tree, &items[1].source, view_text("b")), 0);
	ck_assert_uint_eq(victim(), 2); /* the subject has two, and this one's source was quiet for longer */
	assert_counts_are_right();
}
END_TEST

/* Without a subject, and held, alone with its source: found by that. */
START_TEST(held_without_a_subject_is_counted)
{
	enter(0, "192.0.2.1", "", true);
	enter(1, "192.0.2.2", "x", true);
	ck_assert_uint_eq(share_tree_held(tree, &items[0].source, view_text("")), 1);
	ck_assert_uint_eq(share_tree_held(tree, &items[1].source, view_text("")), 0);
	enter(2, "192.0.2.1", "", true);
	ck_assert_uint_eq(share_tree_held(tree, &items[0].source, view_text("")), 2);
	share_tree_hold(tree, 0, true); /* no change */
	ck_assert_uint_eq(share_tree_held(tree, &items[0].source, view_text("")), 2);
}
END_TEST

/* An entry that comes to counts that exist need not keep what they have. */
START_TEST(ask_tells_what_the_tree_keeps)
{
	struct source      source = source_of_text(view_text("192.0.2.1"));
	struct share_parts parts;

	share_tree_ask(tree, &source, view_text("a"), &parts);
	ck_assert(parts.has_source && parts.has_subject);
	enter(0, "192.0.2.1", "a", false);
	share_tree_ask(tree, &source, view_text("a"), &parts);
	ck_assert(parts.has_source && parts.has_subject);
	enter(1, "192.0.2.1", "b", false);
	share_tree_ask(tree, &source, view_text("a"), &parts);
	ck_assert(!parts.has_source && parts.has_subject);
	enter(2, "192.0.2.1", "a", false);
	share_tree_ask(tree, &source, view_text("a"), &parts);
	ck_assert(!parts.has_source && !parts.has_subject);
	leave(0);
	leave(2);
	share_tree_ask(tree, &source, view_text("a"), &parts);
	ck_assert(!parts.has_source && parts.has_subject);
}
END_TEST

START_TEST(of_source_counts_the_evictable_ones_and_those_below)
{
	struct source one = source_of_text(view_text("[2001:db8:1:1::1]:1"));
	struct source network = source_above(&one);
	struct source other = source_of_text(view_text("192.0.2.1"));

	ck_assert_uint_eq(share_tree_of_source(tree, &network), 0);
	enter(0, "[2001:db8:1:1::1]:1", "a", false);
	enter(1, "[2001:db8:1:2::1]:1", "b", false);
	enter(2, "[2001:db8:1:1::2]:1", "c", true);
	ck_assert_uint_eq(share_tree_of_source(tree, &one), 1);
	ck_assert_uint_eq(share_tree_of_source(tree, &network), 2);
	ck_assert_uint_eq(share_tree_of_source(tree, &other), 0);
	leave(0);
	ck_assert_uint_eq(share_tree_of_source(tree, &one), 0);
	ck_assert_uint_eq(share_tree_of_source(tree, &network), 1);
}
END_TEST

/* It would be cut, and two subjects be one; or a place be taken for another's. */
START_TEST(key_of_a_subject_that_is_too_long_aborts)
{
	static const uint8_t long_subject[256];
	struct share_key     key;

	share_key_make(&key, SHARE_ROOT, NULL, (struct view){long_subject, sizeof long_subject});
}
END_TEST

START_TEST(enter_of_a_number_that_is_too_high_aborts)
{
	struct source source = source_of_text(view_text("192.0.2.1"));

	share_tree_enter(tree, SHARE_NUMBERS, &source, view_text("a"), false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("share_tree");
	TCase *tc = tcase_create("share_tree");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, alone_then_together_counts_as_if_from_the_first);
	tcase_add_test(tc, held_without_a_subject_is_counted);
	tcase_add_test(tc, ask_tells_what_the_tree_keeps);
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
	tcase_add_test_raise_signal(tc, key_of_a_subject_that_is_too_long_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, enter_of_a_number_that_is_too_high_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
