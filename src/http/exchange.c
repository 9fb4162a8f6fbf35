/*
 * Owns a request from its completion until evhttp has its answer. Either
 * http_reply or exchange_cancel ends it, whichever comes first; the other cannot
 * follow, because the connection no longer refers to it.
 */
#include "config.h"

#include "http/exchange.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>

#include "http/connection.h"
#include "http/framing.h"
#include "http/problem.h"
#include "http/proxy.h"
#include "http/route.h"
#include "http/server.h"
#include "http/server_state.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/source.h"
#include "util/turns.h"

struct http_exchange {
	struct turn             turn; /* the first member; while it waits for its handler */
	struct http_connection *connection;
	struct evhttp_request  *req; /* evhttp's; ours once the connection has gone */
	uint64_t                id;
	char                   *path;
	char                    peer[ADDRESS_TEXT_SIZE];
	void                  (*cancelled)(void *arg);
	void                   *cancelled_arg;
};

static const struct {
	enum evhttp_cmd_type type;
	const char          *name;
} methods[] = {
    {EVHTTP_REQ_GET, "GET"},
    {EVHTTP_REQ_POST, "POST"},
    {EVHTTP_REQ_HEAD, "HEAD"},
    {EVHTTP_REQ_PUT, "PUT"},
    {EVHTTP_REQ_DELETE, "DELETE"},
    {EVHTTP_REQ_OPTIONS, "OPTIONS"},
    {EVHTTP_REQ_TRACE, "TRACE"},
    {EVHTTP_REQ_CONNECT, "CONNECT"},
    {EVHTTP_REQ_PATCH, "PATCH"},
    {0, "?"}, /* any other, which evhttp refuses by itself */
};

