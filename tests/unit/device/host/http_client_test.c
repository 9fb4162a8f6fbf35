/* The client's transport against a server that does one thing wrong at a time. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "device/host/http_client.h"
#include "device/interrupt.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "wrong_server.h"

/* One request of a client that has this much time; 0: as much as it likes. */
static int
ask(const char *body, enum retry_rule rule, int64_t ms, struct http_answer *answer, struct error *err)
{
	const struct http_request request = {body != NULL ? HTTP_POST : HTTP_GET, server.url,
	    body != NULL ? "application/json" : NULL, body};
	AUTO_HTTP_CLIENT client = NULL;

	unit_ok(http_client_new(NULL, ms != 0 ? clock_monotonic_ms() + ms : 0, &client, err), err);
	return http_client_request(client, &request, rule, answer, err);
}

static void
setup(void)
{
	(void)unsetenv("http_proxy");
	device_interrupt_catch();
	server_bind();
}

/* ---- answers ---- */

START_TEST(request_an_answer_is_taken_whole)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen("HTTP/1.1 201 Created\r\nlocation:  /a b \r\nLocation: /c\r\nReplay-Nonce: n\r\n"
	              "Content-Length: 2\r\nRetry-After: 7\r\n\r\nok",
	    NULL);
	unit_ok(ask("{}", RETRY_SAFE, 5000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 201);
	ck_assert_str_eq(answer.location, "/c");
	ck_assert_str_eq(answer.nonce, "n");
	ck_assert_int_eq(answer.retry_after, 7);
	ck_assert_uint_eq(answer.body.size, 2);
	ck_assert_int_eq(strncmp(server.first, "POST /x HTTP/1.1\r\n", 18), 0);
	ck_assert_ptr_nonnull(strstr(server.first, "\r\n\r\n{}"));
	ck_assert_ptr_nonnull(strstr(server.first, "Content-Type: application/json\r\n"));
}
END_TEST

/* What is wrong with an answer, and what the detail says of it. */
static const struct {
	const char *answer;
	const char *detail;
} faults[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nok", "transfer closed"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok", "chunk"},
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", NULL},
    {"", "does it speak HTTPS on this port?"},
};

START_TEST(request_a_broken_answer_is_a_failure)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(faults[_i].answer, NULL);
	ck_assert_int_eq(ask("{}", RETRY_REFUSED, 5000, &answer, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_INTERNAL);
	if (faults[_i].detail != NULL)
		ck_assert_msg(strstr(err.detail, faults[_i].detail) != NULL, "%s", err.detail);
	ck_assert_int_eq(server.asked, 1);
	ck_assert_uint_eq(answer.body.size, 0);
}
END_TEST

/* An answer of head and body, of which each has so many octets; the caller frees. */
static char *
long_answer(size_t head, size_t body)
{
	static const char begin[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nX: ";
	char             *text = calloc(1, sizeof begin + head + body + 8);

	ck_assert_ptr_nonnull(text);
	memcpy(text, begin, sizeof begin - 1);
	memset(text + strlen(text), 'h', head);
	memcpy(text + strlen(text), "\r\n\r\n", 4);
	memset(text + strlen(text), 'b', body);
	return text;
}

START_TEST(request_a_body_of_256_kib_is_taken)
{
	AUTO_ANSWER     answer = {0};
	AUTO_FREE char *text = long_answer(1, 256 * 1024);
	struct error    err = {0};

	server_listen(text, NULL);
	unit_ok(ask(NULL, RETRY_SAFE, 5000, &answer, &err), &err);
	ck_assert_uint_eq(answer.body.size, 256 * 1024);
}
END_TEST

START_TEST(request_a_longer_body_is_a_failure)
{
	AUTO_ANSWER     answer = {0};
	AUTO_FREE char *text = long_answer(1, 256 * 1024 + 1);
	struct error    err = {0};

	server_listen(text, NULL);
	ck_assert_int_eq(ask(NULL, RETRY_UNSENT, 5000, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "its answer is too long"));
}
END_TEST

START_TEST(request_a_head_without_end_is_a_failure)
{
	AUTO_ANSWER     answer = {0};
	AUTO_FREE char *text = long_answer(1024 * 1024, 1);
	struct error    err = {0};

	server_listen(text, NULL);
	ck_assert_int_eq(ask(NULL, RETRY_UNSENT, 5000, &answer, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_INTERNAL);
}
END_TEST

START_TEST(request_a_redirect_is_not_followed)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(STATUS("302", "Location: http://127.0.0.1:1/\r\n"), OK);
	unit_ok(ask(NULL, RETRY_SAFE, 5000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 302);
	ck_assert_int_eq(server.asked, 1);
}
END_TEST

static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
    "dict://127.0.0.1/"};

START_TEST(request_other_protocols_are_refused)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	(void)snprintf(server.url, sizeof server.url, "%s", urls[_i]);
	ck_assert_int_eq(ask(NULL, RETRY_SAFE, 5000, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "it must be an http:// or https:// URL"));
}
END_TEST

/* ---- time ---- */

