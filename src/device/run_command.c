/* Owns the child process. */
#include "config.h"

#include "device/run_command.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/error.h"

extern char **environ;

/* We ignore SIGPIPE and SIGXFSZ; the command must not. */
static int
attributes_set(posix_spawnattr_t *attributes)
{
	sigset_t defaults;

	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)sigaddset(&defaults, SIGXFSZ);
	return posix_spawnattr_setsigdefault(attributes, &defaults) == 0 &&
	        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF) == 0
	    ? 0
	    : -1;
}

int
run_command(const char *command, const char *changed, const char *key, struct error *err)
{
	char              shell[] = "sh";
	char              option[] = "-c";
	char             *arguments[] = {shell, option, (char *)(uintptr_t)command, NULL};
	posix_spawnattr_t attributes;
	pid_t             child = 0;
	int               status = 0;

	if (setenv("ATTEST_DEVICE_CHANGED", changed, 1) != 0 ||
	    setenv("ATTEST_DEVICE_KEY", key != NULL ? key : "", 1) != 0 || posix_spawnattr_init(&attributes) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "running \"%s\"", command);
	errno = attributes_set(&attributes) == 0
	    ? posix_spawn(&child, "/bin/sh", NULL, &attributes, arguments, environ)
	    : EINVAL;
	(void)posix_spawnattr_destroy(&attributes);
	if (errno != 0)
		return error_set_errno(err, ERROR_INTERNAL, "running \"%s\"", command);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set_errno(err, ERROR_INTERNAL, "waiting for \"%s\"", command);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return WIFEXITED(status)
	    ? error_set(err, ERROR_INTERNAL, "renewed, but \"%s\" exited with %d", command,
	          WEXITSTATUS(status))
	    : error_set(err, ERROR_INTERNAL, "renewed, but \"%s\" was ended by signal %d", command,
	          WTERMSIG(status));
}
