/* Owns the child process. */
#include "config.h"

#include "device/run_command.h"

#include <sys/wait.h>

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/error.h"
#include "util/process.h"

extern char **environ;

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
	errno = process_spawn_signals(&attributes, 0);
	if (errno == 0)
		errno = posix_spawn(&child, "/bin/sh", NULL, &attributes, arguments, environ);
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
