/* A client of JSON over HTTP or HTTPS, on libcurl. */
#ifndef DEVICE_HOST_HTTP_CLIENT_H
#define DEVICE_HOST_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "device/host/retry.h"
#include "util/bytes.h"

struct error;
struct http_client;

/* A server's answer. */
struct http_answer {
	long         status;
	struct bytes body;
	long         retry_after; /* seconds; 0 when the server named none */
	bool         unsent;      /* of a failure: no connection; a retry may help */
	bool         lost;        /* the same: connection lost, or timeout */
	char        *location;    /* Location, NULL when there is none */
	char        *nonce;       /* Replay-Nonce (RFC 8555 §6.5), NULL when there is none */
};

void http_answer_clear(struct http_answer *answer);

#define AUTO_ANSWER __attribute__((cleanup(http_answer_clear))) struct http_answer

/* The default time for which a client retries after transient failures. */
#define HTTP_PATIENCE_MS INT64_C(30000)

/*
 * Makes a client that keeps its connection between requests. `tls_roots` is a PEM file in place
 * of the system's roots, or NULL. Every request, with its retries, ends at `end_ms`
 * (clock_monotonic_ms); 0: no deadline, but no retries later than HTTP_PATIENCE_MS from now.
 * INTERNAL when it cannot be made.
 */
int http_client_new(const char *tls_roots, int64_t end_ms, struct http_client **out,
    struct error *err);

/* Retries end earlier than requests: none is made later than `end_ms` (clock_monotonic_ms); 0
 * changes nothing. */
void http_client_retries_end(struct http_client *client, int64_t end_ms);

/* Ignores NULL. */
void http_client_free(struct http_client *client);

/* Locals that free themselves: AUTO_HTTP_CLIENT client = NULL; */
void http_client_cleanup(struct http_client **client);
#define AUTO_HTTP_CLIENT __attribute__((cleanup(http_client_cleanup))) struct http_client *

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* One request; only POST has a body. */
struct http_request {
	enum http_method method;
	const char      *url;
	const char      *content_type;
	const char      *body;
};

/*
 * Makes the request, and retries by `rule` (retry.h) with growing pauses, not before the server's
 * Retry-After. Follows no redirect, supports http and https only, reads at most 256 KiB and waits
 * at most a minute for each answer; a signal (device_interrupt_pending) ends it early.
 *
 * Returns 0 when the server answered, with any status; or -1 with INTERNAL and the remedy:
 * unreachable, not trusted, no URL, no time left.
 */
int http_client_request(struct http_client *client, const struct http_request *request,
    enum retry_rule rule, struct http_answer *answer, struct error *err);

/*
 * The same for a POST of the JSON text to base + path; trailing slashes of base are ignored, and
 * base names the server in errors.
 */
int http_client_post(struct http_client *client, const char *base, const char *path,
    const char *json, enum retry_rule rule, struct http_answer *answer, struct error *err);

/*
 * Pauses before a retry that needs several requests or another body. Returns true after the pause;
 * false, with *err unchanged, when there is not enough time, and with "interrupted" in *err after a
 * signal. `tried` counts from 0; the failure is printed once.
 */
bool http_client_again(struct http_client *client, const struct http_answer *answer,
    unsigned int tried, struct error *err);

/* The client's deadline (clock_monotonic_ms); 0: none. */
int64_t http_client_end(const struct http_client *client);

/* Sets the option that an error recommends ("name the root … with OPTION"); --tls-root by
 * default. */
void http_client_root_option(struct http_client *client, const char *option);

#endif
