/* What the operations share: ids, notes, refusals and the account that asks. */
#include "config.h"

#include "acme/keeper/operation.h"

#include <string.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "unit.h"
#include "util/error.h"

#define ID "AAAAAAAAAAAAAAAAAAAAAA"

static char                 directory[SCRATCH_SIZE];
static struct acme_question asked;
static struct call          call;
static struct error         err;

static void
setup(void)
{
	scratch_make(directory);
	asked = (struct acme_question){0};
	call = (struct call){.asked = &asked};
}

static void
teardown(void)
{
	bytes_clear(&call.refusal);
	bytes_clear(&call.body);
	scratch_remove(directory);
}

START_TEST(decode_names_the_account_and_its_operation)
{
	struct source source = source_of_text(view_text("192.0.2.1:5"));

	asked = (struct acme_question){.request = 17, .kind = ACME_ORDER_GET, .account = view_text(ID),
	    .object = view_text(ID), .peer = view_text("192.0.2.1:5")};
	acme_question_encode(&asked, &call.body);
	unit_ok(operation_service.decode(&call, &err), &err);
	ck_assert_ptr_eq(call.operation, &operation_order_get);
	ck_assert_str_eq(call.asker.request, "17");
	ck_assert_str_eq(call.asker.kind, "account");
	ck_assert_str_eq(call.asker.name, ID);
	/* Whoever names an account, be it none, has the turns of the peer, and is logged by it. */
	ck_assert(source_equal(&call.source, &source));
	ck_assert(view_equal(call.subject, view_text(ID)));
}
END_TEST

START_TEST(decode_without_an_account_takes_turns_by_the_peer)
{
	struct source source = source_of_text(view_text("192.0.2.1:5"));

	asked = (struct acme_question){.kind = ACME_ACCOUNT_NEW, .peer = view_text("192.0.2.1:5")};
	acme_question_encode(&asked, &call.body);
	unit_ok(operation_service.decode(&call, &err), &err);
	ck_assert_ptr_eq(call.operation, &operation_account_new);
	ck_assert(source_equal(&call.source, &source));
	ck_assert_uint_eq(call.subject.size, 0);
}
END_TEST

START_TEST(decode_of_no_question_has_no_operation)
{
	bytes_append(&call.body, "\x01", 1);
	ck_assert_int_eq(operation_service.decode(&call, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(call.operation);
}
END_TEST

static const char *const no_ids[] = {"", "A", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA"};

START_TEST(id_has_22_characters)
{
	char id[STORE_ID_SIZE] = "";

	unit_ok(operation_id(view_text(ID), id, &err), &err);
	ck_assert_str_eq(id, ID);
	unit_fails(operation_id(view_text(no_ids[_i]), id, &err), &err, ERROR_NOT_FOUND,
	    "there is nothing of that name");
}
END_TEST

START_TEST(refuse_keeps_more_than_the_detail)
{
	struct acme_refusal refusal = {.problem = {ERROR_CONFLICT, view_text("it has the key")},
	    .object = view_text(ID), .retry_after = 17};
	struct acme_answer  answer;

	for (size_t i = 0; i < 2; i++) /* the second takes the place of the first */
		unit_fails(operation_refuse(&call, &refusal, &err), &err, ERROR_CONFLICT, "it has the key");
	unit_ok(acme_answer_decode(bytes_view(&call.refusal), &answer, &err), &err);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert(view_equal(answer.refusal.object, view_text(ID)));
	ck_assert_uint_eq(answer.refusal.retry_after, 17);
}
END_TEST

START_TEST(account_must_be_there_and_valid)
{
	char                 jwk[] = "{}";
	struct store_account account = {.id = ID, .status = STATUS_VALID, .jwk = jwk,
	    .thumbprint = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct store_account found = {0};
	struct store        *store = NULL;

	unit_ok(store_acme_create(directory, &err), &err);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	asked.account = view_text(ID);
	ck_assert_int_eq(operation_check_account(&call, store, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_ACCOUNT_DOES_NOT_EXIST);
	unit_ok(store_account_add(store, &account, &err), &err);
	unit_ok(operation_check_account(&call, store, &err), &err);
	unit_ok(operation_account(&call, store, &found, &err), &err);
	ck_assert_str_eq(found.thumbprint, account.thumbprint);
	store_account_clear(&found);
	account.status = STATUS_DEACTIVATED;
	unit_ok(store_account_update(store, &account, STATUS_VALID, &err), &err);
	unit_fails(operation_check_account(&call, store, &err), &err, ERROR_ACCOUNT_DEACTIVATED,
	    "this account is deactivated for good; make another with another key");
	store_close(store);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("operation");
	TCase *tc = tcase_create("operation");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, decode_names_the_account_and_its_operation);
	tcase_add_test(tc, decode_without_an_account_takes_turns_by_the_peer);
	tcase_add_test(tc, decode_of_no_question_has_no_operation);
	tcase_add_loop_test(tc, id_has_22_characters, 0, sizeof no_ids / sizeof no_ids[0]);
	tcase_add_test(tc, refuse_keeps_more_than_the_detail);
	tcase_add_test(tc, account_must_be_there_and_valid);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
