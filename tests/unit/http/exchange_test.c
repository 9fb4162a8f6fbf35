/* Answers that come later, clients that do not wait for them, and servers that end. */
#include "config.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "http/connection.h"
#include "http/server_state.h"
#include "http_fixture.h"

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LATER "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLOSE "Host: a\r\nConnection: close\r\n\r\n"

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

START_TEST(client_that_half_closes_gets_a_late_answer)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	client_wait(&client, kept_count == 1);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	for (int i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(cancelled_count, 0);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "\r\n\r\nlate");
	client_close(&client);
}
END_TEST

/* Whoever waits is asked whether it is there by what it passes over; HTTP/1.0 has nothing of the kind. */
START_TEST(client_that_half_closes_and_waits_is_probed)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, _i == 0 ? GET_LATER : "GET /later HTTP/1.0\r\n\r\n");
	client_wait(&client, kept_count == 1);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	event_base_loopexit(base, &(const struct timeval){.tv_usec = 700000});
	event_base_dispatch(base);
	ck_assert_uint_eq(cancelled_count, 0);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 102 Processing\r\n\r\n"), _i == 0 ? 1 : 0);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&client, client.ended);
	client_has(&client, " 200 OK\r\n");
	client_has(&client, "\r\n\r\nlate");
	client_close(&client);
}
END_TEST

static struct event *answering;

/* Answers when the output of the only connection has something: in the turn that writes it. */
static void
answer_beside_output_cb(evutil_socket_t fd, short what, void *arg)
{
	struct bufferevent *bev = LIST_FIRST(&server->connections)->bev;

	(void)fd;
	(void)what;
	(void)arg;
	if (evbuffer_get_length(bufferevent_get_output(bev)) != 0)
		http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
}

/* libevent writes this answer before we do: the next request is not to be taken for answered. */
START_TEST(answer_that_follows_a_probe_in_the_same_turn_leaves_the_next_request)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER "GET /hello HTTP/1.1\r\n" CLOSE);
	client_wait(&client, kept_count == 1);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	answering = event_new(base, -1, 0, answer_beside_output_cb, NULL);
	while (http_server_exchanges(server) == 1) {
		event_active(answering, EV_TIMEOUT, 1); /* before what the next poll finds */
		event_base_loop(base, EVLOOP_ONCE);
	}
	client_wait(&client, client.ended);
	client_has(&client, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n");
	ck_assert_ptr_nonnull(strstr(strstr(client_text(&client), "\r\n\r\nlate"), "\r\n\r\nhello"));
	event_free(answering);
	client_close(&client);
}
END_TEST

START_TEST(client_that_half_closes_gets_a_large_answer)
{
	struct http_client client;
	AUTO_BYTES         body = {0};

	for (int i = 0; i < 4 << 20; i++)
		bytes_append_u8(&body, 'x');
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_LATER);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_wait(&client, kept_count == 1);
	http_reply(kept[0], 200, "text/plain", bytes_view(&body));
	client_wait(&client, client.ended);
	ck_assert_uint_gt(client.got.size, body.size);
	client_close(&client);
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

static void
drain_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
	http_server_drain(server);
}

/* The connection is there, and not yet evhttp's: its first request is served still. */
START_TEST(drain_right_after_an_accept_serves_the_first_request)
{
	struct http_client client;
	struct event      *trigger;
	bool               drained = false;

	fixture_start();
	client_connect(&client, base, &address);
	trigger = event_new(base, client.fd, EV_WRITE, drain_cb, &drained);
	event_add(trigger, NULL);
	client_wait(&client, drained);
	client_send(&client, GET_HELLO);
	client_wait(&client, client.ended);
	client_has(&client, "hello");
	event_free(trigger);
	client_close(&client);
}
END_TEST

/* Shorter limits close idle connections; one whose request is under way is left to be answered. */
START_TEST(limits_of_a_server_that_drains_end_nothing)
{
	struct http_client waiting;

	fixture_start();
	client_connect(&waiting, base, &address);
	client_send(&waiting, GET_LATER);
	client_wait(&waiting, kept_count == 1);
	http_server_drain(server);
	settings.connections_max = 0;
	http_server_limits(server, &settings);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&waiting, waiting.ended);
	client_has(&waiting, "\r\n\r\nlate");
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&waiting);
}
END_TEST

