/*
 * Owns the state of a connection that evhttp does not keep: the count, the
 * deadlines and the end. Parses nothing.
 *
 * How it hooks in: it makes the bufferevent that evhttp asks for, and puts
 * callbacks on its two buffers. Once evhttp has taken the bufferevent, the
 * argument of its callbacks is evhttp's connection, whose close callback reports
 * the end. A filtering bufferevent would be the obvious choice, but it reports
 * "written" when it has passed octets on, not when they are sent, and then
 * evhttp closes the connection before the answer has left.
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
#include "http/handshake.h"
#include "http/linger.h"
#include "http/proxy.h"
#include "http/refusal.h"
#include "http/room.h"
#include "http/server_state.h"
#include "util/bytes.h"
#include "util/log.h"

/* Minimum rate: a peer that reads its answer more slowly only blocks a connection. */
#define SLOWEST_OCTETS_PER_MS 16

/* Octets that may lie unread in addition to a body and a head. */
#define INPUT_SLACK 4096

/* Empty lines before a request line; a client has reason for one. */
#define BLANK_LINES_MAX 4

/* Time for an answer before it is found out whether a peer that sends no more is still there. */
#define PROBE_MS 200

/* How long a new connection still has for its first request when the server ends: it may be on its way,
 * and a client that gets no answer to its first request does not ask again by itself. */
#define FIRST_REQUEST_MS 1000

void
connection_deadline(struct http_connection *connection, int64_t milliseconds)
{
	const struct timeval delay = {
	    .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

	(void)evtimer_add(&connection->deadline, &delay);
}

/* The first octet of a request has arrived, perhaps the whole request. */
static void
connection_begin(struct http_connection *connection)
{
	connection->state = CONNECTION_READING;
	connection->head = (struct head){0};
	connection->chunks = (struct chunks){0};
	connection->blank_lines = 0;
	connection_deadline(connection, connection->server->settings.request_ms);
}

static void
connection_scan_piece(struct http_connection *connection, uint8_t *data, size_t size)
{
	size_t used = head_scan(&connection->head, data, size);

	if (!connection->head.ended || !connection->head.encoded)
		return;
	chunks_scan(&connection->chunks, data + used, size - used);
	if (connection->chunks.state == CHUNKS_BROKEN)
		event_active(&connection->soon, EV_TIMEOUT, 1);
}

/*
 * Takes empty lines away that stand before a request line (RFC 9112 §2.2): clients of old
 * send one behind a body. Returns true when a request begins behind them.
 */
static bool
connection_skip_blank(struct http_connection *connection, struct evbuffer *input)
{
	char    front[2];
	ssize_t size;

	while ((size = evbuffer_copyout(input, front, sizeof front)) > 0) {
		size_t line = front[0] == '\n' ? 1 : size == 2 && memcmp(front, "\r\n", 2) == 0 ? 2 : 0;

		if (connection->blank_lines == BLANK_LINES_MAX)
			return true;
		if (line == 0)
			return size != 1 || front[0] != '\r'; /* which may become an empty line */
		(void)evbuffer_drain(input, line);
		connection->blank_lines++;
	}
	return false;
}

/* Looks at the last `size` octets of the input. */
static void
connection_scan(struct http_connection *connection, struct evbuffer *input, size_t size)
{
	struct evbuffer_iovec pieces[8];
	struct evbuffer_ptr   from;
	int                   count = 1;

	while (count > 0 && size > 0 && (!connection->head.ended || connection->head.encoded)) {
		count = evbuffer_ptr_set(input, &from, evbuffer_get_length(input) - size, EVBUFFER_PTR_SET) == 0
		    ? evbuffer_peek(input, (ev_ssize_t)size, &from, pieces, 8)
		    : 0;
		for (int i = 0; i < count && i < 8; i++) {
			size_t length = pieces[i].iov_len < size ? pieces[i].iov_len : size;

			connection_scan_piece(connection, pieces[i].iov_base, length);
			size -= length;
		}
	}
}

static void
connection_input_cb(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;

	if (info->n_added == 0)
		return;
	if (connection->state != CONNECTION_ASKED)
		room_read(connection, info->n_added);
	if (connection->state == CONNECTION_FRESH || connection->state == CONNECTION_IDLE) {
		if (!connection_skip_blank(connection, input))
			return;
		connection_begin(connection);
		connection_scan(connection, input, evbuffer_get_length(input));
	} else if (connection->state == CONNECTION_READING) {
		connection_scan(connection, input, info->n_added);
	}
}

/* While a request is read, evhttp itself writes "100 Continue" or an HTML error page. */
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
	bytes_clear(&connection->preface);
	room_leave(connection);
	LIST_REMOVE(connection, link);
	free(connection);
	server_connection_ended(server);
}

