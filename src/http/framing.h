/* Refuses requests that evhttp passes on but that a server must not act on (RFC 9112 §3.2, §5.1,
 * §6.3, §11.2). */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <stddef.h>

struct error;
struct evhttp_request;
struct head;

/*
 * MALFORMED when two parsers could disagree about where the request ends or to
 * which host it goes; TOO_LARGE when its head has more than `header_max` octets.
 */
int framing_check(struct evhttp_request *req, const struct head *head, size_t header_max,
    struct error *err);

#endif
