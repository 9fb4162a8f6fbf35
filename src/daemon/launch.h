/* From options to running processes: listeners, then supervisor, front and keeper. */
#ifndef DAEMON_LAUNCH_H
#define DAEMON_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sandbox.h"

struct error;
struct supervisor_child;

#define LAUNCH_WORKERS_MAX 64U
#define LAUNCH_LISTEN_MAX  16U

struct launch_plan {
	const char  *program; /* for the log and argv[0] */
	int          argc;    /* its own arguments; the keeper gets them again */
	char *const *argv;    /* with --serving N and --listening URL,URL before them */
	size_t       workers; /* 1 to LAUNCH_WORKERS_MAX */
	char *const *listen;  /* ADDR:PORT each, at most LAUNCH_LISTEN_MAX */
	size_t       listen_count;
	const char  *scheme;  /* of the URLs: "https://" */
	const char  *front_user; /* whom the front becomes when root starts it */
	enum sandbox_mode sandbox; /* not of no_fork, which has none */
	bool         no_fork; /* front and keeper in this process, for a debugger */

	/* For no_fork: runs the front in this thread and the keeper in another. */
	int (*front)(const struct supervisor_child *child);
	int (*keeper)(const void *settings, int control, bool signals, const char *listening,
	    struct error *err);
	const void *settings;
};

/* The default number of workers: one per processor. */
int64_t launch_workers_default(void);

/*
 * Opens the listeners, or takes over those of the service manager, and runs front and keeper until they end. Returns the exit
 * status, or -1 when they could not be started.
 */
int launch_run(const struct launch_plan *plan, struct error *err);

#endif