static uint64_t
exchange_next_id(void)
{
	static _Atomic uint64_t last;

	return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static struct http_exchange *
exchange_new(struct http_server *server, struct evhttp_request *req)
{
	struct http_exchange *exchange = memory_new(sizeof *exchange);

	*exchange = (struct http_exchange){
	    .connection = connection_of(server, req),
	    .req = req,
	    .id = exchange_next_id(),
	    .path = route_path(evhttp_request_get_uri(req)),
	};
	proxy_request_peer(exchange->connection, req, exchange->peer);
	server->exchange_count++;
	return exchange;
}

static void
exchange_free(struct http_exchange *exchange)
{
	turns_remove(exchange->connection->server->turns, &exchange->turn);
	exchange->connection->server->exchange_count--;
	free(exchange->path);
	free(exchange);
}

void
exchange_cancel(struct http_exchange *exchange)
{
	void (*cancelled)(void *arg) = exchange->cancelled;

	if (cancelled != NULL)
		cancelled(exchange->cancelled_arg);
	/* evhttp frees the request: we end the connection, also when the peer closes (connection_watch). */
	exchange_free(exchange);
}

bool
exchange_takes_interim(const struct http_exchange *exchange)
{
	return exchange->req->minor >= 1;
}

static void
exchange_not_allowed(struct http_exchange *exchange, const struct http_route *found)
{
	AUTO_FREE char *allow =
	    route_methods(exchange->connection->server->settings.routes, found);
	struct error err;

	http_reply_header(exchange, "Allow", allow);
	(void)error_set(&err, ERROR_METHOD_NOT_ALLOWED, "%s takes %s only", found->path, allow);
	http_reply_problem(exchange, &err);
}

static void
exchange_dispatch(struct http_exchange *exchange)
{
	const struct http_settings *settings = &exchange->connection->server->settings;
	const struct http_route    *found = route_find(settings->routes, exchange->path);
	const struct http_route    *route = NULL;
	struct error                err;

	if (exchange->path[0] == '\0') {
		(void)error_set(&err, ERROR_NOT_FOUND, "the target of the request is no path");
		http_reply_problem(exchange, &err);
	} else if (found == NULL) {
		(void)error_set(&err, ERROR_NOT_FOUND, "there is nothing at %s", exchange->path);
		http_reply_problem(exchange, &err);
	} else if ((route = route_method(settings->routes, found,
	                http_exchange_method(exchange))) == NULL) {
		exchange_not_allowed(exchange, found);
	} else {
		route->handler(exchange, settings->arg);
	}
}

/* What it holds while it waits. */
static size_t
exchange_size(const struct http_exchange *exchange)
{
	return sizeof *exchange + exchange->connection->head.size +
	    evbuffer_get_length(evhttp_request_get_input_buffer(exchange->req));
}

/* Handlers may be slower than requests come in, and nothing else bounds what has come in whole. */
static void
exchange_make_room(struct http_server *server)
{
	struct http_exchange *exchange;
	struct error          err;

	(void)error_set(&err, ERROR_OVERLOADED, "too many requests wait; try again later");
	while (turns_size(server->turns) > server->settings.waiting_max) {
		exchange = (struct http_exchange *)(void *)turns_fullest(server->turns);
		LOG(DEBUG, {"peer", exchange->peer}, {"event", "dropped"}, {"reason", err.detail});
		http_reply_problem(exchange, &err);
	}
}

/* True when this answer must be the connection's last. */
static bool
exchange_is_last(const struct evhttp_request *req)
{
	/* evhttp reads chunks leniently, and not all that we refuse: nothing that follows them is
	 * believed. */
	return req->chunked || req->type == EVHTTP_REQ_CONNECT;
}

static void
exchange_wait(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->server;
	struct source       source = source_of_text(view_text(exchange->peer));

	turns_add(server->turns, &exchange->turn, &source, (struct view){0}, exchange_size(exchange));
	event_active(&server->work, EV_TIMEOUT, 0);
}

void
exchange_work_cb(evutil_socket_t fd, short what, void *arg)
{
	/* Other requests are read before the next pass's timers. */
	static const struct timeval at_once = {0, 0};
	struct http_server         *server = arg;
	int64_t                     begun = clock_monotonic_ms();
	struct turn                *turn;

	(void)fd;
	(void)what;
	exchange_make_room(server);
	while (clock_monotonic_ms() <= begun && (turn = turns_next(server->turns)) != NULL)
		exchange_dispatch((struct http_exchange *)(void *)turn);
	if (turns_count(server->turns) != 0)
		(void)evtimer_add(&server->work, &at_once);
}

void
exchange_request_cb(struct evhttp_request *req, void *arg)
{
	struct http_server     *server = arg;
	struct http_exchange   *exchange = exchange_new(server, req);
	struct http_connection *connection = exchange->connection;
	struct error            err;

	/* evhttp takes an absolute-form target for a proxy request, and then reads Proxy-Connection
	 * instead of Connection. */
	req->flags &= ~EVHTTP_PROXY_REQUEST;
	connection_ask(connection, exchange);
	connection->closing = exchange_is_last(req);
	if (framing_check(req, &connection->head, server->settings.header_max, &err) != 0 ||
	    (req->chunked && chunks_check(&connection->chunks, &err) != 0)) {
		connection->closing = true;
		req->major = 1;
		req->minor = 1;
		http_reply_problem(exchange, &err);
		return;
	}
	exchange_wait(exchange);
	connection_watch(connection);
}

uint64_t
http_exchange_id(const struct http_exchange *exchange)
{
	return exchange->id;
}

const char *
http_exchange_method(const struct http_exchange *exchange)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(exchange->req);
	size_t               i = 0;

	while (methods[i].type != type && methods[i].type != 0)
		i++;
	return methods[i].name;
}

const char *
http_exchange_path(const struct http_exchange *exchange)
{
	return exchange->path;
}

const char *
http_exchange_peer(const struct http_exchange *exchange)
{
	return exchange->peer;
}

const char *
http_exchange_header(const struct http_exchange *exchange, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(exchange->req), name);
}

struct view
http_exchange_body(const struct http_exchange *exchange)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(exchange->req);
	size_t           size = evbuffer_get_length(body);

	return (struct view){size != 0 ? evbuffer_pullup(body, -1) : NULL, size};
}

void
http_exchange_on_cancel(struct http_exchange *exchange, void (*cancelled)(void *arg), void *arg)
{
	exchange->cancelled = cancelled;
	exchange->cancelled_arg = arg;
}

