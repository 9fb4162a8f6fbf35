/* What a server does for clients that behave: routes, answers now and later, connections kept alive, drain. */
#include "config.h"

#include "http_fixture.h"

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LATER "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
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

/* While one answer is awaited, evhttp would exit at the octets of the next request. */
START_TEST(pipelined_request_waits_for_an_answer_that_comes_later)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	client_send(&client, "GET /hello HTTP/1.1\r\n" CLOSE);
	for (int i = 0; i < 3; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(asked_count, 0);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"first", 5});
	client_wait(&client, client.ended);
	ck_assert_ptr_nonnull(
	    strstr(strstr(client_text(&client), "\r\n\r\nfirst"), "\r\n\r\nhello"));
	ck_assert_uint_eq(cancelled_count, 0);
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

START_TEST(answer_may_come_later)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	ck_assert_uint_eq(http_server_exchanges(server), 1);
	ck_assert_str_eq(http_exchange_method(kept[0]), "GET");
	ck_assert_str_eq(http_exchange_header(kept[0], "host"), "a");
	ck_assert_ptr_null(http_exchange_header(kept[0], "Cookie"));
	ck_assert_int_eq(strncmp(http_exchange_peer(kept[0]), "127.0.0.1:", 10), 0);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	ck_assert_uint_eq(http_server_exchanges(server), 0);
	client_wait(&client, client_count(&client, "\r\n\r\nlate") == 1);
	client_send(&client, GET_HELLO);
	client_wait(&client, client_count(&client, "\r\n\r\nhello") == 1);
	ck_assert_uint_eq(cancelled_count, 0);
	client_close(&client);
}
END_TEST

START_TEST(ids_of_exchanges_differ)
{
	struct http_client clients[2];

	fixture_start();
	for (size_t i = 0; i < 2; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], GET_LATER);
		client_wait(&clients[i], kept_count == i + 1);
	}
	ck_assert_uint_ne(http_exchange_id(kept[0]), http_exchange_id(kept[1]));
	client_close(&clients[0]);
	client_close(&clients[1]);
}
END_TEST

START_TEST(client_that_goes_before_the_answer_cancels_it)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	client_close(&client);
	client_wait(&client, http_server_connections(server) == 0);
	ck_assert_uint_eq(cancelled_count, 1);
	ck_assert_ptr_null(kept[0]);
	ck_assert_uint_eq(http_server_exchanges(server), 0);
}
END_TEST

START_TEST(client_that_resets_before_the_answer_cancels_it)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	struct http_client  client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	client_close(&client);
	client_wait(&client, http_server_connections(server) == 0);
	ck_assert_uint_eq(cancelled_count, 1);
}
END_TEST

/* The answer is written before the loop can learn that nobody is there any more. */
START_TEST(answer_to_a_client_that_has_just_gone_is_dropped)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	client_close(&client);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&client, http_server_connections(server) == 0);
	ck_assert_uint_eq(cancelled_count, 0);
}
END_TEST

START_TEST(client_without_a_handler_for_its_going_may_go)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	http_exchange_on_cancel(kept[0], NULL, NULL);
	client_close(&client);
	client_wait(&client, http_server_connections(server) == 0);
	ck_assert_uint_eq(http_server_exchanges(server), 0);
}
END_TEST

START_TEST(server_freed_before_the_answer_cancels_it)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	http_server_free(server);
	server = NULL;
	ck_assert_uint_eq(cancelled_count, 1);
	client_wait(&client, client.ended);
	client_close(&client);
}
END_TEST

static void
free_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	http_server_free(server);
	server = NULL;
}

/* Between accept(2) and the first look at what evhttp has made of the connection. */
START_TEST(server_freed_right_after_an_accept_leaves_nothing)
{
	struct http_client client;
	struct event      *trigger;

	fixture_start();
	client_connect(&client, base, &address);
	trigger = event_new(base, client.fd, EV_WRITE, free_cb, NULL);
	event_add(trigger, NULL);
	client_wait(&client, server == NULL && client.ended);
	event_free(trigger);
	client_close(&client);
}
END_TEST

