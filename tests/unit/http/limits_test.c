/* What a server bounds: octets, time, connections, descriptors. */
#include "config.h"

#include <sys/resource.h>

#include "http_fixture.h"
#include "util/clock.h"

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

/* "x" as often as told. */
static char *
filling(size_t count)
{
	char *text = memory_new(count + 1);

	memset(text, 'x', count);
	text[count] = '\0';
	return text;
}

static void
send_body(struct http_client *client, size_t size)
{
	AUTO_FREE char *body = filling(size);
	char            head[128];

	snprintf(head, sizeof head,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", size);
	client_send(client, head);
	client_send(client, body);
}

/* Were it copied for each, slow readers of a long CRL would use up the memory. */
START_TEST(file_is_shared_by_those_who_read_it_slowly)
{
	const size_t       size = (size_t)8 * 1024 * 1024;
	AUTO_FREE char    *text = filling(size);
	struct bytes       data = {0};
	struct http_client clients[2];
	uint8_t           *last;

	bytes_append(&data, text, size);
	last = data.data + size - 1;
	served = http_file_new(&data);
	ck_assert_ptr_null(data.data);
	fixture_start();
	for (size_t i = 0; i < 2; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i],
		    "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		client_wait(&clients[i], client_count(&clients[i], "\r\n\r\n") == 1);
	}
	*last = 'y'; /* what is sent shows it: there is one */
	http_file_release(served); /* and it stays, though the server has a newer one */
	served = NULL;
	for (size_t i = 0; i < 2; i++) {
		client_wait(&clients[i], clients[i].ended);
		ck_assert_uint_gt(clients[i].got.size, size);
		ck_assert_int_eq(clients[i].got.data[clients[i].got.size - 1], 'y');
		client_close(&clients[i]);
	}
}
END_TEST

START_TEST(body_at_the_bound_passes)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	send_body(&client, BODY_MAX);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	ck_assert_uint_eq(strlen(strstr(client_text(&client), "\r\n\r\n") + 4), BODY_MAX);
	client_close(&client);
}
END_TEST

START_TEST(body_above_the_bound_is_a_413_problem)
{
	static const size_t sizes[] = {BODY_MAX + 1, 3 * BODY_MAX, 40 * BODY_MAX};
	struct http_client  client;

	fixture_start();
	client_connect(&client, base, &address);
	send_body(&client, sizes[_i]);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 413 the body is larger than 65536 octets");
	client_has(&client, "\"type\":\"urn:attest-ca:error:tooLarge\"");
	ck_assert_uint_eq(asked_count, 0);
	client_close(&client);
}
END_TEST

START_TEST(body_above_the_bound_is_refused_before_it_is_sent)
{
	struct http_client client;

	fixture_start();
	ask(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
	             "Content-Length: 65537\r\n\r\n");
	client_begins(&client, "HTTP/1.1 413 ");
	client_close(&client);
}
END_TEST

START_TEST(chunked_body_at_the_bound_passes)
{
	struct http_client client;
	AUTO_FREE char    *half = filling(BODY_MAX / 2);

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 2; i++) {
		client_send(&client, "8000\r\n");
		client_send(&client, half);
		client_send(&client, "\r\n");
	}
	client_send(&client, "0\r\n\r\n");
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	ck_assert_uint_eq(strlen(strstr(client_text(&client), "\r\n\r\n") + 4), BODY_MAX);
	client_close(&client);
}
END_TEST

START_TEST(chunked_body_above_the_bound_is_a_413_problem)
{
	struct http_client client;
	AUTO_FREE char    *half = filling(BODY_MAX / 2);

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 2; i++) {
		client_send(&client, "8000\r\n");
		client_send(&client, half);
		client_send(&client, "\r\n");
	}
	client_send(&client, "1\r\nx\r\n0\r\n\r\n");
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 413 ");
	ck_assert_uint_eq(asked_count, 0);
	client_close(&client);
}
END_TEST

/* A head of exactly `size` octets, its last line padded. */
static void
send_head(struct http_client *client, size_t size)
{
	static const char line[] = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Fill: ";
	AUTO_FREE char   *fill = filling(size - (sizeof line - 1) - 4);

	client_send(client, line);
	client_send(client, fill);
	client_send(client, "\r\n\r\n");
}

