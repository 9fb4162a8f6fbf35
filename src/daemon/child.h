/* How the supervisor starts a child, and how the child knows what it was given; nobody else's business. */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include <sys/types.h>

#include <stddef.h>

#include "daemon/supervisor.h"

struct error;

/*
 * The environment variable "ROLE CHANNELS LISTENERS PID" that makes a process a
 * child: its role, how many descriptors of each sort it finds from
 * CHILD_FIRST_FD on, and the supervisor's process id, which must be its parent's.
 */
#define CHILD_VARIABLE "ATTEST_SUPERVISED"
#define CHILD_FIRST_FD 3

/* The words for the roles. */
#define CHILD_FRONT  "front"
#define CHILD_KEEPER "keeper"

/* What to start. */
struct child_plan {
	enum supervisor_role role;
	const char          *program;
	char *const         *arguments; /* behind argv[0]; NULL: none */
	const int           *fds;       /* control; or channels, then listeners */
	size_t               channel_count; /* the keeper's control counts as one */
	size_t               listener_count;
};

/* The role's word. */
const char *child_role_name(enum supervisor_role role);

/* Forks and execs this very program. What fails in the child it logs, and ends with status 127. */
int child_start(const struct child_plan *plan, pid_t *pid, struct error *err);

#endif
