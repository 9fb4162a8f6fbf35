#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/lru.h"

static struct lru *lru;
static int         cleared; /* the sum of the values that were ended */

static void
clear_cb(void *value)
{
	cleared += *(int *)value;
	free(value);
}

static void
setup(void)
{
	cleared = 0;
	lru = lru_new(3, clear_cb);
}

static void
teardown(void)
{
	lru_free(lru);
	lru = NULL;
}

/* The key of a number. Those that are 3 apart are in one bucket. */
static const uint8_t *
key_of(uint64_t number)
{
	static uint8_t key[LRU_KEY_SIZE];

	memset(key, 0, sizeof key);
	memcpy(key, &number, sizeof number);
	return key;
}

static void
put(uint64_t number, int content)
{
	int *value = memory_new(sizeof *value);

	*value = content;
	lru_put(lru, key_of(number), value);
}

static void
use_cb(void *value, void *arg)
{
	*(int *)arg = *(int *)value;
}

/* The value of that number, or 0. */
static int
find(uint64_t number)
{
	int content = 0;

	ck_assert_int_eq(lru_find(lru, key_of(number), use_cb, &content), content != 0);
	return content;
}

START_TEST(find_gives_what_was_put)
{
	ck_assert_int_eq(find(1), 0);
	put(1, 7);
	put(4, 8); /* the same bucket */
	ck_assert_int_eq(find(1), 7);
	ck_assert_int_eq(find(4), 8);
	ck_assert_int_eq(find(7), 0);
	ck_assert_int_eq(cleared, 0);
}
END_TEST

START_TEST(put_ends_the_value_of_the_same_key)
{
	put(1, 7);
	put(1, 9);
	ck_assert_int_eq(cleared, 7);
	ck_assert_int_eq(find(1), 9);
	ck_assert_uint_eq(lru_count(lru), 1);
}
END_TEST

START_TEST(put_forgets_what_was_used_least_lately)
{
	put(1, 1);
	put(2, 2);
	put(3, 3);
	ck_assert_int_eq(find(1), 1); /* 2 is the oldest now */
	put(4, 4);
	ck_assert_int_eq(cleared, 2);
	ck_assert_int_eq(find(2), 0);
	ck_assert_int_eq(find(1), 1);
	ck_assert_int_eq(find(3), 3);
	ck_assert_int_eq(find(4), 4);
	ck_assert_uint_eq(lru_count(lru), 3);
}
END_TEST

/* Keys differ in any octet. */
START_TEST(find_compares_whole_keys)
{
	uint8_t key[LRU_KEY_SIZE] = {1};
	int     content = 0;

	put(1, 7);
	key[LRU_KEY_SIZE - 1] = 1;
	ck_assert(!lru_find(lru, key, use_cb, &content));
}
END_TEST

START_TEST(free_ends_all_values)
{
	put(1, 1);
	put(2, 2);
	put(3, 3);
	teardown();
	ck_assert_int_eq(cleared, 6);
	lru_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lru");
	TCase *tc = tcase_create("lru");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, find_gives_what_was_put);
	tcase_add_test(tc, put_ends_the_value_of_the_same_key);
	tcase_add_test(tc, put_forgets_what_was_used_least_lately);
	tcase_add_test(tc, find_compares_whole_keys);
	tcase_add_test(tc, free_ends_all_values);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
