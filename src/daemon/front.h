/*
 * The front process: a worker per channel, each with its listeners; it lives as
 * long as its keeper. The caller decides what a worker serves.
 */
#ifndef DAEMON_FRONT_H
#define DAEMON_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct channel;
struct error;
struct event_base;
struct supervisor_child;

/* One worker as its handlers see it. */
struct front_worker {
	struct event_base *base;
	struct channel    *channel;        /* to ask the keeper */
	const int         *listeners;      /* the first `tell` takes them over and serves them */
	size_t             listener_count;
	void              *state;          /* the handlers' own; NULL at first */
};

/* All but `prepare` run in the worker's thread. */
struct front_handlers {
	/* In front_run's thread, before it enters its sandbox: loads what it takes later from files. */
	int (*prepare)(struct error *err);
	/* A notification from the keeper; -1 ends the front with err. */
	int (*tell)(struct front_worker *worker, struct view body, struct error *err);
	/* Stop accepting and end idle connections. */
	void (*drain)(struct front_worker *worker);
	/* True when nothing is in flight. */
	bool (*idle)(const struct front_worker *worker);
	/* The loop has ended: free the state. The channel is closed by then. */
	void (*close)(struct front_worker *worker);
};

/*
 * Runs the front of `child`, in the sandbox, until SIGTERM (then it drains, for at most 4 s) or
 * until a channel closes. Returns the exit status: 0 after SIGTERM, else 1.
 */
int front_run(const struct supervisor_child *child, const struct front_handlers *handlers);

#endif
