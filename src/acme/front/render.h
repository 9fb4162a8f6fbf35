/* The JSON of ACME's resources (RFC 8555 §7.1), and their URLs under the configured base. */
#ifndef ACME_FRONT_RENDER_H
#define ACME_FRONT_RENDER_H

#include <jansson.h>

#include "acme/message.h"
#include "util/bytes.h"

struct error;

#define ACME_NAMESPACE "urn:ietf:params:acme:error:"

/* Paths of resources below the base. A "*" stands for an id. */
#define ACME_PATH_DIRECTORY     "/acme/directory"
#define ACME_PATH_NEW_NONCE     "/acme/new-nonce"
#define ACME_PATH_NEW_ACCOUNT   "/acme/new-account"
#define ACME_PATH_NEW_ORDER     "/acme/new-order"
#define ACME_PATH_KEY_CHANGE    "/acme/key-change"
#define ACME_PATH_REVOKE        "/acme/revoke-cert"
#define ACME_PATH_ACCOUNT       "/acme/account/*"
#define ACME_PATH_ORDERS        "/acme/account/*/orders"
#define ACME_PATH_ORDERS_PAGE   "/acme/account/*/orders/*"
#define ACME_PATH_ORDER         "/acme/order/*"
#define ACME_PATH_FINALIZE      "/acme/order/*/finalize"
#define ACME_PATH_AUTHORIZATION "/acme/authorization/*"
#define ACME_PATH_CHALLENGE     "/acme/challenge/*"
#define ACME_PATH_CERTIFICATE   "/acme/certificate/*"

/* The URL of a path whose "*"s are these ids, in order. The caller frees. */
char *render_url(const char *base, const char *path, struct view first, struct view second);

/* The value of a Link header for that URL (RFC 8288). The caller frees. */
char *render_link(const char *url, const char *relation);

/* All return an object that the caller owns. */
json_t *render_directory(const char *base, const char *terms, const char *website);
json_t *render_account(const char *base, const struct acme_account *account);
json_t *render_orders(const char *base, const struct acme_orders *orders);
json_t *render_order(const char *base, const struct acme_order *order);
json_t *render_authorization(const char *base, const struct acme_authorization *authorization);
json_t *render_challenge(const char *base, const struct acme_authorization *authorization);

/* A problem document (RFC 8555 §6.7); *refusal, which may be NULL, has the subproblems. */
json_t *render_problem(const struct error *err, const struct acme_refusal *refusal);

/* Its type within ACME's namespace; other kinds become malformed or serverInternal.
 * Public for tests. */
const char *render_problem_type(enum error_kind kind);

#endif
