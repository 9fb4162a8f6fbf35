/* The waiting list: what is put on it, how it is looked at, and how one leaves it. */
#include "config.h"

#include "waiting_world.h"

START_TEST(add_again_keeps_the_latest_wish)
{
	struct store_waiting e = entry(1, 0, "192.0.2.1");
	struct store_waiting found;

	(void)snprintf(e.wish, sizeof e.wish, "cleo");
	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_str_eq(found.wish, "cleo");
	(void)snprintf(e.wish, sizeof e.wish, "bob");
	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_str_eq(found.wish, "bob");
	e.wish[0] = '\0';
	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_str_eq(found.wish, "");
}
END_TEST

START_TEST(add_new_one_is_listed_as_it_came)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	struct store_waiting found;

	e.evidence.verdict = STORE_VERDICT_VERIFIED;
	memset(e.evidence.root, 0x5a, sizeof e.evidence.root);
	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_mem_eq(found.ek_hash, e.ek_hash, STORE_HASH_SIZE);
	ck_assert_int_eq(found.evidence.verdict, STORE_VERDICT_VERIFIED);
	ck_assert_mem_eq(found.evidence.root, e.evidence.root, sizeof e.evidence.root);
	ck_assert_str_eq(found.evidence.manufacturer, "id:4E544300");
	ck_assert_str_eq(found.evidence.model, "NPCT75x");
	ck_assert_str_eq(found.evidence.version, "id:00070002");
	ck_assert_str_eq(found.peer, "192.0.2.7");
	ck_assert_str_eq(found.source, "192.0.2.7");
	ck_assert_int_eq(found.first_seen, NOW);
	ck_assert_int_eq(found.last_seen, NOW);
	ck_assert_int_eq(found.times, 1);
	ck_assert(!found.denied);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 1);
}
END_TEST

START_TEST(add_again_counts_and_takes_what_is_new)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	struct store_waiting found;

	ck_assert(!add(&e, MAX, NOW));
	e.evidence.verdict = STORE_VERDICT_REFUSED;
	(void)strcpy(e.evidence.reason, "expired");
	(void)strcpy(e.peer, "192.0.2.8");
	e.times = 5;
	ck_assert(!add(&e, MAX, NOW + 60));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_int_eq(found.evidence.verdict, STORE_VERDICT_REFUSED);
	ck_assert_str_eq(found.evidence.reason, "expired");
	ck_assert_str_eq(found.peer, "192.0.2.8");
	ck_assert_int_eq(found.first_seen, NOW);
	ck_assert_int_eq(found.last_seen, NOW + 60);
	ck_assert_int_eq(found.times, 6);
	ck_assert_uint_eq(list(false).count, 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 1);
}
END_TEST

/* Whoever knows another's EK, which is public, can ask with it. */
START_TEST(add_by_another_keeps_verdict_and_source)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	struct store_waiting other = entry(1, 2, "203.0.113.66");
	struct store_waiting found;

	e.evidence.verdict = STORE_VERDICT_VERIFIED;
	ck_assert(!add(&e, MAX, NOW));
	other.evidence.verdict = _i == 0 ? STORE_VERDICT_ABSENT : STORE_VERDICT_REFUSED;
	(void)strcpy(other.evidence.model, "toaster");
	ck_assert(!add(&other, MAX, NOW + 1));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert_int_eq(found.evidence.verdict, STORE_VERDICT_VERIFIED);
	ck_assert_str_eq(found.evidence.model, "NPCT75x");
	ck_assert_str_eq(found.source, "192.0.2.7");
	ck_assert_str_eq(found.peer, "203.0.113.66");
}
END_TEST

START_TEST(add_denied_one_writes_nothing)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	struct store_waiting found;

	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_deny(store, e.ek_hash, NOW, &err), &err);
	ck_assert(add(&e, MAX, NOW + 60));
	unit_ok(store_waiting_find(store, e.ek_hash, &found, &err), &err);
	ck_assert(found.denied);
	ck_assert_int_eq(found.last_seen, NOW);
	ck_assert_int_eq(found.times, 1);
}
END_TEST

START_TEST(add_enrolled_one_is_not_listed)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	struct store_device  device = {.ek_hash = {1, 2}};

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert(!add(&e, MAX, NOW));
	ck_assert(!waits(1, 2));
}
END_TEST