START_TEST(head_at_the_bound_passes)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	send_head(&client, HEADER_MAX);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_close(&client);
}
END_TEST

START_TEST(head_above_the_bound_is_a_413_problem)
{
	static const size_t sizes[] = {
	    HEADER_MAX + 1, HEADER_MAX + 100, 2 * HEADER_MAX, 100 * HEADER_MAX};
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	send_head(&client, sizes[_i]);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 413 the header is larger than 8192 octets\r\n");
	client_has(&client, "application/problem+json");
	ck_assert_uint_eq(asked_count, 0);
	client_close(&client);
}
END_TEST

START_TEST(request_line_without_end_is_a_413_problem)
{
	struct http_client client;
	AUTO_FREE char    *fill = filling(2 * HEADER_MAX);

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /");
	client_send(&client, fill);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 413 the header is larger than 8192 octets\r\n");
	client_close(&client);
}
END_TEST

/* It sends an octet now and then, so that no timeout per octet would ever end it. */
struct drip {
	struct http_client *client;
	struct event       *next;
	const char         *octets;
};

static void
drip_cb(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval pause = {.tv_sec = 0, .tv_usec = 10000};
	struct drip                *drip = arg;

	(void)fd;
	(void)what;
	if (drip->client->ended)
		return;
	client_send_bytes(drip->client, drip->octets, 1);
	if (drip->octets[1] != '\0')
		drip->octets++;
	evtimer_add(drip->next, &pause);
}

static const char *const slow_requests[] = {
    "GET /hello HTTP/1.1\r\nX-Slow: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nx",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\nx\r\nfff\r\nx",
};

START_TEST(slow_request_ends_at_its_deadline)
{
	struct http_client client;
	struct drip        drip = {.client = &client, .octets = slow_requests[_i]};

	settings.request_ms = 150;
	fixture_start();
	client_connect(&client, base, &address);
	drip.next = evtimer_new(base, drip_cb, &drip);
	drip_cb(-1, 0, &drip);
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 408 the request did not end within 150 ms\r\n");
	client_has(&client, "Connection: close\r\n");
	client_has(&client, "\"type\":\"urn:attest-ca:error:timeout\"");
	ck_assert_uint_eq(asked_count, 0);
	event_free(drip.next);
	client_close(&client);
	client_wait(&client, http_server_connections(server) == 0);
}
END_TEST

START_TEST(connection_without_an_octet_ends_at_the_deadline)
{
	struct http_client client;

	settings.request_ms = 50;
	fixture_start();
	client_connect(&client, base, &address);
	client_wait(&client, client.ended);
	ck_assert_uint_eq(client.got.size, 0);
	client_close(&client);
}
END_TEST

START_TEST(idle_connection_ends_after_its_time)
{
	struct http_client client;
	int64_t            answered;

	settings.idle_ms = 60;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_HELLO);
	client_wait(&client, client_count(&client, "hello") == 1);
	answered = clock_monotonic_ms();
	client_forget(&client);
	client_wait(&client, client.ended);
	ck_assert_uint_eq(client.got.size, 0);
	ck_assert_int_ge(clock_monotonic_ms() - answered, 40);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

START_TEST(second_request_has_a_deadline_of_its_own)
{
	struct http_client client;

	settings.request_ms = 80;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_HELLO "GET /hel"); /* the rest never comes */
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "HTTP/1.1 408 ");
	client_close(&client);
}
END_TEST

static void
flag_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

START_TEST(answer_that_takes_long_to_find_has_no_deadline_here)
{
	static const struct timeval longer = {.tv_sec = 0, .tv_usec = 150000};
	struct http_client          client;
	bool                        over = false;

	settings.request_ms = 50;
	settings.idle_ms = 50;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client, kept_count == 1);
	event_base_once(base, -1, EV_TIMEOUT, flag_cb, &over, &longer);
	client_wait(&client, over);
	ck_assert_uint_eq(cancelled_count, 0);
	http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"late", 4});
	client_wait(&client, client_count(&client, "\r\n\r\nlate") == 1);
	client_close(&client);
}
END_TEST

