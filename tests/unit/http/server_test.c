/* What a server does for clients that behave: routes, answers, connections kept alive. */
#include "config.h"

#include <signal.h>

#include "http_fixture.h"

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLOSE "Host: a\r\nConnection: close\r\n\r\n"

START_TEST(reply_of_a_route_is_sent_whole)
{
	struct http_client client;

	fixture_start();
	ask(&client, "GET /hello HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "Content-Type: text/plain\r\n");
	client_has(&client, "\r\n\r\nhello");
	ck_assert_uint_eq(client_count(&client, "Content-Length: 5\r\n"), 1);
	client_has_not(&client, "Server:");
	client_close(&client);
}
END_TEST

static void
on_pipe(int signal)
{
	(void)signal;
}

/* A write to a client that has gone ends nothing; who handles the signal goes on doing so. */
START_TEST(start_ignores_sigpipe_unless_it_is_handled)
{
	struct sigaction action = {.sa_handler = _i == 0 ? SIG_DFL : on_pipe};

	ck_assert_int_eq(sigaction(SIGPIPE, &action, NULL), 0);
	fixture_start();
	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
	ck_assert(action.sa_handler == (_i == 0 ? SIG_IGN : on_pipe));
}
END_TEST

START_TEST(reply_to_head_has_the_length_and_no_body)
{
	struct http_client client;

	fixture_start();
	ask(&client, "HEAD /hello HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "Content-Length: 5\r\n");
	ck_assert_str_eq(strstr(client_text(&client), "\r\n\r\n"), "\r\n\r\n");
	client_close(&client);
}
END_TEST

START_TEST(reply_204_has_no_length)
{
	struct http_client client;

	fixture_start();
	ask(&client, "DELETE /hello HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 204 ");
	client_has_not(&client, "Content-Length");
	client_has_not(&client, "Content-Type");
	client_close(&client);
}
END_TEST

START_TEST(reply_without_a_type_has_none)
{
	struct http_client client;

	fixture_start();
	ask(&client, "GET /empty HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "Content-Length: 0\r\n");
	client_has_not(&client, "Content-Type");
	client_close(&client);
}
END_TEST

START_TEST(http_1_0_is_answered_and_closed)
{
	struct http_client client;

	fixture_start();
	ask(&client, "GET /hello HTTP/1.0\r\n\r\n");
	client_begins(&client, "HTTP/1.0 200 OK\r\n");
	client_has(&client, "\r\n\r\nhello");
	client_close(&client);
}
END_TEST

START_TEST(http_1_0_keep_alive_is_kept)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	for (size_t i = 1; i <= 2; i++) {
		client_send(&client, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
		client_wait(&client, client_count(&client, "\r\n\r\nhello") == i);
	}
	ck_assert_uint_eq(client_count(&client, "Connection: keep-alive\r\n"), 2);
	client_close(&client);
}
END_TEST

START_TEST(hundred_requests_go_over_one_connection)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	for (size_t i = 1; i <= 100; i++) {
		client_send(&client, GET_HELLO);
		client_wait(&client, client_count(&client, "\r\n\r\nhello") == i);
		ck_assert_uint_eq(http_server_connections(server), 1);
	}
	ck_assert(!client.ended);
	client_close(&client);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
	    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
	    "GET /hello HTTP/1.1\r\n" CLOSE);
	client_wait(&client, client.ended);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 200 OK\r\n"), 4);
	ck_assert_ptr_nonnull(strstr(strstr(strstr(strstr(client_text(&client), "\r\n\r\none"),
	    "\r\n\r\nhello"), "\r\n\r\ntwo"), "\r\n\r\nhello"));
	client_close(&client);
}
END_TEST

START_TEST(expect_continue_is_told_to_go_on)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" CLOSE);
	client_wait(&client, client_count(&client, "HTTP/1.1 100 Continue\r\n\r\n") == 1);
	client_send(&client, "body");
	client_wait(&client, client.ended);
	client_has(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "\r\n\r\nbody");
	client_close(&client);
}
END_TEST

START_TEST(chunked_body_arrives_whole_and_ends_the_connection)
{
	struct http_client client;

	fixture_start();
	ask(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	             "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "Connection: close\r\n");
	client_has(&client, "\r\n\r\nabcde");
	client_close(&client);
}
END_TEST

static const struct {
	const char *target;
	const char *path; /* that the handler sees; NULL: 404 */
} targets[] = {
    {"/echo", "/echo"},
    {"/echo?x=/tree/", "/echo"},
    {"http://any.example:8443/echo?q", "/echo"},
    {"HTTPS://any.example/echo", "/echo"},
    {"/tree/", "/tree/"},
    {"/tree/a/b", "/tree/a/b"},
    {"/tree/../echo", "/tree/../echo"}, /* below /tree/: nothing is resolved */
    {"/tree/%2e%2e/echo", "/tree/%2e%2e/echo"},
    {"/tree", NULL},
    {"/echo/", NULL},
    {"/%65cho", NULL},
    {"//echo", NULL},
    {"//any.example/echo", NULL},
    {"/./echo", NULL},
    {"/echo#fragment", NULL},
    {"/ECHO", NULL},
    {"*", NULL},
    {"echo", NULL},
    {"http://any.example", NULL},
    {"ftp://any.example/echo", NULL},
    {"/\"<script>\"", NULL},
};

START_TEST(target_leads_to_its_route)
{
	struct http_client client;
	char               request[512];
	char               header[512];

	fixture_start();
	snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE,
	    targets[_i].target);
	ask(&client, request);
	if (targets[_i].path != NULL) {
		snprintf(header, sizeof header, "X-Path: %s\r\n", targets[_i].path);
		client_has(&client, header);
	} else {
		client_begins(&client, "HTTP/1.1 404 the");
	}
	client_close(&client);
}
END_TEST

