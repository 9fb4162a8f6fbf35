/* What "orders" and "accounts" print. */
#include "config.h"

#include "acme_records.h"

static void
account_add(const char *id, enum status status, const char *contact)
{
	struct store_account account = {.status = STATUS_VALID, .jwk = TEXT("{}"), .created = 10};

	(void)snprintf(account.id, sizeof account.id, "%s", id);
	(void)snprintf(account.thumbprint, sizeof account.thumbprint, "key of %s", id);
	if (contact != NULL)
		account.contacts[account.contact_count++] = TEXT(contact);
	unit_ok(store_account_add(store, &account, &err), &err);
	account.status = status;
	if (status != STATUS_VALID)
		unit_ok(store_account_update(store, &account, STATUS_VALID, &err), &err);
}

/* A pending order of ACCOUNT for these names; its id is that letter, 22 times. */
static struct store_order
order_add(char letter, int64_t expires, const char *name, const char *other)
{
	struct store_order order = {.account = ACCOUNT, .status = STATUS_PENDING, .created = 20, .expires = expires};

	memset(order.id, letter, sizeof order.id - 1);
	for (size_t i = 0; i < 2; i++) {
		struct store_authorization *authorization = &order.authorizations[i];

		if ((i == 0 ? name : other) == NULL)
			break;
		*authorization = (struct store_authorization){
		    .type = TEXT("permanent-identifier"), .value = TEXT(i == 0 ? name : other)};
		memset(authorization->id, letter, sizeof authorization->id - 1);
		authorization->id[0] = (char)('1' + (int)i);
		memset(authorization->token, letter, sizeof authorization->token - 1);
		authorization->token[0] = (char)('1' + (int)i);
		order.authorization_count++;
	}
	unit_ok(store_order_add(store, &order, &err), &err);
	return order;
}

static void
order_fail(struct store_order order, const char *why)
{
	order.status = STATUS_INVALID;
	order.problem = (struct store_problem){.kind = ERROR_UNAUTHORIZED, .detail = TEXT(why)};
	unit_ok(store_order_update(store, &order, STATUS_PENDING, &err), &err);
}

START_TEST(orders_and_accounts_of_an_empty_store_are_none)
{
	ck_assert_str_eq(RUN(0, "orders"), "no orders\n");
	ck_assert_str_eq(RUN(0, "orders", "--json"), "[]\n");
	ck_assert_str_eq(RUN(0, "accounts"), "no accounts\n");
	ck_assert_str_eq(RUN(0, "accounts", "--json"), "[]\n");
}
END_TEST

/* One that has expired counts as invalid, although its record does not say so yet. */
START_TEST(orders_have_the_state_of_now_and_what_went_wrong)
{
	account_add(ACCOUNT, STATUS_VALID, NULL);
	(void)order_add('O', LATER, "laptop", NULL);
	(void)order_add('P', 30, "desk", NULL);
	order_fail(order_add('Q', LATER, "pc", NULL), "no AK certificate");
	ck_assert_str_eq(RUN(0, "orders"),
	    "ORDER                   CREATED               STATUS      ACCOUNT                 NAME\n"
	    "OOOOOOOOOOOOOOOOOOOOOO  1970-01-01T00:00:20Z  pending     " ACCOUNT "  laptop\n"
	    "PPPPPPPPPPPPPPPPPPPPPP  1970-01-01T00:00:20Z  invalid     " ACCOUNT "  desk\n"
	    "QQQQQQQQQQQQQQQQQQQQQQ  1970-01-01T00:00:20Z  invalid     " ACCOUNT "  pc: no AK certificate\n");
}
END_TEST

START_TEST(orders_on_a_terminal_have_the_name_below)
{
	account_add(ACCOUNT, STATUS_VALID, NULL);
	order_fail(order_add('Q', LATER, "pc", NULL),
	    "the certificate of the attestation key is not signed by a root that is trusted here");
	ck_assert_str_eq(RUN_ON_TERMINAL(80, "orders"),
	    "ORDER                   CREATED               STATUS      ACCOUNT, NAME\n"
	    "QQQQQQQQQQQQQQQQQQQQQQ  1970-01-01T00:00:20Z  invalid     " ACCOUNT "\n"
	    "  pc: the certificate of the attestation key is not signed by a root that is\n"
	    "  trusted here\n");
}
END_TEST

