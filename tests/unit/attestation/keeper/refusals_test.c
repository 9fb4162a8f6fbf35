/* How many refusals go on record, and which; the table alone, without a store. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "attestation/keeper/refusals.h"
#include "service/keeper/call.h"
#include "store/store.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/source.h"

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
admit_from(const char *peer, uint8_t device, enum error_kind kind, int64_t now_ms, uint64_t wanted)
{
	uint8_t       hash[STORE_HASH_SIZE] = {0, device};
	struct source source = source_of_text(view_text(peer));
	uint64_t      skipped = 99;
	bool          admitted =
	    refusals_admit(refusals, device != 0 ? hash : NULL, &source, kind, now_ms, &skipped);

	ck_assert_uint_eq(skipped, admitted ? wanted : 0);
	return admitted;
}

static bool
admit(uint8_t device, enum error_kind kind, int64_t now_ms, uint64_t wanted)
{
	return admit_from("192.0.2.1:5", device, kind, now_ms, wanted);
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

/* Two devices whose hashes differ behind the first two octets: neither waits for the other. */
START_TEST(admit_two_devices_with_like_hashes)
{
	uint8_t       one[STORE_HASH_SIZE] = {7, 7, 1};
	uint8_t       other[STORE_HASH_SIZE] = {7, 7, 2};
	struct source source = source_of_text(view_text("192.0.2.1"));
	uint64_t      skipped;

	ck_assert(refusals_admit(refusals, one, &source, ERROR_DEVICE_DISABLED, 1000, &skipped));
	ck_assert(refusals_admit(refusals, other, &source, ERROR_DEVICE_DISABLED, 1000, &skipped));
	ck_assert(!refusals_admit(refusals, one, &source, ERROR_DEVICE_DISABLED, 60999, &skipped));
	ck_assert(refusals_admit(refusals, other, &source, ERROR_DEVICE_DISABLED, 61000, &skipped));
	ck_assert_uint_eq(skipped, 0);
}
END_TEST

