/* The resources: which path and method is which, and what an id may be. */
#include "config.h"

#include "acme/front/route.h"

#include <string.h>

#include "acme/front/public.h"
#include "acme/front/resource.h"
#include "unit.h"

static const struct {
	const char *pattern;
	const char *path;
	bool        matches;
	const char *first;
	const char *second;
} matches[] = {
    {"/acme/order/*", "/acme/order/a-Z_09", true, "a-Z_09", ""},
    {"/acme/order/*", "/acme/order/12345678901234567890123456789012", true,
        "12345678901234567890123456789012", ""},
    {"/acme/order/*", "/acme/order/123456789012345678901234567890123", false, NULL, NULL},
    {"/acme/order/*", "/acme/order/", false, NULL, NULL},
    {"/acme/order/*", "/acme/order", false, NULL, NULL},
    {"/acme/order/*", "/acme/order/a/", false, NULL, NULL},
    {"/acme/order/*", "/acme/order/a.b", false, NULL, NULL},
    {"/acme/order/*", "/acme/order/a%20b", false, NULL, NULL},
    {"/acme/order/*/finalize", "/acme/order/a/finalize", true, "a", ""},
    {"/acme/order/*/finalize", "/acme/order/a", false, NULL, NULL},
    {"/acme/account/*/orders/*", "/acme/account/a/orders/b", true, "a", "b"},
    {"/crl", "/crl", true, "", ""},
    {"/crl", "/crl.pem", false, NULL, NULL},
    {"/crl", "/CRL", false, NULL, NULL},
};

START_TEST(match_takes_ids_of_base64url)
{
	struct view ids[ACME_ROUTE_IDS];

	ck_assert_int_eq(route_match(matches[_i].pattern, matches[_i].path, ids), matches[_i].matches);
	if (!matches[_i].matches)
		return;
	ck_assert(view_equal(ids[0], view_text(matches[_i].first)));
	ck_assert(view_equal(ids[1], view_text(matches[_i].second)));
}
END_TEST

static const struct {
	const char    *method;
	const char    *path;
	enum acme_auth auth;
} found[] = {
    {"GET", "/acme/directory", ACME_AUTH_NONE},
    {"HEAD", "/acme/new-nonce", ACME_AUTH_NONE},
    {"GET", "/acme/new-nonce", ACME_AUTH_NONE},
    {"POST", "/acme/directory", ACME_AUTH_KID},
    {"POST", "/acme/new-nonce", ACME_AUTH_KID},
    {"GET", "/root.pem", ACME_AUTH_NONE},
    {"GET", "/crl", ACME_AUTH_NONE},
    {"GET", "/crl.pem", ACME_AUTH_NONE},
    {"POST", "/acme/new-account", ACME_AUTH_JWK},
    {"POST", "/acme/account/a", ACME_AUTH_KID},
    {"POST", "/acme/account/a/orders", ACME_AUTH_KID},
    {"POST", "/acme/account/a/orders/b", ACME_AUTH_KID},
    {"POST", "/acme/key-change", ACME_AUTH_KID},
    {"POST", "/acme/new-order", ACME_AUTH_KID},
    {"POST", "/acme/order/a", ACME_AUTH_KID},
    {"POST", "/acme/order/a/finalize", ACME_AUTH_KID},
    {"POST", "/acme/authorization/a", ACME_AUTH_KID},
    {"POST", "/acme/challenge/a", ACME_AUTH_KID},
    {"POST", "/acme/certificate/a", ACME_AUTH_KID},
    {"POST", "/acme/revoke-cert", ACME_AUTH_EITHER},
};

START_TEST(find_is_authenticated_as_it_must)
{
	struct view              ids[ACME_ROUTE_IDS];
	const char              *allow = "";
	const struct acme_route *route = acme_route_find(found[_i].method, found[_i].path, ids, &allow);

	ck_assert_ptr_nonnull(route);
	ck_assert_int_eq((int)route->auth, (int)found[_i].auth);
	ck_assert((route->serve == NULL) == (route->decode != NULL && route->tell != NULL));
}
END_TEST

START_TEST(find_new_account_has_its_question_and_answer)
{
	struct view              ids[ACME_ROUTE_IDS];
	const char              *allow;
	const struct acme_route *route = acme_route_find("POST", "/acme/new-account", ids, &allow);

	ck_assert_ptr_nonnull(route);
	ck_assert(route->decode == request_account_new);
	ck_assert(route->tell == tell_account_new);
	ck_assert_int_eq((int)route->answer, ACME_ANSWER_ACCOUNT);
}
END_TEST

static const struct {
	const char *method;
	const char *path;
	const char *allow;
} lost[] = {
    {"GET", "/acme/new-order", "POST"},
    {"DELETE", "/acme/order/a", "POST"},
    {"POST", "/crl", "GET, HEAD"},
    {"get", "/crl", "GET, HEAD"},
    {"GET", "/", NULL},
    {"POST", "/acme/order/", NULL},
    {"GET", "/acme/directory/", NULL},
    {"GET", "/issuing.key", NULL},
};

START_TEST(find_none_says_what_the_path_takes)
{
	struct view ids[ACME_ROUTE_IDS];
	const char *allow = "";

	ck_assert_ptr_null(acme_route_find(lost[_i].method, lost[_i].path, ids, &allow));
	if (lost[_i].allow == NULL)
		ck_assert_ptr_null(allow);
	else
		ck_assert_str_eq(allow, lost[_i].allow);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_loop_test(tc, match_takes_ids_of_base64url, 0, sizeof matches / sizeof matches[0]);
	tcase_add_loop_test(tc, find_is_authenticated_as_it_must, 0, sizeof found / sizeof found[0]);
	tcase_add_test(tc, find_new_account_has_its_question_and_answer);
	tcase_add_loop_test(tc, find_none_says_what_the_path_takes, 0, sizeof lost / sizeof lost[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
