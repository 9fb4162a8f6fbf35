/* What the ACME server keeps, in a real database. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NOW 1800000000

static char          dir[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup(void)
{
	memset(&err, 0, sizeof err);
	scratch_make(dir);
	unit_ok(store_acme_create(dir, &err), &err);
	unit_ok(store_acme_open(dir, &store, &err), &err);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(dir);
}

/* An account with this key; its id is drawn. */
static void
account_make(struct store_account *account, const char *thumbprint, int64_t created)
{
	*account = (struct store_account){
	    .status = STATUS_VALID,
	    .jwk = memory_strdup("{\"kty\":\"EC\"}"),
	    .contacts = {memory_strdup("mailto:a@example"), memory_strdup("mailto:b@example")},
	    .contact_count = 2,
	    .terms_agreed = true,
	    .created = created,
	};
	(void)snprintf(account->thumbprint, sizeof account->thumbprint, "%s", thumbprint);
	unit_ok(store_id_draw(account->id, &err), &err);
}

static void
account_add(char id[STORE_ID_SIZE], const char *thumbprint, int64_t created)
{
	struct store_account account;

	account_make(&account, thumbprint, created);
	unit_ok(store_account_add(store, &account, &err), &err);
	(void)snprintf(id, STORE_ID_SIZE, "%s", account.id);
	store_account_clear(&account);
}

static void
order_make(struct store_order *order, const char *account, size_t identifiers, int64_t created)
{
	*order = (struct store_order){
	    .status = STATUS_PENDING,
	    .created = created,
	    .expires = created + 3600,
	    .not_before = 5,
	    .not_after = 6,
	    .authorization_count = identifiers,
	};
	(void)snprintf(order->account, sizeof order->account, "%s", account);
	unit_ok(store_id_draw(order->id, &err), &err);
	for (size_t i = 0; i < identifiers; i++) {
		struct store_authorization *authorization = &order->authorizations[i];
		char                        name[16];

		(void)snprintf(name, sizeof name, "device-%zu", i);
		authorization->type = memory_strdup("permanent-identifier");
		authorization->value = memory_strdup(name);
		authorization->status = STATUS_PENDING;
		authorization->challenge = STATUS_PENDING;
		authorization->expires = order->expires;
		unit_ok(store_id_draw(authorization->id, &err), &err);
		unit_ok(store_id_draw(authorization->token, &err), &err);
	}
}

static void
order_add(char id[STORE_ID_SIZE], const char *account, int64_t created)
{
	struct store_order order;

	order_make(&order, account, 1, created);
	unit_ok(store_order_add(store, &order, &err), &err);
	(void)snprintf(id, STORE_ID_SIZE, "%s", order.id);
	store_order_clear(&order);
}

static void
issued_make(struct store_issued *issued, const char *account, uint8_t serial, int64_t not_after)
{
	*issued = (struct store_issued){
	    .serial = {serial},
	    .serial_size = 1,
	    .names = memory_strdup("device-0"),
	    .witness = memory_strdup("ek=1"),
	    .not_before = 1,
	    .not_after = not_after,
	};
	(void)snprintf(issued->account, sizeof issued->account, "%s", account);
	(void)snprintf(issued->order, sizeof issued->order, "%s", "o");
	bytes_append(&issued->der, "der", 3);
	unit_ok(store_id_draw(issued->id, &err), &err);
}

static void
issued_add(char id[STORE_ID_SIZE], const char *account, uint8_t serial, int64_t not_after)
{
	struct store_issued issued;

	issued_make(&issued, account, serial, not_after);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	(void)snprintf(id, STORE_ID_SIZE, "%s", issued.id);
	store_issued_clear(&issued);
}

