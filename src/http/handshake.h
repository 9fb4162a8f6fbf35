/*
 * TLS handshakes in turns: one costs the server a signature, which may take milliseconds, and
 * whoever opens many connections must not make others wait for all of them. Private to src/http.
 */
#ifndef HTTP_HANDSHAKE_H
#define HTTP_HANDSHAKE_H

#include <event2/util.h>

struct http_connection;

/*
 * Begins a connection whose peer is known, and reading from it: with TLS it is
 * CONNECTION_HANDSHAKE until the handshake is complete, then, or at once, CONNECTION_FRESH. Each
 * time that something has come for the handshake, it waits for its source's turn. When the
 * handshake fails, the connection ends. Its deadline runs on.
 */
void handshake_begin(struct http_connection *connection);

/* A connection that is CONNECTION_HANDSHAKE ends: it waits no longer. */
void handshake_leave(struct http_connection *connection);

/*
 * The callback of the server's `handshake` event: a millisecond of handshakes, and one at least.
 * The rest goes on in the loop's next pass, so that requests are served between two signatures.
 */
void handshake_work_cb(evutil_socket_t fd, short what, void *server);

#endif
