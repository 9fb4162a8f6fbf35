/*
 * Orders of the ACME server's keeper: which it refuses, how many it takes and lists,
 * and when they expire.
 */
#include "config.h"

#include <stdio.h>

#include "acme_keeper_support.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/clock.h"

START_TEST(orders_list_has_pages_and_no_invalid_ones)
{
	struct world_id      account;
	struct acme_question asked;
	struct world_order   order;
	struct acme_question give_up;
	struct acme_answer   answer;
	struct world_id      cursor;

	world.settings.policy.orders_per_hour = 1000;
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ACCOUNT_ORDERS, &account, NULL);
	order = world_order(&world, &account, NAME);
	give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("no")};
	world_ask(&world, &give_up, &answer);
	for (size_t i = 0; i < ACME_ORDERS_MAX; i++)
		(void)world_order(&world, &account, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, ACME_ORDERS_MAX);
	ck_assert_uint_eq(answer.orders.next.size, 0);
	(void)world_order(&world, &account, NAME);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, ACME_ORDERS_MAX);
	cursor = world_id(answer.orders.next);
	asked.cursor = world_view(cursor.text);
	world_ask(&world, &asked, &answer);
	ck_assert_uint_eq(answer.orders.count, 1);
	ck_assert_uint_eq(answer.orders.next.size, 0);
}
END_TEST

/* Orders that are refused: identifiers and times. */
static const struct {
	const char     *type;
	const char     *value;
	int64_t         not_before; /* from now on; 0: not given */
	int64_t         not_after;
	enum error_kind kind;
} orders[] = {
    {"dns", "example.org", 0, 0, ERROR_UNSUPPORTED_IDENTIFIER},
    {"hardware-module", "1/1.2.3", 0, 0, ERROR_UNSUPPORTED_IDENTIFIER},
    {"permanent-identifier", "", 0, 0, ERROR_MALFORMED},
    {"permanent-identifier", "a/1.2.3", 0, 0, ERROR_MALFORMED},
    {"permanent-identifier", "secret-1", 0, 0, ERROR_REJECTED_IDENTIFIER},
    {"permanent-identifier", "desktop-1", 0, 0, ERROR_REJECTED_IDENTIFIER},
    {"permanent-identifier", NAME, 0, 60, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 0, 31 * 86400, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 0, -86400, ERROR_MALFORMED},
    {"permanent-identifier", NAME, -86400, 0, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 31 * 86400, 0, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 30, 90, ERROR_MALFORMED},
    {"permanent-identifier", NAME, 29 * 86400, 58 * 86400, ERROR_MALFORMED}, /* in reserve */
    {"permanent-identifier", NAME, 3600, 2 * 3600, ERROR_MALFORMED},
};

START_TEST(order_that_the_policy_does_not_want_is_refused)
{
	int64_t              now = clock_now();
	struct world_id      account;
	struct acme_question asked;

	config_list_clear(&world.settings.policy.allow);
	config_list_append(&world.settings.policy.allow, "laptop-*");
	config_list_append(&world.settings.policy.allow, "secret-*");
	config_list_append(&world.settings.policy.deny, "secret-*");
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view(orders[_i].type),
	    world_view(orders[_i].value)};
	asked.identifier_count = 1;
	asked.not_before = orders[_i].not_before != 0 ? now + orders[_i].not_before : 0;
	asked.not_after = orders[_i].not_after != 0 ? now + orders[_i].not_after : 0;
	world_refuses(&world, &asked, orders[_i].kind, NULL);
}
END_TEST

START_TEST(order_of_several_identifiers_has_subproblems)
{
	struct world_id      account = world_account(&world, 0);
	struct acme_question asked = question(ACME_ORDER_NEW, &account, NULL);
	struct acme_answer   answer;

	world_refuses(&world, &asked, ERROR_MALFORMED, "the order names no identifier");
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifiers[1] = (struct acme_identifier){world_view("dns"), world_view("example.org")};
	asked.identifiers[2] = (struct acme_identifier){world_view("permanent-identifier"), world_view("a/b")};
	asked.identifier_count = 3;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_uint_eq(answer.refusal.subproblem_count, 2);
	ck_assert_int_eq((int)answer.refusal.subproblems[0].problem.kind, ERROR_UNSUPPORTED_IDENTIFIER);
	ck_assert(view_equal(answer.refusal.subproblems[0].identifier.value, world_view("example.org")));
	ck_assert_int_eq((int)answer.refusal.subproblems[1].problem.kind, ERROR_MALFORMED);
	asked.identifiers[1] = asked.identifiers[0];
	asked.identifier_count = 2;
	world_refuses(&world, &asked, ERROR_REJECTED_IDENTIFIER,
	    "a certificate here is for one identifier; make an order for each");
}
END_TEST

