/* What a front is told of stored objects: every field, and what has expired meanwhile. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/keeper/snapshot.h"
#include "acme/message.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NOW 1800000000

#define ID(digit)   digit digit digit digit digit digit digit digit digit digit digit
#define TEXT(text)  ((char *)(uintptr_t)(text)) /* read only */
#define SAYS(view, text) ck_assert_msg(view_equal(view, view_text(text)), "%.*s", (int)(view).size, (view).data)

static struct bytes       octets;
static struct acme_answer answer;

static void
teardown(void)
{
	bytes_clear(&octets);
}

static void
decode(enum acme_answer_kind kind)
{
	struct error err = {0};

	unit_ok(acme_answer_decode(bytes_view(&octets), &answer, &err), &err);
	ck_assert_int_eq((int)answer.kind, (int)kind);
}

START_TEST(account_is_told_whole)
{
	struct store_account account = {
	    .id = ID("AB"),
	    .status = STATUS_DEACTIVATED,
	    .jwk = TEXT("{\"kty\":\"EC\"}"),
	    .thumbprint = "0123456789012345678901234567890123456789abc",
	    .contacts = {TEXT("mailto:a@example"), TEXT("mailto:b@example")},
	    .contact_count = 2,
	    .terms_agreed = _i == 0,
	};

	snapshot_account(&account, _i != 0, &octets);
	decode(ACME_ANSWER_ACCOUNT);
	SAYS(answer.account.id, ID("AB"));
	ck_assert_int_eq((int)answer.account.status, STATUS_DEACTIVATED);
	SAYS(answer.account.jwk, "{\"kty\":\"EC\"}");
	SAYS(answer.account.thumbprint, "0123456789012345678901234567890123456789abc");
	ck_assert_uint_eq(answer.account.contact_count, 2);
	SAYS(answer.account.contacts[0], "mailto:a@example");
	SAYS(answer.account.contacts[1], "mailto:b@example");
	ck_assert(answer.account.terms_agreed == (_i == 0));
	ck_assert(answer.account.created == (_i != 0));
}
END_TEST

static struct store_order
order_of(enum status status)
{
	return (struct store_order){
	    .id = ID("CD"),
	    .status = status,
	    .expires = NOW + 1,
	    .not_before = NOW + 2,
	    .not_after = NOW + 3,
	    .authorizations = {{.id = ID("EF"), .type = TEXT("permanent-identifier"), .value = TEXT("laptop")},
	        {.id = ID("GH"), .type = TEXT("permanent-identifier"), .value = TEXT("tablet")}},
	    .authorization_count = 2,
	};
}

START_TEST(order_is_told_whole)
{
	struct store_order order = order_of(STATUS_VALID);

	memcpy(order.certificate, ID("IJ"), sizeof order.certificate);
	snapshot_order(&order, NOW, &octets);
	decode(ACME_ANSWER_ORDER);
	SAYS(answer.order.id, ID("CD"));
	ck_assert_int_eq((int)answer.order.status, STATUS_VALID);
	ck_assert_int_eq(answer.order.expires, NOW + 1);
	ck_assert_int_eq(answer.order.not_before, NOW + 2);
	ck_assert_int_eq(answer.order.not_after, NOW + 3);
	ck_assert_uint_eq(answer.order.identifier_count, 2);
	ck_assert_uint_eq(answer.order.authorization_count, 2);
	SAYS(answer.order.identifiers[0].type, "permanent-identifier");
	SAYS(answer.order.identifiers[0].value, "laptop");
	SAYS(answer.order.authorizations[0], ID("EF"));
	SAYS(answer.order.identifiers[1].value, "tablet");
	SAYS(answer.order.authorizations[1], ID("GH"));
	SAYS(answer.order.certificate, ID("IJ"));
	ck_assert_uint_eq(answer.order.error.detail.size, 0);
}
END_TEST

