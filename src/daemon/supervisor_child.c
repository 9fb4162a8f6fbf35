/* Takes over what the supervisor passed, after checking that it is complete. */
#include "config.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/child.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"

/* A process that was started without a standard descriptor would open a socket in its place. */
static int
child_standard_descriptors(struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return error_set_errno(err, ERROR_INTERNAL, "opening /dev/null");
	}
	return 0;
}

static bool
child_word_read(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0 || (*text)[length] != ' ')
		return false;
	*text += length;
	return true;
}

/* Reads " 17". */
static bool
child_number_read(const char **text, unsigned long max, unsigned long *number)
{
	const char *begin = *text;
	char       *end = NULL;

	if (begin[0] != ' ' || begin[1] < '0' || begin[1] > '9')
		return false;
	errno = 0;
	*number = strtoul(begin + 1, &end, 10);
	*text = end;
	return errno == 0 && *number <= max;
}

static bool
child_parse(const char *text, struct supervisor_child *child, pid_t *supervisor)
{
	unsigned long channels = 0;
	unsigned long listeners = 0;
	unsigned long pid = 0;
	unsigned long sandbox = SANDBOX_ON;

	if (child_word_read(&text, CHILD_FRONT))
		child->role = SUPERVISOR_ROLE_FRONT;
	else if (child_word_read(&text, CHILD_KEEPER))
		child->role = SUPERVISOR_ROLE_KEEPER;
	else
		return false;
	if (!child_number_read(&text, SUPERVISOR_WORKERS_MAX, &channels) ||
	    !child_number_read(&text, 1UL << 16, &listeners) ||
	    !child_number_read(&text, 1UL << 30, &pid) ||
	    !child_number_read(&text, SANDBOX_MODE_COUNT - 1, &sandbox) || *text != '\0')
		return false;
	child->sandbox = (enum sandbox_mode)sandbox;
	child->channel_count = channels;
	child->listener_count = listeners;
	*supervisor = (pid_t)pid;
	return child->role == SUPERVISOR_ROLE_FRONT ? channels > 0 : channels == 0 && listeners == 0;
}

/* Takes over one descriptor; false when it is not a socket. */
static bool
child_take(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
child_take_list(int first, size_t count, int **list)
{
	*list = memory_new(count * sizeof **list);
	for (size_t i = 0; i < count; i++) {
		(*list)[i] = first + (int)i;
		if (!child_take((*list)[i]))
			return false;
	}
	return true;
}

static bool
child_take_all(struct supervisor_child *child)
{
	int first = CHILD_FIRST_FD + 1;

	child->control = CHILD_FIRST_FD;
	return child_take(child->control) && child_take_list(first, child->channel_count, &child->channels) &&
	    child_take_list(first + (int)child->channel_count, child->listener_count,
	        &child->listeners);
}

void
supervisor_child_clear(struct supervisor_child *child)
{
	free(child->channels);
	free(child->listeners);
	*child = (struct supervisor_child){.role = SUPERVISOR_ROLE_NONE, .control = -1};
}

int
supervisor_child_inherit(struct supervisor_child *child, struct error *err)
{
	const char *passed = getenv(CHILD_VARIABLE);
	pid_t       supervisor = 0;
	bool        fits;

	*child = (struct supervisor_child){.role = SUPERVISOR_ROLE_NONE, .control = -1};
	if (child_standard_descriptors(err) != 0)
		return -1;
	if (passed == NULL)
		return 0;
	fits = child_parse(passed, child, &supervisor);
	/* Repeated after the exec, because an exec of a program with file capabilities clears it. */
	fits = fits && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == supervisor &&
	    child_take_all(child);
	(void)unsetenv(CHILD_VARIABLE);
	if (!fits) {
		supervisor_child_clear(child);
		return error_set(err, ERROR_INTERNAL,
		    CHILD_VARIABLE " is set, but no supervisor started this process; unset it");
	}
	(void)prctl(PR_SET_NAME, program_invocation_name); /* else the process is called "exe" */
	return 0;
}

/* Copies the received descriptors; closes them all if their number is wrong. */
static int
child_channels_take(struct msghdr *message, int *fds, size_t count, struct error *err)
{
	struct cmsghdr *passed = CMSG_FIRSTHDR(message);
	size_t          size = 0;
	bool            fits;
	int             came[SUPERVISOR_WORKERS_MAX];

	if (passed != NULL && passed->cmsg_level == SOL_SOCKET && passed->cmsg_type == SCM_RIGHTS) {
		size = passed->cmsg_len - CMSG_LEN(0);
		memcpy(came, CMSG_DATA(passed), size);
	}
	fits = (message->msg_flags & MSG_CTRUNC) == 0 && size == count * sizeof *came;
	for (size_t i = 0; i < size / sizeof *came; i++) {
		if (fits)
			fds[i] = came[i];
		else
			(void)close(came[i]);
	}
	if (!fits)
		return error_set(err, ERROR_INTERNAL,
		    "%zu channels came from the supervisor instead of %zu; "
		    "is the limit of open files too low?", size / sizeof *came, count);
	return 0;
}

int
supervisor_channels_receive(int control, int *fds, size_t count, struct error *err)
{
	union {
		struct cmsghdr align;
		char           data[CMSG_SPACE(SUPERVISOR_WORKERS_MAX * sizeof(int))];
	} passed;
	char          octet;
	struct iovec  body = {.iov_base = &octet, .iov_len = 1};
	struct msghdr message = {
	    .msg_iov = &body,
	    .msg_iovlen = 1,
	    .msg_control = passed.data,
	    .msg_controllen = sizeof passed.data,
	};
	ssize_t got;

	do
		got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != ECONNRESET)
		return error_set_errno(err, ERROR_INTERNAL, "receiving channels from the supervisor");
	if (got <= 0)
		return error_set(err, ERROR_NOT_FOUND, "the supervisor is gone");
	return child_channels_take(&message, fds, count, err);
}
