/*
 * Room for connections: which one is closed when there are too many, or when too many
 * unfinished requests take memory. Private to src/http.
 */
#ifndef HTTP_ROOM_H
#define HTTP_ROOM_H

#include <stddef.h>

struct http_connection;
struct http_server;

/*
 * Counts a connection for its peer, of which it must be told again after a PROXY header. The
 * connections of a proxy that says in requests for whom they are count for the proxy: it has
 * many, and closes idle ones itself. room_leave takes one too that was never counted.
 */
void room_enter(struct http_connection *connection);
void room_leave(struct http_connection *connection);

/* A handler has its request: it is not closed until room_answer makes it its source's newest. */
void room_ask(struct http_connection *connection);
void room_answer(struct http_connection *connection);

/*
 * So many octets more of an unfinished request have come in. A large one counts as such, until
 * room_ask or room_leave; the connection's `soon` is made due when there are too many of them.
 */
void room_read(struct http_connection *connection, size_t octets);

/*
 * Closes the oldest connection of the source that has most, as long as there are too many.
 * `newest`, just accepted, stays when all others wait for their answers. Not from inside a
 * callback of evhttp; `newest` may be gone after it, and is NULL when a bound was lowered.
 */
void room_make(struct http_server *server, const struct http_connection *newest);

#endif