/* Whoever asks for a machine, or guesses secrets, hides no other who does. */
START_TEST(admit_each_source_for_itself)
{
	ck_assert(admit_from("192.0.2.1:5", 1, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(admit_from("192.0.2.2:5", 1, ERROR_DEVICE_DISABLED, 1000, 0));
	ck_assert(!admit_from("192.0.2.1:6", 1, ERROR_DEVICE_DISABLED, 2000, 0));
	ck_assert(admit_from("192.0.2.1:5", 0, ERROR_UNKNOWN_SECRET, 2000, 0));
	ck_assert(admit_from("192.0.2.2:5", 0, ERROR_UNKNOWN_SECRET, 2000, 0));
	ck_assert(!admit_from("192.0.2.2:5", 0, ERROR_UNKNOWN_SECRET, 2000, 0));
}
END_TEST

/* One source, or one site, has used up what all have: others are recorded still. */
START_TEST(admit_a_quiet_source_after_a_flood)
{
	size_t admitted = 0;
	char   peer[64];

	for (int i = 0; i < 200; i++) {
		(void)snprintf(peer, sizeof peer, "[2001:db8:1:%x::1]:5", i);
		admitted += admit_from(_i == 0 ? "198.51.100.9:5" : peer, (uint8_t)(i + 1),
		    ERROR_DEVICE_DISABLED, 1000, 0);
	}
	ck_assert_uint_eq(admitted, REFUSALS_BURST);
	ck_assert(admit_from("192.0.2.1:5", 1, ERROR_DEVICE_DISABLED, 1001, 200 - REFUSALS_BURST));
	ck_assert(!admit_from("192.0.2.1:5", 2, ERROR_DEVICE_DISABLED, 1002, 0));
	admitted = 1;
	for (int i = 2; i < 100; i++) {
		(void)snprintf(peer, sizeof peer, "192.0.2.%d:5", i);
		admitted += admit_from(peer, 1, ERROR_DEVICE_DISABLED, 1003, i == 2 ? 1 : 0);
	}
	ck_assert_uint_eq(admitted, REFUSALS_QUIET_BURST);
}
END_TEST

/* More are recorded in an hour than are remembered: who has most is forgotten, and no other. */
START_TEST(admit_more_than_are_remembered)
{
	char   peer[64];
	size_t recorded = 0;

	for (int i = 0; i < 20; i++) {
		(void)snprintf(peer, sizeof peer, "192.0.2.%d:5", i);
		recorded += admit_from(peer, 1, ERROR_DEVICE_DISABLED, 0, 0);
	}
	for (int device = 1; device <= 40; device++)
		recorded += admit_from("198.51.100.9:5", (uint8_t)device, ERROR_DEVICE_DISABLED, 0, 0);
	for (int i = 0; i < REFUSALS_QUIET_BURST; i++) {
		(void)snprintf(peer, sizeof peer, "203.0.113.%d:5", i);
		recorded += admit_from(peer, 1, ERROR_DEVICE_DISABLED, 0, 0);
	}
	for (int minute = 1; minute < 60; minute++)
		recorded += admit_from("198.51.100.9:5", (uint8_t)(40 + minute), ERROR_DEVICE_DISABLED,
		    minute * INT64_C(60000), 0);
	ck_assert_uint_eq(recorded, 60 + REFUSALS_QUIET_BURST + 59);
	ck_assert_uint_gt(recorded, REFUSALS_PLACES);

	/* The first of all is not taken for quiet. */
	ck_assert(!admit_from("192.0.2.0:5", 2, ERROR_DEVICE_DISABLED, 59 * INT64_C(60000) + 1, 0));
	ck_assert(admit_from("192.0.2.99:5", 2, ERROR_DEVICE_DISABLED, 59 * INT64_C(60000) + 1, 1));
	/* After an hour it is. */
	ck_assert(admit_from("192.0.2.0:5", 2, ERROR_DEVICE_DISABLED, 3600000, 0));
}
END_TEST

/* What was counted for one that is forgotten is told with the next record. */
START_TEST(admit_after_an_hour_tells_what_was_counted)
{
	ck_assert(admit_from("192.0.2.1:5", 1, ERROR_DEVICE_DISABLED, 0, 0));
	ck_assert(!admit_from("192.0.2.1:5", 1, ERROR_DEVICE_DISABLED, 1, 0));
	ck_assert(!admit_from("192.0.2.1:5", 1, ERROR_DEVICE_DISABLED, 2, 0));
	ck_assert(admit_from("192.0.2.9:5", 9, ERROR_DEVICE_DISABLED, 3600000, 2));
}
END_TEST

/* ---- what is written ---- */

static int64_t clock_ms;
static char    written[1024]; /* the state of the operation that was submitted */

int64_t __wrap_clock_monotonic_ms(void);
int64_t
__wrap_clock_monotonic_ms(void)
{
	return clock_ms;
}

void __wrap_call_submit(const struct call_service *service, struct store_writer *writer,
    const struct call_operation *operation, const struct call_asker *asker, const void *state);
void
__wrap_call_submit(const struct call_service *service, struct store_writer *writer,
    const struct call_operation *operation, const struct call_asker *asker, const void *state)
{
	(void)service, (void)writer, (void)asker;
	ck_assert_uint_le(operation->state_size, sizeof written);
	memset(written, 0, sizeof written);
	memcpy(written, state, operation->state_size);
}

static bool
is_written(const char *text)
{
	return memmem(written, sizeof written, text, strlen(text) + 1) != NULL;
}

/* Once a minute, and behind an hour with the number of those that were counted. */
START_TEST(record_says_how_many_were_only_counted)
{
	static const uint8_t hash[STORE_HASH_SIZE] = {0, 1};
	const struct error   why = {.kind = ERROR_DEVICE_DISABLED, .detail = "it is disabled"};
	struct call_asker    asker;

	call_asker_set(&asker, 1, "peer", view_text("192.0.2.1:5"));
	refusals_record(refusals, &asker, hash, &why);
	ck_assert(is_written("deviceDisabled: it is disabled"));
	for (clock_ms = 1; clock_ms <= 3; clock_ms++) {
		memset(written, 0, sizeof written);
		refusals_record(refusals, &asker, hash, &why);
		ck_assert(!is_written("deviceDisabled: it is disabled"));
	}
	clock_ms = 3600000;
	refusals_record(refusals, &asker, hash, &why);
	ck_assert(is_written("deviceDisabled: it is disabled (3 refusals more were only counted)"));
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
	tcase_add_test(tc, admit_two_devices_with_like_hashes);
	tcase_add_test(tc, admit_each_source_for_itself);
	tcase_add_loop_test(tc, admit_a_quiet_source_after_a_flood, 0, 2);
	tcase_add_test(tc, admit_more_than_are_remembered);
	tcase_add_test(tc, admit_after_an_hour_tells_what_was_counted);
	tcase_add_test(tc, record_says_how_many_were_only_counted);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(refusals_suite());
}