START_TEST(orders_of_an_hour_are_limited)
{
	struct world_id      account;
	struct acme_question asked;
	struct acme_answer   answer;

	world.settings.policy.orders_per_hour = 2;
	world_start(&world);
	account = world_account(&world, 0);
	(void)world_order(&world, &account, NAME);
	(void)world_order(&world, &account, NAME);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_RATE_LIMITED);
	ck_assert_uint_gt(answer.refusal.retry_after, 3500);
	ck_assert_uint_le(answer.refusal.retry_after, 3601);
	account = world_account(&world, 1);
	(void)world_order(&world, &account, NAME);
}
END_TEST

/* All that are there were made so many seconds ago. */
static void
age(int64_t seconds)
{
	char sql[96];

	(void)snprintf(sql, sizeof sql, "UPDATE orders SET created = %lld",
	    (long long)(clock_now() - seconds));
	ck_assert_int_eq(store_tamper_try(STORE_ACME, world.state_dir, sql), SQLITE_OK);
}

START_TEST(orders_of_an_hour_count_for_an_hour)
{
	struct world_id      account;
	struct acme_question asked;
	struct acme_answer   answer;

	world.settings.policy.orders_per_hour = 1;
	world_start(&world);
	account = world_account(&world, 0);
	(void)world_order(&world, &account, NAME);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	age(2400);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.refusal.problem.kind, ERROR_RATE_LIMITED);
	ck_assert_uint_gt(answer.refusal.retry_after, 1100);
	ck_assert_uint_le(answer.refusal.retry_after, 1201);
	age(3601);
	(void)world_order(&world, &account, NAME);
}
END_TEST

START_TEST(order_expires_after_its_lifetime)
{
	struct world_id      account;
	struct acme_question asked;
	struct acme_answer   answer;
	struct world_id      authorization;
	int64_t              before = clock_now();
	int64_t              expires;

	world.settings.order_lifetime = 7777;
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	world_ask(&world, &asked, &answer);
	expires = answer.order.expires;
	ck_assert_int_ge(expires, before + 7777);
	ck_assert_int_le(expires, clock_now() + 7777);
	authorization = world_id(answer.order.authorizations[0]);
	asked = question(ACME_AUTHORIZATION_GET, &account, &authorization);
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq(answer.authorization.expires, expires);
}
END_TEST

/* An order that `peer` asks for. */
static struct world_id
order_from(const char *peer, const struct world_id *account)
{
	struct acme_question asked = question(ACME_ORDER_NEW, account, NULL);
	struct acme_answer   answer;

	asked.peer = world_view(peer);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	world_ask(&world, &asked, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_ORDER);
	return world_id(answer.order.id);
}

static bool
order_is_there(const struct world_id *account, const struct world_id *order)
{
	struct acme_question asked = question(ACME_ORDER_GET, account, order);
	struct acme_answer   answer;

	world_ask(&world, &asked, &answer);
	return answer.kind == ACME_ANSWER_ORDER;
}

/* With two accounts, one address makes more than there may be: its own give way. */
START_TEST(orders_unattested_from_one_address_keep_nobody_out)
{
	struct world_id accounts[3];
	struct world_id quiet;
	struct world_id first;
	struct world_id late;

	world.settings.policy.unattested_orders = 20;
	world_start(&world);
	for (size_t i = 0; i < 3; i++)
		accounts[i] = world_account(&world, i);
	quiet = order_from("192.0.2.1:1", &accounts[0]);
	first = order_from("198.51.100.7:1", &accounts[1]);
	for (size_t i = 0; i < 60; i++)
		(void)order_from("198.51.100.7:2", &accounts[1 + i % 2]);
	late = order_from("[2001:db8::1]:1", &accounts[0]);
	ck_assert(order_is_there(&accounts[0], &quiet));
	ck_assert(order_is_there(&accounts[0], &late));
	ck_assert(!order_is_there(&accounts[1], &first));
}
END_TEST

/* From many addresses, one account makes more than there may be: its own give way. */
START_TEST(orders_unattested_of_one_account_keep_nobody_out)
{
	struct world_id quiet_account;
	struct world_id account;
	struct world_id quiet;
	struct world_id first;
	char            peer[32];

	world.settings.policy.unattested_orders = 20;
	world_start(&world);
	quiet_account = world_account(&world, 0);
	account = world_account(&world, 1);
	quiet = order_from("192.0.2.1:1", &quiet_account);
	first = order_from("10.0.0.1:1", &account);
	for (int i = 2; i < 60; i++) {
		(void)snprintf(peer, sizeof peer, "10.%d.0.1:1", i);
		(void)order_from(peer, &account);
	}
	ck_assert(order_is_there(&quiet_account, &quiet));
	ck_assert(!order_is_there(&account, &first));
}
END_TEST

START_TEST(orders_that_attested_stay_and_do_not_count)
{
	struct world_id    account;
	struct world_order order;
	struct world_id    pending;

	world.settings.policy.unattested_orders = 1;
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &order, NAME);
	pending = order_from("192.0.2.1:1", &account);
	ck_assert(order_is_there(&account, &order.id));
	ck_assert(order_is_there(&account, &pending));
	(void)order_from("192.0.2.1:1", &account);
	ck_assert(order_is_there(&account, &order.id));
	ck_assert(!order_is_there(&account, &pending));
}
END_TEST

