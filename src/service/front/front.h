/*
 * One worker of a front, as far as all daemons are alike: an HTTP server whose keeper says
 * how it serves, with the files that it reads from the keeper. The functions that end in
 * _cb are handlers of daemon/front.h.
 */
#ifndef SERVICE_FRONT_FRONT_H
#define SERVICE_FRONT_FRONT_H

#include <stdbool.h>

#include "http/front.h"
#include "util/bytes.h"

struct error;
struct fetch;
struct front_worker;
struct service_front;

/* What a daemon adds. */
struct service_front_program {
	/* Makes its own part of a worker, front->state; NULL: it has none. */
	void *(*open)(struct service_front *front);

	/*
	 * Decodes a greeting, and begins to serve; or, when it serves already (front->http.server),
	 * takes over what may change meanwhile. -1 ends the front with err.
	 */
	int (*greet)(struct service_front *front, struct view greeting, struct error *err);

	/* Frees what `open` made; NULL: it made nothing. */
	void (*close)(void *state);
};

struct service_front {
	struct http_front                   http; /* serves since the keeper's first greeting */
	struct fetch                       *files;
	void                               *state;
	const struct service_front_program *program;
};

/*
 * The handler `tell` of a daemon is this with its program: makes the worker's state at the
 * first message, takes news of files, and hands greetings on. MALFORMED.
 */
int service_front_tell(struct front_worker *worker, const struct service_front_program *program,
    struct view body, struct error *err);

void service_front_drain_cb(struct front_worker *worker);
bool service_front_idle_cb(const struct front_worker *worker);
void service_front_close_cb(struct front_worker *worker);

#endif
