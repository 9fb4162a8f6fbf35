#include "config.h"

#include "failing_processes.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"

static int told = ENOBUFS;

void
failing_processes(int error)
{
	told = error;
}

/* Sets errno when this call is the one. */
static bool
fails(bool transfers)
{
	if (told == 0)
		return false;
	if (told == EINTR && (!transfers || failing_lasts())) /* else nothing would ever end */
		return false;
	if (!failing_now())
		return false;
	errno = told;
	return true;
}

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, socket, int domain, int type, int protocol)
{
	return fails(false) ? -1 : __real_socket(domain, type, protocol);
}

WRAP(int, socketpair, int domain, int type, int protocol, int fds[2])
{
	return fails(false) ? -1 : __real_socketpair(domain, type, protocol, fds);
}

WRAP(int, bind, int fd, const struct sockaddr *address, socklen_t size)
{
	return fails(false) ? -1 : __real_bind(fd, address, size);
}

WRAP(int, listen, int fd, int backlog)
{
	return fails(false) ? -1 : __real_listen(fd, backlog);
}

WRAP(int, connect, int fd, const struct sockaddr *address, socklen_t size)
{
	return fails(false) ? -1 : __real_connect(fd, address, size);
}

WRAP(int, setsockopt, int fd, int level, int option, const void *value, socklen_t size)
{
	return fails(false) ? -1 : __real_setsockopt(fd, level, option, value, size);
}

WRAP(int, getsockopt, int fd, int level, int option, void *value, socklen_t *size)
{
	if (told == 0 && failing_now()) {
		memset(value, 0, *size);
		return 0;
	}
	return fails(false) ? -1 : __real_getsockopt(fd, level, option, value, size);
}

WRAP(int, getsockname, int fd, struct sockaddr *address, socklen_t *size)
{
	return fails(false) ? -1 : __real_getsockname(fd, address, size);
}

WRAP(ssize_t, send, int fd, const void *data, size_t size, int flags)
{
	return fails(true) ? -1 : __real_send(fd, data, size, flags);
}

WRAP(ssize_t, sendmsg, int fd, const struct msghdr *message, int flags)
{
	return fails(true) ? -1 : __real_sendmsg(fd, message, flags);
}

WRAP(ssize_t, recvmsg, int fd, struct msghdr *message, int flags)
{
	return fails(true) ? -1 : __real_recvmsg(fd, message, flags);
}

WRAP(int, eventfd, unsigned first, int flags)
{
	return fails(false) ? -1 : __real_eventfd(first, flags);
}

WRAP(int, signalfd, int fd, const sigset_t *mask, int flags)
{
	return fails(false) ? -1 : __real_signalfd(fd, mask, flags);
}

WRAP(pid_t, fork, void)
{
	return fails(false) ? -1 : __real_fork();
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	return fails(false) ? told : __real_pthread_create(thread, attributes, run, arg);
}
