/* Values that are replaced while others read them: freed once, and not too soon. */
#include "config.h"

#include "util/shared.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "unit.h"
#include "util/bytes.h"

#define READERS 4
#define TURNS 2000

static atomic_int freed;

static void
count_free(void *value)
{
	*(int *)value = -1;
	free(value);
	(void)atomic_fetch_add(&freed, 1);
}

static int *
number_new(int number)
{
	int *value = memory_new(sizeof *value);

	*value = number;
	return value;
}

START_TEST(acquire_before_anything_is_null)
{
	struct shared *shared = shared_new(count_free);

	ck_assert_ptr_null(shared_acquire(shared));
	shared_release(shared, NULL);
	shared_free(shared);
	shared_free(NULL);
	ck_assert_int_eq(freed, 0);
}
END_TEST

START_TEST(replace_while_held_leaves_the_old_one_to_its_reader)
{
	struct shared         *shared = shared_new(count_free);
	struct shared_version *old;
	struct shared_version *fresh;

	shared_replace(shared, number_new(1));
	old = shared_acquire(shared);
	shared_replace(shared, number_new(2));
	fresh = shared_acquire(shared);
	ck_assert_int_eq(*(int *)old->value, 1);
	ck_assert_int_eq(*(int *)fresh->value, 2);
	ck_assert_int_eq(freed, 0);
	shared_release(shared, old);
	ck_assert_int_eq(freed, 1);
	shared_release(shared, fresh);
	ck_assert_int_eq(freed, 1);
	shared_replace(shared, NULL);
	ck_assert_int_eq(freed, 2);
	ck_assert_ptr_null(shared_acquire(shared));
	shared_free(shared);
	ck_assert_int_eq(freed, 2);
}
END_TEST

/* What a reader holds stays what it is, however often it is read. */
static void *
reader_main(void *arg)
{
	struct shared *shared = arg;
	int            last = 0;

	for (;;) {
		struct shared_version *version = shared_acquire(shared);
		int                    number;

		if (version == NULL)
			return NULL;
		number = *(int *)version->value;
		ck_assert_int_ge(number, last);
		ck_assert_int_eq(*(int *)version->value, number);
		last = number;
		shared_release(shared, version);
	}
}

START_TEST(replace_under_readers_frees_each_once)
{
	struct shared *shared = shared_new(count_free);
	pthread_t      readers[READERS];

	shared_replace(shared, number_new(1));
	for (size_t i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, reader_main, shared), 0);
	for (int turn = 2; turn <= TURNS; turn++)
		shared_replace(shared, number_new(turn));
	shared_replace(shared, NULL);
	for (size_t i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
	shared_free(shared);
	ck_assert_int_eq(freed, TURNS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared");
	TCase *tc = tcase_create("shared");

	tcase_add_test(tc, acquire_before_anything_is_null);
	tcase_add_test(tc, replace_while_held_leaves_the_old_one_to_its_reader);
	tcase_add_test(tc, replace_under_readers_frees_each_once);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
