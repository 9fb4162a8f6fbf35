/* Problem documents (RFC 9457) of a server, as our own failures. */
#ifndef DEVICE_HOST_PROBLEM_H
#define DEVICE_HOST_PROBLEM_H

#include <jansson.h>

struct error;
struct http_answer;

/*
 * Turns an answer that is not 200 into a failure: its kind by the document's type
 * (urn:attest-ca:error:…, urn:ietf:params:acme:error:…), or INTERNAL; its detail the server's own, with control
 * characters taken out, or what the status alone says. `what` is the server's role
 * ("attestd", "an ACME server"). Returns -1.
 */
int problem_error(const struct http_answer *answer, const char *base, const char *what,
    struct error *err);

/* The same of a document that came inside an answer: a challenge's or an order's error. Returns -1. */
int problem_error_object(const json_t *document, struct error *err);

#endif
