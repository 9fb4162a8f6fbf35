/*
 * Owns what evhttp does not keep: how many connections there are, when one must
 * end, and that it did. It parses nothing.
 *
 * How it hooks in: it makes the bufferevent that evhttp asks for, and puts
 * callbacks on its two buffers. As soon as evhttp has taken the bufferevent, the
 * argument of its callbacks is evhttp's connection, whose close callback tells
 * us of the end. A filtering bufferevent would be the obvious place for all of
 * this, but one says "written" when it has passed octets on, not when they are
 * sent, and then evhttp closes the connection before the answer has left.
 */
#include "config.h"

#include "http/connection.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>

#include "http/exchange.h"
#include "http/linger.h"
#include "http/refusal.h"
#include "http/server_state.h"
#include "util/bytes.h"
#include "util/log.h"

/* A peer that takes its answer more slowly than this keeps a connection for nothing. */
#define SLOWEST_OCTETS_PER_MS 16

/* What may lie unread besides a body and a head. */
#define INPUT_SLACK 4096

void
connection_deadline(struct http_connection *connection, int64_t milliseconds)
{
	const struct timeval delay = {
	    .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

	(void)evtimer_add(&connection->deadline, &delay);
}

/* The first octet of a request is there, and with it perhaps all of them. */
static void
connection_begin(struct http_connection *connection)
{
	connection->state = CONNECTION_READING;
	connection->head = (struct head){0};
	connection_deadline(connection, connection->server->settings.request_ms);
}

/* Looks at the last `size` octets of the input. */
static void
connection_scan(struct http_connection *connection, struct evbuffer *input, size_t size)
{
	struct evbuffer_iovec pieces[8];
	struct evbuffer_ptr   from;
	int                   count;

	while (size > 0 && !connection->head.ended) {
		if (evbuffer_ptr_set(input, &from, evbuffer_get_length(input) - size,
		        EVBUFFER_PTR_SET) != 0)
			return;
		count = evbuffer_peek(input, (ev_ssize_t)size, &from, pieces, 8);
		for (int i = 0; i < count && i < 8; i++) {
			size_t length = pieces[i].iov_len < size ? pieces[i].iov_len : size;

			head_scan(&connection->head, pieces[i].iov_base, length);
			size -= length;
		}
		if (count <= 0)
			return;
	}
}

static void
connection_input_cb(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;

	if (info->n_added == 0)
		return;
	if (connection->state == CONNECTION_FRESH || connection->state == CONNECTION_IDLE)
		connection_begin(connection);
	if (connection->state == CONNECTION_READING)
		connection_scan(connection, input, info->n_added);
}

/* evhttp speaks for itself while a request is read: "100 Continue", or a page of HTML. */
static void
connection_output_cb(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;

	(void)output;
	if (info->n_added == 0 || connection->foreign ||
	    (connection->state != CONNECTION_READING && connection->state != CONNECTION_FRESH))
		return;
	connection->foreign = true;
	event_active(&connection->soon, EV_TIMEOUT, 1);
}

static void
connection_by_fd_set(struct http_connection *connection, struct http_connection *value)
{
	struct http_server *server = connection->server;
	size_t              fd = (size_t)connection->fd;

	if (fd >= server->by_fd_size) {
		size_t size = fd * 2 + 64;
		struct http_connection **grown = memory_new(size * sizeof(struct http_connection *));

		memset(grown, 0, size * sizeof(struct http_connection *));
		if (server->by_fd_size != 0)
			memcpy(grown, server->by_fd,
			    server->by_fd_size * sizeof(struct http_connection *));
		free(server->by_fd);
		server->by_fd = grown;
		server->by_fd_size = size;
	}
	server->by_fd[fd] = value;
}

void
connection_free(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	event_del(&connection->deadline);
	event_del(&connection->soon);
	LIST_REMOVE(connection, link);
	free(connection);
	server_connection_ended(server);
}

/* evhttp ends the connection: its peer went, an answer was the last, or we said so. */
static void
connection_closed_cb(struct evhttp_connection *evcon, void *arg)
{
	struct http_connection *connection = arg;
	struct http_exchange   *exchange = connection->exchange;

	(void)evcon;
	event_del(&connection->deadline);
	event_del(&connection->soon);
	connection_by_fd_set(connection, NULL);
	connection->evcon = NULL;
	connection->exchange = NULL;
	if (exchange != NULL)
		exchange_cancel(exchange);
	if (connection->linger && !connection->server->freeing)
		linger_start(connection);
	else
		connection_free(connection);
}

static void
connection_peer_set(struct http_connection *connection)
{
	char    *address = NULL;
	uint16_t port = 0;

	evhttp_connection_get_peer(connection->evcon, &address, &port);
	(void)snprintf(connection->peer, sizeof connection->peer,
	    strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u", address, (unsigned int)port);
}

/* Learns which connection evhttp has made around our bufferevent. False when it gave up on it. */
static bool
connection_adopt(struct http_connection *connection)
{
	bufferevent_event_cb event_cb = NULL;
	void                *evcon = NULL;

	bufferevent_getcb(connection->bev, NULL, NULL, &event_cb, &evcon);
	connection->evcon = evcon;
	connection->fd = (int)bufferevent_getfd(connection->bev);
	bufferevent_decref(connection->bev);
	if (event_cb == NULL || connection->evcon == NULL) {
		connection_free(connection);
		return false;
	}
	connection_by_fd_set(connection, connection);
	connection_peer_set(connection);
	evhttp_connection_set_closecb(connection->evcon, connection_closed_cb, connection);
	connection_deadline(connection, connection->server->settings.request_ms);
	return true;
}

static void
connection_soon_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->evcon == NULL && !connection_adopt(connection))
		return;
	if (connection->dead || (connection->closing && connection->state == CONNECTION_IDLE)) {
		connection_end(connection);
		return;
	}
	if (connection->foreign) {
		connection->foreign = false;
		refusal_replace(connection);
	}
}

