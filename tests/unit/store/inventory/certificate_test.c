/* The certificates of a store: added, listed, and revoked when their device is removed. */
#include "config.h"

#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store_devices.h"

static struct store_certificate
certificate(uint8_t serial, uint8_t first, int64_t not_after)
{
	return (struct store_certificate){.serial = {0x40, serial},
	    .serial_size = 20,
	    .ek_hash = {first},
	    .ak_name = {0x00, 0x0b, serial},
	    .ak_name_size = 34,
	    .not_before = NOW,
	    .not_after = not_after};
}

static int
add_certificate(uint8_t serial, uint8_t first, int64_t not_after)
{
	struct store_certificate c = certificate(serial, first, not_after);

	return store_certificate_add(store, &c, revision_of(first), &err);
}

/* Certificates and removal. */

struct records {
	struct store_certificate all[8];
	size_t                   count;
};

static bool
see_certificate(const struct store_certificate *c, void *arg)
{
	struct records *records = arg;

	records->all[records->count++] = *c;
	return records->count < 8;
}

START_TEST(certificate_add_is_listed_oldest_first)
{
	uint8_t        hash[STORE_HASH_SIZE] = {1};
	struct records records = {.count = 0};

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	unit_ok(add_certificate(9, 1, NOW + 90), &err);
	unit_ok(add_certificate(5, 2, NOW + 90), &err);
	unit_ok(add_certificate(3, 1, NOW + 30), &err);
	unit_ok(store_certificate_list(store, hash, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 2);
	ck_assert_uint_eq(records.all[0].serial[1], 9);
	ck_assert_uint_eq(records.all[1].serial[1], 3);
	ck_assert_uint_eq(records.all[1].serial_size, 20);
	ck_assert_mem_eq(records.all[1].ek_hash, hash, STORE_HASH_SIZE);
	ck_assert_uint_eq(records.all[1].ak_name_size, 34);
	ck_assert_uint_eq(records.all[1].ak_name[2], 3);
	ck_assert_int_eq(records.all[1].not_before, NOW);
	ck_assert_int_eq(records.all[1].not_after, NOW + 30);
	ck_assert_int_eq(records.all[1].revoked, 0);
}
END_TEST

START_TEST(certificate_add_for_absent_device_is_not_enrolled)
{
	struct store_certificate c = certificate(1, 1, NOW + 90);

	ck_assert_int_eq(store_certificate_add(store, &c, 1, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
}
END_TEST

START_TEST(certificate_add_for_disabled_device_is_refused)
{
	unit_ok(enroll(1, 0, NULL), &err);
	meddle("UPDATE device SET enabled = 0");
	unit_fails(add_certificate(1, 1, NOW + 90), &err, ERROR_DEVICE_DISABLED,
	    "device " HASH_1 " is disabled");
}
END_TEST

START_TEST(certificate_add_for_device_enrolled_anew_is_conflict)
{
	uint8_t                  hash[STORE_HASH_SIZE] = {1};
	struct store_certificate c = certificate(1, 1, NOW + 90);
	int64_t                  revision;

	unit_ok(enroll(1, 0, NAMES("before")), &err);
	revision = revision_of(1);
	unit_ok(store_device_remove(store, hash, NOW, &err), &err);
	unit_ok(enroll(1, 0, NAMES("after")), &err);
	ck_assert_int_gt(revision_of(1), revision);
	unit_fails(store_certificate_add(store, &c, revision, &err), &err, ERROR_CONFLICT,
	    "device " HASH_1 " was changed while it attested; let it attest again");
}
END_TEST

START_TEST(certificate_add_of_impossible_size_is_refused)
{
	struct store_certificate c = certificate(1, 1, NOW + 90);

	unit_ok(enroll(1, 0, NULL), &err);
	c.serial_size = 0;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "a serial number of 0 octets");
	c.serial_size = STORE_SERIAL_MAX + 1;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "a serial number of 21 octets");
	c = certificate(1, 1, NOW + 90);
	c.ak_name_size = 0;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "an AK Name of 0 octets");
	c.ak_name_size = STORE_NAME_MAX + 1;
	unit_fails(store_certificate_add(store, &c, 1, &err), &err, ERROR_INTERNAL,
	    "an AK Name of 67 octets");
}
END_TEST

START_TEST(certificate_add_serial_again_is_refused)
{
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	ck_assert_int_eq(add_certificate(1, 1, NOW + 90), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
}
END_TEST

START_TEST(remove_device_revokes_and_frees_its_names)
{
	uint8_t             hash[STORE_HASH_SIZE] = {1};
	struct records      records = {.count = 0};
	struct store_device found;

	unit_ok(enroll(1, 0, NAMES("laptop")), &err);
	unit_ok(enroll(2, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	unit_ok(add_certificate(2, 1, NOW + 30), &err);
	unit_ok(add_certificate(3, 2, NOW + 90), &err);
	unit_ok(store_device_remove(store, hash, NOW + 10, &err), &err);
	ck_assert_int_eq(store_device_resolve(store, "laptop", &found, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);

	unit_ok(store_revoked_list(store, 0, NOW + 30, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 2);
	ck_assert_uint_eq(records.all[0].serial[1], 2);
	ck_assert_uint_eq(records.all[1].serial[1], 1);
	ck_assert_int_eq(records.all[0].revoked, NOW + 10);
	records.count = 0;
	unit_ok(store_revoked_list(store, 0, NOW + 31, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 1);

	unit_ok(enroll(3, 0, NAMES("laptop")), &err);
	unit_fails(store_device_remove(store, hash, NOW + 20, &err), &err, ERROR_NOT_ENROLLED,
	    "EK " HASH_1 " is not enrolled; run \"attest-ca enroll " HASH_1 "\"");
}
END_TEST

START_TEST(remove_again_keeps_the_first_date)
{
	uint8_t        hash[STORE_HASH_SIZE] = {1};
	struct records records = {.count = 0};

	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(add_certificate(1, 1, NOW + 90), &err);
	unit_ok(store_device_remove(store, hash, NOW + 10, &err), &err);
	unit_ok(enroll(1, 0, NULL), &err);
	unit_ok(store_device_remove(store, hash, NOW + 20, &err), &err);
	unit_ok(store_certificate_list(store, hash, see_certificate, &records, &err), &err);
	ck_assert_uint_eq(records.count, 1);
	ck_assert_int_eq(records.all[0].revoked, NOW + 10);
}
END_TEST

static TCase *
case_of_certificates(void)
{
	TCase *tc = tcase_create("certificates");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, certificate_add_is_listed_oldest_first);
	tcase_add_test(tc, certificate_add_for_absent_device_is_not_enrolled);
	tcase_add_test(tc, certificate_add_for_disabled_device_is_refused);
	tcase_add_test(tc, certificate_add_for_device_enrolled_anew_is_conflict);
	tcase_add_test(tc, certificate_add_of_impossible_size_is_refused);
	tcase_add_test(tc, certificate_add_serial_again_is_refused);
	tcase_add_test(tc, remove_device_revokes_and_frees_its_names);
	tcase_add_test(tc, remove_again_keeps_the_first_date);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("store_certificate");

	suite_add_tcase(suite, case_of_certificates());
	return unit_run(suite);
}
