/* The waiting list: who is on it, who gives way, and that it ends in a device or a denial. */
#include "config.h"

#include "store/inventory/waiting.h"

#include <stdio.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting_shares.h"
#include "store_fixture.h"
#include "store_tamper.h"
#include "util/bytes.h"
#include "util/file.h"

#define NOW 1000000
#define MAX 16 /* entries; three are a source's share */

/* An EK whose hash is `first` and `second` and zeros, from a source. */
static struct store_waiting
entry(uint8_t first, uint8_t second, const char *source)
{
	struct store_waiting e = {
	    .ek_hash = {first, second},
	    .evidence = {.manufacturer = "id:4E544300", .model = "NPCT75x", .version = "id:00070002"},
	};

	(void)snprintf(e.peer, sizeof e.peer, "%s", source);
	(void)snprintf(e.source, sizeof e.source, "%s", source);
	return e;
}

static struct waiting_shares *shares;

/* Another process, or this one after a restart, knows nothing of the list. */
static void
forget(void)
{
	waiting_shares_free(shares);
	shares = waiting_shares_new();
}

static void
setup_shares(void)
{
	setup();
	shares = waiting_shares_new();
}

static bool
add(const struct store_waiting *e, size_t max, int64_t now)
{
	bool denied = false;

	unit_ok(store_waiting_add(store, e, max, now, shares, &denied, &err), &err);
	return denied;
}

static void
add_plain(uint8_t first, uint8_t second, const char *source, int64_t now)
{
	struct store_waiting e = entry(first, second, source);

	ck_assert(!add(&e, MAX, now));
}

/* What the list holds: the first two octets of each hash, latest seen first. */
struct seen {
	char   text[1024];
	size_t count;
};

static bool
seen_cb(const struct store_waiting *e, void *arg)
{
	struct seen *seen = arg;
	size_t       used = strlen(seen->text);

	if (seen->count++ < 20)
		(void)snprintf(seen->text + used, sizeof seen->text - used, "%02x%02x ", e->ek_hash[0],
		    e->ek_hash[1]);
	return true;
}

static struct seen
list(bool denied)
{
	struct seen seen = {0};

	unit_ok(store_waiting_list(store, denied, seen_cb, &seen, &err), &err);
	return seen;
}

static bool
waits(uint8_t first, uint8_t second)
{
	uint8_t              hash[STORE_HASH_SIZE] = {first, second};
	struct store_waiting found;

	return store_waiting_find(store, hash, &found, &err) == 0 && !found.denied;
}

/* A number out of the file, read behind the store's back. */
static int
ask(const char *sql)
{
	int number = store_tamper_ask(directory, sql);

	ck_assert_int_ge(number, 0);
	return number;
}

/* Whatever was done, the counts are those of the list. */
static void
teardown_counted(void)
{
	ck_assert_int_eq(ask("SELECT count(*) - (SELECT waiting FROM counter) FROM waiting"
	                     " WHERE denied = 0"),
	    0);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting_source WHERE entries <> (SELECT count(*)"
	                     " FROM waiting WHERE waiting.source = waiting_source.source"
	                     " AND denied = 0)"),
	    0);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE denied = 0"
	                     " AND source NOT IN (SELECT source FROM waiting_source)"),
	    0);
	waiting_shares_free(shares);
	teardown();
}

/* ---- in ---- */

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

/* ---- who gives way ---- */

/* One EK each from as many addresses as there is room, the first seen first. */
static void
fill(void)
{
	for (uint8_t i = 0; i < MAX; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "198.51.100.%u", i);
		add_plain(0xa0, i, source, NOW + i);
	}
}

START_TEST(add_above_the_bound_the_longest_unseen_gives_way)
{
	fill();
	add_plain(0xa0, 0, "198.51.100.0", NOW + 100); /* seen again */
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xa0, 0));
	ck_assert(!waits(0xa0, 1));
	ck_assert(waits(0xb0, 0));
}
END_TEST

