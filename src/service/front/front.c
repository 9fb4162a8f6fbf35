/* Owns the state of a front's worker: its HTTP server, as the keeper wants it. Knows no route. */
#include "config.h"

#include "service/front/front.h"

#include <stdlib.h>

#include "daemon/front.h"
#include "http/server.h"
#include "service/file.h"
#include "service/front/fetch.h"
#include "service/greeting.h"
#include "util/log.h"

static struct service_front *
service_front_new(struct front_worker *worker, const struct service_front_program *program)
{
	struct service_front *front = memory_new(sizeof *front);

	front->program = program;
	front->http.worker = worker;
	front->files = fetch_new(worker->channel);
	if (program->open != NULL)
		front->state = program->open(front);
	return front;
}

static int
service_front_serve(struct service_front *front, const struct service_greeting *greeting,
    struct error *err)
{
	struct http_settings http = {
	    .routes = front->program->routes,
	    .arg = front,
	    .problem_namespace = front->program->problem_namespace,
	    .body_max = greeting->body_max,
	    .header_max = greeting->header_max,
	    .connections_max = greeting->connections_max,
	    .idle_ms = (int64_t)greeting->idle_ms,
	    .request_ms = (int64_t)greeting->request_ms,
	    .proxies = {.protocol = greeting->proxy_protocol},
	};

	for (size_t i = 0; i < greeting->network_count; i++) {
		if (proxies_add(&http.proxies, greeting->networks[i], err) != 0)
			return -1;
	}
	log_open(front->program->name, (enum log_level)greeting->log_level);
	return http_front_serve(&front->http, &http, err);
}

static int
service_front_greet(struct service_front *front, struct view body, struct error *err)
{
	struct service_greeting greeting;
	int rc = front->program->greet != NULL ? front->program->greet(front, body, &greeting, err)
	                                       : service_greeting_decode(body, &greeting, err);

	if (rc != 0 || http_front_use_tls(&front->http, greeting.tls_chain, greeting.tls_key, err) != 0)
		return -1;
	return service_front_serve(front, &greeting, err);
}

int
service_front_tell(struct front_worker *worker, const struct service_front_program *program,
    struct view body, struct error *err)
{
	struct service_front *front = worker->state;

	if (front == NULL)
		worker->state = front = service_front_new(worker, program);
	if (file_message_is(body))
		return fetch_take_news(front->files, body, err);
	return service_front_greet(front, body, err);
}

void
service_front_drain_cb(struct front_worker *worker)
{
	struct service_front *front = worker->state;

	if (front != NULL)
		http_front_drain(&front->http);
}

bool
service_front_idle_cb(const struct front_worker *worker)
{
	const struct service_front *front = worker->state;

	return front == NULL || http_front_idle(&front->http);
}

void
service_front_close_cb(struct front_worker *worker)
{
	struct service_front *front = worker->state;

	if (front == NULL)
		return;
	http_front_clear(&front->http);
	fetch_free(front->files);
	if (front->program->close != NULL)
		front->program->close(front->state);
	free(front);
	worker->state = NULL;
}