/* One that failed is on record for as long as one that waits. */
START_TEST(orders_that_failed_count)
{
	struct world_id      account;
	struct world_order   order;
	struct acme_question give_up;
	struct acme_answer   answer;

	world.settings.policy.unattested_orders = 1;
	world_start(&world);
	account = world_account(&world, 0);
	order = world_order(&world, &account, NAME);
	give_up = question(ACME_CHALLENGE_FAIL, &account, &order.authorization);
	give_up.problem = (struct acme_problem){ERROR_MALFORMED, world_view("no")};
	world_ask(&world, &give_up, &answer);
	ck_assert(order_is_there(&account, &order.id));
	(void)order_from("192.0.2.1:1", &account);
	ck_assert(!order_is_there(&account, &order.id));
}
END_TEST

/* Those from before the start count, and give way first: who made them is not known. */
START_TEST(orders_unattested_count_after_a_restart)
{
	struct world_id    account;
	struct world_order attested;
	struct world_id    old[3];
	struct world_id    fresh[2];

	world.settings.policy.unattested_orders = 3;
	world_start(&world);
	account = world_account(&world, 0);
	attested = world_order(&world, &account, NAME);
	world_attest(&world, &account, 0, &attested, NAME);
	for (size_t i = 0; i < 3; i++)
		old[i] = order_from("192.0.2.1:1", &account);
	world_stop(&world);
	world_start(&world);
	for (size_t i = 0; i < 2; i++)
		fresh[i] = order_from(i == 0 ? "192.0.2.1:1" : "192.0.2.2:1", &account);
	ck_assert(!order_is_there(&account, &old[0]));
	ck_assert(!order_is_there(&account, &old[1]));
	ck_assert(order_is_there(&account, &old[2]));
	ck_assert(order_is_there(&account, &fresh[0]));
	ck_assert(order_is_there(&account, &fresh[1]));
	ck_assert(order_is_there(&account, &attested.id));
}
END_TEST

START_TEST(order_that_expired_is_invalid_and_does_nothing)
{
	struct world_id        account;
	struct world_order     order;
	struct world_statement statement;
	struct acme_question   asked;
	AUTO_BYTES             csr = {0};

	world.settings.order_lifetime = 0;
	world_start(&world);
	account = world_account(&world, 0);
	asked = question(ACME_ORDER_NEW, &account, NULL);
	asked.identifiers[0] = (struct acme_identifier){world_view("permanent-identifier"), world_view(NAME)};
	asked.identifier_count = 1;
	{
		struct acme_answer answer;

		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.order.status, STATUS_INVALID);
		order.id = world_id(answer.order.id);
		order.authorization = world_id(answer.order.authorizations[0]);
		asked = question(ACME_AUTHORIZATION_GET, &account, &order.authorization);
		world_ask(&world, &asked, &answer);
		ck_assert_int_eq((int)answer.authorization.status, STATUS_EXPIRED);
		order.token = world_id(answer.authorization.token);
	}
	world_statement_make(&world, NAME, order.token.text, world_thumbprint(0), FORGE_CERTIFY_NONE,
	    &statement);
	asked = world_answer(&account, &order, &statement);
	world_refuses(&world, &asked, ERROR_MALFORMED, "the authorization is expired; make a new order");
	world_csr(world_device_key(), NAME, NULL, &csr);
	asked = question(ACME_ORDER_FINALIZE, &account, &order.id);
	asked.csr = bytes_view(&csr);
	world_refuses(&world, &asked, ERROR_ORDER_NOT_READY,
	    "the order is invalid: it was not finalized in time");
	world_statement_clear(&statement);
}
END_TEST

int
main(void)
{
	Suite *suite = keeper_suite("acme_order");
	TCase *tc = keeper_case(suite, "started", setup_started);

	tcase_add_test(tc, order_of_several_identifiers_has_subproblems);

	tc = keeper_case(suite, "configured", setup);
	tcase_add_test(tc, orders_list_has_pages_and_no_invalid_ones);
	LOOP(order_that_the_policy_does_not_want_is_refused, orders);
	tcase_add_test(tc, orders_of_an_hour_are_limited);
	tcase_add_test(tc, orders_of_an_hour_count_for_an_hour);
	tcase_add_test(tc, order_expires_after_its_lifetime);
	tcase_add_test(tc, orders_unattested_from_one_address_keep_nobody_out);
	tcase_add_test(tc, orders_unattested_of_one_account_keep_nobody_out);
	tcase_add_test(tc, orders_that_attested_stay_and_do_not_count);
	tcase_add_test(tc, orders_that_failed_count);
	tcase_add_test(tc, orders_unattested_count_after_a_restart);
	tcase_add_test(tc, order_that_expired_is_invalid_and_does_nothing);
	return unit_run(suite);
}