START_TEST(add_above_the_bound_a_flood_displaces_only_itself)
{
	fill();
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + 1000 + i);
	ck_assert_uint_eq(list(false).count, MAX);
	/* Two of those that were there first gave way, and from then on its own. */
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE hex(ek_hash) GLOB 'F0*'"), 2);
	ck_assert(waits(0xa0, 2));
	ck_assert(waits(0xf0, 199));
}
END_TEST

START_TEST(add_after_a_flood_of_an_empty_list_takes_a_place_of_it)
{
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + i);
	ck_assert_uint_eq(list(false).count, MAX);
	for (uint8_t i = 0; i < 5; i++)
		add_plain(0xa0, i, "192.0.2.7", NOW - 500 + i); /* by a clock that was set back */
	for (uint8_t i = 0; i < 5; i++)
		ck_assert_msg(waits(0xa0, i), "%u of them is gone", i);
	ck_assert(waits(0xf0, 199));
}
END_TEST

START_TEST(add_above_the_bound_a_verified_one_stays)
{
	struct store_waiting genuine = entry(0xc0, 0, "198.51.100.99");

	genuine.evidence.verdict = STORE_VERDICT_VERIFIED;
	ck_assert(!add(&genuine, MAX, NOW - 1000));
	for (uint8_t i = 0; i < 100; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "203.0.113.%u", i);
		add_plain(0xf0, i, source, NOW + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
}
END_TEST

/* A machine from a quiet network, and then 130 EKs from two others, each within any share. */
START_TEST(add_above_the_bound_a_quiet_source_keeps_its_place)
{
	add_plain(0xc0, 0, "198.51.100.99", NOW);
	for (uint8_t i = 0; i < 130; i++)
		add_plain(0xf0, i, i % 2 == 0 ? "203.0.113.1" : "203.0.113.2", NOW + 1 + i);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
}
END_TEST

/* Who is verified gives way to its like only. */
START_TEST(add_to_a_list_of_verified_ones_needs_a_verified_one)
{
	struct store_waiting e = entry(0xc0, 0, "198.51.100.1");

	e.evidence.verdict = STORE_VERDICT_VERIFIED;
	for (uint8_t i = 0; i < MAX; i++) {
		e.ek_hash[1] = i;
		ck_assert(!add(&e, MAX, NOW + i));
	}
	add_plain(0xf0, 0, "203.0.113.1", NOW + 100);
	ck_assert(!waits(0xf0, 0));
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 3); /* its share */
	(void)snprintf(e.source, sizeof e.source, "192.0.2.1");
	e.ek_hash[1] = MAX;
	ck_assert(!add(&e, MAX, NOW + 101));
	ck_assert(waits(0xc0, MAX));
	ck_assert(!waits(0xc0, 0));
}
END_TEST

START_TEST(add_one_of_a_bound_of_one_stays_itself)
{
	struct store_waiting e = entry(0xff, 0, "192.0.2.7");
	struct store_waiting next = entry(0x00, 1, "192.0.2.7");

	ck_assert(!add(&e, 1, NOW));
	ck_assert(!add(&next, 1, NOW));
	ck_assert_str_eq(list(false).text, "0001 ");
}
END_TEST

/* As add_above_the_bound_a_quiet_source_keeps_its_place, from as many networks of one site. */
START_TEST(add_above_the_bound_a_site_displaces_only_itself)
{
	add_plain(0xc0, 0, "198.51.100.99", NOW);
	add_plain(0xc0, 1, "2001:db8:9:1::/64", NOW);
	for (uint8_t i = 0; i < 130; i++) {
		char source[32];

		if (_i == 1)
			forget();
		(void)snprintf(source, sizeof source, "2001:db8:1:%x::/64", i);
		add_plain(0xf0, i, source, NOW + 1 + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xc0, 0));
	ck_assert(waits(0xc0, 1));
	ck_assert(waits(0xf0, 129));
	ck_assert(!waits(0xf0, 115));
	ck_assert(waits(0xf0, 116));
}
END_TEST

