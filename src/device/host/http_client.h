/* A client of JSON over HTTP or HTTPS, on libcurl. */
#ifndef DEVICE_HOST_HTTP_CLIENT_H
#define DEVICE_HOST_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "device/host/retry.h"
#include "util/bytes.h"

struct error;
struct http_client;

/* What a server answered. */
struct http_answer {
	long         status;
	struct bytes body;
	long         retry_after; /* seconds; 0 when the server named none */
	bool         unsent;      /* of a failure: there was no connection, and another time there may be */
	bool         lost;        /* the same: the connection broke, or the time for an answer was over */
	char        *location;    /* Location, NULL when there is none */
	char        *nonce;       /* Replay-Nonce (RFC 8555 §6.5), NULL when there is none */
};

void http_answer_clear(struct http_answer *answer);

#define AUTO_ANSWER __attribute__((cleanup(http_answer_clear))) struct http_answer

/* For how long a client rides out failures that are for now only, when nobody says. */
#define HTTP_PATIENCE_MS INT64_C(30000)

/*
 * Makes a client that keeps its connection between requests. `tls_roots` is a PEM file
 * in place of the system's roots, or NULL. Every request, with its repetitions, ends at `end_ms`
 * (clock_monotonic_ms); 0: whenever it ends, and it is not repeated for longer
 * than HTTP_PATIENCE_MS from now. INTERNAL when it cannot be made.
 */
int http_client_new(const char *tls_roots, int64_t end_ms, struct http_client **out,
    struct error *err);

/* Does nothing to NULL. */
void http_client_free(struct http_client *client);

/* Locals that free themselves: AUTO_HTTP_CLIENT client = NULL; */
void http_client_cleanup(struct http_client **client);
#define AUTO_HTTP_CLIENT __attribute__((cleanup(http_client_cleanup))) struct http_client *

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* One request; a body is POST's only. */
struct http_request {
	enum http_method method;
	const char      *url;
	const char      *content_type;
	const char      *body;
};

/*
 * Makes the request, and makes it again after `rule` (retry.h), later and later, and not before
 * the server's Retry-After. Follows no redirect, speaks http and https only, reads at most 256 KiB and
 * waits at most a minute for each answer; a signal (device_interrupt_pending) ends it early.
 *
 * Returns 0 when the server answered, whatever it said; or -1 with INTERNAL and the
 * remedy: unreachable, not trusted, no URL, no time left.
 */
int http_client_request(struct http_client *client, const struct http_request *request,
    enum retry_rule rule, struct http_answer *answer, struct error *err);

/*
 * The same, a POST of the JSON text to base + path; slashes at the end of base do not count, and
 * base is what a failure calls the server.
 */
int http_client_post(struct http_client *client, const char *base, const char *path,
    const char *json, enum retry_rule rule, struct http_answer *answer, struct error *err);

/*
 * Pauses before something is asked once more that takes several requests, or another body: true when
 * the pause is over; false, and *err as it was, when the time does not suffice, and with
 * "interrupted" in it after a signal. `tried` counts from 0; what failed is said once.
 */
bool http_client_again(struct http_client *client, const struct http_answer *answer,
    unsigned int tried, struct error *err);

/* When the client's time ends (clock_monotonic_ms); 0: never. */
int64_t http_client_end(const struct http_client *client);

/* "name the root … with OPTION" is what a failure recommends; --tls-root when nobody says. */
void http_client_root_option(struct http_client *client, const char *option);

#endif