START_TEST(drain_ends_idle_connections_at_once)
{
	struct http_client fresh;
	struct http_client idle;

	fixture_start();
	client_connect(&idle, base, &address);
	client_send(&idle, GET_HELLO);
	client_wait(&idle, client_count(&idle, "hello") == 1);
	client_connect(&fresh, base, &address);
	client_wait(&fresh, http_server_connections(server) == 2);
	http_server_drain(server);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_wait(&idle, idle.ended && fresh.ended);
	client_close(&idle);
	client_close(&fresh);
}
END_TEST

START_TEST(drain_lets_the_request_under_way_be_answered)
{
	struct http_client waiting;
	struct http_client sending;

	fixture_start();
	client_connect(&waiting, base, &address);
	client_send(&waiting, GET_LATER);
	client_connect(&sending, base, &address);
	client_send(&sending, "GET /hello HT");
	client_wait(&waiting, kept_count == 1);
	while (http_server_connections(server) != 2)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_loop(base, EVLOOP_NONBLOCK);
	http_server_drain(server);
	ck_assert_uint_eq(http_server_connections(server), 2);
	client_send(&sending, "TP/1.1\r\nHost: a\r\n\r\n");
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&waiting, waiting.ended && sending.ended);
	client_has(&waiting, "Connection: close\r\n");
	client_has(&waiting, "\r\n\r\nlate");
	client_has(&sending, "Connection: close\r\n");
	client_has(&sending, "\r\n\r\nhello");
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&waiting);
	client_close(&sending);
}
END_TEST

START_TEST(drain_refuses_new_connections)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	fixture_start();
	http_server_drain(server);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
}
END_TEST

START_TEST(drain_after_the_answer_was_given_ends_the_connection_too)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	http_server_drain(server); /* the answer said nothing about closing */
	client_wait(&client, client.ended);
	client_has(&client, "\r\n\r\nlate");
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

START_TEST(large_answer_arrives_whole)
{
	struct http_client client;
	AUTO_BYTES         body = {0};

	for (int i = 0; i < 3000000; i++)
		bytes_append_u8(&body, 'x');
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "POST /later HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE);
	client_wait(&client, kept_count == 1);
	http_reply(kept[0], 200, "text/plain", bytes_view(&body));
	client_wait(&client, client.ended);
	ck_assert_uint_gt(client.got.size, body.size);
	client_close(&client);
}
END_TEST

START_TEST(json_reply_is_json_that_nobody_stores)
{
	struct http_client client;
	AUTO_FREE char    *text = NULL;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\n" CLOSE);
	client_wait(&client, kept_count == 1);
	json_reply(kept[0], 201, json_pack("{s:s}", "chain", "x"));
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 201 Created\r\n");
	client_has(&client, "Content-Type: application/json\r\n");
	client_has(&client, "Cache-Control: no-store\r\n");
	client_has(&client, "\r\n\r\n{\"chain\":\"x\"}");
	client_close(&client);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_test(tcase, reply_of_a_route_is_sent_whole);
	tcase_add_test(tcase, reply_to_head_has_the_length_and_no_body);
	tcase_add_test(tcase, reply_204_has_no_length);
	tcase_add_test(tcase, http_1_0_is_answered_and_closed);
	tcase_add_test(tcase, http_1_0_keep_alive_is_kept);
	tcase_add_test(tcase, hundred_requests_go_over_one_connection);
	tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
	tcase_add_test(tcase, pipelined_request_waits_for_an_answer_that_comes_later);
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
	tcase_add_test(tcase, answer_may_come_later);
	tcase_add_test(tcase, ids_of_exchanges_differ);
	tcase_add_test(tcase, client_that_goes_before_the_answer_cancels_it);
	tcase_add_test(tcase, client_that_resets_before_the_answer_cancels_it);
	tcase_add_test(tcase, answer_to_a_client_that_has_just_gone_is_dropped);
	tcase_add_test(tcase, client_without_a_handler_for_its_going_may_go);
	tcase_add_test(tcase, server_freed_before_the_answer_cancels_it);
	tcase_add_test(tcase, server_freed_right_after_an_accept_leaves_nothing);
	tcase_add_test(tcase, drain_ends_idle_connections_at_once);
	tcase_add_test(tcase, drain_lets_the_request_under_way_be_answered);
	tcase_add_test(tcase, drain_refuses_new_connections);
	tcase_add_test(tcase, drain_after_the_answer_was_given_ends_the_connection_too);
	tcase_add_test(tcase, large_answer_arrives_whole);
	tcase_add_test(tcase, json_reply_is_json_that_nobody_stores);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
