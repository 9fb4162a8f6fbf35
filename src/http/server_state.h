/* Shared by the files of the server; private to src/http. */
#ifndef HTTP_SERVER_STATE_H
#define HTTP_SERVER_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/queue.h>

#include <event2/event_struct.h>

#include "http/server.h"

struct evhttp;
struct evhttp_bound_socket;
struct http_connection;
struct shares;
struct turns;

/* A listening socket; evhttp owns the objects that it points to. */
struct http_listener {
	LIST_ENTRY(http_listener)   link;
	struct evhttp_bound_socket *bound;
};

struct http_server {
	LIST_ENTRY(http_server) link; /* among all servers of the process, see server.c */
	struct http_settings    settings;
	struct event_base      *base;
	struct evhttp          *evhttp;
	LIST_HEAD(, http_listener)   listeners;
	LIST_HEAD(, http_connection) connections;
	struct http_connection     **by_fd; /* connections that evhttp serves, by descriptor */
	size_t                       by_fd_size;
	size_t                       connection_count;
	size_t                       connection_most; /* since memory was given back */
	struct shares               *shares; /* of connections, see room.h */
	struct shares               *large;
	size_t                       exchange_count;
	struct turns                *turns;  /* of requests that no handler has seen yet */
	struct event                 work;   /* runs the handlers of those whose turn it is */
	struct turns                *handshakes; /* connections whose TLS handshake can go on */
	struct event                 handshake;  /* of those whose turn it is, see handshake.h */
	struct event                 resume; /* resumes accepting after EMFILE */
	bool                         starved; /* out of descriptors, and logged */
	bool                         draining;
	bool                         freeing;
};

/* Counts an opened connection and pauses accepting above the bound; counts an ended one and resumes
 * accepting. */
void server_connection_opened(struct http_server *server);
void server_connection_ended(struct http_server *server);

#endif
