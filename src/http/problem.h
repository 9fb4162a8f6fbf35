/* Problem documents (RFC 9457) and the sentence that stands in the status line. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

struct bytes;
struct error;

#define PROBLEM_TYPE "application/problem+json"

/* The longest reason phrase, and its NUL. */
#define PROBLEM_REASON_SIZE 201

/* The document as JSON: type (in this namespace, which may be NULL), title, status, detail. The caller frees. */
char *problem_body(const char *problem_namespace, const struct error *err);

/* One line of printable ASCII that says the detail, or the title where there is none. */
void problem_reason(const struct error *err, char reason[PROBLEM_REASON_SIZE]);

/* The value of Retry-After, in seconds; NULL where the kind has none. */
const char *problem_retry_after(const struct error *err);

/* Appends a whole answer to a connection that ends with it; `allow` may be NULL. */
void problem_message(const char *problem_namespace, const struct error *err, const char *allow,
    struct bytes *out);

#endif
