/*
 * A hostile client: the input is what it sends to a real server. Three octets that
 * no request needs are orders: 0xfe lets the server run, 0xfd has an answer given
 * that a handler keeps for later, 0xfc ends the client's sending. Whatever happens,
 * evhttp's own pages stay inside, and nothing is left when the client has gone.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "http/json.h"
#include "http/server.h"
#include "util/error.h"

#define KEPT_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http_exchange *kept[KEPT_MAX];

static const struct json_member members[] = {JSON_VALUE("a"), JSON_LIST("b", NULL), {0}};

static void
echo_cb(struct http_exchange *exchange, void *arg)
{
	json_t      *object = NULL;
	AUTO_BYTES   text = {0};
	struct error err;

	(void)arg;
	if (json_members_decode(http_exchange_body(exchange), members, &object, &err) != 0)
		http_reply_problem(exchange, &err);
	else
		json_append_octets(http_exchange_body(exchange), &text);
	json_decref(object);
	if (text.size != 0)
		json_reply(exchange, 200, bytes_view(&text));
}

static void
cancelled_cb(void *slot)
{
	*(struct http_exchange **)slot = NULL;
}

static void
later_cb(struct http_exchange *exchange, void *arg)
{
	struct error err;

	(void)arg;
	for (int i = 0; i < KEPT_MAX; i++) {
		if (kept[i] == NULL) {
			kept[i] = exchange;
			http_exchange_on_cancel(exchange, cancelled_cb, &kept[i]);
			return;
		}
	}
	error_set(&err, ERROR_OVERLOADED, "too many at %s", http_exchange_path(exchange));
	http_reply_problem(exchange, &err);
}

static void
answer_kept(void)
{
	for (int i = 0; i < KEPT_MAX; i++) {
		struct http_exchange *exchange = kept[i];

		kept[i] = NULL;
		if (exchange != NULL)
			http_reply(exchange, 200, "text/plain", (struct view){(const uint8_t *)"later", 5});
	}
}

static const struct http_route routes[] = {
    {"POST", "/e", echo_cb},
    {"GET", "/e", echo_cb},
    {"POST", "/l", later_cb},
    {"GET", "/l/", later_cb},
    {NULL, NULL, NULL},
};

static struct event_base  *base;
static struct http_server *server;
static struct sockaddr_un  address = {.sun_family = AF_UNIX};
static socklen_t           address_size = sizeof address;

/* A listening socket with a name that the kernel picks: TCP would run out of ports. */
static void
start(void)
{
	static const struct http_settings settings = {
	    .routes = routes,
	    .problem_namespace = "urn:fuzz:",
	    .body_max = 512,
	    .header_max = 256,
	    .connections_max = 4,
	    .idle_ms = 60000,
	    .request_ms = 60000,
	};
	struct error err;
	int          fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	json_init();
	base = event_base_new();
	if (bind(fd, (struct sockaddr *)&address, sizeof address.sun_family) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_size) != 0 ||
	    listen(fd, 16) != 0 || http_server_new(base, &settings, &server, &err) != 0 ||
	    http_server_listen(server, fd, &err) != 0)
		abort();
}

static void
turn(int fd)
{
	char    got[65536];
	ssize_t size;

	for (int i = 0; i < 3; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	size = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
	if (size > 0) {
		assert(memmem(got, (size_t)size, "\r\nContent-Type: text/html", 25) == NULL);
		assert(memmem(got, (size_t)size, "\r\nServer:", 9) == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t from = 0;
	int    fd;

	if (server == NULL)
		start();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, address_size) != 0)
		abort();
	for (size_t i = 0; i <= size; i++) {
		if (i < size && data[i] < 0xfc)
			continue;
		(void)!send(fd, data + from, i - from, MSG_DONTWAIT | MSG_NOSIGNAL);
		from = i + 1;
		if (i < size && data[i] == 0xfd)
			answer_kept();
		else if (i < size && data[i] == 0xfc)
			(void)shutdown(fd, SHUT_WR);
		else
			turn(fd);
	}
	close(fd);
	for (int i = 0; i < 1000 && http_server_connections(server) != 0; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	/* A client that has closed looks like one that waits for its answer: it gets it. */
	answer_kept();
	for (int i = 0; i < 1000 && http_server_connections(server) != 0; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert(http_server_connections(server) == 0);
	assert(http_server_exchanges(server) == 0);
	for (int i = 0; i < KEPT_MAX; i++)
		assert(kept[i] == NULL);
	return 0;
}