START_TEST(orders_json_have_all_names_and_null_for_what_is_not_there)
{
	json_t *list;
	json_t *one;

	account_add(ACCOUNT, STATUS_VALID, NULL);
	(void)order_add('O', LATER, "laptop", "desk");
	order_fail(order_add('Q', LATER, "pc", NULL), "no");
	list = RUN_JSON(0, "orders", "--json");
	ck_assert_uint_eq(json_array_size(list), 2);
	one = json_pack("{s:s, s:s, s:s, s:[s,s], s:s, s:s, s:n, s:n}", "id", "OOOOOOOOOOOOOOOOOOOOOO", "account", ACCOUNT,
	    "status", "pending", "names", "laptop", "desk", "created", "1970-01-01T00:00:20Z", "expires",
	    "2100-01-01T00:00:00Z", "problem", "certificate");
	ck_assert_msg(json_equal(json_array_get(list, 0), one), "%s", answered.out);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "problem")), "no");
	json_decref(one);
	json_decref(list);
}
END_TEST

START_TEST(orders_json_of_a_valid_one_have_its_certificate)
{
	struct store_order order;
	json_t            *list;

	account_add(ACCOUNT, STATUS_VALID, NULL);
	order = order_add('O', 30, "laptop", NULL);
	order.status = STATUS_VALID;
	(void)snprintf(order.certificate, sizeof order.certificate, "%s", ORDER);
	unit_ok(store_order_update(store, &order, STATUS_PENDING, &err), &err);
	list = RUN_JSON(0, "orders", "--json");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "status")), "valid");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "certificate")), ORDER);
	json_decref(list);
}
END_TEST

/* The names are those of its own certificates, each once. */
START_TEST(accounts_have_the_names_of_their_certificates)
{
	account_add(ACCOUNT, STATUS_VALID, "mailto:a@example.org");
	account_add("ZZZZZZZZZZZZZZZZZZZZZZ", STATUS_DEACTIVATED, NULL);
	issued_add(1, "laptop", 0, LATER, (struct view){NULL, 0});
	issued_add(2, "laptop", 0, LATER, (struct view){NULL, 0});
	issued_add(3, "desk", 0, 10, (struct view){NULL, 0});
	ck_assert_str_eq(RUN(0, "accounts"),
	    "ACCOUNT                 CREATED               STATUS       NAMES, CONTACT\n"
	    ACCOUNT "  1970-01-01T00:00:10Z  valid        desk, laptop  mailto:a@example.org\n"
	    "ZZZZZZZZZZZZZZZZZZZZZZ  1970-01-01T00:00:10Z  deactivated  -\n");
	ck_assert_str_eq(RUN_ON_TERMINAL(80, "accounts"),
	    "ACCOUNT                 CREATED               STATUS       NAMES, CONTACT\n"
	    ACCOUNT "  1970-01-01T00:00:10Z  valid        desk, laptop\n"
	    "  mailto:a@example.org\n"
	    "ZZZZZZZZZZZZZZZZZZZZZZ  1970-01-01T00:00:10Z  deactivated  -\n");
}
END_TEST

START_TEST(accounts_json_have_all_fields)
{
	json_t *list;
	json_t *one = json_pack("{s:s, s:s, s:[], s:[s], s:s, s:s}", "id", ACCOUNT, "status", "valid", "names", "contacts",
	    "mailto:a@example.org", "created", "1970-01-01T00:00:10Z", "thumbprint", "key of " ACCOUNT);

	account_add(ACCOUNT, STATUS_VALID, "mailto:a@example.org");
	list = RUN_JSON(0, "accounts", "--json");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_msg(json_equal(json_array_get(list, 0), one), "%s", answered.out);
	json_decref(one);
	json_decref(list);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_admin/orders");
	TCase *tc = tcase_create("orders");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, orders_and_accounts_of_an_empty_store_are_none);
	tcase_add_test(tc, orders_have_the_state_of_now_and_what_went_wrong);
	tcase_add_test(tc, orders_on_a_terminal_have_the_name_below);
	tcase_add_test(tc, orders_json_have_all_names_and_null_for_what_is_not_there);
	tcase_add_test(tc, orders_json_of_a_valid_one_have_its_certificate);
	tcase_add_test(tc, accounts_have_the_names_of_their_certificates);
	tcase_add_test(tc, accounts_json_have_all_fields);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
