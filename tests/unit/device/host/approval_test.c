/* How a machine waits: how often it asks, and that a signal ends it. */
#include "config.h"

#include "device/host/approval.h"

#include <signal.h>
#include <time.h>

#include "device/host/attestation.h"
#include "device/interrupt.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "wrong_server.h"

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
	ck_assert_int_eq(retry_pause(&APPROVAL_PACE, pauses[_i].tried, pauses[_i].retry_after,
	                     pauses[_i].random),
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

/* ---- waiting ---- */

#define PROBLEM(more)                                                             \
	"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/problem+json\r\n\r\n" \
	"{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"x\"" more "}"

static const struct retry_pace brief = {20, 600};

/* As a machine does, but with other pauses. */
static int
wait_for_it(const struct retry_pace *pace, int64_t ms, struct error *err)
{
	*strrchr(server.url, '/') = '\0';
	return approval_wait(server.url, NULL, "{}", pace, ms != 0 ? clock_monotonic_ms() + ms : 0, err);
}

/* What the host says first, after which it would let the machine in. */
static const char *const hindrances[] = {
    STATUS("429", ""),
    STATUS("408", ""),
    STATUS("500", ""),
    STATUS("503", ""),
    RESET,
    PROBLEM(""),
    PROBLEM(",\"enrolment\":\"waiting\""),
};

START_TEST(wait_goes_on_after_what_is_for_now)
{
	struct error err = {0};

	device_interrupt_catch();
	server_bind();
	server_listen(hindrances[_i], OK);
	unit_ok(wait_for_it(&brief, 0, &err), &err);
	ck_assert_int_eq(server.asked, 2);
	ck_assert_int_eq(strncmp(server.first, "POST /attest HTTP/1.1\r\n", 23), 0);
}
END_TEST

static void *
late_listen(void *arg)
{
	pause_ms(100);
	server_listen(OK, NULL);
	return arg;
}

/* The host that enrols it may not be up yet. */
START_TEST(wait_goes_on_while_nobody_listens)
{
	pthread_t    thread;
	struct error err = {0};

	device_interrupt_catch();
	server_bind();
	ck_assert_int_eq(pthread_create(&thread, NULL, late_listen, NULL), 0);
	unit_ok(wait_for_it(&brief, 0, &err), &err);
	ck_assert_int_eq(server.asked, 1);
	(void)pthread_join(thread, NULL);
}
END_TEST

START_TEST(wait_is_as_long_as_the_host_says)
{
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	device_interrupt_catch();
	server_bind();
	server_listen(STATUS("429", "Retry-After: 1\r\n"), OK);
	unit_ok(wait_for_it(&brief, 0, &err), &err);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 1000);
}
END_TEST

/* What ends it, and how. */
static const struct {
	const char     *answer;
	enum error_kind kind;
} ends[] = {
    {PROBLEM(",\"enrolment\":\"denied\""), ERROR_ENROLMENT_DENIED},
    {STATUS("404", ""), ERROR_INTERNAL},
    {STATUS("302", ""), ERROR_INTERNAL},
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", ERROR_INTERNAL},
};

START_TEST(wait_ends_after_what_lasts)
{
	struct error err = {0};

	device_interrupt_catch();
	server_bind();
	server_listen(ends[_i].answer, OK);
	ck_assert_int_eq(wait_for_it(&brief, 0, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ends[_i].kind);
	ck_assert_int_eq(server.asked, 1);
}
END_TEST

START_TEST(wait_ends_with_its_time)
{
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	device_interrupt_catch();
	server_bind();
	server_listen(PROBLEM(""), NULL);
	unit_fails(wait_for_it(&APPROVAL_PACE, 3000, &err), &err, ERROR_NOT_ENROLLED,
	    "this machine was not approved in time");
	ck_assert_int_ge(clock_monotonic_ms() - begin, 2500);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 8000);
	ck_assert_int_eq(server.asked, 1);
}
END_TEST

static bool signal_comes; /* while the host is asked */

int __real_attestation_knock(struct http_client *client, const char *url, const char *request, bool *for_now,
    long *retry_after, struct error *err);
int __wrap_attestation_knock(struct http_client *client, const char *url, const char *request, bool *for_now,
    long *retry_after, struct error *err);
int
__wrap_attestation_knock(struct http_client *client, const char *url, const char *request, bool *for_now,
    long *retry_after, struct error *err)
{
	if (!signal_comes)
		return __real_attestation_knock(client, url, request, for_now, retry_after, err);
	*for_now = true;
	(void)raise(SIGTERM);
	return error_set(err, ERROR_INTERNAL, "a host that would be asked again");
}

START_TEST(wait_ends_when_a_signal_comes_during_a_question)
{
	struct error err = {0};

	device_interrupt_catch();
	signal_comes = true;
	unit_fails(approval_wait("http://host.test", NULL, "{}", &brief, 0, &err), &err, ERROR_INTERNAL, "interrupted");
}
END_TEST

START_TEST(wait_without_the_roots_that_are_named_is_an_error)
{
	struct error err = {0};

	unit_fails(approval_wait("http://host.test", "/nonexistent", "{}", &brief, 0, &err), &err, ERROR_INTERNAL,
	    "the TLS root /nonexistent: No such file or directory");
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
	tcase_add_loop_test(tc, wait_goes_on_after_what_is_for_now, 0,
	    sizeof hindrances / sizeof hindrances[0]);
	tcase_add_test(tc, wait_goes_on_while_nobody_listens);
	tcase_add_test(tc, wait_is_as_long_as_the_host_says);
	tcase_add_loop_test(tc, wait_ends_after_what_lasts, 0, sizeof ends / sizeof ends[0]);
	tcase_add_test(tc, wait_ends_with_its_time);
	tcase_add_test(tc, wait_ends_when_a_signal_comes_during_a_question);
	tcase_add_test(tc, wait_without_the_roots_that_are_named_is_an_error);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
