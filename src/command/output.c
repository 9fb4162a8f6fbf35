/*
 * Owns the file between its first octet and its name, and the process that gives it the name
 * when the one that writes may do so no more.
 */
#include "config.h"

#include "command/output.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/folder.h"

#define OUTPUT_TRIES 16

struct output {
	char *path;
	char *name;      /* in its directory */
	char *temporary; /* the same, until it is whole; NULL when there is nothing to remove */
	int   directory;
	int   fd;
	bool  replace;
	pid_t guard; /* 0: none */
	int   ask;
	int   answer;
};

/* ---- in the directory ---- */

/* Returns errno, or 0. */
static int
output_rename(const struct output *output)
{
	if (renameat2(output->directory, output->temporary, output->directory, output->name,
	        output->replace ? 0 : RENAME_NOREPLACE) != 0)
		return errno;
	return fsync(output->directory) == 0 ? 0 : errno;
}

void
output_interrupt(const struct output *output)
{
	if (output != NULL && output->temporary != NULL && output->guard == 0)
		(void)unlinkat(output->directory, output->temporary, 0);
}

static int
output_create(struct output *output, mode_t mode)
{
	char   letters[7] = "";
	size_t size = strlen(output->name) + sizeof letters + 1;

	output->temporary = memory_new(size);
	for (int i = 0; i < OUTPUT_TRIES; i++) {
		folder_letters(letters);
		(void)snprintf(output->temporary, size, "%s.%s", output->name, letters);
		output->fd = openat(output->directory, output->temporary,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (output->fd >= 0)
			return fchmod(output->fd, mode);
		if (errno != EEXIST)
			break;
	}
	free(output->temporary);
	output->temporary = NULL;
	return -1;
}

/* ---- the guard ---- */

/* Waits for one octet, or for the end of the process that writes. */
__attribute__((noreturn))
static void
guard_run(const struct output *output, int ask, int answer)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT};
	char             asked;
	int              failed;
	ssize_t          got;

	/* What ends the writer from a terminal must leave this one time to clear away. */
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)signal(signals[i], SIG_IGN);
	while ((got = read(ask, &asked, 1)) < 0 && errno == EINTR)
		;
	if (got == 1) {
		failed = output_rename(output);
		(void)!write(answer, &failed, sizeof failed);
		if (failed == 0)
			_exit(0);
	}
	(void)unlinkat(output->directory, output->temporary, 0);
	_exit(0);
}

static int
guard_start(struct output *output)
{
	int   ask[2];
	int   answer[2];
	pid_t guard;

	if (pipe2(ask, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(answer, O_CLOEXEC) != 0) {
		(void)close(ask[0]);
		(void)close(ask[1]);
		return -1;
	}
	if ((guard = fork()) == 0) {
		(void)close(ask[1]);
		(void)close(answer[0]);
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			(void)close(fd); /* a reader of the command's output does not wait for this process */
		guard_run(output, ask[0], answer[1]);
	}
	(void)close(ask[0]);
	(void)close(answer[1]);
	output->ask = ask[1];
	output->answer = answer[0];
	output->guard = guard > 0 ? guard : 0;
	return guard > 0 ? 0 : -1;
}

/* Returns errno, or 0. */
static int
guard_commit(const struct output *output)
{
	int     failed = EIO; /* when it died */
	ssize_t got;

	if (write(output->ask, "c", 1) != 1)
		return errno;
	while ((got = read(output->answer, &failed, sizeof failed)) < 0 && errno == EINTR)
		;
	return got == (ssize_t)sizeof failed ? failed : EIO;
}

static void
guard_end(struct output *output)
{
	if (output->ask >= 0)
		(void)close(output->ask);
	if (output->answer >= 0)
		(void)close(output->answer);
	while (output->guard != 0 && waitpid(output->guard, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- a file ---- */

int
output_open(const char *path, const struct output_plan *plan, struct output **out,
    struct error *err)
{
	AUTO_FREE char *parent = memory_strdup(path);
	AUTO_FREE char *base = memory_strdup(path);
	struct output  *output = memory_new(sizeof *output);

	*output = (struct output){.path = memory_strdup(path), .name = memory_strdup(basename(base)),
	    .fd = -1, .replace = plan->replace, .ask = -1, .answer = -1};
	output->directory = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (output->directory >= 0 && output_create(output, plan->mode) == 0 &&
	    (!plan->guarded || guard_start(output) == 0)) {
		*out = output;
		return 0;
	}
	error_set_errno(err, ERROR_INTERNAL, "creating %s", path);
	output_free(output);
	return -1;
}

void
output_free(struct output *output)
{
	if (output == NULL)
		return;
	output_interrupt(output);
	guard_end(output);
	if (output->fd >= 0)
		(void)close(output->fd);
	if (output->directory >= 0)
		(void)close(output->directory);
	free(output->temporary);
	free(output->name);
	free(output->path);
	free(output);
}

int
output_fd(const struct output *output)
{
	return output->fd;
}

int
output_commit(struct output *output, struct error *err)
{
	int failed;

	if (fsync(output->fd) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "writing %s", output->path);
	failed = output->guard != 0 ? guard_commit(output) : output_rename(output);
	if (failed == EEXIST && !output->replace)
		return error_set(err, ERROR_CONFLICT, "%s is there already", output->path);
	errno = failed;
	if (failed != 0)
		return error_set_errno(err, ERROR_INTERNAL, "writing %s", output->path);
	free(output->temporary);
	output->temporary = NULL;
	return 0;
}
