/* What a signed request must be before the keeper is asked: each is refused by its own rule. */
#include "config.h"

#include "acme/front/post.h"

#include "acme/front/jwk_memory.h"
#include "acme/front/nonce.h"
#include "acme/front/reply.h"
#include "acme/front/route.h"
#include "acme/front/state.h"
#include "daemon/front.h"
#include "jws_vectors.h"
#include "service/front/front.h"
#include "service_world.h"
#include "util/clock.h"

static char                 base_url[] = "https://ca.example";
static struct front_worker  worker;
static struct service_front service = {.http = {.worker = &worker}};
static struct acme_front    front = {.service = &service, .base = base_url};
static struct http_client   client;

static void
acme_cb(struct http_exchange *exchange, void *arg)
{
	struct reply             reply = {&front, exchange, clock_monotonic_ms(), NULL};
	struct view              ids[ACME_ROUTE_IDS];
	const char              *allow;
	const struct acme_route *route =
	    acme_route_find(http_exchange_method(exchange), http_exchange_path(exchange), ids, &allow);

	(void)arg;
	post_begin(&reply, route, ids);
}

static const struct http_route acme_routes[] = {{"POST", "/acme/", acme_cb}, {0}};

static void
setup(void)
{
	struct error err = {0};

	unit_ok(nonces_new(64, &front.nonces, &err), &err);
	front.keys = jwk_memory_new(4);
	world_make(acme_routes);
	worker.channel = channel;
}

static void
teardown(void)
{
	client_close(&client);
	world_clear();
	jwk_memory_free(front.keys);
	nonces_free(front.nonces);
}

/* The messages of the vectors are signed for /acme/new-order, with a nonce that is not ours. */
static const struct {
	const char *path;
	const char *type;
	const char *body;
	const char *status;
	const char *detail;
} refused[] = {
    {"/acme/new-order", "application/json", MADE_KID, "415", "the Content-Type of a POST must be application/jose+json"},
    {"/acme/new-order", "application/jose+jsonx", MADE_KID, "415", "the Content-Type of a POST must be"},
    {"/acme/new-order", "application/jose", MADE_KID, "415", "the Content-Type of a POST must be"},
    {"/acme/new-order", "application/jose+json", "{}", "400", "urn:ietf:params:acme:error:malformed"},
    {"/acme/order/A", "application/jose+json", MADE_KID, "403", "urn:ietf:params:acme:error:unauthorized"},
    {"/acme/new-order", "application/jose+json", MADE_ES256, "400",
        "this request is signed with \\\"kid\\\", the account's URL, not with \\\"jwk\\\""},
    {"/acme/new-order", "application/jose+json", MADE_KID, "400", "urn:ietf:params:acme:error:badNonce"},
    {"/acme/new-order", "Application/JOSE+JSON; charset=utf-8", MADE_KID, "400",
        "urn:ietf:params:acme:error:badNonce"},
};

START_TEST(begin_of_a_request_that_breaks_a_rule_asks_nobody)
{
	char request[4096];
	char begins[16];

	(void)snprintf(request, sizeof request,
	    "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
	    refused[_i].path, refused[_i].type, strlen(refused[_i].body), refused[_i].body);
	ask(&client, request);
	(void)snprintf(begins, sizeof begins, "HTTP/1.1 %s ", refused[_i].status);
	client_begins(&client, begins);
	client_has(&client, refused[_i].detail);
	client_has(&client, "\r\nReplay-Nonce: ");
	ck_assert(!world_question());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("post");
	TCase *tc = tcase_create("post");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, begin_of_a_request_that_breaks_a_rule_asks_nobody, 0,
	    sizeof refused / sizeof refused[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