static void
split_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply_header(exchange, "X-Split", "a\r\nSet-Cookie: b");
	http_reply_header(exchange, "X-Whole", "c");
	http_reply(exchange, 200, "text/plain", (struct view){(const uint8_t *)"hello", 5});
}

/* A value with a line's end would begin a line of its own. */
START_TEST(header_with_a_line_end_is_left_out)
{
	static const struct http_route split_routes[] = {{"GET", "/split", split_cb}, {NULL, NULL, NULL}};
	struct http_client             client;

	settings.routes = split_routes;
	fixture_start();
	ask(&client, "GET /split HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_has(&client, "X-Whole: c\r\n");
	client_has(&client, "\r\n\r\nhello");
	client_has_not(&client, "X-Split");
	client_has_not(&client, "Set-Cookie");
	client_close(&client);
}
END_TEST

/* evhttp cannot be given no connection, and nobody may have one that is not counted. */
static bool no_callback;

struct evbuffer_cb_entry *__real_evbuffer_add_cb(struct evbuffer *buffer, evbuffer_cb_func cb, void *arg);
struct evbuffer_cb_entry *__wrap_evbuffer_add_cb(struct evbuffer *buffer, evbuffer_cb_func cb, void *arg);
struct evbuffer_cb_entry *
__wrap_evbuffer_add_cb(struct evbuffer *buffer, evbuffer_cb_func cb, void *arg)
{
	return no_callback ? NULL : __real_evbuffer_add_cb(buffer, cb, arg);
}

static bool no_bufferevent;

struct bufferevent *__real_bufferevent_socket_new(struct event_base *of, evutil_socket_t fd, int options);
struct bufferevent *__wrap_bufferevent_socket_new(struct event_base *of, evutil_socket_t fd, int options);
struct bufferevent *
__wrap_bufferevent_socket_new(struct event_base *of, evutil_socket_t fd, int options)
{
	return no_bufferevent ? NULL : __real_bufferevent_socket_new(of, fd, options);
}

START_TEST(connection_whose_octets_would_not_be_counted_is_closed)
{
	struct http_client client;

	fixture_start();
	no_callback = true;
	ask(&client, GET_HELLO);
	no_callback = false;
	ck_assert_uint_eq(client.got.size, 0);
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

START_TEST(connection_without_memory_aborts)
{
	struct http_client client;

	fixture_start();
	no_bufferevent = true;
	ask(&client, GET_HELLO);
}
END_TEST

/* It resets before it could be told why: there is nobody to be told. */
START_TEST(refused_client_that_has_reset_is_forgotten)
{
	const struct linger at_once = {.l_onoff = 1};
	struct http_client  client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /hello HTTP/1.1\r\nContent-Length: x\r\n\r\n");
	client_wait(&client, http_server_connections(server) == 1 &&
	        LIST_FIRST(&server->connections)->state == CONNECTION_REFUSING);
	ck_assert_int_eq(setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	client_close(&client);
	client_wait(&(struct http_client){.base = base}, http_server_connections(server) == 0);
	ck_assert_uint_eq(asked_count, 0);
}
END_TEST

START_TEST(drain_ends_idle_connections_at_once)
{
	struct http_client idle;

	fixture_start();
	client_connect(&idle, base, &address);
	client_send(&idle, GET_HELLO);
	client_wait(&idle, client_count(&idle, "hello") == 1);
	http_server_drain(server);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_wait(&idle, idle.ended);
	client_close(&idle);
}
END_TEST

/* A client that gets no answer to its first request takes that for a failure. */
START_TEST(drain_leaves_new_connections_a_second_for_their_first_request)
{
	struct http_client asks;
	struct http_client silent;

	fixture_start();
	client_connect(&asks, base, &address);
	client_connect(&silent, base, &address);
	client_wait(&silent, http_server_connections(server) == 2);
	http_server_drain(server);
	ck_assert_uint_eq(http_server_connections(server), 2);
	client_send(&asks, GET_HELLO);
	client_wait(&asks, client_count(&asks, "hello") == 1);
	ck_assert(!silent.ended);
	client_wait(&asks, asks.ended);
	client_wait(&silent, silent.ended);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&asks);
	client_close(&silent);
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

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\n" CLOSE);
	client_wait(&client, kept_count == 1);
	json_reply(kept[0], 201, view_text("{\"chain\":\"x\"}"));
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 201 Created\r\n");
	client_has(&client, "Content-Type: application/json\r\n");
	client_has(&client, "Cache-Control: no-store\r\n");
	client_has(&client, "\r\n\r\n{\"chain\":\"x\"}");
	client_close(&client);
}
END_TEST

/* ---- whose turn it is ---- */

#define CROWD 8
#define GET_SLOW "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"

static struct http_client crowd[CROWD];

static void
crowd_connect(void)
{
	fixture_start();
	for (size_t i = 0; i < CROWD; i++)
		client_connect_from(&crowd[i], base, "127.0.0.2", &address);
	client_wait(&crowd[0], http_server_connections(server) == CROWD);
}

static void
crowd_close(void)
{
	for (size_t i = 0; i < CROWD; i++)
		client_close(&crowd[i]);
}

/* The place of another source's request in the order of service. */
static size_t
place_of(const char *peer)
{
	size_t place = 0;

	while (place < slow_count && strncmp(slow_peers[place], peer, strlen(peer)) != 0)
		place++;
	return place;
}

START_TEST(sources_take_turns_whoever_sends_more)
{
	struct http_client quiet;

	crowd_connect();
	client_connect(&quiet, base, &address);
	client_wait(&quiet, http_server_connections(server) == CROWD + 1);
	for (size_t i = 0; i < CROWD; i++)
		client_send(&crowd[i], GET_SLOW);
	client_send(&quiet, GET_SLOW);
	client_wait(&quiet, client_count(&quiet, "slow") == 1);
	ck_assert_uint_le(place_of("127.0.0.1:"), 1);
	for (size_t i = 0; i < CROWD; i++)
		client_wait(&crowd[i], client_count(&crowd[i], "slow") == 1);
	ck_assert_uint_eq(slow_count, CROWD + 1);
	client_close(&quiet);
	crowd_close();
}
END_TEST

START_TEST(source_that_comes_later_has_its_turn_before_the_rest_of_a_crowd)
{
	struct http_client quiet;

	crowd_connect();
	for (size_t i = 0; i < CROWD; i++)
		client_send(&crowd[i], GET_SLOW);
	client_wait(&crowd[0], slow_count > 0);
	client_connect(&quiet, base, &address);
	client_send(&quiet, GET_SLOW);
	client_wait(&quiet, client_count(&quiet, "slow") == 1);
	/* Accepting and reading take a pass of the loop each, in which one of the crowd has its turn. */
	ck_assert_uint_le(place_of("127.0.0.1:"), 5);
	ck_assert_uint_lt(slow_count, CROWD);
	client_close(&quiet);
	crowd_close();
}
END_TEST

START_TEST(client_that_goes_before_its_turn_is_not_served)
{
	const struct linger reset = {.l_onoff = 1};

	crowd_connect();
	for (size_t i = 0; i < CROWD; i++)
		client_send(&crowd[i], GET_SLOW);
	client_wait(&crowd[0], slow_count == 1);
	ck_assert_uint_eq(http_server_exchanges(server), CROWD - 1);
	for (size_t i = 0; i < CROWD; i++) {
		(void)setsockopt(crowd[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		client_close(&crowd[i]);
	}
	while (http_server_connections(server) != 0)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(http_server_exchanges(server), 0);
	ck_assert_uint_le(slow_count, 2);
}
END_TEST

START_TEST(server_freed_while_requests_wait_serves_them_not)
{
	crowd_connect();
	for (size_t i = 0; i < CROWD; i++)
		client_send(&crowd[i], GET_SLOW);
	client_wait(&crowd[0], slow_count == 1);
	http_server_free(server);
	server = NULL;
	for (size_t i = 1; i < CROWD; i++)
		client_wait(&crowd[i], crowd[i].ended);
	ck_assert_uint_eq(slow_count, 1);
	crowd_close();
}
END_TEST

/* Who fills it is refused, and nobody else; each of these requests holds more than 300 octets. */
START_TEST(requests_that_wait_are_bounded)
{
	struct http_client quiet;
	char               request[1024];
	size_t             refused = 0;

	(void)snprintf(request, sizeof request, "GET /slow HTTP/1.1\r\nHost: x\r\nX: %0600d\r\n\r\n", 0);
	settings.waiting_max = (size_t)4 * 1024;
	crowd_connect();
	client_connect(&quiet, base, &address);
	client_wait(&quiet, http_server_connections(server) == CROWD + 1);
	for (size_t i = 0; i < CROWD; i++)
		client_send(&crowd[i], request);
	client_send(&quiet, request);
	client_wait(&quiet, client_count(&quiet, "slow") == 1);
	for (size_t i = 0; i < CROWD; i++) {
		client_wait(&crowd[i], client_count(&crowd[i], "slow") + client_count(&crowd[i], "urn:attest-ca:error:overloaded") == 1);
		refused += client_count(&crowd[i], "HTTP/1.1 503 ");
	}
	ck_assert_uint_ge(refused, 2);
	ck_assert_uint_eq(slow_count, CROWD + 1 - refused);
	/* They go on with the same connections. */
	for (size_t i = 0; i < CROWD; i++) {
		client_send(&crowd[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		client_wait(&crowd[i], client_count(&crowd[i], "hello") == 1);
	}
	client_close(&quiet);
	crowd_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exchange");
	TCase *tcase = tcase_create("exchange");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_test(tcase, pipelined_request_waits_for_an_answer_that_comes_later);
	tcase_add_test(tcase, answer_may_come_later);
	tcase_add_test(tcase, ids_of_exchanges_differ);
	tcase_add_test(tcase, client_that_goes_before_the_answer_cancels_it);
	tcase_add_test(tcase, client_that_half_closes_gets_a_late_answer);
	tcase_add_test(tcase, client_that_half_closes_gets_a_large_answer);
	tcase_add_loop_test(tcase, client_that_half_closes_and_waits_is_probed, 0, 2);
	tcase_add_test(tcase, answer_that_follows_a_probe_in_the_same_turn_leaves_the_next_request);
	tcase_add_test(tcase, client_that_resets_before_the_answer_cancels_it);
	tcase_add_test(tcase, answer_to_a_client_that_has_just_gone_is_dropped);
	tcase_add_test(tcase, client_without_a_handler_for_its_going_may_go);
	tcase_add_test(tcase, server_freed_before_the_answer_cancels_it);
	tcase_add_test(tcase, server_freed_right_after_an_accept_leaves_nothing);
	tcase_add_test(tcase, drain_right_after_an_accept_serves_the_first_request);
	tcase_add_test(tcase, limits_of_a_server_that_drains_end_nothing);
	tcase_add_test(tcase, header_with_a_line_end_is_left_out);
	tcase_add_test(tcase, connection_whose_octets_would_not_be_counted_is_closed);
	tcase_add_test_raise_signal(tcase, connection_without_memory_aborts, SIGABRT);
	tcase_add_test(tcase, refused_client_that_has_reset_is_forgotten);
	tcase_add_test(tcase, drain_ends_idle_connections_at_once);
	tcase_add_test(tcase, drain_leaves_new_connections_a_second_for_their_first_request);
	tcase_add_test(tcase, drain_lets_the_request_under_way_be_answered);
	tcase_add_test(tcase, drain_refuses_new_connections);
	tcase_add_test(tcase, drain_after_the_answer_was_given_ends_the_connection_too);
	tcase_add_test(tcase, large_answer_arrives_whole);
	tcase_add_test(tcase, json_reply_is_json_that_nobody_stores);
	tcase_add_test(tcase, sources_take_turns_whoever_sends_more);
	tcase_add_test(tcase, source_that_comes_later_has_its_turn_before_the_rest_of_a_crowd);
	tcase_add_test(tcase, client_that_goes_before_its_turn_is_not_served);
	tcase_add_test(tcase, server_freed_while_requests_wait_serves_them_not);
	tcase_add_test(tcase, requests_that_wait_are_bounded);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
