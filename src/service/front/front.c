/* Owns the state of a front's worker. Knows no route and no greeting. */
#include "config.h"

#include "service/front/front.h"

#include <stdlib.h>

#include "daemon/front.h"
#include "service/file.h"
#include "service/front/fetch.h"

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

int
service_front_tell(struct front_worker *worker, const struct service_front_program *program,
    struct view body, struct error *err)
{
	struct service_front *front = worker->state;

	if (front == NULL)
		worker->state = front = service_front_new(worker, program);
	if (file_message_is(body))
		return fetch_take_news(front->files, body, err);
	return program->greet(front, body, err);
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
