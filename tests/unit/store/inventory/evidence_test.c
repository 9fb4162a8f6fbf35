/* What is kept of EK certificates: with the device, as long as it says something. */
#include "config.h"

#include <string.h>

#include "scratch.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/store.h"
#include "unit.h"
#include "util/error.h"

#define NOW 1000000

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static const uint8_t hash[STORE_HASH_SIZE] = {0x2e, 0xa8};
static const uint8_t der[] = "certificate";

static const struct store_evidence verified = {
    .verdict = STORE_VERDICT_VERIFIED,
    .manufacturer = "id:4E544300",
    .model = "NPCT75x",
    .version = "id:00070002",
    .root = {1, 2, 3},
};
static const struct store_evidence refused = {
    .verdict = STORE_VERDICT_REFUSED,
    .reason = "nobody vouches for it",
    .manufacturer = "id:494E5443",
};
static const struct store_evidence absent = {.manufacturer = "id:00000000", .model = "claimed"};

static void
setup(void)
{
	struct store_device device = {0};

	memcpy(device.ek_hash, hash, sizeof device.ek_hash);
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

static void
record(const struct store_evidence *evidence, const uint8_t *certificate, size_t size, int64_t now)
{
	unit_ok(store_evidence_record(store, hash, evidence, (struct view){certificate, size}, now, &err),
	    &err);
}

static void
assert_found(const struct store_evidence *evidence, int64_t checked)
{
	struct store_evidence found;
	int64_t               when = 0;

	unit_ok(store_evidence_find(store, hash, &found, &when, &err), &err);
	ck_assert_int_eq(found.verdict, evidence->verdict);
	ck_assert_str_eq(found.reason, evidence->reason);
	ck_assert_str_eq(found.manufacturer, evidence->manufacturer);
	ck_assert_str_eq(found.model, evidence->model);
	ck_assert_str_eq(found.version, evidence->version);
	ck_assert_mem_eq(found.root, evidence->root, sizeof found.root);
	ck_assert_int_eq(when, checked);
}

static void
assert_seen(int64_t seen, int64_t revision)
{
	struct store_device device;

	unit_ok(store_device_find(store, hash, &device, &err), &err);
	ck_assert_int_eq(device.seen, seen);
	ck_assert_int_eq(device.revision, revision);
	store_device_clear(&device);
}

START_TEST(find_never_recorded_is_not_found)
{
	struct store_evidence found;
	int64_t               when = 0;

	unit_fails(store_evidence_find(store, hash, &found, &when, &err), &err, ERROR_NOT_FOUND,
	    "nothing is known of this device's EK certificate");
	ck_assert_int_eq(found.verdict, STORE_VERDICT_ABSENT);
}
END_TEST

START_TEST(record_verified_is_found_and_seen)
{
	assert_seen(0, 1);
	record(&verified, der, sizeof der, NOW + 5);
	assert_found(&verified, NOW + 5);
	assert_seen(NOW + 5, 1);
}
END_TEST

/* What each of two records leaves: by who comes first, and who second. */
static const struct {
	const struct store_evidence *first;
	const struct store_evidence *second;
	const struct store_evidence *kept;
	int64_t                      checked;
} pairs[] = {
    {&absent, &absent, &absent, NOW + 1},
    {&absent, &refused, &refused, NOW + 2},
    {&absent, &verified, &verified, NOW + 2},
    {&refused, &refused, &refused, NOW + 1},
    {&refused, &absent, &refused, NOW + 1},
    {&refused, &verified, &verified, NOW + 2},
    {&verified, &verified, &verified, NOW + 1},
    {&verified, &absent, &verified, NOW + 1},
    {&verified, &refused, &refused, NOW + 2},
    {&verified, NULL, &verified, NOW + 1},
};

START_TEST(record_again_keeps_what_says_something)
{
	record(pairs[_i].first, der, pairs[_i].first != &absent ? sizeof der : 0, NOW + 1);
	record(pairs[_i].second, der, pairs[_i].second != &absent ? sizeof der : 0, NOW + 2);
	assert_found(pairs[_i].kept, pairs[_i].checked);
	assert_seen(NOW + 2, 1);
}
END_TEST

START_TEST(record_other_certificate_or_root_is_written)
{
	struct store_evidence other = verified;

	record(&verified, der, sizeof der, NOW + 1);
	record(&verified, der, sizeof der - 1, NOW + 2);
	assert_found(&verified, NOW + 2);
	other.root[31] = 1;
	record(&other, der, sizeof der - 1, NOW + 3);
	assert_found(&other, NOW + 3);
}
END_TEST

START_TEST(record_unknown_device_is_not_enrolled)
{
	static const uint8_t other[STORE_HASH_SIZE] = {9};

	ck_assert_int_eq(store_evidence_record(store, other, &verified, (struct view){der, sizeof der},
	                     NOW, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_ENROLLED);
}
END_TEST

START_TEST(remove_device_takes_evidence_along)
{
	struct store_device   device = {0};
	struct store_evidence found;
	int64_t               when = 0;

	record(&verified, der, sizeof der, NOW);
	unit_ok(store_device_remove(store, hash, NOW, &err), &err);
	memcpy(device.ek_hash, hash, sizeof device.ek_hash);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_int_eq(store_evidence_find(store, hash, &found, &when, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

static int64_t
seen_now(void)
{
	struct store_device device = {0};
	int64_t             seen;

	unit_ok(store_device_find(store, hash, &device, &err), &err);
	seen = device.seen;
	store_device_clear(&device);
	return seen;
}

static const struct {
	int64_t before; /* seen at; 0: never */
	int64_t when;
	bool    later;
	int64_t after;
} sights[] = {
    {0, NOW, true, NOW},
    {0, NOW + 5, true, NOW + 5},
    {0, NOW - 1, false, 0}, /* before its enrolment: another life of the same EK */
    {NOW + 5, NOW + 6, true, NOW + 6},
    {NOW + 5, NOW + 5, false, NOW + 5},
    {NOW + 5, NOW + 4, false, NOW + 5},
    {NOW + 5, 0, false, NOW + 5},
    {0, -1, false, 0},
};

START_TEST(seen_goes_forward_only_and_begins_with_the_enrolment)
{
	bool known = false;
	bool later = !sights[_i].later;

	if (sights[_i].before != 0)
		record(&verified, der, sizeof der, sights[_i].before);
	unit_ok(store_device_seen(store, hash, sights[_i].when, &known, &later, &err), &err);
	ck_assert(known);
	ck_assert_int_eq(later, sights[_i].later);
	ck_assert_int_eq(seen_now(), sights[_i].after);
}
END_TEST

START_TEST(seen_of_an_unknown_device_is_unknown_and_changes_nothing)
{
	static const uint8_t other[STORE_HASH_SIZE] = {0xff};
	struct store_device  device;
	bool                 known = true;
	bool                 later = true;

	unit_ok(store_device_seen(store, other, NOW + 5, &known, &later, &err), &err);
	ck_assert(!known);
	ck_assert(!later);
	ck_assert_int_eq(seen_now(), 0);
	ck_assert_int_eq(store_device_find(store, other, &device, &err), -1);
}
END_TEST

/* A disabled machine can give a proof of life elsewhere; its revision stays, as an attestation is
 * under way perhaps. */
START_TEST(seen_leaves_the_revision)
{
	struct store_device device = {0};
	int64_t             revision;
	bool                known;
	bool                later;

	unit_ok(store_device_find(store, hash, &device, &err), &err);
	revision = device.revision;
	store_device_clear(&device);
	unit_ok(store_device_seen(store, hash, NOW + 5, &known, &later, &err), &err);
	unit_ok(store_device_find(store, hash, &device, &err), &err);
	ck_assert_int_eq(device.revision, revision);
	store_device_clear(&device);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_evidence");
	TCase *tc = tcase_create("evidence");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, find_never_recorded_is_not_found);
	tcase_add_test(tc, record_verified_is_found_and_seen);
	tcase_add_loop_test(tc, record_again_keeps_what_says_something, 0,
	    sizeof pairs / sizeof pairs[0]);
	tcase_add_test(tc, record_other_certificate_or_root_is_written);
	tcase_add_test(tc, record_unknown_device_is_not_enrolled);
	tcase_add_test(tc, remove_device_takes_evidence_along);
	tcase_add_loop_test(tc, seen_goes_forward_only_and_begins_with_the_enrolment, 0,
	    sizeof sights / sizeof sights[0]);
	tcase_add_test(tc, seen_of_an_unknown_device_is_unknown_and_changes_nothing);
	tcase_add_test(tc, seen_leaves_the_revision);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
