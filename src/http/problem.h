/* Problem documents (RFC 9457) and reason phrases of the status line. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

struct bytes;
struct error;

#define PROBLEM_TYPE "application/problem+json"

/* Buffer size of a reason phrase, with its NUL: room for a command with an EK hash and a path. */
#define PROBLEM_REASON_SIZE 401

/* The document as JSON: type (in this namespace, which may be NULL), title, status, detail. The
 * caller frees. */
char *problem_body(const char *problem_namespace, const struct error *err);

/* Writes the detail as one line of printable ASCII, or the title if there is no detail; one that is
 * too long ends in "...". */
void problem_reason(const struct error *err, char reason[PROBLEM_REASON_SIZE]);

/* The value of Retry-After, in seconds; NULL for a kind without it. */
const char *problem_retry_after(const struct error *err);

/* Appends a complete answer, after which the connection ends; `allow` may be NULL. */
void problem_message(const char *problem_namespace, const struct error *err, const char *allow,
    struct bytes *out);

#endif
