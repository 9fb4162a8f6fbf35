/* The CRL of attest-acmed: whom it names, its numbers, and what was there before it had a counter. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/keeper/crl_source.h"
#include "ca/crl.h"
#include "ca/files.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "store_acme_schema.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"

#define LIFETIME (7 * PKI_DAY)

static char               dir[SCRATCH_SIZE];
static struct folder      state;
static struct store      *store;
static struct pki         pki;
static struct crl_keeper *crl;
static struct error       err;

static void
open_all(void)
{
	unit_ok(store_acme_open(dir, &store, &err), &err);
	crl = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_acme(), 0, &pki.issuing, LIFETIME);
}

static void
setup(void)
{
	scratch_make(dir);
	unit_ok(folder_open(dir, &state, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
}

static void
setup_new(void)
{
	setup();
	unit_ok(store_acme_create(dir, &err), &err);
	open_all();
}

static void
teardown(void)
{
	crl_keeper_free(crl);
	crl = NULL;
	store_close(store);
	store = NULL;
	pki_clear(&pki);
	folder_close(&state);
	scratch_remove(dir);
}

static void
add(uint16_t serial, int64_t not_after, bool revoked)
{
	struct store_issued issued = {
	    .serial = {0x40, (uint8_t)(serial >> 8), (uint8_t)serial},
	    .serial_size = 3,
	    .names = memory_strdup("laptop"),
	    .not_after = not_after,
	};

	unit_ok(store_id_draw(issued.id, &err), &err);
	bytes_append(&issued.der, "der", 3);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	if (revoked)
		unit_ok(store_issued_revoke(store, issued.id, PKI_NOW, 1, &err), &err);
	store_issued_clear(&issued);
}

static bool
refresh(int64_t now)
{
	bool fresh = false;

	unit_ok(crl_keeper_refresh(crl, store, now, &fresh, &err), &err);
	return fresh;
}

static size_t
count(void)
{
	return crl_keeper_content(crl)->revoked.size / sizeof(struct ca_revoked);
}

static int64_t
revocations(void)
{
	int64_t value = -1;

	unit_ok(store_acme_revocations(store, &value, &err), &err);
	return value;
}

START_TEST(refresh_signs_when_it_must_and_else_not)
{
	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(count(), 0);
	ck_assert(!refresh(PKI_NOW));
	ck_assert(!refresh(PKI_NOW + LIFETIME / 2 - 1));
	ck_assert(refresh(PKI_NOW + LIFETIME / 2));
	add(1, PKI_NOW + 5 * PKI_DAY, false);
	ck_assert(!refresh(PKI_NOW + LIFETIME / 2));
	add(2, PKI_NOW + 5 * PKI_DAY, true); /* by this connection, which counts like any other */
	ck_assert(refresh(PKI_NOW + LIFETIME / 2));
	ck_assert_uint_eq(count(), 1);
	ck_assert(!refresh(PKI_NOW + LIFETIME / 2));
}
END_TEST

