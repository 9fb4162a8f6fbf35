/*
 * The supervisor forks and execs front and keeper, passes descriptors, watches,
 * and forwards signals; it reads nothing from the network, and from its children only that they live.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <sys/types.h>

#include <stddef.h>

#include "daemon/sandbox.h"

struct error;

/* Bound by the number of descriptors in one message. */
#define SUPERVISOR_WORKERS_MAX 253U

/* Describes what to run. */
struct supervisor_plan {
	const char        *program;   /* for the log and argv[0]: "attestd" */
	char *const       *arguments; /* the program's own argv, passed on to the keeper */
	size_t             workers;   /* 1 to the max; each has a channel and listeners */
	const int         *listeners; /* workers * addresses descriptors, worker by worker */
	size_t             listener_count;
	enum sandbox_mode  sandbox;   /* of the front */
	uid_t              front_uid; /* whom root's front becomes; 0: it stays root */
	gid_t              front_gid;
};

/*
 * Runs front and keeper until SIGTERM or SIGINT (then the front finishes what is in flight, at
 * most 4.5 s, and the keeper commits, 5 s in all) or until the keeper ends. A front that ends is
 * started again, with new channels, which the keeper gets over its control socket; not more often
 * than every 100 ms. A child that is silent for too long (pulse.h), a front from its start on and a
 * keeper after its first beat, is killed, and event=hang says so. The service manager's watchdog is
 * fed while both are heard. SIGHUP goes to the keeper. The end that a signal asked for is one line in
 * the log, event=stop.
 *
 * Call it with one thread. Returns the exit status for main: 0 after SIGTERM or SIGINT when
 * nothing failed on the way, 1 when the keeper ended by itself (the log has the reason); or -1
 * with INTERNAL when it could not start them.
 *
 * A child starts with the default SIGTERM, SIGHUP and SIGINT ignored, its own process group,
 * stdin from /dev/null, and only the passed descriptors; it is killed when the supervisor dies.
 * The front gets no arguments, and of the environment only what libraries need.
 */
int supervisor_run(const struct supervisor_plan *plan, struct error *err);

/* The role of this process; SUPERVISOR_ROLE_NONE in the one that the user started. */
enum supervisor_role { SUPERVISOR_ROLE_NONE, SUPERVISOR_ROLE_FRONT, SUPERVISOR_ROLE_KEEPER };

/* What a child inherits. The child uses up the descriptors; supervisor_child_clear frees the
 * arrays. */
struct supervisor_child {
	enum supervisor_role role;
	int    control;        /* to the supervisor, for the pulse; over it a keeper also receives the channels
	                        * of a new front; -1: there is none */
	int   *channels;       /* front: one per worker */
	size_t channel_count;
	int   *listeners;      /* front: worker by worker */
	size_t listener_count;
	enum sandbox_mode sandbox;
};

/*
 * Determines the role and takes over the passed descriptors, which become
 * close-on-exec. Call it first in main. INTERNAL when the process claims to be
 * a child but was not started as a supervisor starts one.
 */
int supervisor_child_inherit(struct supervisor_child *child, struct error *err);

/* Frees the arrays of *child and sets its role to none. */
void supervisor_child_clear(struct supervisor_child *child);

/*
 * Gives the keeper at the other end of `control` its ends of the channels, one per
 * worker, in one message; the caller still closes its own copies. INTERNAL.
 */
int supervisor_channels_send(int control, const int *fds, size_t count, struct error *err);

/*
 * Keeper: receives the `count` channels of a new front, one per worker, into fds.
 * Waits when there are none yet. Returns 0; or -1 with NOT_FOUND when the
 * supervisor is gone, else INTERNAL.
 */
int supervisor_channels_receive(int control, int *fds, size_t count, struct error *err);

#endif
