/*
 * A server under test: its loop, routes that echo, answer later or fail, and what
 * the handlers have seen. Its clients are http_client.h's.
 */
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include <stdio.h>

#include <event2/event.h>

#include "http/json.h"
#include "http/server.h"
#include "http_client.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define BODY_MAX 65536
#define HEADER_MAX 8192

static struct event_base   *base;
static struct http_server  *server;
static struct sockaddr_in   address;
static struct http_settings settings;

/* What handlers keep to answer later; NULL again when it was cancelled. */
static struct http_exchange *kept[8];
static size_t                kept_count;
static size_t                cancelled_count;
static size_t                asked_count;

static inline void
hello_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	asked_count++;
	http_reply(exchange, 200, "text/plain", (struct view){(const uint8_t *)"hello", 5});
}

static inline void
echo_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	asked_count++;
	http_reply_header(exchange, "X-Path", http_exchange_path(exchange));
	http_reply(exchange, 200, "application/octet-stream", http_exchange_body(exchange));
}

static inline void
cancelled_cb(void *arg)
{
	cancelled_count++;
	*(struct http_exchange **)arg = NULL;
}

static inline void
later_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	ck_assert_uint_lt(kept_count, 8);
	kept[kept_count] = exchange;
	http_exchange_on_cancel(exchange, cancelled_cb, &kept[kept_count]);
	kept_count++;
}

static inline void
busy_cb(struct http_exchange *exchange, void *arg)
{
	struct error err;

	(void)arg;
	error_set(&err, ERROR_OVERLOADED, "too many\r\nSet-Cookie: x=\xff challenges");
	http_reply_problem(exchange, &err);
}

static inline void
nothing_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply(exchange, 204, NULL, (struct view){NULL, 0});
}

static inline void
empty_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply(exchange, 200, NULL, (struct view){NULL, 0});
}

/* What /file serves; a test that asks for it makes it, and releases it. */
static struct http_file *served;

static inline void
file_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply_file(exchange, "application/octet-stream", served);
}

/* Peers in the order in which /slow was run for them, which takes more than a turn of the loop. */
static char   slow_peers[64][ADDRESS_TEXT_SIZE];
static size_t slow_count;

static inline void
slow_cb(struct http_exchange *exchange, void *arg)
{
	int64_t until = clock_monotonic_ms() + 2;

	(void)arg;
	while (clock_monotonic_ms() <= until)
		;
	ck_assert_uint_lt(slow_count, 64);
	(void)snprintf(slow_peers[slow_count++], ADDRESS_TEXT_SIZE, "%s", http_exchange_peer(exchange));
	http_reply(exchange, 200, "text/plain", (struct view){(const uint8_t *)"slow", 4});
}

static const struct http_route routes[] = {
    {"GET", "/slow", slow_cb},
    {"GET", "/file", file_cb},
    {"GET", "/empty", empty_cb},
    {"GET", "/hello", hello_cb},
    {"POST", "/echo", echo_cb},
    {"POST", "/later", later_cb},
    {"GET", "/later", later_cb},
    {"GET", "/busy", busy_cb},
    {"DELETE", "/hello", nothing_cb},
    {"POST", "/tree/", echo_cb},
    {"GET", "/tree/leaf", hello_cb},
    {NULL, NULL, NULL},
};

static inline void
fixture_setup(void)
{
	json_init();
	base = event_base_new();
	settings = (struct http_settings){
	    .routes = routes,
	    .problem_namespace = "urn:attest-ca:error:",
	    .body_max = BODY_MAX,
	    .header_max = HEADER_MAX,
	    .connections_max = 64,
	    .idle_ms = 60000,
	    .request_ms = 10000,
	};
}

static inline void
fixture_teardown(void)
{
	http_server_free(server);
	event_base_free(base);
}

/* Starts the server with what `settings` says by now. */
static inline void
fixture_start(void)
{
	struct error err;

	unit_ok(http_server_new(base, &settings, &server, &err), &err);
	unit_ok(http_server_listen(server, client_listener(&address), &err), &err);
}

/* Sends a request on a connection of its own and waits until the server closes it. */
static inline void
ask(struct http_client *client, const char *request)
{
	client_connect(client, base, &address);
	client_send(client, request);
	client_wait(client, client->ended);
}

/* Asserts that what came back begins with this. */
#define client_begins(client, wanted)                                                  \
	ck_assert_msg(strncmp(client_text(client), (wanted), strlen(wanted)) == 0,     \
	    "wanted \"%s\", got \"%s\"", (wanted), client_text(client))

#define client_has(client, wanted)                                                     \
	ck_assert_msg(strstr(client_text(client), (wanted)) != NULL,                   \
	    "wanted \"%s\", got \"%s\"", (wanted), client_text(client))

#define client_has_not(client, unwanted)                                               \
	ck_assert_msg(strcasestr(client_text(client), (unwanted)) == NULL,             \
	    "did not want \"%s\", got \"%s\"", (unwanted), client_text(client))

#endif
