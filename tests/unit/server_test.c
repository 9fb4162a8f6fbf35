#include "config.h"

#include <sys/resource.h>

#include <event2/event.h>

#include "http/json.h"
#include "http/server.h"
#include "http_client.h"
#include "unit.h"
#include "util/error.h"

#define BODY_MAX 65536
#define HEADER_MAX 8192

/* Requests that a handler keeps, to answer them later. */
static struct http_exchange *kept[8];
static size_t                kept_count;
static size_t                cancelled_count;
static struct bytes          seen_body;
static char                  seen_path[256];

static void
hello_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply(exchange, 200, "text/plain", (struct view){(const uint8_t *)"hello", 5});
}

static void
echo_cb(struct http_exchange *exchange, void *arg)
{
	struct view body = http_exchange_body(exchange);

	(void)arg;
	bytes_clear(&seen_body);
	bytes_append(&seen_body, body.data, body.size);
	snprintf(seen_path, sizeof seen_path, "%s", http_exchange_path(exchange));
	http_reply(exchange, 200, "application/octet-stream", body);
}

static void
cancelled_cb(void *arg)
{
	cancelled_count++;
	*(struct http_exchange **)arg = NULL;
}

static void
later_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	ck_assert_uint_lt(kept_count, 8);
	kept[kept_count] = exchange;
	http_exchange_on_cancel(exchange, cancelled_cb, &kept[kept_count]);
	kept_count++;
}

static void
busy_cb(struct http_exchange *exchange, void *arg)
{
	struct error err;

	(void)arg;
	error_set(&err, ERROR_OVERLOADED, "too many\r\nSet-Cookie: x=\xff challenges");
	http_reply_problem(exchange, &err);
}

static void
nothing_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	http_reply(exchange, 204, NULL, (struct view){NULL, 0});
}

static const struct http_route routes[] = {
    {"GET", "/hello", hello_cb},
    {"POST", "/echo", echo_cb},
    {"POST", "/later", later_cb},
    {"GET", "/busy", busy_cb},
    {"DELETE", "/hello", nothing_cb},
    {"POST", "/tree/", echo_cb},
    {"GET", "/tree/leaf", hello_cb},
    {NULL, NULL, NULL},
};

static struct event_base   *base;
static struct http_server  *server;
static struct sockaddr_in   address;
static struct http_settings settings;

static void
server_start(void)
{
	struct error err;

	unit_ok(http_server_new(base, &settings, &server, &err), &err);
	unit_ok(http_server_listen(server, client_listener(&address), &err), &err);
}

static void
setup(void)
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

static void
teardown(void)
{
	http_server_free(server);
	event_base_free(base);
	bytes_clear(&seen_body);
}

/* Sends a request on a connection of its own and waits until the server closes it. */
static void
ask(struct http_client *client, const char *request)
{
	client_connect(client, base, &address);
	client_send(client, request);
	client_wait(client, client->ended);
}

START_TEST(reply_of_a_route_is_sent)
{
	struct http_client client;

	server_start();
	ask(&client, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	ck_assert_msg(strncmp(client_text(&client), "HTTP/1.1 200 OK\r\n", 17) == 0, "%s",
	    client_text(&client));
	ck_assert_ptr_nonnull(strstr(client_text(&client), "\r\n\r\nhello"));
	ck_assert_ptr_nonnull(strstr(client_text(&client), "Content-Type: text/plain\r\n"));
	ck_assert_uint_eq(client_count(&client, "Content-Length: 5\r\n"), 1);
	ck_assert_ptr_null(strstr(client_text(&client), "Server:"));
	client_close(&client);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, reply_of_a_route_is_sent);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
