/* Owns the bounds that all connections share; how one ends is connection.c's. */
#include "config.h"

#include "http/room.h"

#include <event2/event.h>

#include "http/connection.h"
#include "http/server_state.h"
#include "util/log.h"
#include "util/shares.h"

/* An unfinished request of more octets is a large one. Most requests are small, or whole at once. */
#define LARGE_OCTETS 4096

/* One connection in so many may be in the midst of a large request; and so many at least. */
#define LARGE_PART 16
#define LARGE_LEAST 16

static size_t
room_large_max(const struct http_server *server)
{
	size_t part = server->settings.connections_max / LARGE_PART;

	return part > LARGE_LEAST ? part : LARGE_LEAST;
}

void
room_enter(struct http_connection *connection)
{
	shares_leave(connection->server->shares, &connection->share);
	connection->source = source_of_text(view_text(connection->peer));
	shares_enter(connection->server->shares, &connection->share, &connection->source,
	    (struct view){0}, false);
}

void
room_leave(struct http_connection *connection)
{
	shares_leave(connection->server->shares, &connection->share);
	shares_leave(connection->server->large, &connection->large);
}

void
room_ask(struct http_connection *connection)
{
	shares_hold(connection->server->shares, &connection->share, true);
	shares_leave(connection->server->large, &connection->large);
	connection->taken = 0;
}

void
room_answer(struct http_connection *connection)
{
	shares_hold(connection->server->shares, &connection->share, false);
}

void
room_read(struct http_connection *connection, size_t octets)
{
	struct http_server *server = connection->server;

	connection->taken += octets;
	/* The first octets may come before the peer is known; the next ones count for it. */
	if (connection->taken <= LARGE_OCTETS || !connection->share.entered || connection->large.entered)
		return;
	shares_enter(server->large, &connection->large, &connection->source, (struct view){0},
	    false);
	if (shares_count(server->large) > room_large_max(server))
		event_active(&connection->soon, EV_TIMEOUT, 1);
}

static void
room_close(struct http_connection *connection, const char *why)
{
	LOG(DEBUG, {"peer", connection->peer}, {"event", "closed"}, {"reason", why});
	connection_end(connection);
}

void
room_make(struct http_server *server, const struct http_connection *newest)
{
	struct http_connection *victim;
	struct share_entry     *entry;

	while (server->connection_count > server->settings.connections_max &&
	    (entry = shares_victim(server->shares)) != NULL) {
		victim = SHARES_ITEM(entry, struct http_connection, share);
		if (victim == newest)
			break;
		room_close(victim, "too many connections");
	}
	while (shares_count(server->large) > room_large_max(server)) {
		entry = shares_victim(server->large);
		room_close(SHARES_ITEM(entry, struct http_connection, large),
		    "too many large requests that do not end");
	}
}