/* evhttp ends the connection: the peer closed it, the answer was the last, or we asked for it. */
static void
connection_closed_cb(struct evhttp_connection *evcon, void *arg)
{
	struct http_connection *connection = arg;
	struct http_exchange   *exchange = connection->exchange;

	(void)evcon;
	event_del(&connection->deadline);
	event_del(&connection->soon);
	if (connection->state == CONNECTION_PREFACED)
		event_del(&connection->drain);
	else if (connection->state == CONNECTION_HANDSHAKE)
		handshake_leave(connection);
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
	(void)address_parse(view_text(connection->peer), &connection->address);
}

/* Finds the connection that evhttp has made for our bufferevent. False when evhttp gave it up, or
 * its peer must not connect. */
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
	room_enter(connection);
	evhttp_connection_set_closecb(connection->evcon, connection_closed_cb, connection);
	connection_deadline(connection, connection->server->settings.request_ms);
	return proxy_begin(connection);
}

/*
 * Writes an answer without waiting until the socket is writable, as it nearly always is: that
 * takes three system calls. What does not fit is libevent's, and so is TLS. evhttp may close the
 * connection when all is written.
 */
static void
connection_write(struct http_connection *connection)
{
	struct evbuffer *output = bufferevent_get_output(connection->bev);

	if (bufferevent_openssl_get_ssl(connection->bev) != NULL)
		return;
	(void)evbuffer_unfreeze(output, 1);
	(void)evbuffer_write(output, connection->fd);
	(void)evbuffer_freeze(output, 1);
	if (evbuffer_get_length(output) == 0)
		bufferevent_trigger(connection->bev, EV_WRITE, 0);
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
	if (connection->unwritten) {
		struct http_server *server = connection->server;

		connection->unwritten = false;
		connection_write(connection);
		room_make(server, NULL);
		return;
	}
	if (connection->foreign) {
		connection->foreign = false;
		refusal_replace(connection);
	}
	if (connection->state == CONNECTION_READING && connection->chunks.state == CHUNKS_BROKEN)
		refusal_chunks(connection);
	room_make(connection->server, connection);
}

/* The deadline of an answer is renewed each time the peer has read enough of it. */
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

/*
 * A peer that sends no more may wait for its answer (nc -N), or be gone: both end their
 * side in the same way. Whoever is gone resets the connection at the next octets; a
 * response of 102 means nothing to the other (RFC 9110 §15.2), and HTTP/1.0 has none.
 */
static void
connection_probe(struct http_connection *connection)
{
	static const char interim[] = "HTTP/1.1 102 Processing\r\n\r\n";
	int               why = 0;
	socklen_t         size = sizeof why;

	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0 || why != 0) {
		connection_end(connection);
		return;
	}
	if (!connection->probed && exchange_takes_interim(connection->exchange)) {
		connection->probed = true;
		(void)bufferevent_write(connection->bev, interim, sizeof interim - 1);
		(void)bufferevent_enable(connection->bev, EV_WRITE);
	}
	connection_deadline(connection, PROBE_MS);
}

