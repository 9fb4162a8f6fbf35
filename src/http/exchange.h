/* One request and its answer, between evhttp and a handler. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>

struct evhttp_request;
struct http_exchange;

/* evhttp's request callback: checks the framing, finds the route, runs its handler. */
void exchange_request_cb(struct evhttp_request *req, void *server);

/* The connection has ended: runs the `cancelled` callback and frees the exchange. */
void exchange_cancel(struct http_exchange *exchange);

/* True when its client must pass over interim responses: HTTP/1.0 knows none. */
bool exchange_takes_interim(const struct http_exchange *exchange);

#endif
