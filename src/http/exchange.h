/* One request and its answer, between evhttp and a handler. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>

#include <event2/util.h>

struct evhttp_request;
struct http_exchange;

/* evhttp's request callback: checks the framing, and puts the request behind those that wait. */
void exchange_request_cb(struct evhttp_request *req, void *server);

/*
 * The timer's callback for requests that wait: each source has its turn, for which the route is
 * found and its handler runs. Goes on in the loop's next pass when the millisecond is over, so
 * that who asks meanwhile has a turn before those who have asked much.
 */
void exchange_work_cb(evutil_socket_t fd, short what, void *server);

/* The connection has ended: runs the `cancelled` callback and frees the exchange. */
void exchange_cancel(struct http_exchange *exchange);

/* True when its client must pass over interim responses: HTTP/1.0 knows none. */
bool exchange_takes_interim(const struct http_exchange *exchange);

#endif
