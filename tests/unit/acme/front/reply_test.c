/* The headers that ACME wants of answers, and what a problem tells the client. */
#include "config.h"

#include "acme/front/reply.h"

#include "acme/front/nonce.h"
#include "acme/front/render.h"
#include "acme/front/state.h"
#include "http_fixture.h"
#include "util/clock.h"

static char              base_url[] = "https://ca.example";
static struct acme_front front = {.base = base_url};
static struct http_client client;
static struct error       problem; /* of /acme/problem */

static void
plain_cb(struct http_exchange *exchange, void *arg)
{
	struct reply reply = {&front, exchange, clock_monotonic_ms(), NULL};

	(void)arg;
	reply_bytes(&reply, 200, "text/plain", view_text("plain"));
}

static void
problem_cb(struct http_exchange *exchange, void *arg)
{
	struct reply reply = {&front, exchange, clock_monotonic_ms(), NULL};

	(void)arg;
	reply_problem(&reply, &problem, NULL);
}

static void
unwritable_cb(struct http_exchange *exchange, void *arg)
{
	struct reply reply = {&front, exchange, clock_monotonic_ms(), NULL};

	(void)arg;
	reply_json(&reply, 200, NULL);
}

static const struct http_route reply_routes[] = {
    {"GET", "/acme/directory", plain_cb},
    {"GET", "/acme/new-nonce", plain_cb},
    {"GET", "/crl", plain_cb},
    {"POST", "/acme/order/O1", plain_cb},
    {"POST", "/acme/problem", problem_cb},
    {"POST", "/acme/unwritable", unwritable_cb},
    {0},
};

static void
setup(void)
{
	struct error err = {0};

	unit_ok(nonces_new(64, &front.nonces, &err), &err);
	fixture_setup();
	settings.routes = reply_routes;
	fixture_start();
}

static void
teardown(void)
{
	client_close(&client);
	fixture_teardown();
	nonces_free(front.nonces);
}

static const struct {
	const char *request;
	bool        nonce;
	bool        index;
} answers[] = {
    {"GET /acme/directory", false, false},
    {"GET /acme/new-nonce", true, true},
    {"HEAD /acme/new-nonce", true, true},
    {"GET /crl", false, false},
    {"POST /acme/order/O1", true, true},
    {"POST /acme/problem", true, true},
};

/* RFC 8555 §6.5, §7.1. */
START_TEST(answer_has_a_nonce_and_a_link_to_the_directory_where_it_must)
{
	char request[128];

	error_set(&problem, ERROR_MALFORMED, "no");
	(void)snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	    answers[_i].request);
	ask(&client, request);
	ck_assert_uint_eq(client_count(&client, "\r\nReplay-Nonce: "), answers[_i].nonce);
	ck_assert_uint_eq(client_count(&client, "\r\nCache-Control: no-store\r\n"), answers[_i].nonce);
	ck_assert_uint_eq(client_count(&client, "\r\nLink: <https://ca.example/acme/directory>;rel=\"index\"\r\n"),
	    answers[_i].index);
}
END_TEST

START_TEST(answer_has_a_nonce_that_can_be_used_once)
{
	char         nonce[NONCE_TEXT_SIZE] = "";
	struct error err = {0};

	ask(&client, "GET /acme/new-nonce HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	(void)snprintf(nonce, sizeof nonce, "%s", strstr(client_text(&client), "Replay-Nonce: ") + 14);
	unit_ok(nonces_use(front.nonces, nonce, clock_monotonic_ms(), &err), &err);
	ck_assert_int_eq(nonces_use(front.nonces, nonce, clock_monotonic_ms(), &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_NONCE);
}
END_TEST

static const struct {
	enum error_kind kind;
	const char     *begins;
	const char     *retry; /* NULL: no such header */
} problems[] = {
    {ERROR_MALFORMED, "HTTP/1.1 400 ", NULL},
    {ERROR_RATE_LIMITED, "HTTP/1.1 429 ", "\r\nRetry-After: 60\r\n"},
    {ERROR_OVERLOADED, "HTTP/1.1 503 ", "\r\nRetry-After: 5\r\n"},
};

START_TEST(problem_has_its_status_and_when_to_ask_again)
{
	error_set(&problem, problems[_i].kind, "this is why");
	ask(&client, "POST /acme/problem HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_begins(&client, problems[_i].begins);
	client_has(&client, "\r\nContent-Type: application/problem+json\r\n");
	client_has(&client, "this is why");
	if (problems[_i].retry != NULL)
		client_has(&client, problems[_i].retry);
	else
		client_has_not(&client, "Retry-After");
}
END_TEST

START_TEST(problem_of_the_server_keeps_its_cause)
{
	error_set(&problem, ERROR_INTERNAL, "the path of a file");
	ask(&client, "POST /acme/problem HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_begins(&client, "HTTP/1.1 500 ");
	client_has(&client, "the server failed; its log says why");
	client_has_not(&client, "the path of a file");
}
END_TEST

START_TEST(json_that_cannot_be_written_is_the_servers_failure)
{
	ask(&client, "POST /acme/unwritable HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_begins(&client, "HTTP/1.1 500 ");
	client_has(&client, "the server failed; its log says why");
}
END_TEST

/* A detail that was cut inside a character is told in some form, or not, but the answer is JSON. */
START_TEST(problem_whose_detail_is_no_text_is_json_still)
{
	error_set(&problem, ERROR_MALFORMED, "cut in \xc3");
	ask(&client, "POST /acme/problem HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_begins(&client, "HTTP/1.1 400 ");
	client_has(&client, "\r\n\r\n{");
	client_has_not(&client, "\xc3");
}
END_TEST

static bool no_problem; /* can be rendered */

json_t *__real_render_problem(const struct error *err, const struct acme_refusal *refusal);
json_t *__wrap_render_problem(const struct error *err, const struct acme_refusal *refusal);
json_t *
__wrap_render_problem(const struct error *err, const struct acme_refusal *refusal)
{
	return no_problem ? NULL : __real_render_problem(err, refusal);
}

START_TEST(problem_that_cannot_be_written_is_an_empty_one)
{
	no_problem = true;
	error_set(&problem, ERROR_MALFORMED, "no");
	ask(&client, "POST /acme/problem HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_begins(&client, "HTTP/1.1 400 ");
	client_has(&client, "\r\n\r\n{}");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tc = tcase_create("reply");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, answer_has_a_nonce_and_a_link_to_the_directory_where_it_must, 0,
	    sizeof answers / sizeof answers[0]);
	tcase_add_test(tc, answer_has_a_nonce_that_can_be_used_once);
	tcase_add_loop_test(tc, problem_has_its_status_and_when_to_ask_again, 0,
	    sizeof problems / sizeof problems[0]);
	tcase_add_test(tc, problem_of_the_server_keeps_its_cause);
	tcase_add_test(tc, json_that_cannot_be_written_is_the_servers_failure);
	tcase_add_test(tc, problem_whose_detail_is_no_text_is_json_still);
	tcase_add_test(tc, problem_that_cannot_be_written_is_an_empty_one);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