START_TEST(request_a_server_that_is_silent_is_left)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	server_listen(SILENCE, NULL);
	ck_assert_int_eq(ask(NULL, RETRY_SAFE, 300, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "it does not answer in time"));
	ck_assert_int_lt(clock_monotonic_ms() - begin, 5000);
	ck_assert(answer.lost);
}
END_TEST

/* Each octet comes soon, and the end never. */
START_TEST(request_a_server_that_drips_is_left)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	server.drip_ms = 100;
	server_listen(OK, NULL);
	ck_assert_int_eq(ask(NULL, RETRY_UNSENT, 500, &answer, &err), -1);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 5000);
}
END_TEST

START_TEST(request_without_time_left_is_not_made)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(OK, NULL);
	ck_assert_int_eq(ask(NULL, RETRY_SAFE, -1, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "no time is left"));
	ck_assert_int_eq(server.asked, 0);
}
END_TEST

START_TEST(request_ends_at_a_signal)
{
	struct sigevent   event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	struct itimerspec soon = {.it_value = {.tv_nsec = 100L * 1000 * 1000}};
	AUTO_ANSWER       answer = {0};
	int64_t           begin = clock_monotonic_ms();
	timer_t           timer;
	struct error      err = {0};

	server_listen(SILENCE, NULL);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &soon, NULL), 0);
	unit_fails(ask(NULL, RETRY_SAFE, 0, &answer, &err), &err, ERROR_INTERNAL, "interrupted");
	ck_assert_int_lt(clock_monotonic_ms() - begin, 10000);
}
END_TEST

/* ---- once more ---- */

START_TEST(repeat_after_503_until_it_is_answered)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	server_listen(STATUS("503", "Retry-After: 1\r\n"), OK);
	unit_ok(ask("{}", RETRY_REFUSED, 10000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.body.size, 2);
	ck_assert_int_eq(answer.retry_after, 0);
	ck_assert_int_eq(server.asked, 2);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 1000);
}
END_TEST

START_TEST(repeat_obeys_a_date)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	time_t       then = time(NULL) + 3;
	struct tm    parts;
	char         date[64];
	char         refusal[256];
	struct error err = {0};

	ck_assert_ptr_nonnull(gmtime_r(&then, &parts));
	ck_assert_uint_gt(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts), 0);
	(void)snprintf(refusal, sizeof refusal,
	    "HTTP/1.1 429 x\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: %s\r\n\r\n", date);
	server_listen(refusal, OK);
	unit_ok(ask("{}", RETRY_REFUSED, 20000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 1500);
}
END_TEST

/* Nobody waits for an hour when there are five seconds: the answer is handed on as it is. */
START_TEST(repeat_for_which_no_time_is_left_is_not_tried)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	server_listen(STATUS("503", "Retry-After: 3600\r\n"), OK);
	unit_ok(ask("{}", RETRY_SAFE, 5000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 503);
	ck_assert_int_eq(answer.retry_after, 3600);
	ck_assert_int_eq(server.asked, 1);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 4000);
}
END_TEST

/* A minute for the request and, from now, this time for retries; 0: as much. */
static int
ask_with_retries(int64_t ms, struct http_answer *answer, struct error *err)
{
	const struct http_request request = {HTTP_GET, server.url, NULL, NULL};
	AUTO_HTTP_CLIENT client = NULL;

	unit_ok(http_client_new(NULL, clock_monotonic_ms() + 60000, &client, err), err);
	http_client_retries_end(client, ms != 0 ? clock_monotonic_ms() + ms : 0);
	return http_client_request(client, &request, RETRY_SAFE, answer, err);
}

START_TEST(repeat_is_not_made_where_retries_have_ended)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(STATUS("503", ""), OK);
	unit_ok(ask_with_retries(1, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 503);
	ck_assert_int_eq(server.asked, 1);
}
END_TEST

START_TEST(repeat_is_made_where_retries_have_no_end)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(STATUS("503", ""), OK);
	unit_ok(ask_with_retries(0, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(server.asked, 2);
}
END_TEST

START_TEST(repeat_ends_with_the_time)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	server_listen(STATUS("503", ""), NULL);
	unit_ok(ask("{}", RETRY_REFUSED, 1500, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 503);
	ck_assert_int_ge(server.asked, 2);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 1600);
}
END_TEST

/* A first answer, by which rule, and how often the server is asked then. */
static const struct {
	const char     *first;
	enum retry_rule rule;
	int             asked;
	int             rc;
} rules[] = {
    {STATUS("503", ""), RETRY_NONE, 1, 0},
    {STATUS("503", ""), RETRY_UNSENT, 1, 0},
    {STATUS("503", ""), RETRY_REFUSED, 2, 0},
    {STATUS("500", ""), RETRY_REFUSED, 1, 0},
    {STATUS("502", ""), RETRY_SAFE, 2, 0},
    {STATUS("400", ""), RETRY_SAFE, 1, 0},
    {RESET, RETRY_UNSENT, 1, -1},
    {RESET, RETRY_REFUSED, 1, -1},
    {RESET, RETRY_SAFE, 2, 0},
};

