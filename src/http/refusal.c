/*
 * Owns a connection's output from evhttp's error page on, which we replace. evhttp
 * 2.1 has no hook for error pages, but it writes them into the buffer and returns
 * to the loop, where our callback runs before the output is sent.
 */
#include "config.h"

#include "http/refusal.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "http/connection.h"
#include "http/problem.h"
#include "http/route.h"
#include "http/server_state.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

static void
refusal_written_cb(struct bufferevent *bev, void *arg)
{
	struct http_connection *connection = arg;

	(void)bev; /* all is written: the low watermark is 0 */
	connection->linger = true;
	connection_end(connection);
}

static void
refusal_event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	connection_end(arg);
}

/* Takes the connection away from evhttp, sends this answer and ends it. */
static void
refusal_say(struct http_connection *connection, const struct error *err, const char *allow)
{
	struct http_server *server = connection->server;
	struct evbuffer    *output = bufferevent_get_output(connection->bev);
	AUTO_BYTES          message = {0};

	LOG(DEBUG, {"peer", connection->peer}, {"event", "refused"}, {"reason", err->detail});
	problem_message(server->settings.problem_namespace, err, allow, &message);
	connection->state = CONNECTION_REFUSING;
	bufferevent_setcb(connection->bev, NULL, refusal_written_cb, refusal_event_cb, connection);
	(void)bufferevent_disable(connection->bev, EV_READ | EV_WRITE);
	(void)evbuffer_unfreeze(output, 1);
	(void)evbuffer_drain(output, evbuffer_get_length(output));
	(void)evbuffer_add(output, message.data, message.size);
	(void)bufferevent_enable(connection->bev, EV_WRITE);
	connection_deadline(connection, server->settings.request_ms);
}

/* The status of the error page in the output; -1 when there is none. */
static int
refusal_status(struct evbuffer *output)
{
	struct evbuffer_ptr at;
	char                line[16];

	/*
	 * A plain socket's bufferevent keeps the front of its output frozen except
	 * while it writes. It unfreezes the buffer itself for that, so unfreezing it
	 * here is harmless.
	 */
	(void)evbuffer_unfreeze(output, 1);
	at = evbuffer_search(output, "HTTP/", 5, NULL);
	while (at.pos >= 0) {
		ev_ssize_t size = evbuffer_copyout_from(output, &at, line, sizeof line - 1);

		line[size > 0 ? size : 0] = '\0';
		if (strlen(line) > 9 && strncmp(line + 9, "100", 3) != 0)
			return (int)strtol(line + 9, NULL, 10);
		(void)evbuffer_ptr_set(output, &at, 5, EVBUFFER_PTR_ADD); /* it was found there */
		at = evbuffer_search(output, "HTTP/", 5, &at);
	}
	return -1;
}

/* Our error for evhttp's status, as far as evhttp lets us know the cause. */
static void
refusal_reason(const struct http_connection *connection, int status, struct error *err)
{
	const struct http_settings *settings = &connection->server->settings;

	if (connection->head.size > settings->header_max)
		(void)error_set(err, ERROR_TOO_LARGE, "the header is larger than %zu octets",
		    settings->header_max);
	else if (connection->head.foul)
		(void)error_set(err, ERROR_MALFORMED, "the header holds a control character");
	else if (connection->chunks.state == CHUNKS_BROKEN)
		(void)chunks_check(&connection->chunks, err);
	else if (status == 413)
		(void)error_set(err, ERROR_TOO_LARGE, "the body is larger than %zu octets",
		    settings->body_max);
	else if (status == 417)
		(void)error_set(err, ERROR_MALFORMED,
		    "no other expectation than 100-continue can be met");
	else if (status == 400)
		(void)error_set(err, ERROR_MALFORMED,
		    "the request line, a header line or the length of the body cannot be read");
	else /* 0 or 501, for an unknown one */
		(void)error_set(err, ERROR_METHOD_NOT_ALLOWED, "no resource takes this method");
}

void
refusal_replace(struct http_connection *connection)
{
	const struct http_route *routes = connection->server->settings.routes;
	AUTO_FREE char          *allow = NULL;
	struct error             err;
	int                      status;

	if ((status = refusal_status(bufferevent_get_output(connection->bev))) < 0)
		return; /* "100 Continue", or sent already */
	refusal_reason(connection, status, &err);
	if (err.kind == ERROR_METHOD_NOT_ALLOWED)
		allow = route_methods(routes, NULL);
	refusal_say(connection, &err, allow);
}

void
refusal_chunks(struct http_connection *connection)
{
	struct error err;

	(void)chunks_check(&connection->chunks, &err);
	refusal_say(connection, &err, NULL);
}

void
refusal_timeout(struct http_connection *connection)
{
	struct error err;

	(void)error_set(&err, ERROR_TIMEOUT, "the request did not end within %lld ms",
	    (long long)connection->server->settings.request_ms);
	refusal_say(connection, &err, NULL);
}
