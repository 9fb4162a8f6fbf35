/* What a child's pulse says, and what the supervisor makes of silence. */
#include "config.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "daemon/pulse.h"
#include "unit.h"

START_TEST(patience_is_half_of_the_service_managers)
{
	(void)unsetenv("WATCHDOG_USEC");
	ck_assert_int_eq(pulse_patience_ms(), 60000);
	(void)setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_int_eq(pulse_patience_ms(), 15000);
	(void)setenv("WATCHDOG_USEC", "0", 1);
	ck_assert_int_eq(pulse_patience_ms(), 60000);
}
END_TEST

START_TEST(beats_when_it_is_time_and_every_worker_has_answered)
{
	struct pulse pulse;

	(void)setenv("WATCHDOG_USEC", "16000000", 1);
	pulse_start(&pulse, 2);
	ck_assert_int_eq(pulse.every_ms, 1000);
	ck_assert(pulse_beats(&pulse, 5000));
	ck_assert(!pulse_beats(&pulse, 6000)); /* no worker has */
	pulse_answer_cb(&pulse);
	ck_assert(!pulse_beats(&pulse, 7000)); /* one has not */
	pulse_answer_cb(&pulse);
	ck_assert(pulse_beats(&pulse, 7001));
	pulse_answer_cb(&pulse);
	pulse_answer_cb(&pulse);
	ck_assert(!pulse_beats(&pulse, 8000)); /* too early */
	ck_assert(pulse_beats(&pulse, 8001));
}
END_TEST

static struct pulse_watch watch;
static int                child; /* the child's end */

static void
setup(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	watch = (struct pulse_watch){.control = -1};
	pulse_watch_begin(&watch, ends[0], 0);
	child = ends[1];
}

static void
teardown(void)
{
	(void)close(child);
	pulse_watch_begin(&watch, -1, 0);
}

START_TEST(listen_counts_silence_from_the_last_beat)
{
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0); /* it need not beat yet */
	ck_assert(!watch.beaten);
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2000), 0);
	ck_assert(watch.beaten);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2700), 700);
	pulse_watch_forgive(&watch, 2800);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2900), 100);
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 3000), 0);
}
END_TEST

START_TEST(listen_to_one_that_must_beat_counts_from_its_start)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 500), 0);
	pulse_watch_begin(&watch, ends[0], 1000);
	ck_assert(!watch.beaten);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1600), 600);
	(void)close(ends[1]);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1700), 700); /* an end is no beat */
}
END_TEST

/* As a keeper that waits for a store's lock; what is silence before and after stays silence. */
START_TEST(listen_does_not_count_what_the_child_works)
{
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1400), 400);
	pulse_send(child, PULSE_WORK);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1500), 500);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1500 + PULSE_WORK_MAX), 500);
	pulse_send(child, PULSE_DONE);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1500 + PULSE_WORK_MAX), 500);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1700 + PULSE_WORK_MAX), 700);
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1800 + PULSE_WORK_MAX), 0);
}
END_TEST

START_TEST(listen_counts_work_without_an_end)
{
	pulse_send(child, PULSE_BEAT);
	pulse_send(child, PULSE_WORK);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0);
	pulse_send(child, PULSE_WORK); /* it has not begun anew */
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000 + PULSE_WORK_MAX), 0);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1001 + PULSE_WORK_MAX), 1 + PULSE_WORK_MAX);
	pulse_send(child, PULSE_BEAT); /* and is over, whether it was said or not */
	ck_assert_int_eq(pulse_watch_listen(&watch, 2000 + PULSE_WORK_MAX), 0);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2300 + PULSE_WORK_MAX), 300);
}
END_TEST

/* One whose workers hang goes on with the work of its main thread, and is found. */
START_TEST(listen_counts_what_is_between_two_works)
{
	pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0);
	for (int i = 1; i <= 30; i++) {
		pulse_send(child, PULSE_WORK);
		(void)pulse_watch_listen(&watch, 1000 + 1000 * i);
		pulse_send(child, PULSE_DONE);
		(void)pulse_watch_listen(&watch, 1000 + 1000 * i + 10);
	}
	ck_assert_int_eq(pulse_watch_listen(&watch, 31010), 30010 - 30 * 10);
}
END_TEST

START_TEST(forgive_forgives_work_too)
{
	pulse_send(child, PULSE_BEAT);
	pulse_send(child, PULSE_WORK);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0);
	pulse_watch_forgive(&watch, 50000);
	pulse_send(child, PULSE_DONE);
	ck_assert_int_eq(pulse_watch_listen(&watch, 50100), 0);
	ck_assert_int_eq(pulse_watch_listen(&watch, 50300), 200);
}
END_TEST

/* A child that floods its socket neither blocks itself nor keeps the supervisor from its work. */
START_TEST(listen_to_a_flood_ends)
{
	for (int i = 0; i < 100000; i++)
		pulse_send(child, PULSE_BEAT);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1000), 0);
	ck_assert_int_gt(recv(watch.control, &(char){0}, 1, MSG_DONTWAIT), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pulse");
	TCase *tc = tcase_create("pulse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, patience_is_half_of_the_service_managers);
	tcase_add_test(tc, beats_when_it_is_time_and_every_worker_has_answered);
	tcase_add_test(tc, listen_counts_silence_from_the_last_beat);
	tcase_add_test(tc, listen_to_one_that_must_beat_counts_from_its_start);
	tcase_add_test(tc, listen_does_not_count_what_the_child_works);
	tcase_add_test(tc, listen_counts_work_without_an_end);
	tcase_add_test(tc, listen_counts_what_is_between_two_works);
	tcase_add_test(tc, forgive_forgives_work_too);
	tcase_add_test(tc, listen_to_a_flood_ends);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
