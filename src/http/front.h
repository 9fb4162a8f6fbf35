/* The HTTP server of a front's worker. */
#ifndef HTTP_FRONT_H
#define HTTP_FRONT_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct front_worker;
struct http_server;
struct http_settings;

/* The part of a front's state that serves HTTP. */
struct http_front {
	struct front_worker *worker;
	struct http_server  *server; /* NULL until http_front_serve */
	SSL_CTX             *tls;    /* NULL: plain */
};

/*
 * Serves on the worker's listeners with front->tls; settings.tls is ignored. When it serves already,
 * it takes the limits over, as http_server_limits does.
 */
int http_front_serve(struct http_front *front, const struct http_settings *settings,
    struct error *err);

/*
 * Uses a certificate chain and key (PEM) for new connections from now on; both empty: leaves
 * what there is. Fails as tls_server_new does, and leaves what there is then, too.
 */
int http_front_use_tls(struct http_front *front, struct view chain, struct view key,
    struct error *err);

/*
 * Loads what a server takes from files when it is first used: OpenSSL's configuration, strings and
 * algorithms, the time zone, the seed of random numbers. INTERNAL.
 */
int http_front_prepare(struct error *err);

/* Ends the server and releases its TLS context. */
void http_front_clear(struct http_front *front);

/* For front_handlers.drain and .idle. */
void http_front_drain(struct http_front *front);
bool http_front_idle(const struct http_front *front);

#endif
