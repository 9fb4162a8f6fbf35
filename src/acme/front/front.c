/*
 * Owns the front's workers: what the keeper tells them, and which route a request
 * takes. It has no CA key, no store and no file.
 */
#include "config.h"

#include "acme/front/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "acme/front/nonce.h"
#include "acme/front/post.h"
#include "acme/front/reply.h"
#include "acme/front/route.h"
#include "acme/front/state.h"
#include "acme/message.h"
#include "daemon/front.h"
#include "http/front.h"
#include "http/json.h"
#include "http/server.h"
#include "http/tls.h"
#include "service/file.h"
#include "service/front/fetch.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* One set for all workers: a nonce of one is used up at every other. */
static struct nonces *front_nonces;

static void
front_no_route(struct reply *reply, const char *allow)
{
	struct error err = {0};

	if (allow != NULL) {
		reply_header(reply, "Allow", allow);
		error_set(&err, ERROR_METHOD_NOT_ALLOWED, "this resource takes %s only%s", allow,
		    strcmp(allow, "POST") == 0 ? "; to read it, POST-as-GET" : "");
	} else {
		error_set(&err, ERROR_NOT_FOUND, "there is nothing at %.200s",
		    http_exchange_path(reply->exchange));
	}
	reply_problem(reply, &err, NULL);
}

static void
front_request_cb(struct http_exchange *exchange, void *arg)
{
	struct reply             reply = {arg, exchange, clock_monotonic_ms(), NULL};
	struct view              ids[ACME_ROUTE_IDS];
	const char              *allow;
	const struct acme_route *route = acme_route_find(http_exchange_method(exchange),
	    http_exchange_path(exchange), ids, &allow);

	if (route == NULL)
		front_no_route(&reply, allow);
	else if (route->auth == ACME_AUTH_NONE)
		route->serve(&reply);
	else
		post_begin(&reply, route, ids);
}

/* Every path comes here, so that what is not there is said in ACME's words too. */
static const struct http_route http_routes[] = {
    {"GET", "/", front_request_cb},
    {"POST", "/", front_request_cb},
    {0},
};

static void
text_take(char **text, struct view told)
{
	free(*text);
	*text = memory_new(told.size + 1);
	if (told.size != 0)
		memcpy(*text, told.data, told.size);
}

/* What may change while it serves. */
static int
front_take(struct acme_front *front, const struct acme_greeting *greeting, struct error *err)
{
	SSL_CTX *tls = NULL;

	if (greeting->tls_chain.size != 0) {
		if (tls_server_new(greeting->tls_chain, greeting->tls_key, &tls, err) != 0)
			return -1;
		SSL_CTX_free(front->http.tls);
		front->http.tls = tls;
	}
	text_take(&front->base, greeting->base);
	text_take(&front->terms, greeting->terms);
	text_take(&front->website, greeting->website);
	return 0;
}

static int
front_serve(struct acme_front *front, const struct acme_greeting *greeting, struct error *err)
{
	struct http_settings http = {
	    .routes = http_routes,
	    .arg = front,
	    .body_max = greeting->body_max,
	    .header_max = greeting->header_max,
	    .connections_max = greeting->connections_max,
	    .idle_ms = (int64_t)greeting->idle_ms,
	    .request_ms = (int64_t)greeting->request_ms,
	};

	log_open("attest-acmed/front", (enum log_level)greeting->log_level);
	return http_front_serve(&front->http, &http, err);
}

static struct acme_front *
front_new(struct front_worker *worker)
{
	struct acme_front *front = memory_new(sizeof *front);

	front->http.worker = worker;
	front->nonces = front_nonces;
	front->files = fetch_new(worker->channel);
	return front;
}

static int
front_tell_cb(struct front_worker *worker, struct view body, struct error *err)
{
	struct acme_front   *front = worker->state;
	struct acme_greeting greeting;

	if (front == NULL)
		worker->state = front = front_new(worker);
	if (file_message_is(body))
		return fetch_take_news(front->files, body, err);
	if (acme_greeting_decode(body, &greeting, err) != 0)
		return -1;
	if (front_take(front, &greeting, err) != 0)
		return -1;
	if (front->http.server == NULL)
		return front_serve(front, &greeting, err);
	if (front->http.tls != NULL)
		http_server_tls(front->http.server, front->http.tls);
	return 0;
}

static void
front_drain_cb(struct front_worker *worker)
{
	struct acme_front *front = worker->state;

	if (front != NULL)
		http_front_drain(&front->http);
}

static bool
front_idle_cb(const struct front_worker *worker)
{
	const struct acme_front *front = worker->state;

	return front == NULL || http_front_idle(&front->http);
}

static void
front_close_cb(struct front_worker *worker)
{
	struct acme_front *front = worker->state;

	if (front == NULL)
		return;
	http_front_clear(&front->http);
	fetch_free(front->files);
	free(front->base);
	free(front->terms);
	free(front->website);
	free(front);
	worker->state = NULL;
}

int
acme_front_run(const struct supervisor_child *child)
{
	static const struct front_handlers handlers = {
	    .tell = front_tell_cb,
	    .drain = front_drain_cb,
	    .idle = front_idle_cb,
	    .close = front_close_cb,
	};
	struct error err = {0};
	int          status;

	json_init();
	if (nonces_new(NONCE_WINDOW, &front_nonces, &err) != 0) {
		LOG(ERROR, {"event", "start"}, {"reason", err.detail});
		return 1;
	}
	status = front_run(child, &handlers);
	nonces_free(front_nonces);
	front_nonces = NULL;
	return status;
}
