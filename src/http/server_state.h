/* What the files of the server share; nobody outside src/http includes it. */
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

/* A listening socket; evhttp owns what it points at. */
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
	struct http_connection     **by_fd; /* those that evhttp serves, by their descriptor */
	size_t                       by_fd_size;
	size_t                       connection_count;
	size_t                       exchange_count;
	struct event                 resume; /* accepting starts again, after EMFILE */
	bool                         starved; /* of descriptors: the log has said so */
	bool                         draining;
	bool                         freeing;
};

/* A connection was opened: pauses accepting at the bound. Or it ended: accepting may go on. */
void server_connection_opened(struct http_server *server);
void server_connection_ended(struct http_server *server);

#endif