/* While the answer is awaited: the peer's side has ended, or the connection. */
static void
connection_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct http_connection *connection = arg;

	(void)bev;
	if ((what & BEV_EVENT_EOF) == 0 || (what & BEV_EVENT_ERROR) != 0) {
		connection_end(connection);
		return;
	}
	connection->half_closed = true;
	connection_deadline(connection, PROBE_MS);
}

static void
connection_deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;

	(void)fd;
	(void)what;
	switch (connection->state) {
	case CONNECTION_PREFACED:
		proxy_timeout(connection);
		return;
	case CONNECTION_READING:
		refusal_timeout(connection);
		return;
	case CONNECTION_LINGERING:
		linger_end(connection);
		return;
	case CONNECTION_ASKED: /* the handler has its own limits */
		if (connection->half_closed)
			connection_probe(connection);
		return;
	case CONNECTION_ANSWERING:
		connection_check_progress(connection);
		return;
	case CONNECTION_HANDSHAKE:
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
		/* If this returned NULL, evhttp would continue without TLS: return a bufferevent that is
		 * never read. */
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

	*connection = (struct http_connection){.server = server, .state = CONNECTION_FRESH, .fd = -1};
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
	/* Runs before the loop polls again, hence before anything is read. */
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
		LOG(ERROR, {"event", "connection"}, {"reason", "evhttp has a connection that we do not know"});
		abort();
	}
	return server->by_fd[fd];
}

void
connection_ask(struct http_connection *connection, struct http_exchange *exchange)
{
	event_del(&connection->deadline);
	connection->half_closed = false;
	connection->probed = false;
	connection->state = CONNECTION_ASKED;
	room_ask(connection);
	connection->exchange = exchange;
}

void
connection_watch(struct http_connection *connection)
{
	/*
	 * evhttp has stopped reading: it would exit the process if its read callback ran
	 * now, and it takes a half-close by the peer for the end of the connection. It
	 * sets its callbacks again when it has an answer. Until then our callbacks see
	 * the events, and the watermark bounds how much a pipelining peer may send ahead.
	 */
	bufferevent_setcb(connection->bev, NULL, NULL, connection_event_cb, connection);
	(void)bufferevent_enable(connection->bev, EV_READ);
}

void
connection_answer(struct http_connection *connection, size_t size)
{
	connection->exchange = NULL;
	connection->state = CONNECTION_ANSWERING;
	room_answer(connection);
	connection->unsent = size;
	connection_deadline(connection, connection->server->settings.request_ms);
}

void
connection_answering(struct http_connection *connection)
{
	/* evhttp would drop the rest of the answer where the peer's side ends; it reads again by
	 * itself. */
	(void)bufferevent_disable(connection->bev, EV_READ);
	connection->unwritten = true;
	event_active(&connection->soon, EV_TIMEOUT, 0);
}

void
connection_answered(struct http_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->bev);

	connection->unwritten = false; /* libevent may have been sooner than we */
	if (connection->closing || connection->server->draining) {
		connection->linger = !connection->server->draining;
		connection->closing = true;
		connection->state = CONNECTION_IDLE;
		event_active(&connection->soon, EV_TIMEOUT, 1);
	} else if (connection_skip_blank(connection, input)) { /* pipelined */
		connection_begin(connection);
		connection_scan(connection, input, evbuffer_get_length(input));
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
	if (connection->evcon == NULL)
		return;
	if (connection->state == CONNECTION_IDLE)
		connection_end(connection);
	else if (connection->state == CONNECTION_FRESH || connection->state == CONNECTION_PREFACED ||
	    connection->state == CONNECTION_HANDSHAKE)
		connection_deadline(connection, FIRST_REQUEST_MS);
}

void
connection_handshaken(struct http_connection *connection)
{
	connection->state = CONNECTION_FRESH;
	if (connection->server->draining)
		connection_deadline(connection, FIRST_REQUEST_MS);
	(void)bufferevent_enable(connection->bev, EV_READ);
}

void
connection_abandon(struct http_connection *connection)
{
	if (connection->evcon != NULL || connection->state == CONNECTION_LINGERING ||
	    connection_adopt(connection))
		connection_end(connection);
}