/* The look for the device ends with the transaction: what another process writes is seen. */
START_TEST(add_between_what_another_process_writes_is_taken)
{
	struct store       *other = NULL;
	struct store_device device = {.ek_hash = {7}};

	unit_ok(store_open(directory, &other, &err), &err);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	add_plain(7, 0, "a", NOW);
	device.ek_hash[0] = 8;
	unit_ok(store_device_enroll(other, &device, NOW, &err), &err);
	add_plain(8, 0, "a", NOW);
	add_plain(9, 0, "a", NOW);
	ck_assert_uint_eq(list(false).count, 1);
	store_close(other);
}
END_TEST

START_TEST(add_to_a_list_that_is_off_writes_nothing)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");

	ck_assert(!add(&e, 0, NOW));
	ck_assert(!waits(1, 2));
	ck_assert_int_eq(ask("SELECT count(*) FROM audit"), 0);
}
END_TEST

/* ---- looking ---- */

START_TEST(list_latest_seen_first_until_enough)
{
	add_plain(1, 1, "192.0.2.7", NOW + 2);
	add_plain(1, 2, "192.0.2.7", NOW + 3);
	add_plain(1, 3, "192.0.2.7", NOW + 1);
	ck_assert_str_eq(list(false).text, "0102 0101 0103 ");
	ck_assert_uint_eq(list(true).count, 0);
}
END_TEST

static const struct {
	const char     *text;
	uint8_t         second; /* of the hash that is found */
	enum error_kind kind;   /* or why none is; INTERNAL: one is */
	const char     *detail;
} resolved[] = {
    {"0102", 2, ERROR_INTERNAL, NULL},
    {"0102000000000000000000000000000000000000000000000000000000000000", 2, ERROR_INTERNAL, NULL},
    {"sha256:0103000000000000000000000000000000000000000000000000000000000000", 3,
        ERROR_INTERNAL, NULL},
    {"010", 0, ERROR_NOT_FOUND,
        "no waiting EK begins with \"010\" (4 digits at least); see \"attest-ca pending\""},
    {"ffff", 0, ERROR_NOT_FOUND,
        "no waiting EK begins with \"ffff\" (4 digits at least); see \"attest-ca pending\""},
    {"0103", 3, ERROR_INTERNAL, NULL},
    {"0200", 0, ERROR_CONFLICT,
        "\"0200\" begins more than one EK hash, "
        "0200010000000000000000000000000000000000000000000000000000000000 and "
        "0200020000000000000000000000000000000000000000000000000000000000 among them; "
        "give more digits"},
    {"ff00000000000000000000000000000000000000000000000000000000000000", 0, ERROR_NOT_FOUND,
        "EK ff00000000000000000000000000000000000000000000000000000000000000 does not wait; "
        "see \"attest-ca pending\", or run \"attest-ca enroll "
        "ff00000000000000000000000000000000000000000000000000000000000000\""},
};

START_TEST(resolve_finds_by_hash_or_prefix)
{
	struct store_waiting third = entry(2, 0, "192.0.2.7");
	struct store_waiting found;
	int                  rc;

	add_plain(1, 2, "192.0.2.7", NOW);
	add_plain(1, 3, "192.0.2.7", NOW);
	for (uint8_t i = 1; i <= 2; i++) {
		third.ek_hash[2] = i;
		ck_assert(!add(&third, MAX, NOW));
	}
	rc = store_waiting_resolve(store, resolved[_i].text, &found, &err);
	if (resolved[_i].detail != NULL) {
		unit_fails(rc, &err, resolved[_i].kind, resolved[_i].detail);
		return;
	}
	unit_ok(rc, &err);
	ck_assert_uint_eq(found.ek_hash[1], resolved[_i].second);
}
END_TEST

/* ---- out ---- */

START_TEST(approve_enrols_and_keeps_what_is_known)
{
	struct store_waiting e = entry(1, 2, "192.0.2.7");
	char                 name[] = "laptop";
	char                *names[] = {name};
	struct store_device  device = {.ek_hash = {1, 2}, .names = names, .name_count = 1};
	struct store_device  found;

	e.evidence.verdict = STORE_VERDICT_VERIFIED;
	ck_assert(!add(&e, MAX, NOW));
	unit_ok(store_waiting_approve(store, &device, false, NOW + 1, &err), &err);
	ck_assert(!waits(1, 2));
	unit_ok(store_device_resolve(store, "laptop", &found, &err), &err);
	ck_assert(found.enabled);
	store_device_clear(&found);
	ck_assert_int_eq(ask("SELECT count(*) FROM ek_certificate JOIN device ON id = device"
	                     " WHERE verdict = 'verified' AND model = 'NPCT75x'"
	                     " AND length(root) = 32"),
	    1);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'approve'"), 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'enroll'"), 0);
}
END_TEST