START_TEST(repeat_is_made_by_the_rule_only)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_listen(rules[_i].first, OK);
	ck_assert_int_eq(ask("{}", rules[_i].rule, 10000, &answer, &err), rules[_i].rc);
	ck_assert_int_eq(server.asked, rules[_i].asked);
}
END_TEST

static void *
late_listen(void *arg)
{
	pause_ms(700);
	server_listen(OK, NULL);
	return arg;
}

START_TEST(repeat_until_somebody_listens)
{
	AUTO_ANSWER  answer = {0};
	pthread_t    thread;
	struct error err = {0};

	ck_assert_int_eq(pthread_create(&thread, NULL, late_listen, NULL), 0);
	unit_ok(ask("{}", RETRY_UNSENT, 10000, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	(void)pthread_join(thread, NULL);
}
END_TEST

START_TEST(repeat_where_nobody_listens_ends)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	ck_assert_int_eq(ask("{}", RETRY_SAFE, 1500, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "is the server running there?"));
	ck_assert_int_ge(clock_monotonic_ms() - begin, 400);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 1600);
}
END_TEST

START_TEST(repeat_by_no_rule_is_left_to_the_caller)
{
	AUTO_ANSWER  answer = {0};
	int64_t      begin = clock_monotonic_ms();
	struct error err = {0};

	ck_assert_int_eq(ask("{}", RETRY_NONE, 5000, &answer, &err), -1);
	ck_assert(answer.unsent);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 400);
}
END_TEST

/* ---- what cannot begin ---- */

static int no_curl; /* 1: libcurl does not start, 2: it makes no handle */

CURLcode __real_curl_global_init(long flags);
CURLcode __wrap_curl_global_init(long flags);
CURLcode
__wrap_curl_global_init(long flags)
{
	return no_curl == 1 ? CURLE_FAILED_INIT : __real_curl_global_init(flags);
}

CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);
CURL *
__wrap_curl_easy_init(void)
{
	return no_curl == 2 ? NULL : __real_curl_easy_init();
}

START_TEST(client_without_curl_is_an_error)
{
	struct http_client *client = NULL;
	struct error        err = {0};

	no_curl = 1;
	unit_fails(http_client_new(NULL, 0, &client, &err), &err, ERROR_INTERNAL, "libcurl does not start");
	no_curl = 2;
	unit_fails(http_client_new(NULL, 0, &client, &err), &err, ERROR_INTERNAL, "starting the HTTP client");
	ck_assert_ptr_null(client);
	http_client_free(client);
}
END_TEST

/* However many a person has written. */
START_TEST(post_ignores_slashes_at_the_end_of_the_base)
{
	AUTO_HTTP_CLIENT client = NULL;
	AUTO_ANSWER      answer = {0};
	char             base[128];
	struct error     err = {0};

	server_listen("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL);
	(void)snprintf(base, sizeof base, "%s//", server.url);
	unit_ok(http_client_new(NULL, clock_monotonic_ms() + 5000, &client, &err), &err);
	unit_ok(http_client_post(client, base, "/attest", "{}", RETRY_NONE, &answer, &err), &err);
	ck_assert_msg(strncmp(server.first, "POST /x/attest HTTP/1.1\r\n", 25) == 0, "%s", server.first);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_client");
	TCase *tc = tcase_create("http_client");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, request_an_answer_is_taken_whole);
	tcase_add_loop_test(tc, request_a_broken_answer_is_a_failure, 0,
	    sizeof faults / sizeof faults[0]);
	tcase_add_test(tc, request_a_body_of_256_kib_is_taken);
	tcase_add_test(tc, request_a_longer_body_is_a_failure);
	tcase_add_test(tc, request_a_head_without_end_is_a_failure);
	tcase_add_test(tc, request_a_redirect_is_not_followed);
	tcase_add_loop_test(tc, request_other_protocols_are_refused, 0, sizeof urls / sizeof urls[0]);
	tcase_add_test(tc, request_a_server_that_is_silent_is_left);
	tcase_add_test(tc, request_a_server_that_drips_is_left);
	tcase_add_test(tc, request_without_time_left_is_not_made);
	tcase_add_test(tc, request_ends_at_a_signal);
	tcase_add_test(tc, repeat_after_503_until_it_is_answered);
	tcase_add_test(tc, repeat_obeys_a_date);
	tcase_add_test(tc, repeat_for_which_no_time_is_left_is_not_tried);
	tcase_add_test(tc, repeat_is_not_made_where_retries_have_ended);
	tcase_add_test(tc, repeat_is_made_where_retries_have_no_end);
	tcase_add_test(tc, repeat_ends_with_the_time);
	tcase_add_loop_test(tc, repeat_is_made_by_the_rule_only, 0, sizeof rules / sizeof rules[0]);
	tcase_add_test(tc, repeat_until_somebody_listens);
	tcase_add_test(tc, repeat_where_nobody_listens_ends);
	tcase_add_test(tc, repeat_by_no_rule_is_left_to_the_caller);
	tcase_add_test(tc, client_without_curl_is_an_error);
	tcase_add_test(tc, post_ignores_slashes_at_the_end_of_the_base);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