START_TEST(order_that_failed_has_its_problem)
{
	struct store_order order = order_of(STATUS_INVALID);

	order.problem = (struct store_problem){ERROR_BAD_ATTESTATION_STATEMENT, TEXT("no TPM made it")};
	order.expires = NOW - 1;
	snapshot_order(&order, NOW, &octets);
	decode(ACME_ANSWER_ORDER);
	ck_assert_int_eq((int)answer.order.status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.order.error.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	SAYS(answer.order.error.detail, "no TPM made it");
	ck_assert_uint_eq(answer.order.certificate.size, 0);
}
END_TEST

/* Status in the store, seconds that are left, and status that is told. */
static const struct {
	enum status stored;
	int64_t     left;
	enum status told;
} orders[] = {
    {STATUS_PENDING, 1, STATUS_PENDING},
    {STATUS_PENDING, 0, STATUS_INVALID},
    {STATUS_READY, 1, STATUS_READY},
    {STATUS_READY, 0, STATUS_INVALID},
    {STATUS_VALID, 0, STATUS_VALID},
};

START_TEST(order_that_expired_is_invalid_and_says_why)
{
	struct store_order order = order_of(orders[_i].stored);

	order.expires = NOW + orders[_i].left;
	snapshot_order(&order, NOW, &octets);
	decode(ACME_ANSWER_ORDER);
	ck_assert_int_eq((int)answer.order.status, (int)orders[_i].told);
	if (orders[_i].told == STATUS_INVALID) {
		ck_assert_int_eq((int)answer.order.error.kind, ERROR_MALFORMED);
		SAYS(answer.order.error.detail, "the order was not finalized in time; make a new one");
	} else {
		ck_assert_uint_eq(answer.order.error.detail.size, 0);
	}
}
END_TEST

static struct store_authorization
authorization_of(enum status status, enum status challenge)
{
	return (struct store_authorization){
	    .id = ID("KL"),
	    .type = TEXT("permanent-identifier"),
	    .value = TEXT("laptop"),
	    .status = status,
	    .challenge = challenge,
	    .token = ID("MN"),
	    .expires = NOW + 1,
	};
}

START_TEST(authorization_is_told_whole)
{
	struct store_authorization authorization = authorization_of(STATUS_VALID, STATUS_VALID);

	authorization.validated = NOW - 5;
	snapshot_authorization(&authorization, NOW, &octets);
	decode(ACME_ANSWER_AUTHORIZATION);
	SAYS(answer.authorization.id, ID("KL"));
	ck_assert_int_eq((int)answer.authorization.status, STATUS_VALID);
	ck_assert_int_eq((int)answer.authorization.challenge_status, STATUS_VALID);
	ck_assert_int_eq(answer.authorization.expires, NOW + 1);
	SAYS(answer.authorization.identifier.type, "permanent-identifier");
	SAYS(answer.authorization.identifier.value, "laptop");
	SAYS(answer.authorization.token, ID("MN"));
	ck_assert_int_eq(answer.authorization.validated, NOW - 5);
	ck_assert_uint_eq(answer.authorization.error.detail.size, 0);
}
END_TEST

START_TEST(authorization_that_failed_has_its_problem)
{
	struct store_authorization authorization = authorization_of(STATUS_INVALID, STATUS_INVALID);

	authorization.problem = (struct store_problem){ERROR_MALFORMED, TEXT("the client gave up")};
	snapshot_authorization(&authorization, NOW + 9, &octets);
	decode(ACME_ANSWER_AUTHORIZATION);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_INVALID);
	ck_assert_int_eq((int)answer.authorization.error.kind, ERROR_MALFORMED);
	SAYS(answer.authorization.error.detail, "the client gave up");
}
END_TEST

/* The challenge stays as it was: only the authorization has an end (RFC 8555 §7.1.6). */
START_TEST(authorization_that_expired_is_expired)
{
	enum status                status = _i == 0 ? STATUS_PENDING : STATUS_VALID;
	struct store_authorization authorization = authorization_of(status, status);

	snapshot_authorization(&authorization, NOW + 1, &octets);
	decode(ACME_ANSWER_AUTHORIZATION);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_EXPIRED);
	ck_assert_int_eq((int)answer.authorization.challenge_status, (int)status);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, account_is_told_whole, 0, 2);
	tcase_add_test(tc, order_is_told_whole);
	tcase_add_test(tc, order_that_failed_has_its_problem);
	tcase_add_loop_test(tc, order_that_expired_is_invalid_and_says_why, 0, sizeof orders / sizeof orders[0]);
	tcase_add_test(tc, authorization_is_told_whole);
	tcase_add_test(tc, authorization_that_failed_has_its_problem);
	tcase_add_loop_test(tc, authorization_that_expired_is_expired, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
