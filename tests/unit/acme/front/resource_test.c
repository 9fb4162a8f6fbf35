/* The status and headers of each resource's answer, over a real server. */
#include "config.h"

#include "acme/front/resource.h"

#include "acme/front/nonce.h"
#include "acme/front/reply.h"
#include "acme/front/state.h"
#include "acme/message.h"
#include "http_fixture.h"
#include "util/clock.h"

#define BASE "https://ca.example"
#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}

static char              base_url[] = BASE;
static struct acme_front front = {.base = base_url};

/* What is told next. */
static void (*telling)(struct reply *reply, const struct acme_answer *answer);
static struct acme_answer answer;

static void
tell_cb(struct http_exchange *exchange, void *arg)
{
	struct reply reply = {&front, exchange, clock_monotonic_ms(), "A1"};

	(void)arg;
	if (answer.kind == ACME_ANSWER_REFUSAL)
		tell_refusal(&reply, &answer.refusal);
	else
		telling(&reply, &answer);
}

static const struct http_route acme_routes[] = {{"POST", "/acme/", tell_cb}, {0}};

static struct http_client client;

static void
setup(void)
{
	struct error err = {0};

	unit_ok(nonces_new(64, &front.nonces, &err), &err);
	fixture_setup();
	settings.routes = acme_routes;
	fixture_start();
	answer = (struct acme_answer){0};
}

static void
teardown(void)
{
	client_close(&client);
	fixture_teardown();
	nonces_free(front.nonces);
}

static void
tell(void (*its)(struct reply *reply, const struct acme_answer *answer), enum acme_answer_kind kind)
{
	telling = its;
	answer.kind = kind;
	ask(&client, "POST /acme/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	client_has(&client, "\r\nReplay-Nonce: ");
	client_has(&client, "\r\nCache-Control: no-store\r\n");
	client_has(&client, "\r\nLink: <" BASE "/acme/directory>;rel=\"index\"\r\n");
}

START_TEST(account_new_is_201_when_it_was_made)
{
	answer.account = (struct acme_account){.id = TEXT("A1"), .status = STATUS_VALID, .created = _i != 0};
	tell(tell_account_new, ACME_ANSWER_ACCOUNT);
	client_begins(&client, _i != 0 ? "HTTP/1.1 201 " : "HTTP/1.1 200 ");
	client_has(&client, "\r\nLocation: " BASE "/acme/account/A1\r\n");
	client_has(&client, "\"status\":\"valid\"");
}
END_TEST

START_TEST(account_is_200)
{
	answer.account = (struct acme_account){.id = TEXT("A1"), .status = STATUS_DEACTIVATED, .created = true};
	tell(tell_account, ACME_ANSWER_ACCOUNT);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nLocation: " BASE "/acme/account/A1\r\n");
	client_has(&client, "\"status\":\"deactivated\"");
}
END_TEST

START_TEST(orders_have_a_link_to_the_next_page)
{
	answer.orders = (struct acme_orders){.ids = {TEXT("O1")}, .count = 1, .next = TEXT("O9")};
	tell(tell_orders, ACME_ANSWER_ORDERS);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nLink: <" BASE "/acme/account/A1/orders/O9>;rel=\"next\"\r\n");
	client_has(&client, "{\"orders\":[\"" BASE "/acme/order/O1\"]}");
}
END_TEST

START_TEST(orders_at_the_end_have_no_link)
{
	tell(tell_orders, ACME_ANSWER_ORDERS);
	client_has_not(&client, "rel=\"next\"");
}
END_TEST

START_TEST(order_new_is_201)
{
	answer.order = (struct acme_order){.id = TEXT("O1"), .status = STATUS_PENDING};
	tell(tell_order_new, ACME_ANSWER_ORDER);
	client_begins(&client, "HTTP/1.1 201 ");
	client_has(&client, "\r\nLocation: " BASE "/acme/order/O1\r\n");
	client_has_not(&client, "Retry-After");
}
END_TEST

START_TEST(order_in_processing_says_when_to_ask_again)
{
	answer.order = (struct acme_order){.id = TEXT("O1"), .status = STATUS_PROCESSING};
	tell(tell_order, ACME_ANSWER_ORDER);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nRetry-After: 2\r\n");
}
END_TEST

START_TEST(authorization_in_processing_says_when_to_ask_again)
{
	answer.authorization = (struct acme_authorization){.id = TEXT("Z1"), .status = STATUS_PENDING,
	    .challenge_status = _i != 0 ? STATUS_PROCESSING : STATUS_PENDING, .token = TEXT("t")};
	tell(tell_authorization, ACME_ANSWER_AUTHORIZATION);
	client_begins(&client, "HTTP/1.1 200 ");
	if (_i != 0)
		client_has(&client, "\r\nRetry-After: 2\r\n");
	else
		client_has_not(&client, "Retry-After");
}
END_TEST

START_TEST(challenge_links_up_to_its_authorization)
{
	answer.authorization = (struct acme_authorization){.id = TEXT("Z1"), .status = STATUS_PENDING,
	    .challenge_status = STATUS_PROCESSING, .token = TEXT("t")};
	tell(tell_challenge, ACME_ANSWER_AUTHORIZATION);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nLink: <" BASE "/acme/authorization/Z1>;rel=\"up\"\r\n");
	client_has(&client, "\r\nRetry-After: 2\r\n");
}
END_TEST

START_TEST(certificate_is_a_chain_as_it_came)
{
	answer.certificate = (struct view)TEXT("-----BEGIN");
	tell(tell_certificate, ACME_ANSWER_CERTIFICATE);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nContent-Type: application/pem-certificate-chain\r\n");
	client_has(&client, "\r\n\r\n-----BEGIN");
}
END_TEST

START_TEST(done_is_empty)
{
	tell(tell_done, ACME_ANSWER_DONE);
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\nContent-Length: 0\r\n");
	client_has_not(&client, "Content-Type");
}
END_TEST

START_TEST(refusal_is_a_problem_of_its_kind)
{
	answer.refusal = (struct acme_refusal){.problem = {ERROR_CONFLICT, TEXT("it has the key")},
	    .object = TEXT("A2"), .retry_after = 17};
	tell(NULL, ACME_ANSWER_REFUSAL);
	client_begins(&client, "HTTP/1.1 409 ");
	client_has(&client, "\r\nContent-Type: application/problem+json\r\n");
	client_has(&client, "\r\nLocation: " BASE "/acme/account/A2\r\n");
	client_has(&client, "\r\nRetry-After: 17\r\n");
	client_has(&client, "it has the key");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resource");
	TCase *tc = tcase_create("resource");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, account_new_is_201_when_it_was_made, 0, 2);
	tcase_add_test(tc, account_is_200);
	tcase_add_test(tc, orders_have_a_link_to_the_next_page);
	tcase_add_test(tc, orders_at_the_end_have_no_link);
	tcase_add_test(tc, order_new_is_201);
	tcase_add_test(tc, order_in_processing_says_when_to_ask_again);
	tcase_add_loop_test(tc, authorization_in_processing_says_when_to_ask_again, 0, 2);
	tcase_add_test(tc, challenge_links_up_to_its_authorization);
	tcase_add_test(tc, certificate_is_a_chain_as_it_came);
	tcase_add_test(tc, done_is_empty);
	tcase_add_test(tc, refusal_is_a_problem_of_its_kind);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
