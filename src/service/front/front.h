/*
 * One worker of a front, as far as all daemons are alike: an HTTP server whose keeper says
 * how it serves (service/greeting.h), with the files that it reads from the keeper. The
 * functions that end in _cb are handlers of daemon/front.h.
 */
#ifndef SERVICE_FRONT_FRONT_H
#define SERVICE_FRONT_FRONT_H

#include <stdbool.h>

#include "http/front.h"
#include "util/bytes.h"

struct error;
struct fetch;
struct front_worker;
struct http_route;
struct service_front;
struct service_greeting;

/* What a daemon adds. */
struct service_front_program {
	const char              *name;              /* for the log: "attestd/front" */
	const struct http_route *routes;            /* their arg is the struct service_front */
	const char              *problem_namespace; /* as in http_settings */

	/* Makes its own part of a worker, front->state; NULL: it has none. */
	void *(*open)(struct service_front *front);

	/*
	 * Decodes the daemon's own greeting, whose beginning goes to *common, and keeps a copy of
	 * the rest. -1 ends the front with err. NULL: the common one is all.
	 */
	int (*greet)(struct service_front *front, struct view greeting,
	    struct service_greeting *common, struct error *err);

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
 * first message, takes news of files, begins to serve at the first greeting, and takes over the
 * TLS key, the limits and the proxies of a later one for new connections. MALFORMED.
 */
int service_front_tell(struct front_worker *worker, const struct service_front_program *program,
    struct view body, struct error *err);

void service_front_drain_cb(struct front_worker *worker);
bool service_front_idle_cb(const struct front_worker *worker);
void service_front_close_cb(struct front_worker *worker);

#endif