/* It asks for much and reads nothing. */
START_TEST(client_that_does_not_read_its_answer_is_ended)
{
	struct http_client client;
	AUTO_BYTES         body = {0};

	for (int i = 0; i < 12000000; i++)
		bytes_append_u8(&body, 'x');
	settings.request_ms = 50;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client, kept_count == 1);
	event_del(client.readable);
	http_reply(kept[0], 200, "text/plain", bytes_view(&body));
	client_wait(&client, http_server_connections(server) == 0);
	client_close(&client);
}
END_TEST

/* It reads, but takes longer than one interval for all of it. */
START_TEST(client_that_reads_a_large_answer_steadily_gets_it_all)
{
	struct http_client client;
	AUTO_BYTES         body = {0};
	int64_t            started;
	bool               slow = false;

	for (int i = 0; i < 12000000; i++)
		bytes_append_u8(&body, 'x');
	settings.request_ms = 200;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_wait(&client, kept_count == 1);
	started = clock_monotonic_ms();
	http_reply(kept[0], 200, "text/plain", bytes_view(&body));
	while (!client.ended) {
		const struct timeval pause = {.tv_sec = 0, .tv_usec = 5000};

		/* At most 128 KiB in 5 ms, so half a second for all. */
		event_del(client.readable);
		slow = false;
		event_base_once(base, -1, EV_TIMEOUT, flag_cb, &slow, &pause);
		client_wait(&client, slow);
		for (int i = 0; i < 16 && !client.ended; i++)
			client_readable_cb(client.fd, EV_READ, &client);
	}
	ck_assert_int_gt(clock_monotonic_ms() - started, 200);
	ck_assert_uint_gt(client.got.size, body.size);
	client_close(&client);
}
END_TEST

START_TEST(client_that_sends_ahead_without_end_is_not_buffered)
{
	struct http_client client;
	AUTO_FREE char    *ahead = filling(1 << 20);
	size_t             sent = 0;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client, kept_count == 1);
	for (int full = 0; full < 50;) {
		ssize_t got = send(client.fd, ahead, 1 << 20, MSG_DONTWAIT | MSG_NOSIGNAL);

		full = got < 0 ? full + 1 : 0;
		sent += got > 0 ? (size_t)got : 0;
		event_base_loop(base, EVLOOP_NONBLOCK);
		ck_assert_uint_lt(sent, 64 << 20); /* the sockets' buffers take a few MiB */
	}
	http_reply(kept[0], 200, "text/plain", (struct view){NULL, 0});
	client_wait(&client, client.ended);
	client_has(&client, "HTTP/1.1 413 the header is larger");
	client_close(&client);
}
END_TEST

/* Closed with octets unread, the socket would be reset, and a client may lose what it was told. */
START_TEST(refused_client_that_is_still_sending_is_not_reset)
{
	struct http_client client;
	AUTO_FREE char    *fill = filling(BODY_MAX);
	int                reason = 0;
	socklen_t          size = sizeof reason;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
	client_wait(&client, client_count(&client, "tooLarge") == 1);
	for (int i = 0; i < 20; i++) {
		client_send(&client, fill);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	client_wait(&client, client.ended); /* its side is closed, ours is still open */
	client_send(&client, fill);
	ck_assert_uint_eq(http_server_connections(server), 1);
	ck_assert_int_eq(getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &reason, &size), 0);
	ck_assert_int_eq(reason, 0);
	client_close(&client);
	client_wait(&client, http_server_connections(server) == 0);
}
END_TEST

START_TEST(refused_client_that_stays_is_ended)
{
	struct http_client client;

	settings.request_ms = 50;
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /hello HTTP/1.1\r\n\r\n"); /* no Host */
	client_wait(&client, client.ended);
	ck_assert_uint_eq(http_server_connections(server), 1);
	client_wait(&client, http_server_connections(server) == 0);
	client_close(&client);
}
END_TEST