START_TEST(create_twice_is_conflict)
{
	ck_assert_int_eq(store_acme_create(dir, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(open_where_there_is_none_says_the_remedy)
{
	struct store *other = NULL;

	ck_assert_int_eq(store_acme_open("/nowhere", &other, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_str_eq(err.detail,
	    "there is no store in /nowhere; run \"attest-acmed --state-dir /nowhere init\"");
}
END_TEST

START_TEST(id_draw_gives_22_characters_never_twice)
{
	char a[STORE_ID_SIZE];
	char b[STORE_ID_SIZE];

	unit_ok(store_id_draw(a, &err), &err);
	unit_ok(store_id_draw(b, &err), &err);
	ck_assert_uint_eq(strlen(a), 22);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(account_find_gives_back_every_field)
{
	struct store_account made;
	struct store_account found;

	account_make(&made, "key-1", NOW);
	unit_ok(store_account_add(store, &made, &err), &err);
	unit_ok(store_account_find(store, made.id, &found, &err), &err);
	ck_assert_str_eq(found.id, made.id);
	ck_assert_str_eq(found.jwk, made.jwk);
	ck_assert_str_eq(found.thumbprint, "key-1");
	ck_assert_uint_eq(found.contact_count, 2);
	ck_assert_str_eq(found.contacts[1], "mailto:b@example");
	ck_assert(found.terms_agreed);
	ck_assert_int_eq(found.created, NOW);
	ck_assert_int_eq((int)found.status, STATUS_VALID);
	store_account_clear(&found);
	unit_ok(store_account_find_key(store, "key-1", &found, &err), &err);
	ck_assert_str_eq(found.id, made.id);
	store_account_clear(&found);
	store_account_clear(&made);
}
END_TEST

START_TEST(account_find_unknown_does_not_exist)
{
	struct store_account found;

	unit_fails(store_account_find(store, "x", &found, &err), &err, ERROR_ACCOUNT_DOES_NOT_EXIST,
	    "there is no such account; make one with newAccount");
	ck_assert_int_eq(store_account_find_key(store, "x", &found, &err), -1);
}
END_TEST

START_TEST(account_add_of_a_key_in_use_is_conflict)
{
	struct store_account second;
	char                 id[STORE_ID_SIZE];

	account_add(id, "key-1", NOW);
	account_make(&second, "key-1", NOW);
	unit_fails(store_account_add(store, &second, &err), &err, ERROR_CONFLICT,
	    "this key is the key of another account");
	store_account_clear(&second);
}
END_TEST

START_TEST(account_update_to_a_key_in_use_is_conflict)
{
	struct store_account account;
	char                 id[STORE_ID_SIZE];

	account_add(id, "key-1", NOW);
	account_add(id, "key-2", NOW);
	unit_ok(store_account_find(store, id, &account, &err), &err);
	(void)snprintf(account.thumbprint, sizeof account.thumbprint, "key-1");
	unit_fails(store_account_update(store, &account, STATUS_VALID, &err), &err, ERROR_CONFLICT,
	    "this key is the key of another account");
	store_account_clear(&account);
}
END_TEST

START_TEST(account_update_from_another_status_is_conflict)
{
	struct store_account account;
	char                 id[STORE_ID_SIZE];

	account_add(id, "key-1", NOW);
	unit_ok(store_account_find(store, id, &account, &err), &err);
	account.status = STATUS_DEACTIVATED;
	unit_ok(store_account_update(store, &account, STATUS_VALID, &err), &err);
	unit_fails(store_account_update(store, &account, STATUS_VALID, &err), &err, ERROR_CONFLICT,
	    "the account has just been changed; ask again");
	store_account_clear(&account);
	unit_ok(store_account_find(store, id, &account, &err), &err);
	ck_assert_int_eq((int)account.status, STATUS_DEACTIVATED);
	store_account_clear(&account);
}
END_TEST

START_TEST(account_count_counts_those_after_and_none_of_the_future)
{
	char     id[STORE_ID_SIZE];
	uint64_t count = 0;

	account_add(id, "key-1", NOW - 10);
	account_add(id, "key-2", NOW);
	account_add(id, "key-3", NOW + 1);
	unit_ok(store_account_count(store, NOW - 10, NOW, &count, &err), &err);
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(order_find_gives_back_every_field_in_order)
{
	struct store_order made;
	struct store_order found;
	char               account[STORE_ID_SIZE];

	account_add(account, "key-1", NOW);
	order_make(&made, account, STORE_IDENTIFIERS_MAX, NOW);
	unit_ok(store_order_add(store, &made, &err), &err);
	unit_ok(store_order_find(store, made.id, &found, &err), &err);
	ck_assert_str_eq(found.account, account);
	ck_assert_int_eq((int)found.status, STATUS_PENDING);
	ck_assert_int_eq(found.created, NOW);
	ck_assert_int_eq(found.expires, NOW + 3600);
	ck_assert_int_eq(found.not_before, 5);
	ck_assert_int_eq(found.not_after, 6);
	ck_assert_ptr_null(found.problem.detail);
	ck_assert_str_eq(found.certificate, "");
	ck_assert_uint_eq(found.authorization_count, STORE_IDENTIFIERS_MAX);
	for (size_t i = 0; i < STORE_IDENTIFIERS_MAX; i++) {
		ck_assert_str_eq(found.authorizations[i].id, made.authorizations[i].id);
		ck_assert_str_eq(found.authorizations[i].value, made.authorizations[i].value);
		ck_assert_str_eq(found.authorizations[i].token, made.authorizations[i].token);
		ck_assert_str_eq(found.authorizations[i].order, made.id);
		ck_assert_str_eq(found.authorizations[i].account, account);
	}
	store_order_clear(&found);
	store_order_clear(&made);
}
END_TEST

START_TEST(order_add_for_no_account_adds_nothing)
{
	struct store_order made;
	struct store_order found;

	order_make(&made, "nobody", 1, NOW);
	ck_assert_int_eq(store_order_add(store, &made, &err), -1);
	ck_assert_int_eq(store_order_find(store, made.id, &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	store_order_clear(&made);
}
END_TEST

START_TEST(order_update_writes_once_per_status)
{
	struct error       bad = {ERROR_BAD_CSR, "no"};
	struct store_order order;
	char               account[STORE_ID_SIZE];
	char               id[STORE_ID_SIZE];

	account_add(account, "key-1", NOW);
	order_add(id, account, NOW);
	unit_ok(store_order_find(store, id, &order, &err), &err);
	order.status = STATUS_INVALID;
	store_problem_set(&order.problem, &bad);
	(void)snprintf(order.certificate, sizeof order.certificate, "c");
	unit_ok(store_order_update(store, &order, STATUS_PENDING, &err), &err);
	unit_fails(store_order_update(store, &order, STATUS_PENDING, &err), &err, ERROR_CONFLICT,
	    "the order has just been changed; ask again");
	store_order_clear(&order);
	unit_ok(store_order_find(store, id, &order, &err), &err);
	ck_assert_int_eq((int)order.status, STATUS_INVALID);
	ck_assert_int_eq((int)order.problem.kind, ERROR_BAD_CSR);
	ck_assert_str_eq(order.problem.detail, "no");
	ck_assert_str_eq(order.certificate, "c");
	store_order_clear(&order);
}
END_TEST

START_TEST(authorization_update_gives_back_every_field)
{
	struct error               bad = {ERROR_BAD_ATTESTATION_STATEMENT, "forged"};
	struct store_authorization authorization;
	struct store_order         order;
	char                       account[STORE_ID_SIZE];
	char                       id[STORE_ID_SIZE];

	account_add(account, "key-1", NOW);
	order_add(id, account, NOW);
	unit_ok(store_order_find(store, id, &order, &err), &err);
	unit_ok(store_authorization_find(store, order.authorizations[0].id, &authorization, &err), &err);
	store_order_clear(&order);
	authorization.status = STATUS_VALID;
	authorization.challenge = STATUS_VALID;
	authorization.validated = NOW;
	authorization.witness = memory_strdup("ek=1");
	authorization.format = memory_strdup("tpm");
	bytes_append(&authorization.chain, "der", 3);
	bytes_append(&authorization.key, "spki", 4);
	store_problem_set(&authorization.problem, &bad);
	unit_ok(store_authorization_update(store, &authorization, STATUS_PENDING, &err), &err);
	ck_assert_int_eq(store_authorization_update(store, &authorization, STATUS_PENDING, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_CONFLICT);
	(void)snprintf(id, sizeof id, "%s", authorization.id);
	store_authorization_clear(&authorization);
	unit_ok(store_authorization_find(store, id, &authorization, &err), &err);
	ck_assert_int_eq((int)authorization.status, STATUS_VALID);
	ck_assert_int_eq((int)authorization.challenge, STATUS_VALID);
	ck_assert_int_eq(authorization.validated, NOW);
	ck_assert_str_eq(authorization.witness, "ek=1");
	ck_assert_str_eq(authorization.format, "tpm");
	ck_assert(view_equal(bytes_view(&authorization.chain), view_text("der")));
	ck_assert_uint_eq(authorization.key.size, 4);
	ck_assert_int_eq((int)authorization.problem.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_str_eq(authorization.problem.detail, "forged");
	store_authorization_clear(&authorization);
	unit_fails(store_authorization_find(store, "x", &authorization, &err), &err, ERROR_NOT_FOUND,
	    "there is no such authorization, or no longer");
}
END_TEST

START_TEST(order_count_counts_one_account_after_and_none_of_the_future)
{
	char     accounts[2][STORE_ID_SIZE];
	char     id[STORE_ID_SIZE];
	uint64_t count = 0;
	int64_t  oldest = 0;

	account_add(accounts[0], "key-1", NOW);
	account_add(accounts[1], "key-2", NOW);
	order_add(id, accounts[0], NOW - 100);
	order_add(id, accounts[0], NOW - 50);
	order_add(id, accounts[0], NOW);
	order_add(id, accounts[0], NOW + 1);
	order_add(id, accounts[1], NOW);
	unit_ok(store_order_count(store, accounts[0], NOW - 100, NOW, &count, &oldest, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(oldest, NOW - 50);
}
END_TEST

struct seen {
	char   ids[8][STORE_ID_SIZE];
	size_t count;
};

static bool
see_order_cb(const struct store_order *order, void *arg)
{
	struct seen *seen = arg;

	(void)snprintf(seen->ids[seen->count++], STORE_ID_SIZE, "%s", order->id);
	return true;
}

START_TEST(order_list_gives_those_of_the_account_after)
{
	struct seen seen = {0};
	char        accounts[2][STORE_ID_SIZE];
	char        ids[3][STORE_ID_SIZE];
	char        other[STORE_ID_SIZE];

	account_add(accounts[0], "key-1", NOW);
	account_add(accounts[1], "key-2", NOW);
	order_add(ids[0], accounts[0], NOW);
	order_add(other, accounts[1], NOW);
	order_add(ids[1], accounts[0], NOW);
	order_add(ids[2], accounts[0], NOW);
	unit_ok(store_order_list(store, accounts[0], NULL, see_order_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 3);
	seen.count = 0;
	unit_ok(store_order_list(store, accounts[0], ids[0], see_order_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.ids[0], ids[1]);
	seen.count = 0;
	unit_ok(store_order_list(store, NULL, NULL, see_order_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 4);
}
END_TEST

static bool
see_issued_cb(const struct store_issued *issued, void *arg)
{
	struct seen *seen = arg;

	(void)snprintf(seen->ids[seen->count++], STORE_ID_SIZE, "%s", issued->id);
	return true;
}

START_TEST(issued_revoke_works_once_and_is_listed_until_not_after)
{
	struct seen         seen = {0};
	struct store_issued issued;
	uint8_t             serial = 2;
	char                ids[3][STORE_ID_SIZE];

	issued_add(ids[0], "a", 1, NOW);
	issued_add(ids[1], "a", 2, NOW);
	issued_add(ids[2], "a", 3, NOW - 1);
	unit_ok(store_issued_revoke(store, ids[1], NOW - 5, 4, &err), &err);
	unit_ok(store_issued_revoke(store, ids[2], NOW - 5, 0, &err), &err);
	unit_fails(store_issued_revoke(store, ids[1], NOW, 0, &err), &err, ERROR_ALREADY_REVOKED,
	    "the certificate is revoked already");
	unit_ok(store_issued_list_revoked(store, NOW, see_issued_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_str_eq(seen.ids[0], ids[1]);
	unit_ok(store_issued_list(store, see_issued_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 4);
	unit_ok(store_issued_find_serial(store, (struct view){&serial, 1}, &issued, &err), &err);
	ck_assert_str_eq(issued.id, ids[1]);
	ck_assert_int_eq(issued.revoked, NOW - 5);
	ck_assert_int_eq(issued.reason, 4);
	ck_assert_str_eq(issued.names, "device-0");
	ck_assert_str_eq(issued.witness, "ek=1");
	ck_assert_uint_eq(issued.der.size, 3);
	store_issued_clear(&issued);
	unit_ok(store_issued_find(store, ids[0], &issued, &err), &err);
	ck_assert_int_eq(issued.revoked, 0);
	store_issued_clear(&issued);
	ck_assert_int_eq(store_issued_find(store, "x", &issued, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(issued_list_since_has_those_that_began_then_or_later)
{
	struct seen         seen = {0};
	struct store_issued issued;
	char                ids[2][STORE_ID_SIZE];
	int64_t             began;

	issued_add(ids[0], "a", 1, NOW);
	issued_add(ids[1], "a", 2, NOW);
	unit_ok(store_issued_find(store, ids[0], &issued, &err), &err);
	began = issued.not_before;
	store_issued_clear(&issued);
	unit_ok(store_issued_list_since(store, began, see_issued_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.ids[0], ids[0]);
	seen.count = 0;
	unit_ok(store_issued_list_since(store, began + 1, see_issued_cb, &seen, &err), &err);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(issued_add_of_a_serial_in_use_fails)
{
	struct store_issued issued;
	char                id[STORE_ID_SIZE];

	issued_add(id, "a", 1, NOW);
	issued_make(&issued, "a", 1, NOW);
	ck_assert_int_eq(store_issued_add(store, &issued, &err), -1);
	store_issued_clear(&issued);
}
END_TEST

START_TEST(sweep_takes_what_is_over_and_nothing_else)
{
	struct store_sweep         sweep = {.orders = NOW, .certificates = NOW, .accounts = NOW};
	struct store_order         order;
	struct store_authorization authorization;
	struct store_account       account;
	struct store_issued        issued;
	char                       accounts[4][STORE_ID_SIZE];
	char                       orders[2][STORE_ID_SIZE];
	char                       authorization_id[STORE_ID_SIZE];
	char                       certificates[2][STORE_ID_SIZE];
	uint64_t                   removed = 0;
	uint64_t                   all = 0;

	account_add(accounts[0], "with an order", NOW - 1);
	account_add(accounts[1], "with a certificate", NOW - 1);
	account_add(accounts[2], "new", NOW);
	account_add(accounts[3], "old", NOW - 1);
	order_add(orders[0], accounts[0], NOW - 3600); /* expires now */
	order_add(orders[1], accounts[3], NOW - 3601);
	issued_add(certificates[0], accounts[1], 1, NOW);
	issued_add(certificates[1], accounts[3], 2, NOW - 1);
	unit_ok(store_order_find(store, orders[1], &order, &err), &err);
	(void)snprintf(authorization_id, sizeof authorization_id, "%s", order.authorizations[0].id);
	store_order_clear(&order);

	do {
		unit_ok(store_acme_sweep(store, &sweep, 1, &removed, &err), &err);
		all += removed;
	} while (removed != 0);
	ck_assert_uint_eq(all, 3);
	ck_assert_int_eq(store_order_find(store, orders[1], &order, &err), -1);
	ck_assert_int_eq(store_authorization_find(store, authorization_id, &authorization, &err), -1);
	ck_assert_int_eq(store_account_find(store, accounts[3], &account, &err), -1);
	ck_assert_int_eq(store_issued_find(store, certificates[1], &issued, &err), -1);
	unit_ok(store_order_find(store, orders[0], &order, &err), &err);
	store_order_clear(&order);
	for (size_t i = 0; i < 3; i++) {
		unit_ok(store_account_find(store, accounts[i], &account, &err), &err);
		store_account_clear(&account);
	}
	unit_ok(store_issued_find(store, certificates[0], &issued, &err), &err);
	store_issued_clear(&issued);
}
END_TEST

START_TEST(sweep_of_newcomers_takes_those_that_never_attested)
{
	struct store_sweep   sweep = {.newcomers = NOW};
	struct store_account account;
	char                 accounts[5][STORE_ID_SIZE];
	char                 order[STORE_ID_SIZE];
	char                 certificate[STORE_ID_SIZE];
	uint64_t             removed = 0;

	account_add(accounts[0], "with an order", NOW - 1);
	account_add(accounts[1], "with a certificate", NOW - 1);
	account_add(accounts[2], "attested", NOW - 1);
	account_add(accounts[3], "new", NOW);
	account_add(accounts[4], "old", NOW - 1);
	order_add(order, accounts[0], NOW);
	issued_add(certificate, accounts[1], 1, NOW);
	unit_ok(store_account_prove(store, accounts[2], &err), &err);
	unit_ok(store_acme_sweep(store, &sweep, 10, &removed, &err), &err);
	ck_assert_uint_eq(removed, 1);
	for (size_t i = 0; i < 4; i++) {
		unit_ok(store_account_find(store, accounts[i], &account, &err), &err);
		store_account_clear(&account);
	}
	ck_assert_int_eq(store_account_find(store, accounts[4], &account, &err), -1);
}
END_TEST

START_TEST(account_displace_spares_who_attested)
{
	struct store_account account;
	char                 accounts[2][STORE_ID_SIZE];

	account_add(accounts[0], "attested", NOW);
	account_add(accounts[1], "new", NOW);
	unit_ok(store_account_prove(store, accounts[0], &err), &err);
	for (size_t i = 0; i < 2; i++)
		unit_ok(store_account_displace(store, accounts[i], &err), &err);
	unit_ok(store_account_displace(store, accounts[1], &err), &err); /* it is gone already */
	unit_ok(store_account_find(store, accounts[0], &account, &err), &err);
	store_account_clear(&account);
	ck_assert_int_eq(store_account_find(store, accounts[1], &account, &err), -1);
}
END_TEST

START_TEST(status_parse_reads_every_name_and_no_other)
{
	enum status status = STATUS_COUNT;

	ck_assert(status_parse(status_name((enum status)_i), &status));
	ck_assert_int_eq((int)status, _i);
	ck_assert(!status_parse("", &status));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_store");
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, create_twice_is_conflict);
	tcase_add_test(tc, open_where_there_is_none_says_the_remedy);
	tcase_add_test(tc, id_draw_gives_22_characters_never_twice);
	tcase_add_test(tc, account_find_gives_back_every_field);
	tcase_add_test(tc, account_find_unknown_does_not_exist);
	tcase_add_test(tc, account_add_of_a_key_in_use_is_conflict);
	tcase_add_test(tc, account_update_to_a_key_in_use_is_conflict);
	tcase_add_test(tc, account_update_from_another_status_is_conflict);
	tcase_add_test(tc, account_count_counts_those_after_and_none_of_the_future);
	tcase_add_test(tc, order_find_gives_back_every_field_in_order);
	tcase_add_test(tc, order_add_for_no_account_adds_nothing);
	tcase_add_test(tc, order_update_writes_once_per_status);
	tcase_add_test(tc, authorization_update_gives_back_every_field);
	tcase_add_test(tc, order_count_counts_one_account_after_and_none_of_the_future);
	tcase_add_test(tc, order_list_gives_those_of_the_account_after);
	tcase_add_test(tc, issued_revoke_works_once_and_is_listed_until_not_after);
	tcase_add_test(tc, issued_list_since_has_those_that_began_then_or_later);
	tcase_add_test(tc, issued_add_of_a_serial_in_use_fails);
	tcase_add_test(tc, sweep_takes_what_is_over_and_nothing_else);
	tcase_add_test(tc, sweep_of_newcomers_takes_those_that_never_attested);
	tcase_add_test(tc, account_displace_spares_who_attested);
	tcase_add_loop_test(tc, status_parse_reads_every_name_and_no_other, 0, STATUS_COUNT);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
