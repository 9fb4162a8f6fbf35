/* ACME's stores of older versions: what was in them is there when this one has opened them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "store_acme_schema.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/error.h"

/* An account, an order with its authorization, and a certificate of another order. */
#define CONTENT                                                                               \
	"INSERT INTO account (id, name, status, jwk, thumbprint, contacts, terms_agreed,"     \
	" created) VALUES (7, 'account-7', 'valid', '{}', 'thumbprint-7', 'mailto:a@b', 1,"   \
	" 1700000000);"                                                                       \
	"INSERT INTO orders (id, name, account, status, created, expires, not_before,"        \
	" not_after) VALUES (3, 'order-3', 7, 'ready', 1700000000, 1700003600, 0, 0);"        \
	"INSERT INTO \"authorization\" (id, name, from_order, position, type, value, status," \
	" challenge, token, expires, validated, key, witness) VALUES (4, 'authorization-4',"  \
	" 3, 0, 'permanent-identifier', 'laptop', 'valid', 'valid', 'token-4', 1700003600,"   \
	" 1700000001, x'3000', 'AK certificate 01');"                                         \
	"INSERT INTO certificate (id, name, account, from_order, serial, names, witness,"     \
	" key_hash, der, not_before, not_after, revoked, reason) VALUES (5, 'certificate-5'," \
	" 'account-7', 'order-2', x'0102', 'laptop', 'AK certificate 01', zeroblob(32),"      \
	" x'3000', 1, 1800000000, 5, 1);"

/* Version 1, as it was written then. */
static const char version_1[] =
    ACME_SCHEMA_1
    "PRAGMA user_version = 1;" CONTENT "COMMIT;";

/* Makes a store of this version one of version 6, which did not know who had attested. */
#define VERSION_6                                                                 \
	"DROP INDEX account_newcomer; ALTER TABLE account DROP COLUMN attested;"  \
	"PRAGMA user_version = 6;"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	store_close(store);
	store = NULL;
	scratch_remove(directory);
}

static void
acme_tamper(const char *sql)
{
	ck_assert_int_eq(store_tamper_try(STORE_ACME, directory, sql), SQLITE_OK);
}

/* The text that SQL finds; the caller frees it. */
static char *
text_of(const char *place, const char *sql)
{
	sqlite3      *db = store_tamper_open(STORE_ACME, place);
	sqlite3_stmt *statement = NULL;
	char         *text;

	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	text = memory_strdup((const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return text;
}

static bool
issued_cb(const struct store_issued *issued, void *arg)
{
	ck_assert_str_eq(issued->id, "certificate-5");
	ck_assert_str_eq(issued->order, "order-2");
	ck_assert_uint_eq(issued->serial_size, 2);
	ck_assert_int_eq(issued->not_after, 1800000000);
	ck_assert_int_eq(issued->revoked, 5);
	ck_assert_int_eq(issued->reason, 1);
	ck_assert_uint_eq(issued->chain.size, 0);
	ck_assert_uint_eq(issued->ak_serial.size, 0);
	++*(int *)arg;
	return true;
}

static void
check_content(void)
{
	struct store_account account = {0};
	struct store_order   order = {0};
	int                  certificates = 0;

	unit_ok(store_account_find_key(store, "thumbprint-7", &account, &err), &err);
	ck_assert_str_eq(account.id, "account-7");
	ck_assert_int_eq((int)account.status, STATUS_VALID);
	ck_assert_uint_eq(account.contact_count, 1);
	ck_assert_int_eq(account.created, 1700000000);
	store_account_clear(&account);
	unit_ok(store_order_find(store, "order-3", &order, &err), &err);
	ck_assert_str_eq(order.account, "account-7");
	ck_assert_int_eq((int)order.status, STATUS_READY);
	ck_assert_uint_eq(order.authorization_count, 1);
	ck_assert_str_eq(order.authorizations[0].value, "laptop");
	ck_assert_str_eq(order.authorizations[0].witness, "AK certificate 01");
	store_order_clear(&order);
	unit_ok(store_issued_list(store, issued_cb, &certificates, &err), &err);
	ck_assert_int_eq(certificates, 1);
}

START_TEST(open_version_1_keeps_its_content)
{
	acme_tamper(version_1);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	check_content();
	store_close(store);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	check_content();
}
END_TEST

START_TEST(open_version_1_twice_at_once_upgrades_once)
{
	struct store *other = NULL;

	acme_tamper(version_1);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	unit_ok(store_acme_open(directory, &other, &err), &err);
	check_content();
	store_close(other);
}
END_TEST

/* Accounts of before are kept as such that attested, and new ones are newcomers. */
START_TEST(open_version_6_displaces_no_account_of_before)
{
	struct store_account fresh = {.status = STATUS_VALID, .created = 1700000000};
	struct store_account found = {0};

	unit_ok(store_acme_create(directory, &err), &err);
	acme_tamper(VERSION_6 CONTENT);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	check_content();
	unit_ok(store_account_displace(store, "account-7", &err), &err);
	check_content();
	fresh.jwk = memory_strdup("{}");
	(void)snprintf(fresh.id, sizeof fresh.id, "account-8");
	(void)snprintf(fresh.thumbprint, sizeof fresh.thumbprint, "thumbprint-8");
	unit_ok(store_account_add(store, &fresh, &err), &err);
	unit_ok(store_account_displace(store, "account-8", &err), &err);
	ck_assert_int_eq(store_account_find(store, "account-8", &found, &err), -1);
	store_account_clear(&fresh);
}
END_TEST

/* What the newest version makes of an old store and of none has the same tables. */
START_TEST(open_version_1_makes_the_tables_of_a_new_store)
{
	static const char of_columns[] =
	    "SELECT group_concat(name || '.' || column_name, ' ') FROM (SELECT m.name,"
	    " p.name AS column_name FROM sqlite_schema m JOIN pragma_table_info(m.name) p"
	    " WHERE m.type = 'table' ORDER BY m.name, p.name)";
	char  other[SCRATCH_SIZE];
	char *upgraded;
	char *fresh;

	acme_tamper(version_1);
	unit_ok(store_acme_open(directory, &store, &err), &err);
	scratch_make(other);
	unit_ok(store_acme_create(other, &err), &err);
	upgraded = text_of(directory, of_columns);
	fresh = text_of(other, of_columns);
	ck_assert_str_eq(upgraded, fresh);
	ck_assert_ptr_nonnull(strstr(fresh, "account.attested"));
	free(upgraded);
	free(fresh);
	scratch_remove(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upgrade_acme");
	TCase *tc = tcase_create("upgrade");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_version_1_keeps_its_content);
	tcase_add_test(tc, open_version_1_twice_at_once_upgrades_once);
	tcase_add_test(tc, open_version_6_displaces_no_account_of_before);
	tcase_add_test(tc, open_version_1_makes_the_tables_of_a_new_store);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
