/*
 * Columns of another size or word than the schema lets in, as somebody makes them who has the file
 * and switches its checks off: what reads them copies no more than there is room for.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/error.h"

#define UNCHECKED "PRAGMA ignore_check_constraints = 1; "
#define ISSUED    "AAAAAAAAAAAAAAAAAAAAAA"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup(void)
{
	char                  name[] = "CA";
	struct store_issued   issued = {.id = ISSUED, .account = "a", .order = "o", .serial = {1},
	      .serial_size = 1, .names = name, .not_after = 2};
	struct store_crl_mark mark = {.issuer = {1}, .name = name, .number = {1}, .has_number = true};
	struct store_account  account = {.id = "a", .status = STATUS_VALID, .jwk = name, .thumbprint = "t"};
	struct store_order    order = {.id = "o", .account = "a", .status = STATUS_PENDING,
	       .authorization_count = 1};

	memset(&err, 0, sizeof err);
	scratch_make(directory);
	unit_ok(store_acme_create(directory, &err), &err);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	bytes_append(&issued.der, "der", 3);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	bytes_clear(&issued.der);
	unit_ok(store_account_add(store, &account, &err), &err);
	order.authorizations[0] = (struct store_authorization){.id = "z", .account = "a", .order = "o",
	    .type = name, .value = name, .status = STATUS_PENDING, .challenge = STATUS_PENDING, .token = "t"};
	unit_ok(store_order_add(store, &order, &err), &err);
	bytes_append(&mark.certificate, "der", 3);
	unit_ok(store_crl_mark_put(store, &mark, &err), &err);
	bytes_clear(&mark.certificate);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

static int
find_issued(void)
{
	struct store_issued issued;
	int                 rc = store_issued_find(store, ISSUED, &issued, &err);

	store_issued_clear(&issued);
	return rc;
}

static int
find_mark(void)
{
	static const uint8_t  issuer[STORE_HASH_SIZE] = {1};
	struct store_crl_mark mark;
	int                   rc = store_crl_mark_find(store, issuer, &mark, &err);

	store_crl_mark_clear(&mark);
	return rc;
}

static bool
issued_cb(const struct store_issued *issued, void *arg)
{
	(void)issued;
	(void)arg;
	return true;
}

static int
list_issued(void)
{
	return store_issued_list(store, issued_cb, NULL, &err);
}

static int
find_account(void)
{
	struct store_account account;
	int                  rc = store_account_find(store, "a", &account, &err);

	store_account_clear(&account);
	return rc;
}

static bool
account_cb(const struct store_account *account, void *arg)
{
	(void)account;
	(void)arg;
	return true;
}

static int
list_accounts(void)
{
	return store_account_list(store, account_cb, NULL, &err);
}

static int
find_order(void)
{
	struct store_order order;
	int                rc = store_order_find(store, "o", &order, &err);

	store_order_clear(&order);
	return rc;
}

static int
find_authorization(void)
{
	struct store_authorization authorization;
	int                        rc = store_authorization_find(store, "z", &authorization, &err);

	store_authorization_clear(&authorization);
	return rc;
}

#define STATUS_DETAIL " has a status that cannot be; restore it from a backup"

static const struct {
	const char *sql;
	int (*find)(void);
	const char *detail; /* behind the store's place */
} damages[] = {
    {"UPDATE certificate SET serial = x''", find_issued, " has a certificate that cannot be"},
    {"UPDATE certificate SET serial = zeroblob(21)", find_issued, " has a certificate that cannot be"},
    {"UPDATE certificate SET key_hash = zeroblob(31)", find_issued, " has a certificate that cannot be"},
    {"UPDATE certificate SET key_hash = zeroblob(33)", find_issued, " has a certificate that cannot be"},
    {"UPDATE certificate SET serial = x''", list_issued, " has a certificate that cannot be"},
    {"UPDATE account SET status = 'odd'", find_account, STATUS_DETAIL},
    {"UPDATE account SET status = 'odd'", list_accounts, STATUS_DETAIL},
    {"UPDATE orders SET status = 'odd'", find_order, STATUS_DETAIL},
    {"UPDATE authorization SET status = 'odd'", find_order, STATUS_DETAIL},
    {"UPDATE authorization SET status = 'odd'", find_authorization, STATUS_DETAIL},
    {"UPDATE authorization SET challenge = 'odd'", find_authorization, STATUS_DETAIL},
    {"UPDATE crl_mark SET number = zeroblob(19)", find_mark, " has a mark of a CRL that cannot be"},
    {"UPDATE crl_mark SET number = zeroblob(21)", find_mark, " has a mark of a CRL that cannot be"},
    {"UPDATE crl_mark SET digest = x''", find_mark, " has a mark of a CRL that cannot be"},
    {"UPDATE crl_mark SET digest = zeroblob(33)", find_mark, " has a mark of a CRL that cannot be"},
};

START_TEST(find_of_what_has_another_size_fails)
{
	char sql[256];

	unit_ok(damages[_i].find(), &err);
	(void)snprintf(sql, sizeof sql, UNCHECKED "%s", damages[_i].sql);
	ck_assert_int_eq(store_tamper_try(STORE_ACME, directory, sql), SQLITE_OK);
	ck_assert_int_eq(damages[_i].find(), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_eq(strstr(err.detail, store_place(store)), err.detail);
	ck_assert_str_eq(err.detail + strlen(store_place(store)), damages[_i].detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("damaged");
	TCase *tc = tcase_create("damaged");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, find_of_what_has_another_size_fails, 0,
	    (int)(sizeof damages / sizeof damages[0]));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
