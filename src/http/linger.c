/* Owns sockets that evhttp has closed but the peers have not; discards their input. */
#include "config.h"

#include "http/linger.h"

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "http/connection.h"
#include "http/room.h"
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

void
linger_start(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	int64_t             most = server->settings.request_ms;

	/* Takes the descriptor out of the bufferevent, so that evhttp cannot close it; evhttp shuts
	 * down our side. */
	(void)bufferevent_setfd(connection->bev, -1);
	connection->state = CONNECTION_LINGERING;
	room_answer(connection);
	(void)event_assign(&connection->drain, server->base, connection->fd, EV_READ | EV_PERSIST,
	    linger_read_cb, connection);
	(void)event_add(&connection->drain, NULL);
	connection_deadline(connection, most < LINGER_MS ? most : LINGER_MS);
}

void
linger_end(struct http_connection *connection)
{
	event_del(&connection->drain);
	(void)close(connection->fd);
	connection_free(connection);
}
