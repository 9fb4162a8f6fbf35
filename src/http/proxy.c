/*
 * Owns the socket of a connection until its PROXY header is read; evhttp has the bufferevent by
 * then, but reads nothing. The parsing is proxy_protocol.c's and forwarded.c's.
 */
#include "config.h"

#include "http/proxy.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "http/connection.h"
#include "http/forwarded.h"
#include "http/handshake.h"
#include "http/proxy_protocol.h"
#include "http/room.h"
#include "http/server_state.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/log_refusal.h"

/* ---- the PROXY protocol ---- */

/* No answer is sent: the peer does not speak the protocol that is required. */
static void
proxy_refuse(struct http_connection *connection, const char *why)
{
	if (log_refusal(&connection->source, "proxyProtocol", clock_monotonic_ms()))
		LOG(INFO, {"peer", connection->peer}, {"event", "proxy-protocol"}, {"reason", why});
	connection_end(connection);
}

void
proxy_timeout(struct http_connection *connection)
{
	proxy_refuse(connection, "the PROXY header did not come in time");
}

/* The socket ended, or failed. A proxy's health check may connect and send nothing. */
static void
proxy_lost(struct http_connection *connection)
{
	if (connection->preface.size != 0)
		proxy_refuse(connection, "the connection ended within its PROXY header");
	else
		connection_end(connection);
}

/* The header is whole: the connection is its client's from now on. */
static void
proxy_accept(struct http_connection *connection, const struct proxy_header *header)
{
	(void)event_del(&connection->drain);
	bytes_clear(&connection->preface);
	if (header->source.size != 0) {
		connection->address = header->source;
		(void)address_format(&connection->address, connection->peer);
		room_enter(connection);
	}
	handshake_begin(connection);
}

/* Takes off the socket what belongs to the header, and nothing behind it. */
static void
proxy_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;
	struct bytes           *preface = &connection->preface;
	size_t                  before = preface->size;
	uint8_t                 octets[PROXY_HEADER_MAX];
	struct proxy_header     header;
	struct error            err = {0};
	size_t                  used;
	ssize_t                 got;
	int                     whole;

	(void)what;
	got = recv(fd, octets, sizeof octets - before, MSG_PEEK | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		proxy_lost(connection);
		return;
	}
	bytes_append(preface, octets, (size_t)got);
	whole = proxy_header_read(connection->server->settings.proxies.protocol, bytes_view(preface),
	    &header, &err);
	used = whole > 0 ? header.size - before : (size_t)got;
	if (whole < 0)
		proxy_refuse(connection, err.detail);
	else if (recv(fd, octets, used, MSG_DONTWAIT) != (ssize_t)used)
		proxy_lost(connection);
	else if (whole > 0)
		proxy_accept(connection, &header);
}

bool
proxy_begin(struct http_connection *connection)
{
	const struct proxies *proxies = &connection->server->settings.proxies;
	bool                  known = proxies_has(proxies, &connection->address);

	connection->proxied = known && proxies->protocol == PROXY_PROTOCOL_OFF;
	if (proxies->protocol == PROXY_PROTOCOL_OFF) {
		handshake_begin(connection);
		return true;
	}
	if (!known) {
		proxy_refuse(connection, "the peer is not in proxy_networks");
		return false;
	}
	connection->state = CONNECTION_PREFACED;
	(void)bufferevent_disable(connection->bev, EV_READ);
	(void)event_assign(&connection->drain, connection->server->base, connection->fd,
	    EV_READ | EV_PERSIST, proxy_read_cb, connection);
	(void)event_add(&connection->drain, NULL);
	return true;
}

/* ---- fields of a request ---- */

void
proxy_request_peer(const struct http_connection *connection, struct evhttp_request *req,
    char peer[ADDRESS_TEXT_SIZE])
{
	struct forwarded standard = {.count = 0};
	struct forwarded x_forwarded_for = {.count = 0};
	struct evkeyval *field;
	struct address   source;

	(void)snprintf(peer, ADDRESS_TEXT_SIZE, "%s", connection->peer);
	/* It may be none by now: see http_server_limits. */
	if (!connection->proxied ||
	    !proxies_has(&connection->server->settings.proxies, &connection->address))
		return;
	TAILQ_FOREACH (field, evhttp_request_get_input_headers(req), next) {
		if (strcasecmp(field->key, "Forwarded") == 0)
			forwarded_add(&standard, view_text(field->value));
		else if (strcasecmp(field->key, "X-Forwarded-For") == 0)
			forwarded_add(&x_forwarded_for, view_text(field->value));
	}
	source = forwarded_source(&standard, &x_forwarded_for, &connection->server->settings.proxies,
	    &connection->address);
	(void)address_format(&source, peer);
}
