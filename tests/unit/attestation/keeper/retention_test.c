/* What a keeper takes away in time: on a real store, through a real writer. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attestation/keeper/retention.h"
#include "attestation/settings.h"
#include "scratch.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_tamper.h"
#include "store_writer.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static char                 directory[SCRATCH_SIZE];
static struct store        *store;
static struct store_writer *writer;
static struct attestation_settings      settings;
static struct retention    *retention;
static struct error         err;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(writer_start(directory, &writer, &err), &err);
	settings = (struct attestation_settings){0};
	retention = retention_new(&settings, writer);
}

static void
teardown(void)
{
	if (writer != NULL)
		store_writer_stop(writer);
	retention_free(retention);
	store_close(store);
	scratch_remove(directory);
}

static void
add_entries(int count, int64_t age)
{
	unit_ok(store_begin(store, &err), &err);
	for (int i = 0; i < count; i++)
		unit_ok(store_audit_add(store, AUDIT_SET, NULL, "done", "", clock_now() - age, &err), &err);
	unit_ok(store_commit(store, &err), &err);
}

static bool
count_cb(const struct audit_entry *entry, void *arg)
{
	(void)entry;
	++*(int *)arg;
	return true;
}

static int
entries(void)
{
	struct audit_filter all = {0};
	int                 count = 0;

	unit_ok(store_audit_list(store, &all, count_cb, &count, &err), &err);
	return count;
}

static int certificates;

static bool
certificate_cb(const struct store_certificate *certificate, void *arg)
{
	(void)certificate;
	++*(int *)arg;
	return true;
}

/* Ticks until a change of the store has been seen, or nothing happens for a while. */
static void
tick_until(int wanted, int64_t now_ms)
{
	static const struct timespec pause = {0, 5000000};

	for (int i = 0; i < 2000 && entries() != wanted; i++) {
		retention_tick(retention, now_ms);
		(void)nanosleep(&pause, NULL);
	}
	ck_assert_int_eq(entries(), wanted);
}

START_TEST(tick_keeps_the_record_for_ever_by_default)
{
	sqlite3 *watch = store_tamper_open(STORE_INVENTORY, directory);
	int      before;

	add_entries(5, (int64_t)50 * 365 * 86400);
	before = store_tamper_commits(watch);
	retention_tick(retention, 1000);
	store_writer_stop(writer); /* with all that it was given */
	writer = NULL;
	ck_assert_int_eq(entries(), 5);
	ck_assert_int_eq(store_tamper_commits(watch), before);
	ck_assert_int_eq(sqlite3_close(watch), SQLITE_OK);
}
END_TEST

START_TEST(tick_cuts_what_is_too_old_in_steps)
{
	uint8_t head[32];
	int64_t count;

	settings.audit_retention = 100 * 86400;
	retention_limit(retention, &settings);
	add_entries(2500, (int64_t)101 * 86400);
	add_entries(6, (int64_t)99 * 86400);
	add_entries(1, 0);
	tick_until(8, 1000); /* those, and the cut */
	for (int i = 0; i < 5; i++)
		tick_until(8, 1000 + i);
	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 8);
}
END_TEST

START_TEST(tick_looks_again_after_a_day)
{
	settings.audit_retention = -60; /* whatever is there is too old */
	retention_limit(retention, &settings);
	add_entries(3, (int64_t)101 * 86400);
	add_entries(1, 0);
	tick_until(1, 1000); /* the cut */
	add_entries(2, 0);
	for (int i = 0; i < 20; i++)
		retention_tick(retention, 1000 + DAY_MS - 1);
	ck_assert_int_eq(entries(), 3);
	retention_limit(retention, &settings); /* the same ages are no reason to look */
	for (int i = 0; i < 20; i++)
		retention_tick(retention, 1000 + DAY_MS - 1);
	ck_assert_int_eq(entries(), 3);
	tick_until(1, 1000 + DAY_MS);
}
END_TEST

START_TEST(limit_others_are_looked_for_at_once)
{
	settings.audit_retention = 100 * 86400;
	retention_limit(retention, &settings);
	add_entries(3, (int64_t)101 * 86400);
	add_entries(3, (int64_t)99 * 86400);
	add_entries(1, 0);
	tick_until(5, 1000);
	/* The cut is of now: what is older behind it stays until it is old itself. */
	settings.audit_retention = -60;
	retention_limit(retention, &settings);
	tick_until(1, 1001);
}
END_TEST

