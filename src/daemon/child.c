/*
 * Owns what a child process inherits: descriptors, environment, arguments,
 * signals, and that it dies with the supervisor. Nothing else may be passed on.
 */
#include "config.h"

#include "daemon/child.h"

#include <sys/prctl.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/process.h"

/*
 * Prefixes of the environment variables that the front gets: those for loading
 * and running libraries, and one number. Others may hold secrets of the keeper, such as a PIN.
 */
static const char *const front_environment[] = {
    "PATH=", "LANG=", "LC_", "TZ=", "LD_", "GLIBC_", "MALLOC_", "OPENSSL_",
    "ASAN_", "LSAN_", "UBSAN_", "TSAN_",
    "WATCHDOG_USEC=", /* how often its pulse beats */
};

const char *
child_role_name(enum supervisor_role role)
{
	return role == SUPERVISOR_ROLE_FRONT ? CHILD_FRONT : CHILD_KEEPER;
}

static bool
child_variable_passes(enum supervisor_role role, const char *variable)
{
	if (role == SUPERVISOR_ROLE_KEEPER)
		return true;
	for (size_t i = 0; i < sizeof front_environment / sizeof front_environment[0]; i++) {
		const char *begin = front_environment[i];

		if (strncmp(variable, begin, strlen(begin)) == 0)
			return true;
	}
	return false;
}

/* Returns the environment; the caller frees the list. `own` comes first. */
static char **
child_environment(enum supervisor_role role, char *own)
{
	size_t count = 0;
	size_t kept = 0;
	char **list;

	while (environ != NULL && environ[count] != NULL)
		count++;
	list = memory_new((count + 2) * sizeof *list);
	list[kept++] = own;
	for (size_t i = 0; i < count; i++) {
		if (child_variable_passes(role, environ[i]))
			list[kept++] = environ[i];
	}
	return list;
}

/* Returns argv; the caller frees the list. */
static char **
child_arguments(char *title, char *const *arguments)
{
	size_t count = 0;
	char **list;

	while (arguments != NULL && arguments[count] != NULL)
		count++;
	list = memory_new((count + 2) * sizeof *list);
	list[0] = title;
	for (size_t i = 0; i < count; i++)
		list[i + 1] = arguments[i];
	return list;
}

/* Own process group, ignores signals from a terminal; SIGTERM, SIGCHLD and SIGPIPE have their
 * defaults. */
static void
child_signals(void)
{
	sigset_t none;

	(void)setpgid(0, 0);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
child_stdin(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : dup2(fd, STDIN_FILENO);

	if (fd > STDERR_FILENO)
		(void)close(fd);
	return rc;
}

/* Moves the descriptors to CHILD_FIRST_FD and up, and closes all above them. */
static int
child_descriptors(const int *fds, size_t count)
{
	int  end = CHILD_FIRST_FD + (int)count;
	int *moved = memory_new(count * sizeof *moved);

	/* Moved out of the way first, because one may occupy another's target. The exec frees
	 * `moved`. */
	for (size_t i = 0; i < count; i++) {
		if ((moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, end)) < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (dup2(moved[i], CHILD_FIRST_FD + (int)i) < 0)
			return -1;
	}
	return close_range((unsigned)end, ~0U, 0);
}

__attribute__((noreturn))
static void
child_fail(const char *doing)
{
	struct error err = {0};

	error_set_errno(&err, ERROR_INTERNAL, "%s", doing);
	LOG(ERROR, {"event", "start"}, {"reason", err.detail});
	_exit(127);
}

/*
 * Another user, in no group but its own, with no way back: the exec drops the capabilities. A
 * container may know no other user than its root.
 */
static void
child_become(uid_t uid, gid_t gid)
{
	struct error err = {0};

	if (uid == 0)
		return;
	process_bound(); /* while it may */
	if (setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0)
		return;
	error_set_errno(&err, ERROR_INTERNAL, "the front stays root's: becoming uid %lu", (unsigned long)uid);
	LOG(WARNING, {"event", "sandbox"}, {"reason", err.detail});
}

__attribute__((noreturn))
static void
child_exec(const struct child_plan *plan, pid_t supervisor, char **argv, char **env)
{
	child_become(plan->uid, plan->gid);
	/* After that, because another user's process forgets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		child_fail("asking to die with the supervisor");
	if (getppid() != supervisor) /* the parent died before prctl */
		_exit(127);
	child_signals();
	if (child_stdin() != 0)
		child_fail("opening /dev/null");
	if (child_descriptors(plan->fds, 1 + plan->channel_count + plan->listener_count) != 0)
		child_fail("passing descriptors");
	(void)execve("/proc/self/exe", argv, env);
	child_fail("executing /proc/self/exe");
}

int
child_start(const struct child_plan *plan, pid_t *pid, struct error *err)
{
	const char     *role = child_role_name(plan->role);
	pid_t           supervisor = getpid();
	char            own[128];
	char            title[128];
	AUTO_FREE char **argv = child_arguments(title, plan->arguments);
	AUTO_FREE char **env = child_environment(plan->role, own);

	(void)snprintf(own, sizeof own, CHILD_VARIABLE "=%s %zu %zu %ld %u", role,
	    plan->channel_count, plan->listener_count, (long)supervisor, (unsigned)plan->sandbox);
	(void)snprintf(title, sizeof title, "%s: %s", plan->program, role);
	if ((*pid = fork()) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "starting the %s", role);
	if (*pid == 0)
		child_exec(plan, supervisor, argv, env);
	return 0;
}
