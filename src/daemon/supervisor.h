/*
 * The supervisor forks and execs front and keeper, passes descriptors, watches,
 * and forwards signals; it reads nothing from the network or from either child.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stddef.h>

struct error;

/* What is run. */
struct supervisor_plan {
	const char        *program;   /* for the log and argv[0]: "attestd" */
	char *const       *arguments; /* the program's own argv, given to the keeper again */
	size_t             workers;   /* a channel, and a listener of each address, per worker */
	const int         *listeners; /* workers * addresses descriptors, worker by worker */
	size_t             listener_count;
};

/*
 * Runs front and keeper until SIGTERM or SIGINT (then the front finishes what is
 * in flight, the keeper commits, at most 5 s) or until the keeper ends. A front
 * that ends is started again, with new channels, which the keeper gets over its
 * control socket; not more often than every 100 ms. SIGHUP goes to the keeper.
 *
 * Returns the exit status for main: 0 after SIGTERM or SIGINT.
 */
int supervisor_run(const struct supervisor_plan *plan, struct error *err);

/* Which of the three this process is; SUPERVISOR_ROLE_NONE in the one the user started. */
enum supervisor_role { SUPERVISOR_ROLE_NONE, SUPERVISOR_ROLE_FRONT, SUPERVISOR_ROLE_KEEPER };

/* What a child inherits. */
struct supervisor_child {
	enum supervisor_role role;
	int    control;        /* keeper: where channels of a new front come from */
	int   *channels;       /* front: one per worker */
	size_t channel_count;
	int   *listeners;      /* front: worker by worker */
	size_t listener_count;
};

/* Finds out the role and takes over what was passed; every descriptor is close-on-exec after. */
int supervisor_child_inherit(struct supervisor_child *child, struct error *err);

/*
 * Keeper: receives the `count` channels of a new front, one per worker, into fds.
 * Returns 0; or -1 with NOT_FOUND when the supervisor is gone, else INTERNAL.
 */
int supervisor_channels_receive(int control, int *fds, size_t count, struct error *err);

#endif
