/* Cells by number: each is there, apart from the others, until it is given back. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "unit.h"
#include "util/slab.h"

#define CELLS 3000
#define SIZE  52

static uint32_t numbers[CELLS];

static void
take(struct slab *slab, size_t i)
{
	numbers[i] = slab_take(slab);
	ck_assert_uint_lt(numbers[i], SLAB_NUMBERS);
	ck_assert_uint_eq((uintptr_t)slab_at(slab, numbers[i]) % sizeof(void *), 0);
	memset(slab_at(slab, numbers[i]), (int)(i % 251), SIZE);
}

static void
assert_kept(const struct slab *slab, size_t i)
{
	uint8_t wanted[SIZE];

	memset(wanted, (int)(i % 251), sizeof wanted);
	ck_assert_mem_eq(slab_at(slab, numbers[i]), wanted, sizeof wanted);
}

START_TEST(take_many_keeps_each)
{
	struct slab *slab = slab_new(SIZE);

	for (size_t i = 0; i < CELLS; i++)
		take(slab, i);
	for (size_t i = 0; i < CELLS; i++)
		assert_kept(slab, i);
	slab_free(slab);
}
END_TEST

/* Every third cell goes and comes back, in several orders, until all have gone, twice. */
START_TEST(give_and_take_again_keeps_the_others)
{
	struct slab *slab = slab_new(SIZE);

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < CELLS; i++)
			take(slab, i);
		for (size_t i = 0; i < CELLS; i += 3)
			slab_give(slab, numbers[i]);
		for (size_t i = CELLS; i > 0; i -= 3)
			take(slab, i - 3);
		for (size_t i = 0; i < CELLS; i++)
			assert_kept(slab, i);
		for (size_t i = 0; i < CELLS; i++)
			slab_give(slab, numbers[i * 7 % CELLS]);
	}
	slab_free(slab);
}
END_TEST

START_TEST(take_numbers_are_different)
{
	static bool  taken[CELLS * 2];
	struct slab *slab = slab_new(SIZE);

	for (size_t i = 0; i < CELLS; i++) {
		take(slab, i);
		ck_assert_uint_lt(numbers[i], CELLS * 2);
		ck_assert(!taken[numbers[i]]);
		taken[numbers[i]] = true;
	}
	slab_free(slab);
	slab_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("slab");
	TCase *tc = tcase_create("slab");

	tcase_add_test(tc, take_many_keeps_each);
	tcase_add_test(tc, give_and_take_again_keeps_the_others);
	tcase_add_test(tc, take_numbers_are_different);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
