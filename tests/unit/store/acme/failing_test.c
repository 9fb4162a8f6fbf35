/* Every step of what attest-acmed's store does, with allocations of SQLite failing and with each statement. */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "failing_sql.h"
#include "store/acme/acme.h"
#include "store_failing.h"
#include "util/bytes.h"

#define ID_1 "aaaaaaaaaaaaaaaaaaaaaa"
#define ID_2 "bbbbbbbbbbbbbbbbbbbbbb"
#define ID_3 "cccccccccccccccccccccc"
#define ID_4 "dddddddddddddddddddddd"

/* Named so by the linker. */
ssize_t __real_getrandom(void *data, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *data, size_t size, unsigned flags);
ssize_t
__wrap_getrandom(void *data, size_t size, unsigned flags)
{
	if (!failing_now())
		return __real_getrandom(data, size, flags);
	errno = ENOSYS;
	return -1;
}

static int
id_draw(struct error *err)
{
	char id[STORE_ID_SIZE];

	return store_id_draw(id, err);
}

static int
account_add(struct error *err)
{
	struct store_account account = {.id = ID_1, .status = STATUS_VALID, .jwk = TEXT("{}"), .thumbprint = "thumb",
	    .contacts = {TEXT("mailto:a@b.example")}, .contact_count = 1, .terms_agreed = true, .created = NOW};

	return store_account_add(store, &account, err);
}

static bool
count_account(const struct store_account *account, void *arg)
{
	ck_assert_str_eq(account->id, ID_1);
	++*(int *)arg;
	return true;
}