START_TEST(server_freed_while_it_lingers_leaves_nothing)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /hello HTTP/1.1\r\n\r\n");
	client_wait(&client, client.ended);
	ck_assert_uint_eq(http_server_connections(server), 1);
	http_server_free(server);
	server = NULL;
	client_close(&client);
}
END_TEST

START_TEST(connections_above_the_cap_wait_while_all_are_served)
{
	struct http_client clients[4];

	settings.connections_max = 2;
	fixture_start();
	for (size_t i = 0; i < 4; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
		client_wait(&clients[i], kept_count == (i < 3 ? i + 1 : 3));
	}
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(http_server_connections(server), 3); /* the last one is there already */
	ck_assert_uint_eq(kept_count, 3);
	client_close(&clients[0]);
	client_wait(&clients[3], kept_count == 4);
	ck_assert_uint_eq(http_server_connections(server), 3);
	for (size_t i = 1; i < 4; i++)
		client_close(&clients[i]);
	client_wait(&clients[3], http_server_connections(server) == 0);
}
END_TEST

START_TEST(connections_above_the_cap_the_oldest_idle_one_is_closed)
{
	struct http_client clients[3];

	settings.connections_max = 2;
	fixture_start();
	for (size_t i = 0; i < 3; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], GET_HELLO);
		client_wait(&clients[i], client_count(&clients[i], "hello") == 1);
		if (i == 1) { /* the first is used once more: the second is idle for longest */
			client_send(&clients[0], GET_HELLO);
			client_wait(&clients[0], client_count(&clients[0], "hello") == 2);
		}
	}
	client_wait(&clients[1], clients[1].ended);
	ck_assert(!clients[0].ended && !clients[2].ended);
	ck_assert_uint_eq(http_server_connections(server), 2);
	for (size_t i = 0; i < 3; i++)
		client_close(&clients[i]);
}
END_TEST

START_TEST(limits_lower_cap_closes_the_oldest_idle_ones_at_once)
{
	struct http_client clients[4];

	fixture_start();
	for (size_t i = 0; i < 4; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], GET_HELLO);
		client_wait(&clients[i], client_count(&clients[i], "hello") == 1);
	}
	settings.connections_max = 1;
	http_server_limits(server, &settings);
	client_wait(&clients[2], clients[0].ended && clients[1].ended && clients[2].ended);
	ck_assert_uint_eq(http_server_connections(server), 1);
	client_send(&clients[3], GET_HELLO);
	client_wait(&clients[3], client_count(&clients[3], "hello") == 2);
	for (size_t i = 0; i < 4; i++)
		client_close(&clients[i]);
}
END_TEST

START_TEST(limits_higher_cap_takes_those_that_wait)
{
	struct http_client clients[4];

	settings.connections_max = 1;
	fixture_start();
	for (size_t i = 0; i < 4; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
		client_wait(&clients[i], kept_count == (i < 2 ? i + 1 : 2));
	}
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(kept_count, 2);
	settings.connections_max = 8;
	http_server_limits(server, &settings);
	client_wait(&clients[3], kept_count == 4);
	for (size_t i = 0; i < 4; i++)
		client_close(&clients[i]);
	client_wait(&clients[3], http_server_connections(server) == 0);
}
END_TEST

