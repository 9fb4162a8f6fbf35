/* Tombstones: made with a removal, kept by everything but an enrolment. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store_fixture.h"

#define NOW 1000000

static struct store_device
device_of(uint8_t first, char **names, size_t count)
{
	return (struct store_device){.ek_hash = {first}, .names = names, .name_count = count};
}

static void
enroll_and_remove(uint8_t first)
{
	char               *names[] = {(char[]){"cleo"}, (char[]){"spare"}};
	struct store_device device = device_of(first, names, 2);

	store_actor_set(store, &(struct store_actor){"ann", NULL, NULL});
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	unit_ok(store_device_remove(store, device.ek_hash, NOW + 1, &err), &err);
}

static void
wait_for_approval(const uint8_t *ek_hash)
{
	struct store_waiting entry = {.peer = "192.0.2.1", .source = "192.0.2.1"};
	struct waiting_shares *shares = waiting_shares_new();
	bool                 denied;

	memcpy(entry.ek_hash, ek_hash, STORE_HASH_SIZE);
	unit_ok(store_waiting_add(store, &entry, 10, NOW, shares, &denied, &err), &err);
	waiting_shares_free(shares);
}

START_TEST(remove_keeps_who_when_and_what_it_was)
{
	static const uint8_t hash[STORE_HASH_SIZE] = {7};
	struct store_removed removed;

	unit_fails(store_removed_find(store, hash, &removed, &err), &err, ERROR_NOT_FOUND,
	    "no device of this EK was removed");
	enroll_and_remove(7);
	unit_ok(store_removed_find(store, hash, &removed, &err), &err);
	ck_assert_int_eq(removed.at, NOW + 1);
	ck_assert_str_eq(removed.names, "cleo\nspare");
	ck_assert_str_eq(removed.actor, "ann");
	ck_assert_str_eq(removed.reason, "removed");
}
END_TEST

START_TEST(replace_keeps_the_old_one)
{
	static const uint8_t old[STORE_HASH_SIZE] = {7};
	static const uint8_t new[STORE_HASH_SIZE] = {8};
	char                *names[] = {(char[]){"cleo"}};
	struct store_device  device = device_of(7, names, 1);
	struct store_removed removed;
	size_t               revoked;

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	unit_ok(store_device_replace(store, old, new, NOW, &revoked, &err), &err);
	unit_ok(store_removed_find(store, old, &removed, &err), &err);
	ck_assert_str_eq(removed.names, "cleo");
	ck_assert_int_eq(strncmp(removed.reason, "replaced by 08000000", 20), 0);
	unit_fails(store_removed_find(store, new, &removed, &err), &err, ERROR_NOT_FOUND,
	    "no device of this EK was removed");
	/* And back: the old board is a device again, the new one is gone. */
	unit_ok(store_device_replace(store, new, old, NOW, &revoked, &err), &err);
	ck_assert_int_eq(store_removed_find(store, old, &removed, &err), -1);
	unit_ok(store_removed_find(store, new, &removed, &err), &err);
}
END_TEST

START_TEST(retention_leaves_it)
{
	static const uint8_t hash[STORE_HASH_SIZE] = {7};
	struct store_removed removed;
	size_t               count;

	enroll_and_remove(7);
	do
		unit_ok(store_audit_cut(store, NOW + 100, 100, NOW + 100, &count, &err), &err);
	while (count != 0);
	unit_ok(store_certificate_sweep(store, NOW + 100, 100, &count, &err), &err);
	unit_ok(store_removed_find(store, hash, &removed, &err), &err);
}
END_TEST

