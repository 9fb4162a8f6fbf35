/* How the supervisor starts a child, and how the child finds what it was given. Private to the
 * supervisor. */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include <sys/types.h>

#include <stddef.h>

#include "daemon/supervisor.h"

struct error;

/*
 * The environment variable "ROLE CHANNELS LISTENERS PID SANDBOX" that makes a process
 * a child: its role, the number of descriptors of each kind, which follow its control socket, at
 * CHILD_FIRST_FD; the supervisor's process id, which must be its parent's, and an enum sandbox_mode.
 */
#define CHILD_VARIABLE "ATTEST_SUPERVISED"
#define CHILD_FIRST_FD 3

/* The words for the roles. */
#define CHILD_FRONT  "front"
#define CHILD_KEEPER "keeper"

/* Describes the child to start. */
struct child_plan {
	enum supervisor_role role;
	const char          *program;
	char *const         *arguments; /* arguments after argv[0]; NULL: none */
	const int           *fds;       /* its control socket; for a front also channels, then listeners */
	size_t               channel_count;
	size_t               listener_count;
	enum sandbox_mode    sandbox;
	uid_t                uid;       /* whom root's child becomes; 0: it stays root */
	gid_t                gid;
};

/* The role's word. */
const char *child_role_name(enum supervisor_role role);

/* Forks and execs this very program. A failure in the child is logged there and ends it with status
 * 127. */
int child_start(const struct child_plan *plan, pid_t *pid, struct error *err);

#endif
