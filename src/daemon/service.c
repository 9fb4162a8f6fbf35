/* Notifies the service manager: one datagram per message, without waiting. */
#include "config.h"

#include "daemon/service.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/log.h"

static const char *const assignments[] = {
#define X(state, assignment) [SERVICE_##state] = (assignment),
    SERVICE_STATES(X)
#undef X
};

/* By service_connect; -1: a socket is made for each message. */
static int connected = -1;

/* Returns the length of the address, 0 when the name is not valid. */
static socklen_t
service_address(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof address->sun_path)
		return 0;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	/* The length of the address ends an abstract name; a NUL ends a path. */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

/* Returns a socket that is connected, or -1. */
static int
service_open(const char *name, struct error *err)
{
	struct sockaddr_un address;
	socklen_t          size = service_address(name, &address);
	int                fd;

	if (size == 0)
		return error_set(err, ERROR_INTERNAL,
		    "NOTIFY_SOCKET is neither a path nor an abstract name: %.64s", name);
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "making a socket");
	if (connect(fd, (const struct sockaddr *)&address, size) != 0) {
		error_set_errno(err, ERROR_INTERNAL, "writing to %.64s", name);
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int
service_send(const char *name, const char *text, struct error *err)
{
	int     fd = connected >= 0 ? connected : service_open(name, err);
	ssize_t sent;

	if (fd < 0)
		return -1;
	sent = send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		error_set_errno(err, ERROR_INTERNAL, "writing to %.64s", name);
	if (fd != connected)
		(void)close(fd);
	return sent < 0 ? -1 : 0;
}

int64_t
service_watchdog_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	char       *end = NULL;
	long long   usec = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoll(text, &end, 10) : 0;

	return end != NULL && *end == '\0' ? (int64_t)usec / 1000 : 0;
}

void
service_connect(void)
{
	const char  *name = getenv("NOTIFY_SOCKET");
	struct error err = {0};

	if (name == NULL || name[0] == '\0' || connected >= 0)
		return;
	if ((connected = service_open(name, &err)) < 0)
		LOG(WARNING, {"event", "service"}, {"reason", err.detail});
}

void
service_notify(enum service_state state)
{
	const char     *name = getenv("NOTIFY_SOCKET");
	struct timespec now = {0};
	struct error    err = {0};
	char            text[80];

	if (name == NULL || name[0] == '\0')
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (state == SERVICE_RELOADING)
		(void)snprintf(text, sizeof text, "%s\nMONOTONIC_USEC=%" PRId64, assignments[state],
		    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	else
		(void)snprintf(text, sizeof text, "%s", assignments[state]);
	if (service_send(name, text, &err) != 0)
		LOG(WARNING, {"event", "service"}, {"state", assignments[state]}, {"reason", err.detail});
}
