#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "pkcs11/queue.h"
#include "unit.h"

#define THREADS 8

static int        order[THREADS];
static int        served;
static atomic_int begun;

static void
moment(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void *
wait_in_queue(void *number)
{
	atomic_fetch_add(&begun, 1);
	queue_enter();
	order[served++] = *(int *)number;
	queue_leave();
	return NULL;
}

/* Each is let in alone, since all change `served`, and in the order in which they came. */
START_TEST(enter_first_come_first_served)
{
	pthread_t threads[THREADS];
	int       numbers[THREADS];

	queue_enter();
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, wait_in_queue, &numbers[i]), 0);
		while (atomic_load(&begun) != i + 1)
			moment();
		moment(); /* it is in the queue by now, or the test proves less */
	}
	ck_assert_int_eq(served, 0);
	queue_leave();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(served, THREADS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(order[i], i);
}
END_TEST

/* Who leaves and comes again at once does not overtake the one who waits, though that still sleeps. */
START_TEST(leave_hands_over_to_the_one_who_waits)
{
	for (int i = 0; i < 5; i++) {
		pthread_t thread;
		int       number = 0;

		served = 0;
		queue_enter();
		ck_assert_int_eq(pthread_create(&thread, NULL, wait_in_queue, &number), 0);
		while (atomic_load(&begun) != i + 1)
			moment();
		moment();
		queue_leave();
		queue_enter();
		ck_assert_int_eq(served, 1);
		queue_leave();
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
}
END_TEST

START_TEST(child_is_not_in_the_queue)
{
	queue_enter();
	queue_child();
	queue_enter();
	queue_leave();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tc = tcase_create("queue");

	tcase_add_test(tc, enter_first_come_first_served);
	tcase_add_test(tc, leave_hands_over_to_the_one_who_waits);
	tcase_add_test(tc, child_is_not_in_the_queue);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
