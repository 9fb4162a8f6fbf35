/*
 * An HTTP/1.1 server for one worker, on libevent's evhttp, with the limits that
 * evhttp lacks. It knows routes and problem documents, not what a route means.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"
#include "util/proxies.h"

struct error;
struct event_base;
struct http_exchange;
struct http_file;
struct http_server;

/*
 * Runs when a request is complete. Answers by one http_reply* call, now or later
 * in the same event loop, unless the exchange is cancelled first.
 */
typedef void http_handler_cb(struct http_exchange *exchange, void *arg);

/* A route: GET also serves HEAD. A path that ends in "/" matches everything below it. */
struct http_route {
	const char      *method;
	const char      *path;
	http_handler_cb *handler;
};

#define HTTP_WAITING_MAX ((size_t)16 * 1024 * 1024)

struct http_settings {
	const struct http_route *routes; /* the last one's method is NULL; outlives the server */
	void        *arg;                /* argument of the handlers */
	const char  *problem_namespace;  /* "urn:attest-ca:error:"; NULL: "about:blank" */
	size_t       body_max;           /* octets; 413 for a larger body */
	size_t       header_max;         /* octets of request line and header lines; 413 above */
	size_t       connections_max;    /* above, the oldest of the source that has most is closed;
	                                    accepting pauses when all wait for answers, and at EMFILE */
	size_t       waiting_max;        /* octets of whole requests that wait for their handlers; above,
	                                    the last ones of the source that has most are answered 503.
	                                    0: HTTP_WAITING_MAX */
	int64_t      idle_ms;            /* a kept-alive connection with no request ends after this */
	int64_t      request_ms;         /* from a request's first octet to its last; then 408. Also
                                      * from accept(2) to the first octet, TLS handshake included,
                                      * and how long a peer may read none of its answer */
	struct proxies proxies;          /* with a PROXY protocol only they may connect, and each
	                                    connection begins with its header, before TLS */
	SSL_CTX     *tls;                /* NULL: plain HTTP; the server takes a reference */
};

/*
 * Makes a server on the loop; call the functions below only from that loop.
 * Ignores SIGPIPE from now on, unless it has a handler.
 */
int http_server_new(struct event_base *base, const struct http_settings *settings,
    struct http_server **out, struct error *err);

/* Accepts connections from a listening socket. Takes ownership of the socket, also on failure. */
int http_server_listen(struct http_server *server, int fd, struct error *err);

/*
 * Takes connections_max, idle_ms, request_ms and the networks of the proxies from now on.
 * Connections above a lower bound are closed at once, as by a new one; a deadline that is set
 * already stays; who is no proxy any more is not believed any more. Not from a handler.
 */
void http_server_limits(struct http_server *server, const struct http_settings *settings);

/* Stops accepting, and ends each connection once its request is answered; idle ones at once,
 * and new ones, whose first request may be on its way, after a second. */
void http_server_drain(struct http_server *server);

/* Sets the TLS context of future connections; the server takes a reference of its own. */
void http_server_tls(struct http_server *server, SSL_CTX *tls);

/* Number of open connections; of exchanges that are not answered yet, for tests. */
size_t http_server_connections(const struct http_server *server);
size_t http_server_exchanges(const struct http_server *server);

/* Ends all connections and closes the sockets; not from a handler. NULL is allowed. */
void http_server_free(struct http_server *server);

/* The number of this request for the log, unique in the process. */
uint64_t    http_exchange_id(const struct http_exchange *exchange);
const char *http_exchange_method(const struct http_exchange *exchange);
/* The path is undecoded and without the query. */
const char *http_exchange_path(const struct http_exchange *exchange);
/* "192.0.2.1:51442": the client's, as the proxies say; port 0 when they do not name it. */
const char *http_exchange_peer(const struct http_exchange *exchange);
/* NULL when the request has no such header. */
const char *http_exchange_header(const struct http_exchange *exchange, const char *name);
/* Valid as long as the exchange. */
struct view http_exchange_body(const struct http_exchange *exchange);

/*
 * `cancelled` runs when the client disconnects before its answer, or the server is
 * freed; it must not answer, and the exchange is freed after it. A client that shuts
 * down only its sending side counts as disconnected, as for evhttp. NULL: nothing
 * runs any more.
 */
void http_exchange_on_cancel(struct http_exchange *exchange, void (*cancelled)(void *arg), void *arg);

/* Adds a header to the answer; a header whose value contains a line end is left out. */
void http_reply_header(struct http_exchange *exchange, const char *name, const char *value);

/* Answers and frees the exchange. `type` is NULL for an answer without a body. */
void http_reply(struct http_exchange *exchange, int status, const char *type, struct view body);

/*
 * A reference-counted body that many answers share without copies, even when they
 * are read slowly. Takes ownership of the octets. A file belongs to one event loop;
 * it is freed when it is released and no answer uses it. NULL may be released.
 */
struct http_file *http_file_new(struct bytes *data);
struct http_file *http_file_hold(struct http_file *file); /* one more release is due */
void              http_file_release(struct http_file *file);

/* As http_reply, with 200 and a file; NULL is an empty file. */
void http_reply_file(struct http_exchange *exchange, const char *type, struct http_file *file);

/*
 * Answers with a problem document (RFC 9457): type, title and status of the kind
 * and err->detail. The reason phrase is the detail too, cut to one line of
 * printable ASCII, because some clients show nothing else. Adds Retry-After to
 * 429 and 503.
 */
void http_reply_problem(struct http_exchange *exchange, const struct error *err);

#endif
