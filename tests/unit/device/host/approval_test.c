/* How a machine waits: how often it asks, and that a signal ends it. */
#include "config.h"

#include "device/host/approval.h"

#include <signal.h>
#include <time.h>

#include "device/interrupt.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define MIDDLE (UINT32_MAX / 2 + 1)

static const struct {
	unsigned int tried;
	long         retry_after;
	uint32_t     random;
	int64_t      ms;
} pauses[] = {
    {0, 0, MIDDLE, 2000},
    {0, 0, 0, 1600},
    {0, 0, UINT32_MAX, 2399},
    {1, 0, MIDDLE, 3000},
    {2, 0, MIDDLE, 4500},
    {3, 0, MIDDLE, 6750},
    {8, 0, MIDDLE, 51255},
    {9, 0, MIDDLE, 60000},
    {1000000000, 0, MIDDLE, 60000},
    {1000000000, 0, 0, 48000},
    {1000000000, 0, UINT32_MAX, 71999},
    {0, 1, MIDDLE, 2000}, /* not sooner than one asks anyway */
    {0, 120, MIDDLE, 120000},
    {0, 1000000000, MIDDLE, 3600000},
    {0, -5, MIDDLE, 2000},
};

START_TEST(pause_grows_to_a_bound_and_varies)
{
	ck_assert_int_eq(approval_pause(pauses[_i].tried, pauses[_i].retry_after, pauses[_i].random),
	    pauses[_i].ms);
}
END_TEST

START_TEST(sleep_lasts_as_long_as_it_should)
{
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	device_interrupt_catch();
	unit_ok(device_interrupt_sleep(30, &err), &err);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 30);
}
END_TEST

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(sleep_after_a_signal_ends_at_once)
{
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	device_interrupt_catch();
	(void)raise(numbers[_i]);
	unit_fails(device_interrupt_sleep(600000, &err), &err, ERROR_INTERNAL, "interrupted");
	ck_assert_int_lt(clock_monotonic_ms() - begin, 300000);
}
END_TEST

/* The signal comes while it sleeps: from a process that waits for nothing else. */
START_TEST(sleep_during_which_a_signal_comes_ends)
{
	struct sigevent   event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = numbers[_i]};
	struct itimerspec soon = {.it_value = {.tv_nsec = 50L * 1000 * 1000}};
	int64_t           begin = clock_monotonic_ms();
	timer_t           timer;
	struct error      err = {0};

	device_interrupt_catch();
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &soon, NULL), 0);
	unit_fails(device_interrupt_sleep(600000, &err), &err, ERROR_INTERNAL, "interrupted");
	ck_assert_int_lt(clock_monotonic_ms() - begin, 300000);
	(void)timer_delete(timer);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("approval");
	TCase *tc = tcase_create("approval");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, pause_grows_to_a_bound_and_varies, 0,
	    sizeof pauses / sizeof pauses[0]);
	tcase_add_test(tc, sleep_lasts_as_long_as_it_should);
	tcase_add_loop_test(tc, sleep_after_a_signal_ends_at_once, 0, 3);
	tcase_add_loop_test(tc, sleep_during_which_a_signal_comes_ends, 0, 3);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
