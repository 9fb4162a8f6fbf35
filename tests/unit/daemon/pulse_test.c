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
	pulse_send(child);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2000), 0);
	ck_assert(watch.beaten);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2700), 700);
	pulse_watch_forgive(&watch, 2800);
	ck_assert_int_eq(pulse_watch_listen(&watch, 2900), 100);
	pulse_send(child);
	ck_assert_int_eq(pulse_watch_listen(&watch, 3000), 0);
}
END_TEST

START_TEST(listen_to_one_that_must_beat_counts_from_its_start)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pulse_send(child);
	ck_assert_int_eq(pulse_watch_listen(&watch, 500), 0);
	pulse_watch_begin(&watch, ends[0], 1000);
	ck_assert(!watch.beaten);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1600), 600);
	(void)close(ends[1]);
	ck_assert_int_eq(pulse_watch_listen(&watch, 1700), 700); /* an end is no beat */
}
END_TEST

/* A child that floods its socket neither blocks itself nor keeps the supervisor from its work. */
START_TEST(listen_to_a_flood_ends)
{
	for (int i = 0; i < 100000; i++)
		pulse_send(child);
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
	tcase_add_test(tc, listen_to_a_flood_ends);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
