/* How many refusals go on record, and which; the table alone, without a store. */
#include "config.h"

#include <string.h>

#include "attestation/keeper/refusals.h"
#include "store/store.h"
#include "unit.h"

static struct refusals *refusals;

static void
setup(void)
{
	refusals = refusals_new(NULL);
}

static void
teardown(void)
{
	refusals_free(refusals);
}

/* True when it is recorded; how many were skipped must be `wanted` then. */
static bool
admit(uint8_t device, enum error_kind kind, int64_t now_ms, uint64_t wanted)
{
	uint8_t  hash[STORE_HASH_SIZE] = {0, device};
	uint64_t skipped = 99;
	bool     admitted =
	    refusals_admit(refusals, device != 0 ? hash : NULL, kind, now_ms, &skipped);

	ck_assert_uint_eq(skipped, admitted ? wanted : 0);
	return admitted;
}

START_TEST(admit_one_a_minute_of_a_device_and_kind)
{
	ck_assert(admit(1, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(!admit(1, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(!admit(1, ERROR_DEVICE_DISABLED, 60999, 0));
	ck_assert(admit(1, ERROR_DEVICE_DISABLED, 61000, 2));
	ck_assert(!admit(1, ERROR_DEVICE_DISABLED, 61001, 0));
	ck_assert(admit(1, ERROR_DEVICE_DISABLED, 200000, 1));
}
END_TEST

START_TEST(admit_others_beside_it)
{
	ck_assert(admit(1, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(admit(1, ERROR_EK_UNTRUSTED, 1000, 0));
	ck_assert(admit(2, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(admit(0, ERROR_UNKNOWN_SECRET, 1000, 0));
	ck_assert(!admit(0, ERROR_UNKNOWN_SECRET, 1000, 0));
}
END_TEST

START_TEST(admit_so_many_of_all_and_then_one_a_minute)
{
	size_t admitted = 0;

	for (int device = 1; device <= 200; device++)
		admitted += admit((uint8_t)device, ERROR_DEVICE_DISABLED, 1000 + device, 0);
	ck_assert_uint_eq(admitted, REFUSALS_BURST);
	/* The next has the count of those that were not. */
	ck_assert(!admit(255, ERROR_DEVICE_DISABLED, 60999, 0));
	ck_assert(admit(255, ERROR_DEVICE_DISABLED, 70000, 201 - REFUSALS_BURST));
	ck_assert(!admit(254, ERROR_DEVICE_DISABLED, 70000, 0));
	ck_assert(admit(254, ERROR_DEVICE_DISABLED, 130000, 1));
	/* After an hour of peace all is as at first. */
	admitted = 0;
	for (int device = 1; device <= 200; device++)
		admitted += admit((uint8_t)device, ERROR_EK_UNTRUSTED, 130000 + 3600000, 0);
	ck_assert_uint_eq(admitted, REFUSALS_BURST);
}
END_TEST

/* Two devices that share a place: hashes that differ behind the first two octets. */
START_TEST(admit_who_finds_its_place_taken_waits)
{
	uint8_t  one[STORE_HASH_SIZE] = {7, 7, 1};
	uint8_t  other[STORE_HASH_SIZE] = {7, 7, 2};
	uint64_t skipped;

	ck_assert(refusals_admit(refusals, one, ERROR_DEVICE_DISABLED, 1000, &skipped));
	ck_assert(!refusals_admit(refusals, other, ERROR_DEVICE_DISABLED, 1000, &skipped));
	ck_assert(refusals_admit(refusals, other, ERROR_DEVICE_DISABLED, 61000, &skipped));
	ck_assert_uint_eq(skipped, 1);
}
END_TEST

static Suite *
refusals_suite(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tc = tcase_create("admit");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, admit_one_a_minute_of_a_device_and_kind);
	tcase_add_test(tc, admit_others_beside_it);
	tcase_add_test(tc, admit_so_many_of_all_and_then_one_a_minute);
	tcase_add_test(tc, admit_who_finds_its_place_taken_waits);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(refusals_suite());
}
