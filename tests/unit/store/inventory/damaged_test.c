/*
 * Columns of another size than the schema lets in, as somebody makes them who has the file
 * and switches its checks off: what reads them copies no more than there is room for.
 */
#include "config.h"

#include <string.h>

#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/issuer.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store_devices.h"

#define UNCHECKED "PRAGMA ignore_check_constraints = 1; "

static const uint8_t own[STORE_HASH_SIZE] = {1};

/* A device with a certificate, and an EK that waits. */
static void
fill(void)
{
	struct store_certificate certificate = {.serial = {0x40}, .serial_size = 20, .ek_hash = {1},
	    .ak_name = {0x00, 0x0b}, .ak_name_size = 34, .not_before = NOW, .not_after = NOW + 90};
	struct store_waiting     entry = {.ek_hash = {2}, .peer = "192.0.2.9", .source = "192.0.2.9", .times = 1};
	struct waiting_shares   *shares = waiting_shares_new();
	bool                     denied = false;

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(store_certificate_add(store, &certificate, revision_of(1), &err), &err);
	unit_ok(store_waiting_add(store, &entry, 10, NOW, shares, &denied, &err), &err);
	waiting_shares_free(shares);
}

static bool
device_cb(const struct store_device *device, void *arg)
{
	(void)device;
	++*(int *)arg;
	return true;
}

static int
list_devices(int *count)
{
	return store_device_list(store, device_cb, count, &err);
}

static int
find_device(int *count)
{
	struct store_device found;
	int                 rc = store_device_find(store, own, &found, &err);

	if (rc == 0)
		*count = 1;
	store_device_clear(&found);
	return rc;
}

static bool
waiting_cb(const struct store_waiting *entry, void *arg)
{
	static const uint8_t none[sizeof entry->evidence.root];

	ck_assert_mem_eq(entry->evidence.root, none, sizeof none);
	++*(int *)arg;
	return true;
}

static int
list_waiting(int *count)
{
	return store_waiting_list(store, false, waiting_cb, count, &err);
}

static bool
certificate_cb(const struct store_certificate *certificate, void *arg)
{
	(void)certificate;
	++*(int *)arg;
	return true;
}

static int
list_certificates(int *count)
{
	return store_certificate_list(store, own, certificate_cb, count, &err);
}

static const struct {
	const char *sql;
	int (*list)(int *count);
	const char *detail; /* behind the store's place */
} damages[] = {
    {UNCHECKED "UPDATE device SET ek_hash = x'01'", list_devices, " has a hash of another size"},
    {UNCHECKED "UPDATE device SET ek_hash = zeroblob(33)", list_devices, " has a hash of another size"},
    {UNCHECKED "UPDATE waiting SET ek_hash = x'01'", list_waiting, " has a hash of another size"},
    {UNCHECKED "UPDATE waiting SET ek_hash = zeroblob(33)", list_waiting, " has a hash of another size"},
    {UNCHECKED "UPDATE certificate SET serial = x''", list_certificates, " has a certificate that cannot be"},
    {UNCHECKED "UPDATE certificate SET serial = zeroblob(21)", list_certificates,
        " has a certificate that cannot be"},
    {UNCHECKED "UPDATE certificate SET ak_name = x''", list_certificates,
        " has a certificate that cannot be"},
    {UNCHECKED "UPDATE certificate SET ak_name = zeroblob(67)", list_certificates,
        " has a certificate that cannot be"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 33)"
     " INSERT INTO name (name, device, position, since) SELECT 'n' || i, 1, i, 0 FROM n",
        find_device, " has a device of more than 32 names"},
};

START_TEST(list_of_what_has_another_size_fails)
{
	int count = 0;

	fill();
	unit_ok(damages[_i].list(&count), &err);
	ck_assert_int_eq(count, 1);
	meddle(damages[_i].sql);
	count = 0;
	ck_assert_int_eq(damages[_i].list(&count), -1);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_eq(strstr(err.detail, store_place(store)), err.detail);
	ck_assert_str_eq(err.detail + strlen(store_place(store)), damages[_i].detail);
}
END_TEST

/* A root is what is known beside: what is none is left out. */
START_TEST(list_of_a_root_of_another_size_has_none)
{
	int count = 0;

	fill();
	meddle(UNCHECKED "UPDATE waiting SET root = x'aa'");
	unit_ok(list_waiting(&count), &err);
	meddle(UNCHECKED "UPDATE waiting SET root = randomblob(33)");
	unit_ok(list_waiting(&count), &err);
	ck_assert_int_eq(count, 2);
}
END_TEST

/* A word that is none of the verdicts trusts nothing. */
START_TEST(find_of_an_unknown_verdict_is_absent)
{
	static const struct store_evidence verified = {.verdict = STORE_VERDICT_VERIFIED};
	struct store_evidence              found;
	int64_t                            checked;

	fill();
	unit_ok(store_evidence_record(store, own, &verified, view_text("der"), NOW, &err), &err);
	meddle(UNCHECKED "UPDATE ek_certificate SET verdict = 'fine'");
	unit_ok(store_evidence_find(store, own, &found, &checked, &err), &err);
	ck_assert_int_eq((int)found.verdict, STORE_VERDICT_ABSENT);
}
END_TEST

START_TEST(use_of_an_issuer_without_a_key_identifier_is_refused)
{
	int64_t issuer = 0;

	unit_fails(store_issuer_use(store, view_text(""), view_text("certificate"), NOW, &issuer, &err), &err,
	    ERROR_INTERNAL, "an issuer without a key identifier or certificate");
	unit_fails(store_issuer_use(store, view_text("id"), view_text(""), NOW, &issuer, &err), &err,
	    ERROR_INTERNAL, "an issuer without a key identifier or certificate");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("damaged");
	TCase *tc = tcase_create("damaged");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, list_of_what_has_another_size_fails, 0,
	    (int)(sizeof damages / sizeof damages[0]));
	tcase_add_test(tc, list_of_a_root_of_another_size_has_none);
	tcase_add_test(tc, find_of_an_unknown_verdict_is_absent);
	tcase_add_test(tc, use_of_an_issuer_without_a_key_identifier_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
