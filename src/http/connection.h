/*
 * One accepted connection, beside evhttp's own object: counted, limited in time
 * and in octets, with a report of its end.
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
#include "util/address.h"
#include "util/shares.h"
#include "util/source.h"
#include "util/turns.h"

struct bufferevent;
struct evhttp_connection;
struct evhttp_request;
struct http_exchange;
struct http_server;

enum http_connection_state {
	CONNECTION_PREFACED,  /* accepted, and the header of the PROXY protocol is awaited */
	CONNECTION_HANDSHAKE, /* accepted, and the TLS handshake is not complete */
	CONNECTION_FRESH,     /* no octet yet of a request */
	CONNECTION_READING,   /* a request has begun */
	CONNECTION_ASKED,     /* the request is complete, and the handler has it */
	CONNECTION_ANSWERING, /* the answer is being sent */
	CONNECTION_IDLE,      /* kept alive: no octet of another request yet */
	CONNECTION_REFUSING,  /* our refusal is being sent; evhttp no longer sees the connection */
	CONNECTION_LINGERING  /* evhttp is done; further input is discarded */
};

struct http_connection {
	LIST_ENTRY(http_connection) link;
	struct http_server         *server;
	struct bufferevent         *bev;   /* evhttp's; ours only until adopted */
	struct evhttp_connection   *evcon; /* NULL until adopted */
	struct http_exchange       *exchange; /* CONNECTION_ASKED */
	enum http_connection_state  state;
	struct head                 head; /* of the request that is being read */
	struct chunks               chunks; /* of its body, if that is chunked */
	unsigned                    blank_lines; /* skipped since the last request */
	struct event                deadline;
	struct event                soon; /* work that must not run in a callback of evhttp */
	struct event                drain; /* of the bare socket: CONNECTION_PREFACED, _HANDSHAKE,
	                                    * _LINGERING */
	struct turn                 turn;  /* CONNECTION_HANDSHAKE, while it waits */
	struct bytes                preface; /* CONNECTION_PREFACED: what came of the header */
	struct source               source; /* once it is adopted */
	struct share_entry          share;  /* among all connections */
	struct share_entry          large;  /* among those in the midst of a large request */
	size_t                      taken;  /* octets of the request that is being read */
	size_t                      unsent; /* CONNECTION_ANSWERING: octets left at the last check */
	int                         fd;
	bool                        proxied; /* its peer is a proxy, whose requests name the client */
	bool                        dead;   /* TLS setup failed: ends before it is read */
	bool                        foreign; /* evhttp has put an answer of its own into the output */
	bool                        unwritten; /* an answer has just been put into the output */
	bool                        closing; /* ends after this answer */
	bool                        half_closed; /* CONNECTION_ASKED: the peer sends no more */
	bool                        probed; /* and was sent what a peer that is gone resets at */
	bool                        linger;  /* and the peer may still be sending at that time */
	struct address              address; /* of the peer, or whom a PROXY header names */
	char                        peer[ADDRESS_TEXT_SIZE];
};

/* evhttp's bufferevent callback: returns a bufferevent for the connection just accepted, never
 * NULL. */
struct bufferevent *connection_open_cb(struct event_base *base, void *server);

/* The connection of a request from evhttp. */
struct http_connection *connection_of(const struct http_server *server, struct evhttp_request *req);

/* Notes that the request is complete and unanswered. */
void connection_ask(struct http_connection *connection, struct http_exchange *exchange);

/* Lets the connection notice that its peer closes while the answer is pending. */
void connection_watch(struct http_connection *connection);

/* Notes that an answer of `size` octets is about to be given to evhttp; that it is in evhttp's
 * buffer; that it was sent. */
void connection_answer(struct http_connection *connection, size_t size);
void connection_answering(struct http_connection *connection);
void connection_answered(struct http_connection *connection);

/* Ends it now; not from inside a callback of evhttp. */
void connection_end(struct http_connection *connection);

/* The server ends. Between two requests the connection ends too; its TLS handshake has a second left,
 * and its first request another. */
void connection_end_idle(struct http_connection *connection);

/* Its handshake is complete, or there is none: its first request may come. */
void connection_handshaken(struct http_connection *connection);

/* Ends it in any state, because the server ends. */
void connection_abandon(struct http_connection *connection);

/* Restarts its deadline, `milliseconds` from now. */
void connection_deadline(struct http_connection *connection, int64_t milliseconds);

/* Frees it, after evhttp and the peer have closed it. */
void connection_free(struct http_connection *connection);

#endif