START_TEST(enroll_takes_it_away)
{
	struct store_device  device = device_of(7, NULL, 0);
	struct store_removed removed;

	enroll_and_remove(7);
	enroll_and_remove(9);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_int_eq(store_removed_find(store, device.ek_hash, &removed, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	unit_ok(store_removed_find(store, (const uint8_t[STORE_HASH_SIZE]){9}, &removed, &err), &err);
}
END_TEST

START_TEST(import_takes_it_away)
{
	char                *note = (char[]){""};
	struct store_device  device = {.ek_hash = {7}, .note = note, .enabled = true};
	struct store_removed removed;
	struct store_batch_watch watch = {0};
	struct store_batch  *batch = NULL;
	uint64_t             faults;

	enroll_and_remove(7);
	enroll_and_remove(9);
	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	unit_ok(store_batch_add(batch, &device, 1, &err), &err);
	unit_ok(store_batch_check(batch, &faults, &err), &err);
	unit_ok(store_batch_commit(batch, "here", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_int_eq(store_removed_find(store, device.ek_hash, &removed, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	unit_ok(store_removed_find(store, (const uint8_t[STORE_HASH_SIZE]){9}, &removed, &err), &err);
}
END_TEST

/* Imports a tombstone of one EK, and a device if `first` is not 0; the number of faults. */
static uint64_t
import_removed(const struct store_removed *removed, uint8_t first)
{
	struct store_device      device = {.ek_hash = {first}, .note = (char[]){""}, .enabled = true};
	struct store_batch_watch watch = {0};
	struct store_batch      *batch = NULL;
	uint64_t                 faults;

	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	if (first != 0)
		unit_ok(store_batch_add(batch, &device, 1, &err), &err);
	unit_ok(store_batch_add_removed(batch, removed, 2, &err), &err);
	ck_assert_uint_eq(store_batch_removed(batch), 1);
	unit_ok(store_batch_check(batch, &faults, &err), &err);
	if (faults == 0)
		unit_ok(store_batch_commit(batch, "here", NOW + 5, &err), &err);
	store_batch_free(batch);
	return faults;
}

START_TEST(import_brings_tombstones)
{
	const struct store_removed brought = {
	    .ek_hash = {7}, .at = 77, .names = "cleo\nbob", .actor = "ann", .reason = "removed"};
	const struct store_removed earlier = {.ek_hash = {7}, .at = 76, .actor = "bob"};
	const struct store_removed later = {.ek_hash = {7}, .at = 78, .actor = "carol"};
	struct store_removed       removed;

	ck_assert_uint_eq(import_removed(&brought, 1), 0);
	unit_ok(store_removed_find(store, brought.ek_hash, &removed, &err), &err);
	ck_assert_int_eq(removed.at, 77);
	ck_assert_str_eq(removed.names, "cleo\nbob");
	ck_assert_str_eq(removed.actor, "ann");
	ck_assert_str_eq(removed.reason, "removed");
	ck_assert_uint_eq(import_removed(&earlier, 0), 0);
	unit_ok(store_removed_find(store, brought.ek_hash, &removed, &err), &err);
	ck_assert_str_eq(removed.actor, "ann");
	ck_assert_uint_eq(import_removed(&later, 0), 0);
	unit_ok(store_removed_find(store, brought.ek_hash, &removed, &err), &err);
	ck_assert_str_eq(removed.actor, "carol");
}
END_TEST

START_TEST(import_of_a_tombstone_of_what_is_enrolled_is_a_fault)
{
	const struct store_removed brought = {.ek_hash = {7}, .at = 77};
	struct store_device        device = device_of(7, NULL, 0);
	struct store_removed       removed;

	ck_assert_uint_eq(import_removed(&brought, 7), 1);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_uint_eq(import_removed(&brought, 0), 1);
	ck_assert_int_eq(store_removed_find(store, brought.ek_hash, &removed, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(import_of_a_tombstone_of_what_is_enrolled_meanwhile_leaves_nothing)
{
	const struct store_removed brought = {.ek_hash = {7}, .at = 77};
	const struct store_removed before = {.ek_hash = {6}, .at = 77};
	struct store_device        device = device_of(7, NULL, 0);
	struct store_batch_watch   watch = {0};
	struct store_batch        *batch = NULL;
	struct store_removed       removed;
	struct store              *other = NULL;
	uint64_t                   faults;

	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	unit_ok(store_batch_add_removed(batch, &before, 1, &err), &err);
	unit_ok(store_batch_add_removed(batch, &brought, 2, &err), &err);
	unit_ok(store_batch_check(batch, &faults, &err), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_device_enroll(other, &device, NOW, &err), &err);
	store_close(other);
	ck_assert_int_eq(store_batch_commit(batch, "here", NOW, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	store_batch_free(batch);
	ck_assert_int_eq(store_removed_find(store, before.ek_hash, &removed, &err), -1);
}
END_TEST

static const struct store_removed bad[] = {
    {.ek_hash = {7}, .names = "a/b"},
    {.ek_hash = {7}, .names = "a\n\nb"},
    {.ek_hash = {7}, .actor = "a\x1b[2J"},
    {.ek_hash = {7}, .reason = "\xff"},
};

START_TEST(import_of_a_tombstone_that_is_none_is_malformed)
{
	struct store_batch_watch watch = {0};
	struct store_batch      *batch = NULL;

	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	ck_assert_int_eq(store_batch_add_removed(batch, &bad[_i], 1, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	store_batch_free(batch);
}
END_TEST

START_TEST(approve_of_a_removed_one_needs_again)
{
	struct store_device  device = device_of(7, NULL, 0);
	struct store_removed removed;

	enroll_and_remove(7);
	wait_for_approval(device.ek_hash);
	unit_fails(store_waiting_approve(store, &device, false, NOW, &err), &err, ERROR_CONFLICT,
	    "EK 0700000000000000000000000000000000000000000000000000000000000000 was enrolled as cleo and"
	    " was removed at 1970-01-12T13:46:41Z by ann; to let it in again, run \"attest-ca"
	    " approve --again 0700000000000000000000000000000000000000000000000000000000000000\"");
	unit_ok(store_removed_find(store, device.ek_hash, &removed, &err), &err);
	unit_ok(store_waiting_approve(store, &device, true, NOW, &err), &err);
	ck_assert_int_eq(store_removed_find(store, device.ek_hash, &removed, &err), -1);
}
END_TEST

START_TEST(removal_that_is_undone_leaves_none)
{
	struct store_device  device = device_of(7, NULL, 0);
	struct store_removed removed;

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	unit_ok(store_begin(store, &err), &err);
	unit_ok(store_device_remove(store, device.ek_hash, NOW, &err), &err);
	store_rollback(store);
	ck_assert_int_eq(store_removed_find(store, device.ek_hash, &removed, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("removed");
	TCase *tc = tcase_create("removed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, remove_keeps_who_when_and_what_it_was);
	tcase_add_test(tc, replace_keeps_the_old_one);
	tcase_add_test(tc, retention_leaves_it);
	tcase_add_test(tc, enroll_takes_it_away);
	tcase_add_test(tc, import_takes_it_away);
	tcase_add_test(tc, import_brings_tombstones);
	tcase_add_test(tc, import_of_a_tombstone_of_what_is_enrolled_is_a_fault);
	tcase_add_test(tc, import_of_a_tombstone_of_what_is_enrolled_meanwhile_leaves_nothing);
	tcase_add_loop_test(tc, import_of_a_tombstone_that_is_none_is_malformed, 0,
	    sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, approve_of_a_removed_one_needs_again);
	tcase_add_test(tc, removal_that_is_undone_leaves_none);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