/* The last act is of a month ago, or the clock is wrong: then nothing goes. */
START_TEST(tick_by_a_clock_that_has_jumped_removes_nothing)
{
	struct store_certificate expired = {.serial = {1}, .serial_size = 1, .ak_name_size = 1};
	struct store_device      device = {.enabled = true};

	settings.audit_retention = 100 * 86400;
	settings.certificate_retention = 86400;
	retention_limit(retention, &settings);
	unit_ok(store_device_enroll(store, &device, clock_now() - (int64_t)400 * 86400, &err), &err);
	expired.not_after = clock_now() - (int64_t)2 * 86400;
	unit_ok(store_certificate_add(store, &expired, 1, &err), &err);
	unit_ok(store_audit_add(store, AUDIT_ISSUER, NULL, "done", "", clock_now(), &err), &err);
	retention_tick(retention, 1000);
	store_writer_stop(writer);
	writer = NULL;
	ck_assert_int_eq(entries(), 2);
	unit_ok(store_certificate_list(store, device.ek_hash, certificate_cb, &certificates, &err), &err);
	ck_assert_int_eq(certificates, 1);
}
END_TEST

/* Days since they expired; the CRL lives for ten. */
START_TEST(tick_keeps_certificates_until_a_crl_has_named_them_once_more)
{
	struct store_certificate expired = {.serial_size = 1, .ak_name_size = 1};
	struct store_device      device = {.enabled = true};

	settings.certificate_retention = 86400;
	settings.service.crl_lifetime = (int64_t)10 * 86400;
	retention_limit(retention, &settings);
	unit_ok(store_device_enroll(store, &device, clock_now(), &err), &err);
	for (uint8_t days = 9; days <= 11; days += 2) {
		expired.serial[0] = days;
		expired.not_after = clock_now() - (int64_t)days * 86400;
		unit_ok(store_certificate_add(store, &expired, 1, &err), &err);
	}
	retention_tick(retention, 1000);
	store_writer_stop(writer);
	writer = NULL;
	unit_ok(store_certificate_list(store, device.ek_hash, certificate_cb, &certificates, &err), &err);
	ck_assert_int_eq(certificates, 1);
}
END_TEST

/* ---- what fails ---- */

enum { NOTHING, CLOCK, LIST, CUT, SWEEP };

static atomic_int fails;
static atomic_int failures;

#define FAILS(name, number, parameters, ...)                                        \
	int __real_##name parameters;                                               \
	int __wrap_##name parameters;                                               \
	int __wrap_##name parameters                                                \
	{                                                                           \
		if (fails != (number))                                              \
			return __real_##name(__VA_ARGS__);                          \
		failures++;                                                         \
		return error_set(error, ERROR_INTERNAL, "not in this test");        \
	}

FAILS(store_audit_cut, CUT, (struct store *on, int64_t before, size_t max, int64_t now, size_t *removed,
    struct error *error), on, before, max, now, removed, error)
FAILS(store_certificate_sweep, SWEEP, (struct store *on, int64_t before, size_t max, size_t *removed,
    struct error *error), on, before, max, removed, error)

/* The look at the clock asks for what was done lately, and what explains that nothing is removed for all. */
int __real_store_audit_list(struct store *on, const struct audit_filter *filter, store_audit_cb *each, void *arg,
    struct error *error);
int __wrap_store_audit_list(struct store *on, const struct audit_filter *filter, store_audit_cb *each, void *arg,
    struct error *error);
int
__wrap_store_audit_list(struct store *on, const struct audit_filter *filter, store_audit_cb *each, void *arg,
    struct error *error)
{
	if (fails != (filter->since != 0 ? CLOCK : LIST))
		return __real_store_audit_list(on, filter, each, arg, error);
	failures++;
	return error_set(error, ERROR_INTERNAL, "not in this test");
}

/* Nothing is removed then, and it is tried again after a day, not each second. */
START_TEST(tick_that_fails_removes_nothing_until_tomorrow)
{
	int before;

	settings.audit_retention = settings.certificate_retention = 100;
	retention_limit(retention, &settings);
	add_entries(3, 40 * 86400);
	if (_i != LIST)
		add_entries(1, 0);
	before = entries();
	fails = _i;
	while (failures == 0)
		retention_tick(retention, 1000);
	for (int64_t ms = 2000; ms < 100000; ms += 1000)
		retention_tick(retention, ms);
	store_writer_stop(writer); /* with all that it was given */
	writer = NULL;
	ck_assert_int_eq(failures, 1);
	fails = NOTHING;
	ck_assert_int_eq(entries(), before);
}
END_TEST

static Suite *
retention_suite(void)
{
	Suite *suite = suite_create("retention");
	TCase *tc = tcase_create("tick");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tick_keeps_the_record_for_ever_by_default);
	tcase_add_test(tc, tick_cuts_what_is_too_old_in_steps);
	tcase_add_test(tc, tick_looks_again_after_a_day);
	tcase_add_test(tc, limit_others_are_looked_for_at_once);
	tcase_add_test(tc, tick_by_a_clock_that_has_jumped_removes_nothing);
	tcase_add_test(tc, tick_keeps_certificates_until_a_crl_has_named_them_once_more);
	tcase_add_loop_test(tc, tick_that_fails_removes_nothing_until_tomorrow, CLOCK, SWEEP + 1);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(retention_suite());
}