START_TEST(limits_shorter_times_are_for_what_begins_later)
{
	struct http_client early;
	struct http_client late;

	fixture_start();
	client_connect(&early, base, &address);
	client_send(&early, "GET /hel"); /* the rest comes later */
	while (http_server_connections(server) == 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	settings.request_ms = 50;
	settings.idle_ms = 50;
	http_server_limits(server, &settings);
	client_connect(&late, base, &address);
	client_send(&late, "GET /hel");
	client_wait(&late, late.ended);
	client_has(&late, "HTTP/1.1 408 ");
	ck_assert(!early.ended);
	client_send(&early, "lo HTTP/1.1\r\nHost: x\r\n\r\n");
	client_wait(&early, client_count(&early, "hello") == 1);
	client_wait(&early, early.ended); /* idle */
	client_close(&early);
	client_close(&late);
}
END_TEST

/* One address opens connections as fast as it can, and sends nothing. */
START_TEST(connections_of_one_address_keep_no_other_out)
{
	struct http_client flood[40];
	struct http_client honest[3];
	char               from[16];
	size_t             ended = 0;

	settings.connections_max = 8;
	fixture_start();
	for (size_t i = 0; i < 40; i++) {
		client_connect(&flood[i], base, &address);
		if (i % 20 == 10) {
			(void)snprintf(from, sizeof from, "127.0.0.%zu", 2 + i / 20);
			client_connect_from(&honest[i / 20], base, from, &address);
			client_send(&honest[i / 20], GET_HELLO);
			client_wait(&honest[i / 20], client_count(&honest[i / 20], "hello") == 1);
		}
	}
	client_connect_from(&honest[2], base, "127.0.0.4", &address);
	client_send(&honest[2], GET_HELLO);
	client_wait(&honest[2], client_count(&honest[2], "hello") == 1);
	for (size_t i = 0; i < 3; i++) { /* all three are still open, and served */
		client_send(&honest[i], GET_HELLO);
		client_wait(&honest[i], client_count(&honest[i], "hello") == 2);
		client_close(&honest[i]);
	}
	for (size_t i = 0; i < 40; i++) {
		ended += flood[i].ended;
		client_close(&flood[i]);
	}
	ck_assert_uint_eq(ended, 40 - 5);
}
END_TEST

#define HALF_SENT 60

/* Requests that do not end would each keep their octets until the time is over. */
START_TEST(large_requests_that_do_not_end_take_bounded_memory)
{
	static const char  head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
	AUTO_FREE char    *half = memory_new(30001);
	struct http_client clients[HALF_SENT];
	struct http_client honest;
	size_t             ended = 0;

	memset(half, 'x', 30000);
	settings.connections_max = 128; /* 16 of them in the midst of a large request */
	fixture_start();
	client_connect_from(&honest, base, "127.0.0.2", &address);
	client_send(&honest, head);
	client_send(&honest, half);
	for (size_t i = 0; i < HALF_SENT; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], head);
		client_send(&clients[i], half);
		for (int turn = 0; turn < 3; turn++)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	client_wait(&clients[0], http_server_connections(server) <= 16);
	client_send(&honest, half);
	client_wait(&honest, client_count(&honest, "200 OK") == 1);
	for (size_t i = 0; i < HALF_SENT; i++)
		ended += clients[i].ended;
	ck_assert_uint_eq(ended, HALF_SENT - 15);
	/* The room is given back with the request: as many can begin again. */
	client_wait(&honest, client_count(&honest, "x") > 0);
	client_send(&honest, head);
	client_send(&honest, half);
	client_send(&honest, half);
	client_wait(&honest, client_count(&honest, "200 OK") == 2);
	for (size_t i = 0; i < HALF_SENT; i++)
		client_close(&clients[i]);
	client_close(&honest);
}
END_TEST