static int
account_look(struct error *err)
{
	struct store_account account;
	uint64_t             number = 0;
	int                  count = 0;

	if (store_account_find(store, ID_1, &account, err) != 0)
		return -1;
	ck_assert_uint_eq(account.contact_count, 1);
	store_account_clear(&account);
	if (store_account_find_key(store, "thumb", &account, err) != 0)
		return -1;
	store_account_clear(&account);
	if (store_account_count(store, NOW - 1, NOW, &number, err) != 0 ||
	    store_account_list(store, count_account, &count, err) != 0)
		return -1;
	ck_assert_uint_eq(number, 1);
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
order_add(struct error *err)
{
	struct store_order order = {.id = ID_2, .account = ID_1, .status = STATUS_PENDING, .created = NOW,
	    .expires = NOW + 100, .authorization_count = 1};

	order.authorizations[0] = (struct store_authorization){.id = ID_3, .account = ID_1, .order = ID_2,
	    .type = TEXT("permanent-identifier"), .value = TEXT("laptop"), .status = STATUS_PENDING,
	    .challenge = STATUS_PENDING, .token = ID_4, .expires = NOW + 100};
	return store_order_add(store, &order, err);
}

static bool
count_order(const struct store_order *order, void *arg)
{
	(void)order;
	++*(int *)arg;
	return true;
}

static void
note_unattested(const char *id, const char *account, int64_t created, void *arg)
{
	(void)id;
	(void)account;
	(void)created;
	++*(int *)arg;
}

static int
order_look(struct error *err)
{
	struct store_order         order;
	struct store_authorization authorization;
	uint64_t                   number = 0;
	int64_t                    oldest;
	int                        count = 0;

	if (store_order_find(store, ID_2, &order, err) != 0)
		return -1;
	ck_assert_uint_eq(order.authorization_count, 1);
	store_order_clear(&order);
	if (store_authorization_find(store, ID_3, &authorization, err) != 0)
		return -1;
	store_authorization_clear(&authorization);
	if (store_order_count(store, ID_1, NOW - 1, NOW, &number, &oldest, err) != 0 ||
	    store_order_unattested(store, note_unattested, &count, err) != 0 ||
	    store_order_list(store, ID_1, "", count_order, &count, err) != 0 ||
	    (store_authorization_held(store, ID_1, "laptop", NOW, &authorization, err) != 0 &&
	        err->kind != ERROR_NOT_FOUND))
		return -1;
	store_authorization_clear(&authorization);
	ck_assert_uint_eq(number, 1);
	ck_assert_int_eq(count, 2);
	return 0;
}

static int
authorization_attest(struct error *err)
{
	struct store_authorization authorization;
	int                        rc = store_authorization_find(store, ID_3, &authorization, err);

	if (rc != 0)
		return -1;
	authorization.status = authorization.challenge = STATUS_VALID;
	authorization.validated = NOW;
	authorization.format = memory_strdup("tpm");
	authorization.witness = memory_strdup("a TPM");
	bytes_append(&authorization.key, "key", 3);
	bytes_append(&authorization.chain, "chain", 5);
	rc = store_authorization_update(store, &authorization, STATUS_PENDING, err);
	store_authorization_clear(&authorization);
	return rc == 0 ? store_account_prove(store, ID_1, err) : -1;
}

static int
issue(struct error *err)
{
	struct store_issued issued = {.id = ID_4, .account = ID_1, .order = ID_2, .serial = {1, 2}, .serial_size = 2,
	    .names = TEXT("laptop\n"), .witness = TEXT("a TPM"), .not_before = NOW, .not_after = NOW + 100};
	int                 rc;

	bytes_append(&issued.der, "der", 3);
	bytes_append(&issued.chain, "chain", 5);
	bytes_append(&issued.ak_serial, "s", 1);
	rc = store_issued_add(store, &issued, err);
	bytes_clear(&issued.der);
	bytes_clear(&issued.chain);
	bytes_clear(&issued.ak_serial);
	return rc;
}

static bool
count_issued(const struct store_issued *issued, void *arg)
{
	ck_assert_str_eq(issued->id, ID_4);
	++*(int *)arg;
	return true;
}

static bool
count_name(const char *name, void *arg)
{
	ck_assert_ptr_nonnull(name);
	++*(int *)arg;
	return true;
}

static bool
count_attested(int64_t row, const char *id, struct view ak_serial, void *arg)
{
	(void)row;
	(void)id;
	(void)ak_serial;
	++*(int *)arg;
	return true;
}

static int
issued_look(struct error *err)
{
	struct store_issued issued;
	int                 count = 0;

	if (store_issued_find(store, ID_4, &issued, err) != 0)
		return -1;
	store_issued_clear(&issued);
	if (store_issued_find_serial(store, (struct view){(const uint8_t *)"\1\2", 2}, &issued, err) != 0)
		return -1;
	store_issued_clear(&issued);
	if (store_issued_list(store, count_issued, &count, err) != 0 ||
	    store_issued_list_since(store, NOW - 1, count_issued, &count, err) != 0 ||
	    store_issued_list_names(store, ID_1, count_name, &count, err) != 0 ||
	    store_issued_list_attested(store, NOW, 0, count_attested, &count, err) != 0)
		return -1;
	ck_assert_int_ge(count, 4);
	return 0;
}

static int
issued_revoke(struct error *err)
{
	int64_t revocations;
	int64_t number;
	int     count = 0;

	if (store_issued_revoke(store, ID_4, NOW, 1, err) != 0 ||
	    store_issued_list_revoked(store, NOW, count_issued, &count, err) != 0 ||
	    store_acme_revocations(store, &revocations, err) != 0 ||
	    store_acme_crl_number_next(store, 1, &number, err) != 0 ||
	    store_acme_crl_number_last(store, &number, err) != 0)
		return -1;
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
mark_crl(struct error *err)
{
	struct store_crl_mark mark = {.issuer = {9}, .name = TEXT("CA"), .has_number = true, .this_update = NOW};
	struct store_crl_mark found;

	bytes_append(&mark.certificate, "der", 3);
	if (store_crl_mark_put(store, &mark, err) != 0) {
		bytes_clear(&mark.certificate);
		return -1;
	}
	bytes_clear(&mark.certificate);
	if (store_crl_mark_find(store, mark.issuer, &found, err) != 0)
		return -1;
	ck_assert_str_eq(found.name, "CA");
	store_crl_mark_clear(&found);
	return 0;
}

static int
acme_sweep(struct error *err)
{
	const struct store_sweep sweep_all = {NOW + 1000, NOW + 1000, NOW + 1000, NOW + 1000};
	uint64_t                 removed = 0;

	return store_acme_sweep(store, &sweep_all, 100, &removed, err);
}

static int
order_change(struct error *err)
{
	struct store_order order;
	int                rc = store_order_find(store, ID_2, &order, err);

	if (rc != 0)
		return -1;
	order.status = STATUS_INVALID;
	order.problem = (struct store_problem){.kind = ERROR_UNAUTHORIZED, .detail = memory_strdup("no")};
	rc = store_order_update(store, &order, STATUS_PENDING, err);
	store_order_clear(&order);
	return rc == 0 ? store_order_displace(store, ID_2, err) : -1;
}

static int
account_change(struct error *err)
{
	struct store_account account;
	int                  rc = store_account_find(store, ID_1, &account, err);

	if (rc != 0)
		return -1;
	account.status = STATUS_DEACTIVATED;
	rc = store_account_update(store, &account, STATUS_VALID, err);
	store_account_clear(&account);
	return rc;
}

static step *const steps[] = {id_draw, account_add, account_look, order_add, order_look, authorization_attest, issue,
    issued_look, issued_revoke, mark_crl, order_change, account_change, acme_sweep};

START_TEST(acme_that_fails_says_so)
{
	scenario_fail(&(struct scenario){steps, _i, STORE_ACME, false});
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	failing_sql(SQLITE_IOERR);
	suite = suite_create("store/acme/failing");
	tcase = tcase_create("failing");
	tcase_add_loop_test(tcase, acme_that_fails_says_so, 0, sizeof steps / sizeof steps[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
