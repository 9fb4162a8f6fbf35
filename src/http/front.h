/* The HTTP server of a front's worker, from the keeper's settings to the last connection. */
#ifndef HTTP_FRONT_H
#define HTTP_FRONT_H

#include <stdbool.h>

#include <openssl/types.h>

struct error;
struct front_worker;
struct http_server;
struct http_settings;

/* What stands first in the state (front_worker.state) of a front that serves HTTP. */
struct http_front {
	struct front_worker *worker;
	struct http_server  *server; /* NULL until http_front_serve */
	SSL_CTX             *tls;    /* NULL: plain */
};

/* Serves at the worker's listeners, with front->tls; settings.tls is not read. */
int http_front_serve(struct http_front *front, const struct http_settings *settings,
    struct error *err);

/* Ends the server and lets TLS go. */
void http_front_clear(struct http_front *front);

/* For front_handlers.drain and .idle. */
void http_front_drain_cb(struct front_worker *worker);
bool http_front_idle_cb(const struct front_worker *worker);

#endif