/* One more than may be in the midst of a large request costs one, and no other. */
START_TEST(large_requests_one_too_many_ends_one)
{
	static const char  head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
	AUTO_FREE char    *half = memory_new(30001);
	struct http_client clients[17];
	struct http_client honest;
	size_t             ended = 0;

	memset(half, 'x', 30000);
	settings.connections_max = 128;
	fixture_start();
	for (size_t i = 0; i < 17; i++) {
		client_connect(&clients[i], base, &address);
		client_send(&clients[i], head);
		client_send(&clients[i], half);
		for (int turn = 0; turn < 3; turn++)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	client_wait(&clients[0], http_server_connections(server) <= 16);
	for (int turn = 0; turn < 10; turn++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(http_server_connections(server), 16);
	client_connect(&honest, base, &address); /* whoever comes makes no more room than it takes */
	client_send(&honest, GET_HELLO);
	client_wait(&honest, client_count(&honest, "hello") == 1);
	for (int turn = 0; turn < 10; turn++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	for (size_t i = 0; i < 17; i++)
		ended += clients[i].ended;
	ck_assert_uint_eq(ended, 1);
	client_close(&honest);
	for (size_t i = 0; i < 17; i++)
		client_close(&clients[i]);
}
END_TEST

START_TEST(accepting_pauses_without_descriptors_and_goes_on)
{
	struct http_client client;
	struct rlimit      before;
	struct rlimit      none;
	int64_t            started;
	int                free_fd;
	int                turns = 0;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, GET_HELLO);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	free_fd = dup(0);
	close(free_fd);
	none = before;
	none.rlim_cur = (rlim_t)free_fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	started = clock_monotonic_ms();
	for (; clock_monotonic_ms() - started < 250; turns++)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(http_server_connections(server), 0);
	ck_assert_int_lt(turns, 30); /* it does not spin */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	client_wait(&client, client_count(&client, "hello") == 1);
	client_close(&client);
}
END_TEST

START_TEST(two_servers_in_one_process_do_not_meet)
{
	struct http_server *other;
	struct sockaddr_in  other_address;
	struct http_client  clients[2];
	struct error        err;

	fixture_start();
	settings.connections_max = 1;
	unit_ok(http_server_new(base, &settings, &other, &err), &err);
	unit_ok(http_server_listen(other, client_listener(&other_address), &err), &err);
	client_connect(&clients[0], base, &address);
	client_connect(&clients[1], base, &other_address);
	client_wait(&clients[0],
	    http_server_connections(server) == 1 && http_server_connections(other) == 1);
	http_server_free(other);
	client_wait(&clients[1], clients[1].ended);
	client_send(&clients[0], GET_HELLO);
	client_wait(&clients[0], client_count(&clients[0], "hello") == 1);
	client_close(&clients[0]);
	client_close(&clients[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("limits");
	TCase *tcase = tcase_create("limits");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_test(tcase, file_is_shared_by_those_who_read_it_slowly);
	tcase_add_test(tcase, body_at_the_bound_passes);
	tcase_add_loop_test(tcase, body_above_the_bound_is_a_413_problem, 0, 3);
	tcase_add_test(tcase, body_above_the_bound_is_refused_before_it_is_sent);
	tcase_add_test(tcase, chunked_body_at_the_bound_passes);
	tcase_add_test(tcase, chunked_body_above_the_bound_is_a_413_problem);
	tcase_add_test(tcase, head_at_the_bound_passes);
	tcase_add_loop_test(tcase, head_above_the_bound_is_a_413_problem, 0, 4);
	tcase_add_test(tcase, request_line_without_end_is_a_413_problem);
	tcase_add_loop_test(tcase, slow_request_ends_at_its_deadline, 0, 3);
	tcase_add_test(tcase, connection_without_an_octet_ends_at_the_deadline);
	tcase_add_test(tcase, idle_connection_ends_after_its_time);
	tcase_add_test(tcase, second_request_has_a_deadline_of_its_own);
	tcase_add_test(tcase, answer_that_takes_long_to_find_has_no_deadline_here);
	tcase_add_test(tcase, client_that_does_not_read_its_answer_is_ended);
	tcase_add_test(tcase, client_that_reads_a_large_answer_steadily_gets_it_all);
	tcase_add_test(tcase, client_that_sends_ahead_without_end_is_not_buffered);
	tcase_add_test(tcase, refused_client_that_is_still_sending_is_not_reset);
	tcase_add_test(tcase, refused_client_that_stays_is_ended);
	tcase_add_test(tcase, server_freed_while_it_lingers_leaves_nothing);
	tcase_add_test(tcase, connections_above_the_cap_wait_while_all_are_served);
	tcase_add_test(tcase, connections_above_the_cap_the_oldest_idle_one_is_closed);
	tcase_add_test(tcase, limits_lower_cap_closes_the_oldest_idle_ones_at_once);
	tcase_add_test(tcase, limits_higher_cap_takes_those_that_wait);
	tcase_add_test(tcase, limits_shorter_times_are_for_what_begins_later);
	tcase_add_test(tcase, connections_of_one_address_keep_no_other_out);
	tcase_add_test(tcase, large_requests_that_do_not_end_take_bounded_memory);
	tcase_add_test(tcase, large_requests_one_too_many_ends_one);
	tcase_add_test(tcase, accepting_pauses_without_descriptors_and_goes_on);
	tcase_add_test(tcase, two_servers_in_one_process_do_not_meet);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
