/* Owns sockets that evhttp has closed and whose peers have not; reads nothing of what they say. */
#include "config.h"

#include "http/linger.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <event2/event.h>

#include "http/connection.h"
#include "http/server_state.h"

#define LINGER_MS 2000

static void
linger_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;
	char                    waste[16384];
	ssize_t                 got;

	(void)what;
	got = recv((int)fd, waste, sizeof waste, 0);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		linger_end(connection);
}

int
linger_start(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	int64_t             most = server->settings.request_ms;
	int                 fd;

	if ((fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return -1;
	(void)shutdown(fd, SHUT_WR);
	connection->fd = fd;
	connection->state = CONNECTION_LINGERING;
	if (event_assign(&connection->drain, server->base, fd, EV_READ | EV_PERSIST,
	        linger_read_cb, connection) != 0 ||
	    event_add(&connection->drain, NULL) != 0) {
		(void)close(fd);
		return -1;
	}
	connection_deadline(connection, most < LINGER_MS ? most : LINGER_MS);
	return 0;
}

void
linger_end(struct http_connection *connection)
{
	event_del(&connection->drain);
	(void)close(connection->fd);
	connection_free(connection);
}
