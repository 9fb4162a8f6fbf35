/* A client of JSON over HTTP or HTTPS, on libcurl. */
#ifndef DEVICE_HOST_HTTP_CLIENT_H
#define DEVICE_HOST_HTTP_CLIENT_H

#include "util/bytes.h"

struct error;
struct http_client;

/* What a server answered. */
struct http_answer {
	long         status;
	struct bytes body;
	long         retry_after; /* seconds; 0 when the server named none */
	char        *location;    /* Location, NULL when there is none */
	char        *nonce;       /* Replay-Nonce (RFC 8555 §6.5), NULL when there is none */
};

void http_answer_clear(struct http_answer *answer);

#define AUTO_ANSWER __attribute__((cleanup(http_answer_clear))) struct http_answer

/*
 * Makes a client that keeps its connection between requests. `tls_roots` is a PEM file
 * in place of the system's roots, or NULL. INTERNAL when it cannot be used.
 */
int http_client_new(const char *tls_roots, struct http_client **out, struct error *err);

/* Does nothing to NULL. */
void http_client_free(struct http_client *client);

/* Locals that free themselves: AUTO_HTTP_CLIENT client = NULL; */
void http_client_cleanup(struct http_client **client);
#define AUTO_HTTP_CLIENT __attribute__((cleanup(http_client_cleanup))) struct http_client *

/*
 * POSTs the JSON text to base + path; slashes at the end of base do not count.
 * Follows no redirect, speaks http and https only, reads at most 256 KiB and waits at
 * most a minute; a signal (device_interrupt_pending) ends it early.
 *
 * Returns 0 when the server answered, whatever it said; or -1 with INTERNAL and the
 * remedy: unreachable, not trusted, no URL.
 */
int http_client_post(struct http_client *client, const char *base, const char *path,
    const char *json, struct http_answer *answer, struct error *err);

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* One request; a body is POST's only. */
struct http_request {
	enum http_method method;
	const char      *url;
	const char      *content_type;
	const char      *body;
};

/* The same as http_client_post, for any request. */
int http_client_request(struct http_client *client, const struct http_request *request,
    struct http_answer *answer, struct error *err);

/* "name the root … with OPTION" is what a failure recommends; --tls-root when nobody says. */
void http_client_root_option(struct http_client *client, const char *option);

#endif