START_TEST(absolute_target_keeps_the_connection)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client, client_count(&client, "hello") == 1);
	client_send(&client, GET_HELLO);
	client_wait(&client, client_count(&client, "hello") == 2);
	client_close(&client);
}
END_TEST

START_TEST(path_that_nobody_serves_is_a_404_problem)
{
	struct http_client client;

	fixture_start();
	ask(&client, "GET /secret/place HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 404 there is nothing at /secret/place\r\n");
	client_has(&client, "Content-Type: application/problem+json\r\n");
	client_has(&client, "Cache-Control: no-store\r\n");
	client_has(&client,
	    "\r\n\r\n{\"type\":\"urn:attest-ca:error:notFound\",\"title\":\"there is nothing here\","
	    "\"status\":404,\"detail\":\"there is nothing at /secret/place\"}");
	client_close(&client);
}
END_TEST

static const struct {
	const char *method;
	const char *path;
	const char *allow;
} refused_methods[] = {
    {"POST", "/hello", "Allow: GET, HEAD, DELETE\r\n"},
    {"PUT", "/hello", "Allow: GET, HEAD, DELETE\r\n"},
    {"PATCH", "/echo", "Allow: POST\r\n"},
    {"OPTIONS", "/echo", "Allow: POST\r\n"},
    {"TRACE", "/echo", "Allow: POST\r\n"},
    {"GET", "/echo", "Allow: POST\r\n"},
    {"HEAD", "/echo", "Allow: POST\r\n"},
    {"GET", "/tree/other", "Allow: POST\r\n"},
    {"POST", "/tree/leaf", "Allow: GET, HEAD\r\n"}, /* the better fit decides */
    {"BREW", "/echo", "Allow: GET, HEAD, POST, DELETE\r\n"}, /* evhttp keeps its path to itself */
    {"GETS", "/echo", "Allow: GET, HEAD, POST, DELETE\r\n"},
};

START_TEST(method_that_the_path_does_not_take_is_a_405_with_allow)
{
	struct http_client client;
	char               request[256];

	fixture_start();
	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n" CLOSE, refused_methods[_i].method,
	    refused_methods[_i].path);
	ask(&client, request);
	client_begins(&client, "HTTP/1.1 405 ");
	ck_assert_uint_eq(client_count(&client, refused_methods[_i].allow), 1);
	ck_assert_uint_eq(client_count(&client, "Allow:"), 1);
	client_has(&client, "Content-Type: application/problem+json\r\n");
	client_has_not(&client, "<html");
	client_close(&client);
}
END_TEST

START_TEST(connect_is_refused_and_closed)
{
	struct http_client client;

	fixture_start();
	ask(&client, "CONNECT any.example:443 HTTP/1.1\r\nHost: any.example:443\r\n\r\n");
	client_begins(&client, "HTTP/1.1 404 ");
	client_has(&client, "Connection: close\r\n");
	client_close(&client);
}
END_TEST

START_TEST(problem_of_a_handler_is_one_safe_line_with_retry_after)
{
	struct http_client client;

	fixture_start();
	ask(&client, "GET /busy HTTP/1.1\r\n" CLOSE);
	client_begins(&client, "HTTP/1.1 503 too many??Set-Cookie: x=? challenges\r\n");
	client_has(&client, "Retry-After: 5\r\n");
	ck_assert_ptr_null(strstr(client_text(&client), "\nSet-Cookie"));
	client_close(&client);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_test(tcase, reply_of_a_route_is_sent_whole);
	tcase_add_loop_test(tcase, start_ignores_sigpipe_unless_it_is_handled, 0, 2);
	tcase_add_test(tcase, reply_to_head_has_the_length_and_no_body);
	tcase_add_test(tcase, reply_204_has_no_length);
	tcase_add_test(tcase, reply_without_a_type_has_none);
	tcase_add_test(tcase, http_1_0_is_answered_and_closed);
	tcase_add_test(tcase, http_1_0_keep_alive_is_kept);
	tcase_add_test(tcase, hundred_requests_go_over_one_connection);
	tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
	tcase_add_test(tcase, expect_continue_is_told_to_go_on);
	tcase_add_test(tcase, chunked_body_arrives_whole_and_ends_the_connection);
	tcase_add_loop_test(tcase, target_leads_to_its_route, 0,
	    sizeof targets / sizeof targets[0]);
	tcase_add_test(tcase, absolute_target_keeps_the_connection);
	tcase_add_test(tcase, path_that_nobody_serves_is_a_404_problem);
	tcase_add_loop_test(tcase, method_that_the_path_does_not_take_is_a_405_with_allow, 0,
	    sizeof refused_methods / sizeof refused_methods[0]);
	tcase_add_test(tcase, connect_is_refused_and_closed);
	tcase_add_test(tcase, problem_of_a_handler_is_one_safe_line_with_retry_after);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
