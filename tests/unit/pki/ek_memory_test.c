#include "config.h"

#include <string.h>

#include "pki/ek_memory.h"
#include "pki/ek_shown.h"
#include "unit.h"

static struct ek_memory *memory;

static void
setup(void)
{
	memory = ek_memory_new(3);
}

static void
teardown(void)
{
	ek_memory_free(memory);
	ek_memory_free(NULL);
}

/* The key of a number. Those that are 3 apart are in one bucket. */
static const uint8_t *
key_of(uint64_t number)
{
	static uint8_t key[EK_MEMORY_KEY_SIZE];

	memset(key, 0, sizeof key);
	memcpy(key, &number, sizeof number);
	return key;
}

static void
put(uint64_t number, int64_t now, size_t index)
{
	ek_memory_put(memory, key_of(number), now, &(struct ek_finding){.index = index});
}

/* What is kept of that number at `now`, or 0. */
static size_t
find(uint64_t number, int64_t now)
{
	struct ek_finding finding = {0};

	return ek_memory_find(memory, key_of(number), now, &finding) ? finding.index : 0;
}

START_TEST(find_gives_what_was_put)
{
	ck_assert_uint_eq(find(1, 10), 0);
	put(1, 10, 7);
	put(4, 10, 8); /* the same bucket */
	ck_assert_uint_eq(find(1, 10), 7);
	ck_assert_uint_eq(find(4, 10), 8);
	ck_assert_uint_eq(find(7, 10), 0);
	put(1, 10, 9);
	ck_assert_uint_eq(find(1, 10), 9);
	ck_assert_uint_eq(ek_memory_count(memory), 2);
}
END_TEST

/* Every octet of the key counts. */
START_TEST(find_of_a_key_with_another_last_octet_is_nothing)
{
	uint8_t           key[EK_MEMORY_KEY_SIZE] = {1};
	struct ek_finding finding = {.index = 7};

	ek_memory_put(memory, key, 10, &finding);
	ck_assert(ek_memory_find(memory, key, 10, &finding));
	key[EK_MEMORY_KEY_SIZE - 1] = 1;
	ck_assert(!ek_memory_find(memory, key, 10, &finding));
}
END_TEST

START_TEST(find_before_its_time_is_nothing)
{
	put(1, 10, 7);
	ck_assert_uint_eq(find(1, 9), 0);
	ck_assert_uint_eq(find(1, 10), 7);
	ck_assert_uint_eq(find(1, 11), 7);
}
END_TEST

START_TEST(put_into_a_full_one_displaces_the_least_recently_used)
{
	put(1, 10, 1);
	put(2, 10, 2);
	put(4, 10, 4);
	ck_assert_uint_eq(find(1, 10), 1);
	put(7, 10, 7);
	ck_assert_uint_eq(ek_memory_count(memory), 3);
	ck_assert_uint_eq(find(2, 10), 0);
	ck_assert_uint_eq(find(1, 10), 1);
	ck_assert_uint_eq(find(4, 10), 4);
	ck_assert_uint_eq(find(7, 10), 7);
	put(1, 10, 5); /* puts it before the others, too */
	put(8, 10, 8);
	ck_assert_uint_eq(find(4, 10), 0);
	ck_assert_uint_eq(find(1, 10), 5);
	for (uint64_t i = 0; i < 1000; i++) {
		put(i, 10, i + 1);
		ck_assert_uint_eq(find(i, 10), i + 1);
		ck_assert_uint_le(ek_memory_count(memory), 3);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_memory");
	TCase *tcase = tcase_create("memory");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, find_gives_what_was_put);
	tcase_add_test(tcase, find_of_a_key_with_another_last_octet_is_nothing);
	tcase_add_test(tcase, find_before_its_time_is_nothing);
	tcase_add_test(tcase, put_into_a_full_one_displaces_the_least_recently_used);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
