/* A signed request from its octets to its answer: RFC 8555 §6. */
#ifndef ACME_FRONT_POST_H
#define ACME_FRONT_POST_H

#include "util/bytes.h"

struct acme_route;
struct reply;

/*
 * Takes over the exchange of *reply: decodes and verifies its JWS, asks the
 * route's question, and answers. `ids` are those of the path.
 */
void post_begin(const struct reply *reply, const struct acme_route *route,
    const struct view ids[2]);

#endif
