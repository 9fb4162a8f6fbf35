/*
 * Owns the socket of a connection during its TLS handshake, and the order in which handshakes go
 * on. evhttp has the bufferevent by then, but reads nothing: OpenSSL is called here, on the
 * same SSL object, and libevent finds the handshake complete.
 *
 * Nothing of the handshake is parsed to find out what it will cost: a ClientHello may come in
 * pieces, in several records, behind an alert or a second time. So all that is read before the
 * handshake is complete is read in a turn.
 */
#include "config.h"

#include "http/handshake.h"

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include "http/connection.h"
#include "http/server_state.h"
#include "util/clock.h"
#include "util/turns.h"

static bool
handshake_is_reset(const struct http_connection *connection)
{
	int       why = 0;
	socklen_t size = sizeof why;

	return getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0 || why != 0;
}

/* True before the client has had anything to answer: if it sends no more, it cannot finish. */
static bool
handshake_is_unanswered(const SSL *ssl)
{
	return BIO_number_written(SSL_get_wbio(ssl)) == 0;
}

/* The event is edge-triggered: what has come stays in the socket until the connection's turn. */
static void
handshake_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;
	struct http_server     *server = connection->server;
	const SSL              *ssl = bufferevent_openssl_get_ssl(connection->bev);

	(void)fd;
	if (handshake_is_reset(connection) ||
	    ((what & EV_CLOSED) != 0 && handshake_is_unanswered(ssl))) {
		connection_end(connection);
		return;
	}
	if (connection->turn.party != NULL || ((what & EV_READ) == 0 && !SSL_want_write(ssl)))
		return;
	turns_add(server->handshakes, &connection->turn, &connection->source, (struct view){0}, 1);
	event_active(&server->handshake, EV_TIMEOUT, 0);
}

void
handshake_begin(struct http_connection *connection)
{
	/* There is no SSL object without TLS, nor when it could not be made. */
	if (bufferevent_openssl_get_ssl(connection->bev) == NULL) {
		connection_handshaken(connection);
		return;
	}
	connection->state = CONNECTION_HANDSHAKE;
	(void)bufferevent_disable(connection->bev, EV_READ);
	(void)event_assign(&connection->drain, connection->server->base, connection->fd,
	    EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, handshake_ready_cb, connection);
	(void)event_add(&connection->drain, NULL);
}

void
handshake_leave(struct http_connection *connection)
{
	(void)event_del(&connection->drain);
	turns_remove(connection->server->handshakes, &connection->turn);
}

/* Reads what has come, and answers it. */
static void
handshake_step(struct http_connection *connection)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection->bev);
	int  result;
	int  why;

	ERR_clear_error();
	result = SSL_do_handshake(ssl);
	why = SSL_get_error(ssl, result);
	ERR_clear_error();
	if (result == 1) {
		handshake_leave(connection);
		connection_handshaken(connection);
	} else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		connection_end(connection);
	}
}

void
handshake_work_cb(evutil_socket_t fd, short what, void *arg)
{
	/* What has come meanwhile is seen before the next pass's timers. */
	static const struct timeval at_once = {0, 0};
	struct http_server         *server = arg;
	int64_t                     begun = clock_monotonic_ms();
	struct turn                *turn;

	(void)fd;
	(void)what;
	while (clock_monotonic_ms() <= begun && (turn = turns_next(server->handshakes)) != NULL)
		handshake_step(TURNS_ITEM(turn, struct http_connection, turn));
	if (turns_count(server->handshakes) != 0)
		(void)evtimer_add(&server->handshake, &at_once);
}
