/*
 * Proxies before the server: the header of the PROXY protocol, read from the bare socket before
 * TLS, and the client that a request names. Private to src/http.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>

#include "util/address.h"

struct evhttp_request;
struct http_connection;

/*
 * Begins a connection that was just adopted: with a PROXY protocol it is CONNECTION_PREFACED
 * until its header is read. Then, or at once, handshake_begin. False when its peer is no proxy, and it has ended.
 */
bool proxy_begin(struct http_connection *connection);

/* Ends a connection whose header did not come in time. */
void proxy_timeout(struct http_connection *connection);

/* The client of a request: the connection's peer, or whom a proxy names (http/forwarded.h). */
void proxy_request_peer(const struct http_connection *connection, struct evhttp_request *req,
    char peer[ADDRESS_TEXT_SIZE]);

#endif
