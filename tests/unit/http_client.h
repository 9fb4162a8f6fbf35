/*
 * A client for tests of the HTTP server: it shares the server's loop and thread,
 * sends octets as they are given, and keeps what comes back.
 */
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "unit.h"
#include "util/bytes.h"

struct http_client {
	struct event_base *base;
	struct event      *readable;
	int                fd;
	bool               ended; /* the server closed, or reset */
	struct bytes       got;   /* never NULL, always ends with a NUL that is not counted */
};

/* Runs the loop until the condition holds; Check's timeout ends what never happens. */
#define client_wait(client, condition)                                      \
	do {                                                                \
		while (!(condition))                                        \
			ck_assert_int_eq(event_base_loop((client)->base, EVLOOP_ONCE), 0); \
	} while (0)

static inline void
client_terminate(struct http_client *client)
{
	bytes_append_u8(&client->got, '\0');
	client->got.size--;
}

static inline void
client_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = arg;
	char                piece[8192];
	ssize_t             size = recv((int)fd, piece, sizeof piece, MSG_DONTWAIT);

	(void)what;
	if (size > 0) {
		bytes_append(&client->got, piece, (size_t)size);
		client_terminate(client);
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		client->ended = true;
		event_del(client->readable);
	}
}

/* A loopback socket that listens on a free port; writes its address. */
static inline int
client_listener(struct sockaddr_in *address)
{
	socklen_t size = sizeof *address;
	int       fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, sizeof *address), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &size), 0);
	return fd;
}

/* Connects from a loopback address: "127.0.0.2". */
static inline void
client_connect_from(struct http_client *client, struct event_base *base, const char *from,
    const struct sockaddr_in *address)
{
	struct sockaddr_in own = {.sin_family = AF_INET};

	*client = (struct http_client){.base = base};
	client_terminate(client);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(client->fd, 0);
	ck_assert_int_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
	ck_assert_int_eq(bind(client->fd, (const struct sockaddr *)&own, sizeof own), 0);
	ck_assert_int_eq(
	    connect(client->fd, (const struct sockaddr *)address, sizeof *address), 0);
	client->readable =
	    event_new(base, client->fd, EV_READ | EV_PERSIST, client_readable_cb, client);
	event_add(client->readable, NULL);
}

static inline void
client_connect(struct http_client *client, struct event_base *base,
    const struct sockaddr_in *address)
{
	client_connect_from(client, base, "127.0.0.1", address);
}

/* Sends all of it, letting the server run; what a server that has closed does not take is dropped. */
static inline void
client_send_bytes(struct http_client *client, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t sent = send(client->fd, p, size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			p += sent;
			size -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return;
		} else {
			event_base_loop(client->base, EVLOOP_NONBLOCK);
		}
	}
}

static inline void
client_send(struct http_client *client, const char *text)
{
	client_send_bytes(client, text, strlen(text));
}

static inline const char *
client_text(const struct http_client *client)
{
	return (const char *)client->got.data;
}

/* How often the text occurs in what came back. */
static inline size_t
client_count(const struct http_client *client, const char *text)
{
	size_t count = 0;

	for (const char *p = client_text(client); (p = strstr(p, text)) != NULL; p += strlen(text))
		count++;
	return count;
}

/* Forgets what came back so far. */
static inline void
client_forget(struct http_client *client)
{
	client->got.size = 0;
	client_terminate(client);
}

static inline void
client_close(struct http_client *client)
{
	if (client->readable != NULL)
		event_free(client->readable);
	client->readable = NULL;
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	bytes_clear(&client->got);
}

#endif
