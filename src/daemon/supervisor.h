/*
 * The supervisor forks and execs front and keeper, passes descriptors, watches,
 * and forwards signals; it reads nothing from the network or from either child.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stddef.h>

struct error;

/* As many channels as one message with descriptors holds. */
#define SUPERVISOR_WORKERS_MAX 253U

/* What is run. */
struct supervisor_plan {
	const char        *program;   /* for the log and argv[0]: "attestd" */
	char *const       *arguments; /* the program's own argv, given to the keeper again */
	size_t             workers;   /* a channel, and a listener of each address, per worker; 1 to the max */
	const int         *listeners; /* workers * addresses descriptors, worker by worker */
	size_t             listener_count;
};

/*
 * Runs front and keeper until SIGTERM or SIGINT (then the front finishes what is
 * in flight, at most 4.5 s, and the keeper commits, 5 s in all) or until the keeper ends. A front
 * that ends is started again, with new channels, which the keeper gets over its
 * control socket; not more often than every 100 ms. SIGHUP goes to the keeper. The
 * end that a signal asked for is one line in the log, event=stop.
 *
 * Call it with one thread. Returns the exit status for main: 0 after SIGTERM or
 * SIGINT when nothing failed on the way, 1 when the keeper ended by itself (it has
 * said why, or how it died is in the log); or -1 with INTERNAL when it could not start them.
 *
 * A child begins with SIGTERM as by default, SIGHUP and SIGINT ignored until it
 * says otherwise, its own process group, stdin from /dev/null, and no descriptors
 * but what is passed; it is killed when the supervisor dies. The front is given
 * neither arguments nor the environment, but for what libraries need of it.
 */
int supervisor_run(const struct supervisor_plan *plan, struct error *err);

/* Which of the three this process is; SUPERVISOR_ROLE_NONE in the one the user started. */
enum supervisor_role { SUPERVISOR_ROLE_NONE, SUPERVISOR_ROLE_FRONT, SUPERVISOR_ROLE_KEEPER };

/* What a child inherits; its descriptors are used up, its arrays freed by supervisor_child_clear. */
struct supervisor_child {
	enum supervisor_role role;
	int    control;        /* keeper: where channels of a new front come from */
	int   *channels;       /* front: one per worker */
	size_t channel_count;
	int   *listeners;      /* front: worker by worker */
	size_t listener_count;
};

/*
 * Finds out the role and takes over what was passed; every descriptor is
 * close-on-exec after. Call it first of all in main. INTERNAL when the process
 * claims to be a child but its parent did not pass what a supervisor passes.
 */
int supervisor_child_inherit(struct supervisor_child *child, struct error *err);

/* Frees the arrays of *child and leaves it no child. */
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
