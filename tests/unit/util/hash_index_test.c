/* What is in the index is found, and nothing else, whatever their hashes are. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/hash_index.h"

#define THINGS 2000

/* The hashes of things, by number; the key of a thing is its number. */
static uint64_t hashes[THINGS];
static bool     there[THINGS];

static uint64_t
thing_hash(const void *table, uint32_t number)
{
	if (table != hashes || number >= THINGS)
		abort(); /* cheaper than ck_assert, which writes to a pipe */
	return hashes[number];
}

static bool
thing_match(const void *table, uint32_t number, const void *key)
{
	if (table != hashes)
		abort();
	return number == *(const uint32_t *)key;
}

static uint32_t
find(const struct hash_index *index, uint32_t number)
{
	return hash_index_find(index, hashes[number], thing_match, &number);
}

static void
assert_as_modelled(const struct hash_index *index)
{
	size_t count = 0;
	size_t wrong = 0;

	for (uint32_t i = 0; i < THINGS; i++) {
		wrong += find(index, i) != (there[i] ? i : HASH_INDEX_NONE);
		count += there[i];
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(hash_index_count(index), count);
}

static void
toggle(struct hash_index *index, uint32_t number)
{
	if (there[number])
		hash_index_remove(index, number);
	else
		hash_index_add(index, number);
	there[number] = !there[number];
	if (find(index, number) != (there[number] ? number : HASH_INDEX_NONE))
		ck_abort_msg("%u is wrong", (unsigned)number);
}

/* Hashes that differ in so many bits only: from all alike to hardly any collision. */
static void
hashes_draw(unsigned bits)
{
	memset(there, 0, sizeof there);
	for (size_t i = 0; i < THINGS; i++)
		hashes[i] = ((uint64_t)random() & ((UINT64_C(1) << bits) - 1)) << 2 | UINT64_C(3) << 50;
}

/* Grows, shrinks and closes gaps, around its end too. */
START_TEST(random_changes_agree_with_a_model)
{
	struct hash_index *index = hash_index_new(thing_hash, hashes);
	size_t             among = _i < 10 ? 100 : THINGS;

	srandom((unsigned)_i);
	hashes_draw((unsigned)_i);
	for (int step = 0; step < 6000; step++) {
		toggle(index, (uint32_t)((size_t)random() % among));
		if (step % 1000 == 0)
			assert_as_modelled(index);
		if (step % 2000 == 1999)
			hash_index_reserve(index, (size_t)random() % 3 * 400);
	}
	assert_as_modelled(index);
	for (uint32_t i = 0; i < THINGS; i++) {
		if (there[i])
			toggle(index, i);
	}
	assert_as_modelled(index);
	hash_index_free(index);
}
END_TEST

/* Each of a cluster in turn leaves, from a full one of equal hashes and their neighbours. */
START_TEST(remove_closes_the_gap)
{
	for (uint32_t gone = 0; gone < 14; gone++) {
		struct hash_index *index = hash_index_new(thing_hash, hashes);

		memset(there, 0, sizeof there);
		for (uint32_t i = 0; i < 14; i++) {
			hashes[i] = 13 + i / 4; /* of 16 slots: around the end */
			toggle(index, i);
		}
		toggle(index, gone);
		assert_as_modelled(index);
		hash_index_free(index);
	}
}
END_TEST

START_TEST(highest_number_is_kept)
{
	struct hash_index *index = hash_index_new(thing_hash, hashes);

	hash_index_free(NULL);
	hashes_draw(1);
	ck_assert_uint_eq(find(index, 0), HASH_INDEX_NONE);
	toggle(index, THINGS - 1);
	assert_as_modelled(index);
	hash_index_free(index);
}
END_TEST

/* A number that is not there has no slot to give back. */
START_TEST(remove_of_what_is_not_there_aborts)
{
	struct hash_index *index = hash_index_new(thing_hash, hashes);

	hash_index_add(index, 1);
	hash_index_remove(index, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hash_index");
	TCase *tc = tcase_create("hash_index");

	tcase_add_loop_test(tc, random_changes_agree_with_a_model, 0, 14);
	tcase_add_test(tc, remove_closes_the_gap);
	tcase_add_test(tc, highest_number_is_kept);
	tcase_add_test_raise_signal(tc, remove_of_what_is_not_there_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