/* RFC 5280 section 3.3: on one more CRL than it is valid for. */
START_TEST(certificate_that_expired_is_named_once_more)
{
	add(1, PKI_NOW + 100, true);
	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(count(), 1);
	ck_assert(!refresh(PKI_NOW + 101)); /* that it expires is no reason to sign */
	ck_assert(refresh(PKI_NOW + LIFETIME / 2));
	ck_assert_uint_eq(count(), 1);
	ck_assert(refresh(PKI_NOW + LIFETIME));
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(numbers_grow_within_a_second_and_when_the_clock_goes_back)
{
	uint64_t before;

	ck_assert(refresh(PKI_NOW));
	before = crl_keeper_content(crl)->number;
	add(1, PKI_NOW + PKI_DAY, true);
	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(crl_keeper_content(crl)->number, before + 1);
	ck_assert(refresh(PKI_NOW - 100));
	ck_assert_uint_eq(crl_keeper_content(crl)->number, before + 2);
	ck_assert_int_eq(crl_keeper_content(crl)->this_update, PKI_NOW - 100);
}
END_TEST

START_TEST(revocations_count_what_revokes_alone)
{
	struct store_issued issued;
	int64_t             before = revocations();
	uint8_t             serial[] = {0x40, 0, 1};

	add(1, PKI_NOW + PKI_DAY, false);
	ck_assert_int_eq(revocations(), before);
	unit_ok(store_issued_find_serial(store, (struct view){serial, sizeof serial}, &issued, &err),
	    &err);
	unit_ok(store_issued_revoke(store, issued.id, PKI_NOW, 0, &err), &err);
	ck_assert_int_eq(revocations(), before + 1);
	ck_assert_int_eq(store_issued_revoke(store, issued.id, PKI_NOW, 0, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_ALREADY_REVOKED);
	ck_assert_int_eq(revocations(), before + 1);
	store_issued_clear(&issued);
}
END_TEST

/* Version 2, as it was written then; with an account, and certificates of which one is revoked. */
static const char version_2[] =
    ACME_SCHEMA_1
    "ALTER TABLE authorization ADD COLUMN chain BLOB;"
    "PRAGMA user_version = 2;"
    "INSERT INTO account VALUES (1, 'an-account', 'valid', '{}', 'print', '', 0, 1700000000);"
    "INSERT INTO orders VALUES (1, 'an-order', 1, 'ready', 1700000000, 4000000000, 0, 0, NULL, NULL,"
    " NULL);"
    "INSERT INTO authorization VALUES (1, 'attested', 1, 0, 'permanent-identifier', 'laptop', 'valid',"
    " 'valid', 'token', 4000000000, 1700000000, NULL, NULL, x'30', 'ek=1', x'30');"
    "INSERT INTO authorization VALUES (2, 'open', 1, 1, 'permanent-identifier', 'desktop', 'pending',"
    " 'pending', 'token', 4000000000, 0, NULL, NULL, NULL, NULL, NULL);"
    "INSERT INTO certificate VALUES (1, 'good', 'an-account', 'o', x'41', 'laptop', '',"
    " zeroblob(32), x'30', 1, 4000000000, 0, 0);"
    "INSERT INTO certificate VALUES (2, 'bad', 'an-account', 'o', x'42', 'laptop', '',"
    " zeroblob(32), x'30', 1, 4000000000, 1700000000, 4);"
    "COMMIT;";

static void
setup_version_2(void)
{
	setup();
	ck_assert_int_eq(store_tamper_try(STORE_ACME, dir, version_2), SQLITE_OK);
}

/* The CRL that was signed before, by the clock. */
static void
write_crl(uint64_t number)
{
	AUTO_BYTES der = {0};

	unit_ok(ca_crl_create(&pki.issuing, number, NULL, 0, PKI_NOW, LIFETIME, &der, &err), &err);
	pki_write(dir, STATE_ISSUING_CRL, der.data, der.size);
}

static void
check_content(void)
{
	struct store_account       account;
	struct store_authorization authorization;
	struct store_issued        issued;

	unit_ok(store_account_find(store, "an-account", &account, &err), &err);
	ck_assert_int_eq(account.created, 1700000000);
	store_account_clear(&account);
	/* There was one format when it was not kept yet. */
	unit_ok(store_authorization_find(store, "attested", &authorization, &err), &err);
	ck_assert_str_eq(authorization.format, "tpm");
	ck_assert_uint_eq(authorization.chain.size, 1);
	store_authorization_clear(&authorization);
	unit_ok(store_authorization_find(store, "open", &authorization, &err), &err);
	ck_assert_ptr_null(authorization.format);
	store_authorization_clear(&authorization);
	unit_ok(store_issued_find(store, "bad", &issued, &err), &err);
	ck_assert_int_eq(issued.revoked, 1700000000);
	ck_assert_int_eq(issued.reason, 4);
	store_issued_clear(&issued);
	unit_ok(store_issued_find(store, "good", &issued, &err), &err);
	ck_assert_int_eq(issued.revoked, 0);
	store_issued_clear(&issued);
}

START_TEST(version_2_keeps_its_content_and_names_who_was_revoked)
{
	open_all();
	check_content();
	ck_assert(refresh(PKI_NOW));
	ck_assert_uint_eq(count(), 1);
	store_close(store);
	unit_ok(store_acme_open(dir, &store, &err), &err);
	check_content();
	ck_assert(!refresh(PKI_NOW));
}
END_TEST

/* Of the file's number (ahead of the clock, behind it) and the clock, whichever is the greater. */
static const int64_t file_numbers[] = {-1000, 1000000};

START_TEST(version_2_goes_on_above_the_numbers_of_the_clock)
{
	int64_t before = clock_now();

	write_crl((uint64_t)(before + file_numbers[_i]));
	open_all();
	ck_assert(refresh(PKI_NOW + 1));
	ck_assert_int_gt((int64_t)crl_keeper_content(crl)->number, before);
	ck_assert_int_gt((int64_t)crl_keeper_content(crl)->number, before + file_numbers[_i]);
	ck_assert(!refresh(PKI_NOW + 2));
}
END_TEST

START_TEST(version_2_without_a_crl_goes_on_above_the_clock)
{
	int64_t before = clock_now();

	open_all();
	ck_assert(refresh(PKI_NOW));
	ck_assert_int_gt((int64_t)crl_keeper_content(crl)->number, before);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_crl_source");
	TCase *tc = tcase_create("crl");

	tcase_add_checked_fixture(tc, setup_new, teardown);
	tcase_add_test(tc, refresh_signs_when_it_must_and_else_not);
	tcase_add_test(tc, certificate_that_expired_is_named_once_more);
	tcase_add_test(tc, numbers_grow_within_a_second_and_when_the_clock_goes_back);
	tcase_add_test(tc, revocations_count_what_revokes_alone);
	suite_add_tcase(suite, tc);
	tc = tcase_create("upgrade");
	tcase_add_checked_fixture(tc, setup_version_2, teardown);
	tcase_add_test(tc, version_2_keeps_its_content_and_names_who_was_revoked);
	tcase_add_loop_test(tc, version_2_goes_on_above_the_numbers_of_the_clock, 0,
	    sizeof file_numbers / sizeof file_numbers[0]);
	tcase_add_test(tc, version_2_without_a_crl_goes_on_above_the_clock);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