void
http_reply_header(struct http_exchange *exchange, const char *name, const char *value)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(exchange->req);

	if (evhttp_add_header(headers, name, value) != 0)
		LOG(ERROR, {"event", "reply"}, {"header", name}, {"reason", "the value is refused"});
}

/* evhttp must learn that this answer is the last from the same headers as the peer. */
static void
exchange_mark_last(struct http_exchange *exchange)
{
	(void)evhttp_remove_header(evhttp_request_get_input_headers(exchange->req), "Connection");
	(void)evhttp_remove_header(evhttp_request_get_output_headers(exchange->req), "Connection");
	http_reply_header(exchange, "Connection", "close");
}

static void
exchange_sent_cb(struct evhttp_request *req, void *connection)
{
	(void)req;
	connection_answered(connection);
}

/* A file with a reference count: its owner, and the answers being sent. */
struct http_file {
	struct bytes data;
	size_t       uses;
};

struct http_file *
http_file_new(struct bytes *data)
{
	struct http_file *file = memory_new(sizeof *file);

	*file = (struct http_file){.data = *data, .uses = 1};
	*data = (struct bytes){0};
	return file;
}

struct http_file *
http_file_hold(struct http_file *file)
{
	file->uses++;
	return file;
}

void
http_file_release(struct http_file *file)
{
	if (file == NULL || --file->uses != 0)
		return;
	bytes_clear(&file->data);
	free(file);
}

static void
file_sent_cb(const void *data, size_t size, void *file)
{
	(void)data;
	(void)size;
	http_file_release(file);
}

/* `file` holds the octets of `body`, or is NULL when they must be copied. */
static void
exchange_body(struct evhttp_request *req, struct view body, struct http_file *file)
{
	struct evbuffer *output = evhttp_request_get_output_buffer(req);

	if (file == NULL)
		(void)evbuffer_add(output, body.data, body.size);
	else if (evbuffer_add_reference(output, body.data, body.size, file_sent_cb, file) == 0)
		file->uses++;
}

static void
exchange_send(struct http_exchange *exchange, int status, const char *reason, const char *type,
    struct view body, struct http_file *file)
{
	struct http_connection *connection = exchange->connection;
	struct evhttp_request  *req = exchange->req;
	char                    length[24];

	if (type != NULL)
		http_reply_header(exchange, "Content-Type", type);
	if (status != 204 && status != 304) {
		(void)snprintf(length, sizeof length, "%zu", body.size);
		http_reply_header(exchange, "Content-Length", length);
	}
	if (connection->closing || connection->server->draining)
		exchange_mark_last(exchange);
	if (body.size != 0 && evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
		exchange_body(req, body, file);
	evhttp_request_set_on_complete_cb(req, exchange_sent_cb, connection);
	connection_answer(connection, body.size);
	exchange_free(exchange);
	evhttp_send_reply(req, status, reason, NULL);
	connection_answering(connection);
}

void
http_reply(struct http_exchange *exchange, int status, const char *type, struct view body)
{
	exchange_send(exchange, status, NULL, type, body, NULL);
}

void
http_reply_file(struct http_exchange *exchange, const char *type, struct http_file *file)
{
	exchange_send(exchange, 200, NULL, type,
	    file != NULL ? bytes_view(&file->data) : (struct view){NULL, 0}, file);
}

void
http_reply_problem(struct http_exchange *exchange, const struct error *err)
{
	const char     *retry_after = problem_retry_after(err);
	AUTO_FREE char *body =
	    problem_body(exchange->connection->server->settings.problem_namespace, err);
	char            reason[PROBLEM_REASON_SIZE];

	problem_reason(err, reason);
	http_reply_header(exchange, "Cache-Control", "no-store");
	if (retry_after != NULL &&
	    evhttp_find_header(evhttp_request_get_output_headers(exchange->req), "Retry-After") ==
	        NULL)
		http_reply_header(exchange, "Retry-After", retry_after);
	exchange_send(exchange, error_status(err->kind), reason, PROBLEM_TYPE,
	    view_text(body), NULL);
}