/* What an administrator has taken off meanwhile evicts nobody, and is not missed. */
START_TEST(add_after_others_were_approved_evicts_none)
{
	char                *names[] = {(char[]){"cleo"}};
	struct store_device  device = {.ek_hash = {0xa0, 0}, .names = names, .name_count = 1};

	fill();
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101); /* a0 0 gives way */
	device.ek_hash[1] = 1;
	unit_ok(store_waiting_approve(store, &device, false, NOW + 102, &err), &err);
	add_plain(0xb0, 1, "192.0.2.2", NOW + 103);
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(waits(0xa0, 2));
	add_plain(0xb0, 2, "192.0.2.3", NOW + 104); /* a0 1, which has gone, would be next */
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert(!waits(0xa0, 2));
	ck_assert(waits(0xa0, 3));
	ck_assert(waits(0xb0, 2));
}
END_TEST

/* What a transaction took back is on the list again, and gives way in its turn. */
START_TEST(add_in_a_transaction_that_fails_is_made_good)
{
	fill();
	for (uint8_t i = 0; i < 8; i++) {
		unit_ok(store_begin(store, &err), &err);
		add_plain(0xb0, i, "192.0.2.1", NOW + 101 + i);
		store_rollback(store);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	for (uint8_t i = 0; i < 40; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "192.0.2.%u", i);
		add_plain(0xd0, i, source, NOW + 200 + i);
	}
	ck_assert_uint_eq(list(false).count, MAX);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting WHERE hex(ek_hash) GLOB 'D0*'"), MAX);
}
END_TEST

START_TEST(add_denied_ones_take_no_room)
{
	uint8_t hash[STORE_HASH_SIZE] = {0xa0, 0};

	fill();
	unit_ok(store_waiting_deny(store, hash, NOW, &err), &err);
	add_plain(0xb0, 0, "192.0.2.1", NOW + 101);
	ck_assert(waits(0xa0, 1));
	ck_assert_str_eq(list(true).text, "a000 ");
}
END_TEST

START_TEST(add_flood_is_on_record_for_its_share_only)
{
	for (uint8_t i = 0; i < 200; i++)
		add_plain(0xf0, i, "203.0.113.66", NOW + i);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), 3);
}
END_TEST

/* From one source that displaces itself, or from very many. */
START_TEST(add_flood_of_a_full_list_is_not_on_record)
{
	fill();
	for (uint8_t i = 0; i < 200; i++) {
		char source[32];

		(void)snprintf(source, sizeof source, "203.0.113.%u", i < 100 ? 66U : i);
		add_plain(0xf0, i, source, NOW + MAX + STORE_WAITING_MOMENT - 20);
	}
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), MAX);
	/* A day later they are those that nobody sees any more. */
	add_plain(0xb0, 0, "192.0.2.1", NOW + MAX + 2 * STORE_WAITING_MOMENT);
	ck_assert_int_eq(ask("SELECT count(*) FROM audit WHERE action = 'wait'"), MAX + 1);
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
	Suite *suite = suite_create("store_waiting");
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
	tcase_add_test(tc, add_above_the_bound_the_longest_unseen_gives_way);
	tcase_add_test(tc, add_above_the_bound_a_flood_displaces_only_itself);
	tcase_add_test(tc, add_after_a_flood_of_an_empty_list_takes_a_place_of_it);
	tcase_add_test(tc, add_above_the_bound_a_verified_one_stays);
	tcase_add_test(tc, add_one_of_a_bound_of_one_stays_itself);
	tcase_add_test(tc, add_above_the_bound_a_quiet_source_keeps_its_place);
	tcase_add_test(tc, add_to_a_list_of_verified_ones_needs_a_verified_one);
	tcase_add_loop_test(tc, add_above_the_bound_a_site_displaces_only_itself, 0, 2);
	tcase_add_test(tc, add_after_others_were_approved_evicts_none);
	tcase_add_test(tc, add_in_a_transaction_that_fails_is_made_good);
	tcase_add_test(tc, add_denied_ones_take_no_room);
	tcase_add_test(tc, add_flood_is_on_record_for_its_share_only);
	tcase_add_test(tc, add_flood_of_a_full_list_is_not_on_record);
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
