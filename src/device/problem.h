/* Problem documents (RFC 9457) of a server, as our own failures. */
#ifndef DEVICE_PROBLEM_H
#define DEVICE_PROBLEM_H

struct error;
struct http_answer;

/*
 * Turns an answer that is not 200 into a failure: its kind by the document's type
 * (urn:attest-ca:error:…), or INTERNAL; its detail the server's own, with control
 * characters taken out, or what the status alone says. Returns -1.
 */
int problem_error(const struct http_answer *answer, const char *base, struct error *err);

#endif
