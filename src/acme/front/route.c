/* The table of resources; post.c has the steps of a request. */
#include "config.h"

#include "acme/front/route.h"

#include <string.h>

#include "acme/front/public.h"
#include "acme/front/render.h"
#include "acme/front/resource.h"

#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define ID_MAX        32U

#define ASK(path, auth, decode, answer, tell) \
	{"POST", path, ACME_AUTH_##auth, NULL, decode, ACME_ANSWER_##answer, tell}
#define SERVE(method, path, auth, serve) \
	{method, path, ACME_AUTH_##auth, serve, NULL, ACME_ANSWER_COUNT, NULL}

static const struct acme_route routes[] = {
    SERVE("GET", ACME_PATH_DIRECTORY, NONE, public_directory),
    SERVE("GET", ACME_PATH_NEW_NONCE, NONE, public_nonce),
    SERVE("POST", ACME_PATH_DIRECTORY, KID, public_directory), /* RFC 8555 §6.3 */
    SERVE("POST", ACME_PATH_NEW_NONCE, KID, public_nonce),
    SERVE("GET", "/root.pem", NONE, public_pem),
    SERVE("GET", "/crl", NONE, public_crl),
    SERVE("GET", "/crl.pem", NONE, public_pem),
    ASK(ACME_PATH_NEW_ACCOUNT, JWK, request_account_new, ACCOUNT, tell_account_new),
    ASK(ACME_PATH_ACCOUNT, KID, request_account_update, ACCOUNT, tell_account),
    ASK(ACME_PATH_ORDERS, KID, request_account_orders, ORDERS, tell_orders),
    ASK(ACME_PATH_ORDERS_PAGE, KID, request_account_orders, ORDERS, tell_orders),
    ASK(ACME_PATH_KEY_CHANGE, KID, request_key_change, ACCOUNT, tell_account),
    ASK(ACME_PATH_NEW_ORDER, KID, request_order_new, ORDER, tell_order_new),
    ASK(ACME_PATH_ORDER, KID, request_order_get, ORDER, tell_order),
    ASK(ACME_PATH_FINALIZE, KID, request_order_finalize, ORDER, tell_order),
    ASK(ACME_PATH_AUTHORIZATION, KID, request_authorization, AUTHORIZATION, tell_authorization),
    ASK(ACME_PATH_CHALLENGE, KID, request_challenge, AUTHORIZATION, tell_challenge),
    ASK(ACME_PATH_CERTIFICATE, KID, request_certificate_get, CERTIFICATE, tell_certificate),
    ASK(ACME_PATH_REVOKE, EITHER, request_certificate_revoke, DONE, tell_done),
};

bool
route_match(const char *pattern, const char *path, struct view ids[ACME_ROUTE_IDS])
{
	size_t count = 0;

	memset(ids, 0, ACME_ROUTE_IDS * sizeof ids[0]);
	for (; *pattern != '\0'; pattern++) {
		size_t length;

		if (*pattern != '*' || count == ACME_ROUTE_IDS) {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		length = strspn(path, ID_CHARACTERS);
		if (length == 0 || length > ID_MAX)
			return false;
		ids[count++] = (struct view){(const uint8_t *)path, length};
		path += length;
	}
	return *path == '\0';
}

const struct acme_route *
acme_route_find(const char *method, const char *path, struct view ids[ACME_ROUTE_IDS],
    const char **allow)
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

	*allow = NULL;
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (!route_match(routes[i].path, path, ids))
			continue;
		if (strcmp(routes[i].method, wanted) == 0)
			return &routes[i];
		*allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : "POST";
	}
	return NULL;
}
