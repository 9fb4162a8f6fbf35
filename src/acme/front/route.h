/* The resources of the ACME server: path, authentication, question and answer of each. */
#ifndef ACME_FRONT_ROUTE_H
#define ACME_FRONT_ROUTE_H

#include "acme/front/request.h"
#include "acme/message.h"
#include "util/bytes.h"

struct acme_front;
struct http_exchange;
struct reply;

/* The authentication of a request (RFC 8555 §6.2). */
enum acme_auth {
	ACME_AUTH_NONE,   /* not signed */
	ACME_AUTH_JWK,    /* by the key in the request */
	ACME_AUTH_KID,    /* by an account's key */
	ACME_AUTH_EITHER,
};

struct acme_route {
	const char    *method; /* GET also serves HEAD */
	const char    *path;   /* a "*" is an id */
	enum acme_auth auth;

	/* Either it is answered at once, after authentication of an empty payload, … */
	void (*serve)(struct reply *reply);
	/* … or the keeper is asked, and its answer is sent. */
	acme_request_decode  *decode;
	enum acme_answer_kind answer;
	void (*tell)(struct reply *reply, const struct acme_answer *answer);
};

/* The ids of a path: those of "*", in order. */
#define ACME_ROUTE_IDS 2

/* True when the path matches the pattern; ids are 1 to 32 characters of base64url. */
bool route_match(const char *pattern, const char *path, struct view ids[ACME_ROUTE_IDS]);

/*
 * The route of a path and a method. NULL when there is none: *allow is then the
 * path's method for METHOD_NOT_ALLOWED, or NULL for an unknown path.
 */
const struct acme_route *acme_route_find(const char *method, const char *path,
    struct view ids[ACME_ROUTE_IDS], const char **allow);

#endif