START_TEST(approve_one_that_does_not_wait_is_not_found)
{
	struct store_device device = {.ek_hash = {1, 2}};
	struct store_device found;

	unit_fails(store_waiting_approve(store, &device, false, NOW, &err), &err, ERROR_NOT_FOUND,
	    "EK 0102000000000000000000000000000000000000000000000000000000000000 does not wait; "
	    "see \"attest-ca pending\", or run \"attest-ca enroll "
	    "0102000000000000000000000000000000000000000000000000000000000000\"");
	ck_assert_int_eq(store_device_find(store, device.ek_hash, &found, &err), -1);
}
END_TEST

START_TEST(approve_that_is_refused_leaves_it_waiting)
{
	char                name[] = "laptop";
	char               *names[] = {name};
	struct store_device first = {.ek_hash = {9}, .names = names, .name_count = 1};
	struct store_device second = {.ek_hash = {1, 2}, .names = names, .name_count = 1};

	unit_ok(store_device_enroll(store, &first, NOW, &err), &err);
	add_plain(1, 2, "192.0.2.7", NOW);
	ck_assert_int_eq(store_waiting_approve(store, &second, false, NOW, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert(waits(1, 2));
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'approve'"), 0);
}
END_TEST

START_TEST(approve_denied_one_is_enrolled)
{
	struct store_device device = {.ek_hash = {1, 2}};

	add_plain(1, 2, "192.0.2.7", NOW);
	unit_ok(store_waiting_deny(store, device.ek_hash, NOW, &err), &err);
	unit_ok(store_waiting_approve(store, &device, false, NOW, &err), &err);
	ck_assert_uint_eq(list(true).count, 0);
}
END_TEST

/* Whether it waits or was denied. */
START_TEST(enroll_takes_it_off_the_list)
{
	struct store_device device = {.ek_hash = {1, 2}};

	add_plain(1, 2, "192.0.2.7", NOW);
	if (_i == 1)
		unit_ok(store_waiting_deny(store, device.ek_hash, NOW, &err), &err);
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting"), 0);
	unit_ok(store_device_remove(store, device.ek_hash, NOW, &err), &err);
	ck_assert_uint_eq(list(false).count + list(true).count, 0);
}
END_TEST

START_TEST(deny_twice_is_on_record_once)
{
	uint8_t hash[STORE_HASH_SIZE] = {1, 2};

	add_plain(1, 2, "192.0.2.7", NOW);
	unit_ok(store_waiting_deny(store, hash, NOW, &err), &err);
	unit_ok(store_waiting_deny(store, hash, NOW, &err), &err);
	ck_assert_uint_eq(list(false).count, 0);
	ck_assert_uint_eq(list(true).count, 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'deny'"), 1);
}
END_TEST

START_TEST(deny_one_that_does_not_wait_is_not_found)
{
	uint8_t hash[STORE_HASH_SIZE] = {1, 2};

	ck_assert_int_eq(store_waiting_deny(store, hash, NOW, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("waiting");
	TCase *tc = tcase_create("waiting");

	tcase_add_checked_fixture(tc, setup_shares, teardown_counted);
	tcase_add_test(tc, add_again_keeps_the_latest_wish);
	tcase_add_test(tc, add_new_one_is_listed_as_it_came);
	tcase_add_test(tc, add_again_counts_and_takes_what_is_new);
	tcase_add_loop_test(tc, add_by_another_keeps_verdict_and_source, 0, 2);
	tcase_add_test(tc, add_denied_one_writes_nothing);
	tcase_add_test(tc, add_enrolled_one_is_not_listed);
	tcase_add_test(tc, add_between_what_another_process_writes_is_taken);
	tcase_add_test(tc, add_to_a_list_that_is_off_writes_nothing);
	tcase_add_test(tc, list_latest_seen_first_until_enough);
	tcase_add_loop_test(tc, resolve_finds_by_hash_or_prefix, 0,
	    sizeof resolved / sizeof resolved[0]);
	tcase_add_test(tc, approve_enrols_and_keeps_what_is_known);
	tcase_add_test(tc, approve_one_that_does_not_wait_is_not_found);
	tcase_add_test(tc, approve_that_is_refused_leaves_it_waiting);
	tcase_add_test(tc, approve_denied_one_is_enrolled);
	tcase_add_loop_test(tc, enroll_takes_it_off_the_list, 0, 2);
	tcase_add_test(tc, deny_twice_is_on_record_once);
	tcase_add_test(tc, deny_one_that_does_not_wait_is_not_found);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
