/*
 * One accepted connection, beside evhttp's own idea of it: counted, bound in
 * time and in octets, and told about when it ends.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

#include <event2/event_struct.h>

#include "http/chunks.h"
#include "http/head.h"

struct bufferevent;
struct evhttp_connection;
struct evhttp_request;
struct http_exchange;
struct http_server;

enum http_connection_state {
	CONNECTION_FRESH,     /* accepted, no octet yet (a TLS handshake may be under way) */
	CONNECTION_READING,   /* a request has begun */
	CONNECTION_ASKED,     /* it is whole, and the handler has it */
	CONNECTION_ANSWERING, /* the answer is being sent */
	CONNECTION_IDLE,      /* kept alive: no octet of a next request yet */
	CONNECTION_REFUSING,  /* our last words are being sent, evhttp does not see it any more */
	CONNECTION_LINGERING  /* evhttp's part is over; what still comes in is thrown away */
};

struct http_connection {
	LIST_ENTRY(http_connection) link;
	struct http_server         *server;
	struct bufferevent         *bev;   /* evhttp's; held by us only until adopted */
	struct evhttp_connection   *evcon; /* NULL until adopted */
	struct http_exchange       *exchange; /* CONNECTION_ASKED */
	enum http_connection_state  state;
	struct head                 head; /* of the request that is being read */
	struct chunks               chunks; /* of its body, when that is chunked */
	unsigned                    blank_lines; /* that were skipped since the last request */
	struct event                deadline;
	struct event                soon; /* what cannot be done inside a callback of evhttp */
	struct event                drain; /* CONNECTION_LINGERING */
	size_t                      unsent; /* CONNECTION_ANSWERING: octets, at the last look */
	int                         fd;
	bool                        dead;   /* has no TLS: ends before it is read */
	bool                        foreign; /* evhttp has put an answer of its own into the output */
	bool                        closing; /* ends after this answer */
	bool                        half_closed; /* CONNECTION_ASKED: the peer sends no more */
	bool                        probed; /* and was sent what a peer that is gone resets at */
	bool                        linger;  /* and the peer may still be sending then */
	char                        peer[64];
};

/* evhttp's bufferevent callback: a bufferevent for the connection that was just accepted; never NULL. */
struct bufferevent *connection_open_cb(struct event_base *base, void *server);

/* The connection of a request that evhttp hands over. */
struct http_connection *connection_of(const struct http_server *server, struct evhttp_request *req);

/* The request is whole and nobody has answered it yet. */
void connection_ask(struct http_connection *connection, struct http_exchange *exchange);

/* Lets the connection learn that its peer goes while the answer is awaited. */
void connection_watch(struct http_connection *connection);

/* An answer of `size` octets is about to be given to evhttp, lies in its buffer, and was sent. */
void connection_answer(struct http_connection *connection, size_t size);
void connection_answering(struct http_connection *connection);
void connection_answered(struct http_connection *connection);

/* Ends it now; not from inside a callback of evhttp. */
void connection_end(struct http_connection *connection);

/* Ends it if no request has begun. */
void connection_end_idle(struct http_connection *connection);

/* Ends it because the server does, whatever its state. */
void connection_abandon(struct http_connection *connection);

/* Restarts its deadline, `milliseconds` from now. */
void connection_deadline(struct http_connection *connection, int64_t milliseconds);

/* Forgets it, after evhttp and its peer have. */
void connection_free(struct http_connection *connection);

#endif
