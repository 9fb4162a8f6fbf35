/* Converts a server's problem documents (RFC 9457) to our errors. */
#ifndef DEVICE_HOST_PROBLEM_H
#define DEVICE_HOST_PROBLEM_H

#include <stdbool.h>

#include <jansson.h>

#include "util/json_members.h"

struct error;
struct http_answer;

/* What is read of a problem document. */
extern const struct json_member problem_members[];

/*
 * Converts an answer that is not 200 to an error: its kind by the document's type
 * (urn:attest-ca:error:…, urn:ietf:params:acme:error:…), or INTERNAL; its detail is the server's
 * without control characters, or made from the status. `what` is the server's role ("attestd", "an
 * ACME server"). Returns -1.
 */
int problem_error(const struct http_answer *answer, const char *base, const char *what,
    struct error *err);

/* The same for a document inside an answer: the error of a challenge or an order. Returns -1. */
int problem_error_object(const json_t *document, struct error *err);

/* Octets of the options in a command, and a NUL. */
#define PROBLEM_OPTIONS_SIZE 128

/*
 * " --state-dir DIR --store PLACE" from the command that the attestation host names in a
 * refusal ("… run: attest-ca …"); "" when it names neither, or a word that a shell would not
 * take as it stands: plain, or in single quotes.
 */
void problem_options(const char *refusal, char text[PROBLEM_OPTIONS_SIZE]);

/* True when that command is "replace DEVICE HASH": the name that the EK of this hash would get is
 * another EK's. */
bool problem_asks_replace(const char *refusal, const char *hash);

#endif
