/* The diagrams of RFC 8555 §7.1.6: every arrow, and no other. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/keeper/transition.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NOW 1800000000

/* Written down again from the RFC, row by row: object, from, to. */
static const struct {
	enum transition_object object;
	enum status            from;
	enum status            to;
} arrows[] = {
    {TRANSITION_CHALLENGE, STATUS_PENDING, STATUS_VALID},
    {TRANSITION_CHALLENGE, STATUS_PENDING, STATUS_INVALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_INVALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_VALID},
    {TRANSITION_AUTHORIZATION, STATUS_PENDING, STATUS_DEACTIVATED},
    {TRANSITION_AUTHORIZATION, STATUS_VALID, STATUS_DEACTIVATED},
    {TRANSITION_ORDER, STATUS_PENDING, STATUS_INVALID},
    {TRANSITION_ORDER, STATUS_PENDING, STATUS_READY},
    {TRANSITION_ORDER, STATUS_READY, STATUS_INVALID},
    {TRANSITION_ORDER, STATUS_READY, STATUS_VALID},
    {TRANSITION_ACCOUNT, STATUS_VALID, STATUS_DEACTIVATED},
    {TRANSITION_ACCOUNT, STATUS_VALID, STATUS_REVOKED},
};

static bool
arrow_is(enum transition_object object, enum status from, enum status to)
{
	for (size_t i = 0; i < sizeof arrows / sizeof arrows[0]; i++) {
		if (arrows[i].object == object && arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

START_TEST(may_follows_the_diagrams)
{
	for (enum transition_object object = 0; object < TRANSITION_OBJECT_COUNT; object++)
		for (enum status from = 0; from < STATUS_COUNT; from++)
			for (enum status to = 0; to < STATUS_COUNT; to++)
				ck_assert_msg(transition_may(object, from, to) == arrow_is(object, from, to),
				    "object %d from %s to %s", (int)object, status_name(from), status_name(to));
}
END_TEST

static char          dir[SCRATCH_SIZE];
static struct store *store;
static struct error  err;
static struct store_order order;

static void
draw(char id[STORE_ID_SIZE])
{
	unit_ok(store_id_draw(id, &err), &err);
}

/* An account with an order of two authorizations, as the store has it. */
static void
setup(void)
{
	struct store_account account = {.status = STATUS_VALID, .created = NOW};

	memset(&err, 0, sizeof err);
	memset(&order, 0, sizeof order);
	scratch_make(dir);
	unit_ok(store_acme_create(dir, &err), &err);
	unit_ok(store_acme_open(dir, &store, &err), &err);
	draw(account.id);
	account.jwk = memory_strdup("{}");
	(void)snprintf(account.thumbprint, sizeof account.thumbprint, "key");
	unit_ok(store_account_add(store, &account, &err), &err);
	draw(order.id);
	(void)snprintf(order.account, sizeof order.account, "%s", account.id);
	order.status = STATUS_PENDING;
	order.created = NOW;
	order.expires = NOW + 100;
	order.authorization_count = 2;
	for (size_t i = 0; i < 2; i++) {
		draw(order.authorizations[i].id);
		draw(order.authorizations[i].token);
		order.authorizations[i].type = memory_strdup("permanent-identifier");
		order.authorizations[i].value = memory_strdup("laptop");
		order.authorizations[i].status = STATUS_PENDING;
		order.authorizations[i].challenge = STATUS_PENDING;
		order.authorizations[i].expires = NOW + 100;
	}
	unit_ok(store_order_add(store, &order, &err), &err);
	store_account_clear(&account);
}

static void
teardown(void)
{
	store_order_clear(&order);
	store_close(store);
	scratch_remove(dir);
}

START_TEST(transition_order_update_where_no_arrow_is_writes_nothing)
{
	struct store_order found;

	unit_fails(transition_order_update(store, &order, STATUS_VALID, &err), &err, ERROR_INTERNAL,
	    "no order goes from pending to valid");
	unit_ok(store_order_find(store, order.id, &found, &err), &err);
	ck_assert_int_eq((int)found.status, STATUS_PENDING);
	store_order_clear(&found);
}
END_TEST

START_TEST(transition_order_update_of_what_another_moved_is_conflict)
{
	struct store_order found;

	unit_ok(store_order_find(store, order.id, &found, &err), &err);
	unit_ok(transition_order_update(store, &found, STATUS_READY, &err), &err);
	store_order_clear(&found);
	ck_assert_int_eq(transition_order_update(store, &order, STATUS_INVALID, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(transition_authorization_update_moves_the_challenge_by_its_own_diagram)
{
	struct store_authorization authorization;

	unit_ok(store_authorization_find(store, order.authorizations[0].id, &authorization, &err), &err);
	unit_fails(transition_authorization_update(store, &authorization, STATUS_VALID, STATUS_EXPIRED, &err),
	    &err, ERROR_INTERNAL, "no challenge goes from pending to expired");
	unit_ok(transition_authorization_update(store, &authorization, STATUS_VALID, STATUS_VALID, &err), &err);
	unit_fails(transition_authorization_update(store, &authorization, STATUS_INVALID, STATUS_VALID, &err),
	    &err, ERROR_INTERNAL, "no authorization goes from valid to invalid");
	unit_ok(transition_authorization_update(store, &authorization, STATUS_DEACTIVATED, STATUS_VALID, &err),
	    &err);
	store_authorization_clear(&authorization);
}
END_TEST

/* What an order becomes of its two authorizations, at a time. */
static const struct {
	enum status first;
	enum status second;
	int64_t     now;
	enum status becomes;
	const char *problem;
} settles[] = {
    {STATUS_PENDING, STATUS_PENDING, NOW, STATUS_PENDING, NULL},
    {STATUS_VALID, STATUS_PENDING, NOW, STATUS_PENDING, NULL},
    {STATUS_VALID, STATUS_VALID, NOW, STATUS_READY, NULL},
    {STATUS_VALID, STATUS_INVALID, NOW, STATUS_INVALID, "the authorization for laptop is invalid"},
    {STATUS_INVALID, STATUS_PENDING, NOW, STATUS_INVALID, "the authorization for laptop is invalid"},
    {STATUS_DEACTIVATED, STATUS_VALID, NOW, STATUS_INVALID, "the authorization for laptop is deactivated"},
    {STATUS_VALID, STATUS_VALID, NOW + 100, STATUS_INVALID, "the authorization for laptop is expired"},
};

START_TEST(transition_order_settle_follows_the_authorizations)
{
	order.authorizations[0].status = settles[_i].first;
	order.authorizations[1].status = settles[_i].second;
	unit_ok(transition_order_settle(store, &order, settles[_i].now, &err), &err);
	ck_assert_int_eq((int)order.status, (int)settles[_i].becomes);
	ck_assert_pstr_eq(order.problem.detail, settles[_i].problem);
}
END_TEST

START_TEST(transition_order_settle_takes_over_the_problem_of_the_challenge)
{
	struct error forged = {ERROR_BAD_ATTESTATION_STATEMENT, "forged"};

	order.authorizations[1].status = STATUS_INVALID;
	store_problem_set(&order.authorizations[1].problem, &forged);
	unit_ok(transition_order_settle(store, &order, NOW, &err), &err);
	ck_assert_int_eq((int)order.problem.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_str_eq(order.problem.detail, "forged");
}
END_TEST

/* What is decided stays, whatever becomes of its authorizations. */
START_TEST(transition_order_settle_leaves_what_is_decided)
{
	order.status = _i == 0 ? STATUS_VALID : STATUS_INVALID;
	order.authorizations[0].status = STATUS_DEACTIVATED;
	unit_ok(transition_order_settle(store, &order, NOW, &err), &err);
	ck_assert_int_eq((int)order.status, _i == 0 ? STATUS_VALID : STATUS_INVALID);
	ck_assert_ptr_null(order.problem.detail);
}
END_TEST

START_TEST(transition_account_update_where_no_arrow_is_writes_nothing)
{
	struct store_account account;

	unit_ok(store_account_find(store, order.account, &account, &err), &err);
	account.status = STATUS_DEACTIVATED;
	unit_fails(transition_account_update(store, &account, STATUS_VALID, &err), &err, ERROR_INTERNAL,
	    "no account goes from deactivated to valid");
	store_account_clear(&account);
	unit_ok(store_account_find(store, order.account, &account, &err), &err);
	ck_assert_int_eq((int)account.status, STATUS_VALID);
	store_account_clear(&account);
}
END_TEST

START_TEST(status_at_knows_that_time_is_over)
{
	struct store_order         late = {.expires = NOW};
	struct store_authorization late_authorization = {.expires = NOW};

	for (enum status status = 0; status < STATUS_COUNT; status++) {
		late.status = status;
		late_authorization.status = status;
		ck_assert_int_eq((int)transition_order_status(&late, NOW - 1), (int)status);
		ck_assert_int_eq((int)transition_authorization_status(&late_authorization, NOW - 1), (int)status);
		ck_assert_int_eq((int)transition_order_status(&late, NOW),
		    (int)(status == STATUS_PENDING || status == STATUS_READY ? STATUS_INVALID : status));
		ck_assert_int_eq((int)transition_authorization_status(&late_authorization, NOW),
		    (int)(status == STATUS_PENDING || status == STATUS_VALID ? STATUS_EXPIRED : status));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_state");
	TCase *tc = tcase_create("state");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, may_follows_the_diagrams);
	tcase_add_test(tc, transition_order_update_where_no_arrow_is_writes_nothing);
	tcase_add_test(tc, transition_order_update_of_what_another_moved_is_conflict);
	tcase_add_test(tc, transition_authorization_update_moves_the_challenge_by_its_own_diagram);
	tcase_add_loop_test(tc, transition_order_settle_follows_the_authorizations, 0,
	    sizeof settles / sizeof settles[0]);
	tcase_add_test(tc, transition_order_settle_takes_over_the_problem_of_the_challenge);
	tcase_add_loop_test(tc, transition_order_settle_leaves_what_is_decided, 0, 2);
	tcase_add_test(tc, transition_account_update_where_no_arrow_is_writes_nothing);
	tcase_add_test(tc, status_at_knows_that_time_is_over);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
