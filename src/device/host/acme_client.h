/* A client of one ACME server: directory, nonces, signed requests, polling. RFC 8555 §6, §7.1. */
#ifndef DEVICE_HOST_ACME_CLIENT_H
#define DEVICE_HOST_ACME_CLIENT_H

#include <stdint.h>

#include <jansson.h>
#include <openssl/types.h>

#include "device/host/http_client.h"

struct error;
struct json_member;

/* {0} is empty. It owns strings and objects; the key and the HTTP client are borrowed. */
struct acme_client {
	struct http_client *http;
	EVP_PKEY           *key;
	char               *jwk;
	char               *thumbprint;
	char               *directory; /* its URL */
	char               *new_nonce;
	char               *new_account;
	char               *new_order;
	char               *nonce;   /* an unused one, or NULL */
	char               *account; /* the account's URL, or NULL */
};

void acme_client_clear(struct acme_client *client);

#define AUTO_ACME_CLIENT __attribute__((cleanup(acme_client_clear))) struct acme_client

/*
 * Reads the directory at `url` and finds or makes the account of `key` (§7.3), agreeing
 * to the terms of service. Fails with the server's kind and detail, or with INTERNAL or
 * MALFORMED when there is no ACME server at the URL.
 */
int acme_client_open(struct acme_client *client, struct http_client *http, EVP_PKEY *key,
    const char *url, struct error *err);

/*
 * POSTs a signed payload, a JSON text; NULL is POST-as-GET. After badNonce (§6.5) it retries with
 * the nonce of the refusal. After 429 and 503 it retries, signed again; a request that only reads
 * also after 500, 502 and 504. Any other status but 200 and 201 is a failure with the server's
 * detail.
 */
int acme_client_post(struct acme_client *client, const char *url, const char *payload,
    struct http_answer *answer, struct error *err);

/* The same for an answer that is a JSON object, of which `members` are read; the caller decrefs
 * *object. */
int acme_client_post_object(struct acme_client *client, const char *url, const char *payload,
    const struct json_member *members, json_t **object, char **location, struct error *err);

/*
 * Polls the object until its "status" is none of `waiting` (ended by NULL), at the pace of
 * Retry-After, for two minutes or until the HTTP client's deadline. *object is the object so far
 * and becomes the last answer. TIMEOUT.
 */
int acme_client_wait(struct acme_client *client, const char *url, const char *const *waiting,
    const struct json_member *members, json_t **object, struct error *err);

/* A member that is a string; "" when there is none. Borrowed. */
const char *acme_text(const json_t *object, const char *name);

/* Milliseconds to wait before try number `tried` + 1; `retry_after` is in seconds, 0: none.
 * Public for tests. */
int64_t acme_client_pause(unsigned int tried, long retry_after);

#endif
