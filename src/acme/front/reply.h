/* Answers to clients, with ACME's headers and log lines. */
#ifndef ACME_FRONT_REPLY_H
#define ACME_FRONT_REPLY_H

#include <stdint.h>

#include <jansson.h>

#include "acme/message.h"
#include "util/bytes.h"

struct http_file;
struct acme_front;
struct error;
struct http_exchange;

/* An exchange to be answered once. */
struct reply {
	struct acme_front    *front;
	struct http_exchange *exchange;
	int64_t               since;   /* clock_monotonic_ms */
	const char           *account; /* for the log; NULL: unknown */
};

/* Add a header; the second one whose value is a URL, the third a Link to one. */
void reply_header(struct reply *reply, const char *name, const char *value);
void reply_url(struct reply *reply, const char *name, const char *path, struct view id);
void reply_link(struct reply *reply, const char *relation, const char *path, struct view first,
    struct view second);

/* Answer and free the exchange. They take ownership of `object`. */
void reply_json(struct reply *reply, int status, json_t *object);
void reply_bytes(struct reply *reply, int status, const char *type, struct view body);

/* Answers 200 with a shared file, so that slow readers of a long CRL need no copies. */
void reply_file(struct reply *reply, const char *type, struct http_file *file);

/* Answers with a problem document. `refusal` may be NULL; internal errors go to the log only. */
void reply_problem(struct reply *reply, const struct error *err,
    const struct acme_refusal *refusal);

#endif
