/*
 * Owns the front's workers: the keeper's messages, and the routing of requests.
 * Has no CA key, no store and no file.
 */
#include "config.h"

#include "acme/front/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/front/jwk_memory.h"
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
#include "service/front/front.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Keys of accounts that a worker keeps ready: of those in the midst of an order. */
#define KEYS_MAX 256

/* One set for all workers, so that a nonce is single-use across them. */
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
	struct service_front    *service = arg;
	struct reply             reply = {service->state, exchange, clock_monotonic_ms(), NULL};
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

/* Every path comes here, so that unknown paths get ACME problem documents too. */
static const struct http_route http_routes[] = {
    {"GET", "/", front_request_cb},
    {"POST", "/", front_request_cb},
    {0},
};

static void
text_take(char **text, struct view told)
{
	free(*text);
	*text = view_dup(told);
}

static void *
front_open(struct service_front *service)
{
	struct acme_front *front = memory_new(sizeof *front);

	front->service = service;
	front->nonces = front_nonces;
	front->keys = jwk_memory_new(KEYS_MAX);
	return front;
}

/* Names may change while it serves. */
static int
front_greet(struct service_front *service, struct view body, struct service_greeting *common,
    struct error *err)
{
	struct acme_front   *front = service->state;
	struct acme_greeting greeting;

	if (acme_greeting_decode(body, &greeting, err) != 0)
		return -1;
	*common = greeting.service;
	text_take(&front->base, greeting.base);
	text_take(&front->terms, greeting.terms);
	text_take(&front->website, greeting.website);
	return 0;
}

static void
front_close(void *state)
{
	struct acme_front *front = state;

	jwk_memory_free(front->keys);
	free(front->base);
	free(front->terms);
	free(front->website);
	free(front);
}

static int
front_tell_cb(struct front_worker *worker, struct view body, struct error *err)
{
	static const struct service_front_program program = {
	    .name = "attest-acmed/front",
	    .routes = http_routes,
	    .open = front_open,
	    .greet = front_greet,
	    .close = front_close,
	};

	return service_front_tell(worker, &program, body, err);
}

int
acme_front_run(const struct supervisor_child *child)
{
	static const struct front_handlers handlers = {
	    .prepare = http_front_prepare,
	    .tell = front_tell_cb,
	    .drain = service_front_drain_cb,
	    .idle = service_front_idle_cb,
	    .close = service_front_close_cb,
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