/* The answer has a deadline again and again, as long as the peer takes enough of it each time. */
static void
connection_check_progress(struct http_connection *connection)
{
	int64_t interval = connection->server->settings.request_ms;
	size_t  left = evbuffer_get_length(bufferevent_get_output(connection->bev));
	size_t  taken = connection->unsent > left ? connection->unsent - left : 0;

	connection->unsent = left;
	if (taken < (size_t)interval * SLOWEST_OCTETS_PER_MS)
		connection_end(connection);
	else
		connection_deadline(connection, interval);
}

static void
connection_deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;

	(void)fd;
	(void)what;
	switch (connection->state) {
	case CONNECTION_READING:
		refusal_timeout(connection);
		return;
	case CONNECTION_LINGERING:
		linger_end(connection);
		return;
	case CONNECTION_ASKED: /* the handler has its own limits */
		return;
	case CONNECTION_ANSWERING:
		connection_check_progress(connection);
		return;
	case CONNECTION_FRESH:
	case CONNECTION_IDLE:
	case CONNECTION_REFUSING:
		connection_end(connection);
		return;
	}
}

static struct bufferevent *
connection_bufferevent_new(struct http_server *server, bool *dead)
{
	struct bufferevent *bev = NULL;
	SSL                *ssl;

	if (server->settings.tls != NULL) {
		if ((ssl = SSL_new(server->settings.tls)) != NULL)
			bev = bufferevent_openssl_socket_new(server->base, -1, ssl,
			    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
		/* Given NULL, evhttp would go on without TLS: give it one that is never read. */
		*dead = bev == NULL;
	}
	if (bev == NULL)
		bev = bufferevent_socket_new(server->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		LOG(ERROR, {"event", "connection"}, {"reason", "out of memory"});
		abort();
	}
	return bev;
}

struct bufferevent *
connection_open_cb(struct event_base *base, void *arg)
{
	struct http_server     *server = arg;
	struct http_connection *connection = memory_new(sizeof *connection);

	*connection = (struct http_connection){.server = server, .fd = -1};
	connection->bev = connection_bufferevent_new(server, &connection->dead);
	bufferevent_incref(connection->bev);
	bufferevent_setwatermark(connection->bev, EV_READ, 0,
	    server->settings.body_max + server->settings.header_max + INPUT_SLACK);
	if (evbuffer_add_cb(bufferevent_get_input(connection->bev), connection_input_cb,
	        connection) == NULL ||
	    evbuffer_add_cb(bufferevent_get_output(connection->bev), connection_output_cb,
	        connection) == NULL)
		connection->dead = true;
	(void)evtimer_assign(&connection->deadline, base, connection_deadline_cb, connection);
	(void)evtimer_assign(&connection->soon, base, connection_soon_cb, connection);
	LIST_INSERT_HEAD(&server->connections, connection, link);
	/* Runs before the loop polls again, so before anything is read. */
	event_active(&connection->soon, EV_TIMEOUT, 1);
	server_connection_opened(server);
	return connection->bev;
}

struct http_connection *
connection_of(const struct http_server *server, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	evutil_socket_t           fd =
	    bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));

	if (fd < 0 || (size_t)fd >= server->by_fd_size || server->by_fd[fd] == NULL ||
	    server->by_fd[fd]->evcon != evcon) {
		LOG(ERROR, {"event", "connection"}, {"reason", "evhttp has one that we have not"});
		abort();
	}
	return server->by_fd[fd];
}

