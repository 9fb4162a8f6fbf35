/* What a signed request must be before the keeper is asked: each is refused by its own rule. */
#include "config.h"

#include "acme/front/post.h"

#include "acme/front/jwk_memory.h"
#include "acme/front/nonce.h"
#include "acme/front/reply.h"
#include "acme/front/route.h"
#include "acme/front/state.h"
#include "acme/message.h"
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

/* The vectors' nonces are not ours: they are taken where a case is about what comes behind them. */
static bool any_nonce;

int __real_nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err);
int __wrap_nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err);
int
__wrap_nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err)
{
	return any_nonce ? 0 : __real_nonces_use(nonces, text, now_ms, err);
}

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
	jwk_memory_free(NULL);
	nonces_free(NULL);
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

/* Sends a request that is signed by account 1, and waits for the question about that. */
static void
account_asked(void)
{
	char                 request[4096];
	struct acme_question asked;
	struct error         err = {0};

	any_nonce = true;
	(void)snprintf(request, sizeof request,
	    "POST /acme/new-order HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/jose+json\r\n"
	    "Content-Length: %zu\r\n\r\n%s", strlen(MADE_KID), MADE_KID);
	client_connect(&client, base, &address);
	client_send(&client, request);
	world_wait(world_question());
	unit_ok(acme_question_decode(bytes_view(&question), &asked, &err), &err);
	ck_assert_int_eq((int)asked.kind, ACME_ACCOUNT_GET);
	ck_assert(view_equal(asked.account, view_text("1")));
}

START_TEST(client_that_hangs_up_is_forgotten)
{
	account_asked();
	forgotten_count = 0;
	client_close(&client);
	world_wait(world_question() || forgotten_count != 0);
	ck_assert_uint_eq(forgotten_count, 1);
	ck_assert_uint_eq(forgotten_id, question_header.id);
	world_answer(view_text("too late"));
	for (int i = 0; i < 10; i++)
		world_turn();
}
END_TEST

static struct acme_answer
account_of(enum status status, const char *jwk)
{
	return (struct acme_answer){.kind = ACME_ANSWER_ACCOUNT,
	    .account = {.id = view_text("1"),
	        .status = status,
	        .jwk = view_text(jwk),
	        .thumbprint = view_text("DGyRejmCefe7v4NfDGDKfA9jg46WB3rR_AHD-EBXdN7")}};
}

/* What the keeper says of the account, and what the client is told: the keeper's own faults are no client's. */
static const struct {
	enum acme_answer_kind kind;
	enum status           status;
	const char           *jwk;
	const char           *begins;
	const char           *detail;
} accounts[] = {
    {ACME_ANSWER_DONE, STATUS_VALID, "", "HTTP/1.1 500 ", "urn:ietf:params:acme:error:serverInternal"},
    {ACME_ANSWER_ACCOUNT, STATUS_VALID, "{}", "HTTP/1.1 500 ", "urn:ietf:params:acme:error:serverInternal"},
    {ACME_ANSWER_ACCOUNT, STATUS_VALID, MADE_JWK_384, "HTTP/1.1 ", "urn:ietf:params:acme:error:"},
    {ACME_ANSWER_ACCOUNT, STATUS_DEACTIVATED, MADE_KID_JWK, "HTTP/1.1 401 ", "the account is deactivated"},
    {ACME_ANSWER_ACCOUNT, STATUS_REVOKED, MADE_KID_JWK, "HTTP/1.1 401 ", "the account is revoked"},
    {ACME_ANSWER_ACCOUNT, STATUS_VALID, MADE_KID_JWK, "HTTP/1.1 400 ", "urn:ietf:params:acme:error:malformed"},
};

START_TEST(account_that_the_keeper_tells_decides)
{
	struct acme_answer answer = {.kind = accounts[_i].kind};
	AUTO_BYTES         body = {0};

	if (answer.kind == ACME_ANSWER_ACCOUNT)
		answer = account_of(accounts[_i].status, accounts[_i].jwk);
	acme_answer_encode(&answer, &body);
	account_asked();
	world_answer(bytes_view(&body));
	world_wait(client.ended);
	client_begins(&client, accounts[_i].begins);
	client_has(&client, accounts[_i].detail);
	ck_assert(!world_question()); /* it has no payload, of which an order could be made */
}
END_TEST

START_TEST(answer_that_is_none_is_the_servers_failure)
{
	account_asked();
	if (_i == 0)
		world_answer(view_text("no answer"));
	else
		world_keeper_dies();
	world_wait(client.ended);
	client_begins(&client, _i == 0 ? "HTTP/1.1 500 " : "HTTP/1.1 503 ");
	client_has_not(&client, "no answer");
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
	tcase_add_test(tc, client_that_hangs_up_is_forgotten);
	tcase_add_loop_test(tc, account_that_the_keeper_tells_decides, 0, sizeof accounts / sizeof accounts[0]);
	tcase_add_loop_test(tc, answer_that_is_none_is_the_servers_failure, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