void
connection_ask(struct http_connection *connection, struct http_exchange *exchange)
{
	event_del(&connection->deadline);
	connection->state = CONNECTION_ASKED;
	connection->exchange = exchange;
}

void
connection_watch(struct http_connection *connection)
{
	bufferevent_data_cb  write_cb = NULL;
	bufferevent_event_cb event_cb = NULL;
	void                *arg = NULL;

	/*
	 * evhttp has stopped reading, and would exit the process if its read callback
	 * ran now; without that callback we see the end of the connection, and the
	 * watermark bounds what a pipelining peer may send ahead.
	 */
	bufferevent_getcb(connection->bev, NULL, &write_cb, &event_cb, &arg);
	bufferevent_setcb(connection->bev, NULL, write_cb, event_cb, arg);
	(void)bufferevent_enable(connection->bev, EV_READ);
}

void
connection_answer(struct http_connection *connection, size_t size)
{
	connection->exchange = NULL;
	connection->state = CONNECTION_ANSWERING;
	connection->unsent = size;
	connection_deadline(connection, connection->server->settings.request_ms);
}

void
connection_answered(struct http_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->bev);
	size_t           ahead = evbuffer_get_length(input);

	if (connection->closing || connection->server->draining) {
		connection->linger = !connection->server->draining;
		connection->closing = true;
		connection->state = CONNECTION_IDLE;
		event_active(&connection->soon, EV_TIMEOUT, 1);
	} else if (ahead != 0) { /* pipelined */
		connection_begin(connection);
		connection_scan(connection, input, ahead);
	} else {
		connection->state = CONNECTION_IDLE;
		connection_deadline(connection, connection->server->settings.idle_ms);
	}
}

void
connection_end(struct http_connection *connection)
{
	if (connection->state == CONNECTION_LINGERING)
		linger_end(connection);
	else
		evhttp_connection_free(connection->evcon); /* calls connection_closed_cb */
}

void
connection_end_idle(struct http_connection *connection)
{
	if (connection->evcon != NULL &&
	    (connection->state == CONNECTION_IDLE || connection->state == CONNECTION_FRESH))
		connection_end(connection);
}

void
connection_abandon(struct http_connection *connection)
{
	if (connection->evcon != NULL || connection->state == CONNECTION_LINGERING ||
	    connection_adopt(connection))
		connection_end(connection);
}
