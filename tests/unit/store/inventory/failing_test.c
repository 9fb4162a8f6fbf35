/* Every step of what the inventory does, with allocations of SQLite failing and with each statement. */
#include "config.h"

#include <string.h>

#include <sqlite3.h>

#include "failing_sql.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/issuer.h"
#include "store/inventory/removed.h"
#include "store/inventory/similar.h"
#include "store/inventory/trust.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store_failing.h"

static const uint8_t first[STORE_HASH_SIZE] = {1};
static const uint8_t second[STORE_HASH_SIZE] = {2};
static const uint8_t third[STORE_HASH_SIZE] = {3};

static int
enroll(struct error *err)
{
	static const char *const names[] = {"laptop", "pc 1"};
	static const char *const tags[] = {"lab", "room-1"};
	struct store_device device = {.ek_hash = {1}, .names = (char **)(uintptr_t)names, .name_count = 2,
	    .tags = (char **)(uintptr_t)tags, .tag_count = 2};

	return store_device_enroll(store, &device, NOW, err);
}

static int
find(struct error *err)
{
	struct store_device device;
	uint8_t             hash[STORE_HASH_SIZE];
	int                 rc = store_device_find(store, first, &device, err);

	if (rc == 0) {
		ck_assert_uint_eq(device.name_count, 2);
		ck_assert_uint_eq(device.tag_count, 2);
		store_device_clear(&device);
		rc = store_device_resolve(store, "laptop", &device, err);
	}
	if (rc == 0) {
		store_device_clear(&device);
		rc = store_device_named(store, "pc 1", hash, err);
	}
	if (rc == 0)
		ck_assert_mem_eq(hash, first, sizeof hash);
	return rc;
}

static bool
count_device(const struct store_device *device, void *arg)
{
	ck_assert_uint_eq(device->name_count, 2);
	++*(int *)arg;
	return true;
}

static int
list(struct error *err)
{
	const struct store_filter filter = {.tag = "lab", .name_glob = "lap*", .never_seen = true};
	int                       count = 0;

	if (store_device_list(store, count_device, &count, err) != 0 ||
	    store_device_search(store, &filter, count_device, &count, err) != 0)
		return -1;
	ck_assert_int_eq(count, 2);
	return 0;
}

static int
set(struct error *err)
{
	static const char *const names[] = {"laptop", "desk"};
	static const char *const tags[] = {"other"};
	struct store_edit        edit = {.set_names = true, .names = names, .name_count = 2, .set_tags = true,
	           .tags = tags, .tag_count = 1, .note = "moved"};
	size_t                   revoked;

	return store_device_set(store, first, &edit, NOW, &revoked, err);
}

static int
use_issuer(struct error *err)
{
	int64_t issuer;
	int64_t number;
	bool    needed;

	return store_issuer_use(store, view_text("key id"), view_text("certificate"), NOW, &issuer, err) == 0 &&
	        store_issuer_needed(store, issuer, NOW, &needed, err) == 0 &&
	        store_crl_number_next(store, issuer, 1, &number, err) == 0 &&
	        store_crl_number_last(store, issuer, &number, err) == 0
	    ? 0
	    : -1;
}

static struct store_certificate
certificate_of(uint8_t serial)
{
	return (struct store_certificate){.serial = {0x40, serial}, .serial_size = 20, .ek_hash = {1},
	    .ak_name = {0, 0x0b, serial}, .ak_name_size = 34, .issuer = 1, .not_before = NOW, .not_after = NOW + 100};
}

static int
certify(struct error *err)
{
	struct store_device      device;
	struct store_certificate one = certificate_of(1);
	struct store_certificate two = certificate_of(2);
	int64_t                  revision;

	if (store_device_find(store, first, &device, err) != 0)
		return -1;
	revision = device.revision;
	store_device_clear(&device);
	return store_certificate_add(store, &one, revision, err) == 0 &&
	        store_certificate_add(store, &two, revision, err) == 0
	    ? 0
	    : -1;
}

static bool
count_certificate(const struct store_certificate *certificate, void *arg)
{
	(void)certificate;
	++*(int *)arg;
	return true;
}

static int
list_certificates(struct error *err)
{
	int count = 0;

	if (store_certificate_list(store, first, count_certificate, &count, err) != 0)
		return -1;
	ck_assert_int_eq(count, 2);
	return 0;
}

static int
record(struct error *err)
{
	struct store_evidence evidence = {.verdict = STORE_VERDICT_VERIFIED, .manufacturer = "id:4E544300"};
	int64_t               checked;
	bool                  known;
	bool                  later;

	if (store_evidence_record(store, first, &evidence, view_text("certificate"), NOW, err) != 0 ||
	    store_device_seen(store, first, NOW + 5, &known, &later, err) != 0 ||
	    store_evidence_find(store, first, &evidence, &checked, err) != 0)
		return -1;
	ck_assert(known && later);
	ck_assert_int_eq((int)evidence.verdict, STORE_VERDICT_VERIFIED);
	return 0;
}

static int
revoke_one(struct error *err)
{
	struct store_certificate one = certificate_of(1);
	size_t                   revoked = 0;

	if (store_revoke_serial(store, (struct view){one.serial, one.serial_size}, REASON_UNSPECIFIED, NOW,
	        &revoked, err) != 0)
		return -1;
	ck_assert_uint_eq(revoked, 1);
	return 0;
}

static int
list_revoked(struct error *err)
{
	int     count = 0;
	int64_t revocations = 0;

	if (store_revoked_list(store, 1, NOW, count_certificate, &count, err) != 0 ||
	    store_revocations(store, &revocations, err) != 0)
		return -1;
	ck_assert_int_eq(count, 1);
	ck_assert_int_ge(revocations, 1);
	return 0;
}

static int
revoke_all(struct error *err)
{
	size_t revoked = 0;

	if (store_revoke_device(store, first, REASON_UNSPECIFIED, NOW, &revoked, err) != 0)
		return -1;
	ck_assert_uint_eq(revoked, 1); /* the other one was */
	return 0;
}

static int
disable(struct error *err)
{
	size_t revoked;

	return store_device_enable(store, first, false, NOW, &revoked, err) == 0 &&
	        store_device_enable(store, first, true, NOW, &revoked, err) == 0
	    ? 0
	    : -1;
}

static int
replace(struct error *err)
{
	size_t revoked;

	return store_device_replace(store, first, second, NOW, &revoked, err);
}

static bool
count_removed(const struct store_removed *removed, void *arg)
{
	(void)removed;
	++*(int *)arg;
	return true;
}

static int
look_removed(struct error *err)
{
	struct store_removed removed;
	int                  count = 0;

	if (store_removed_find(store, first, &removed, err) != 0 ||
	    store_removed_list(store, count_removed, &count, err) != 0)
		return -1;
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
wait_for(struct error *err)
{
	struct waiting_shares *shares = waiting_shares_new();
	struct store_waiting   entry = {.ek_hash = {3}, .peer = "192.0.2.1:1", .source = "192.0.2.1",
	      .wish = "newcomer", .first_seen = NOW, .last_seen = NOW, .times = 1};
	bool                   denied;
	int                    rc = store_waiting_add(store, &entry, 10, NOW, shares, &denied, err);

	if (rc == 0)
		rc = store_waiting_add(store, &entry, 10, NOW + 1, shares, &denied, err);
	waiting_shares_free(shares);
	return rc;
}

static bool
count_waiting(const struct store_waiting *entry, void *arg)
{
	ck_assert_str_eq(entry->wish, "newcomer");
	++*(int *)arg;
	return true;
}

static int
list_waiting(struct error *err)
{
	struct store_waiting entry;
	int                  count = 0;

	if (store_waiting_find(store, third, &entry, err) != 0 ||
	    store_waiting_list(store, false, count_waiting, &count, err) != 0 ||
	    store_waiting_resolve(store, "0300", &entry, err) != 0)
		return -1;
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
deny(struct error *err)
{
	return store_waiting_deny(store, third, NOW, err);
}

static int
approve(struct error *err)
{
	static const char *const names[] = {"newcomer"};
	struct store_device device = {.ek_hash = {3}, .names = (char **)(uintptr_t)names, .name_count = 1};

	return store_waiting_approve(store, &device, true, NOW, err);
}

static int
look_similar(struct error *err)
{
	struct store_similar found;

	if (store_similar_find(store, "Iaptop", third, &found, err) == 0)
		return 0;
	return err->kind == ERROR_NOT_FOUND ? 0 : -1;
}

static bool
count_trusted(const struct store_trusted *trusted, void *arg)
{
	ck_assert_uint_eq(trusted->certificate_size, 3);
	++*(int *)arg;
	return true;
}

static int
trust(struct error *err)
{
	struct store_trusted trusted = {.fingerprint = {7}, .root = true, .certificate = (const uint8_t *)"der",
	    .certificate_size = 3, .source = "file", .added = NOW};
	int64_t              revision;
	bool                 added = false;
	int                  count = 0;

	if (store_trust_add(store, &trusted, &added, err) != 0 ||
	    store_trust_list(store, count_trusted, &count, err) != 0 ||
	    store_trust_revision(store, &revision, err) != 0 ||
	    store_trust_remove(store, trusted.fingerprint, NOW, err) != 0)
		return -1;
	ck_assert(added);
	ck_assert_int_eq(count, 1);
	return 0;
}

static bool
count_entry(const struct audit_entry *entry, void *arg)
{
	ck_assert_ptr_nonnull(entry->action);
	++*(int *)arg;
	return true;
}

static int
list_audit(struct error *err)
{
	const struct audit_filter filter = {.after = 0};
	int                       count = 0;

	if (store_audit_list(store, &filter, count_entry, &count, err) != 0)
		return -1;
	ck_assert_int_ge(count, 5);
	return 0;
}

static int
sweep(struct error *err)
{
	size_t removed;

	return store_certificate_sweep(store, NOW + 1000, 10, &removed, err);
}

static int
take_away(struct error *err)
{
	return store_device_remove(store, second, NOW, err);
}

/* With room for one, a newcomer whose certificate verifies is let in, and one whose does not is not. */
static int
give_way(struct error *err)
{
	struct waiting_shares *shares = waiting_shares_new();
	struct store_waiting   good = {.ek_hash = {4}, .peer = "192.0.2.2:1", .source = "192.0.2.2",
	      .evidence = {.verdict = STORE_VERDICT_VERIFIED}, .first_seen = NOW, .last_seen = NOW, .times = 1};
	struct store_waiting   better = {.ek_hash = {5}, .peer = "192.0.2.2:1", .source = "192.0.2.2",
	      .evidence = {.verdict = STORE_VERDICT_VERIFIED}, .first_seen = NOW, .last_seen = NOW, .times = 1};
	struct store_waiting   bad = {.ek_hash = {6}, .peer = "192.0.2.3:1", .source = "192.0.2.3",
	      .first_seen = NOW, .last_seen = NOW, .times = 1};
	struct store_waiting   found;
	bool                   denied;
	int                    rc = -1;

	if (store_waiting_add(store, &good, 1, NOW, shares, &denied, err) == 0 &&
	    store_waiting_add(store, &better, 1, NOW + 1, shares, &denied, err) == 0 &&
	    store_waiting_add(store, &bad, 1, NOW + 2, shares, &denied, err) == 0)
		rc = store_waiting_find(store, better.ek_hash, &found, err);
	waiting_shares_free(shares);
	return rc;
}

/* The list is read again by a server that has started since. */
static int
give_way_again(struct error *err)
{
	struct waiting_shares *shares = waiting_shares_new();
	struct store_waiting   one = {.ek_hash = {7}, .peer = "192.0.2.4:1", .source = "192.0.2.4",
	      .evidence = {.verdict = STORE_VERDICT_VERIFIED}, .first_seen = NOW, .last_seen = NOW, .times = 1};
	bool                   denied;
	int                    rc = store_waiting_add(store, &one, 1, NOW + 3, shares, &denied, err);

	waiting_shares_free(shares);
	return rc;
}

static bool
count_pair(const char *one, const char *other, void *arg)
{
	ck_assert_str_eq(one, "0ther");
	ck_assert_str_eq(other, "Other");
	++*(int *)arg;
	return true;
}

static void
warn_cb(const char *name, const struct store_similar *other, void *arg)
{
	(void)name;
	(void)other;
	(void)arg;
}

static int
list_similar(struct error *err)
{
	static const char *const names[] = {"Other"};
	static const char *const alike[] = {"0ther"};
	struct store_device      one = {.ek_hash = {8}, .names = (char **)(uintptr_t)names, .name_count = 1};
	struct store_device      two = {.ek_hash = {9}, .names = (char **)(uintptr_t)alike, .name_count = 1};
	int                      count = 0;
	int                      rc = -1;

	store_similar_allow(store, warn_cb, NULL);
	if (store_device_enroll(store, &one, NOW, err) == 0 && store_device_enroll(store, &two, NOW, err) == 0)
		rc = store_similar_list(store, count_pair, &count, err);
	store_similar_allow(store, NULL, NULL);
	if (rc == 0)
		ck_assert_int_eq(count, 1);
	return rc;
}

static int
replace_disabled(struct error *err)
{
	static const uint8_t fourth[STORE_HASH_SIZE] = {10};
	struct store_device  device;
	size_t               revoked;

	if (store_device_enable(store, third, false, NOW, &revoked, err) != 0 ||
	    store_device_replace(store, third, fourth, NOW, &revoked, err) != 0 ||
	    store_device_find(store, fourth, &device, err) != 0)
		return -1;
	ck_assert(!device.enabled);
	store_device_clear(&device);
	return 0;
}

static int
cut_audit(struct error *err)
{
	size_t removed;

	if (store_audit_cut(store, NOW + 1, 100, NOW + 2, &removed, err) != 0)
		return -1;
	ck_assert_uint_ge(removed, 5);
	return 0;
}

static step *const steps[] = {enroll, find, list, use_issuer, certify, list_certificates, record, revoke_one,
    list_revoked, revoke_all, disable, set, wait_for, list_waiting, deny, approve, look_similar, list_similar,
    give_way, give_way_again, trust, replace, look_removed, replace_disabled, list_audit, sweep, take_away, cut_audit};

START_TEST(inventory_that_fails_says_so)
{
	scenario_fail(&(struct scenario){steps, _i, STORE_INVENTORY, false});
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	failing_sql(SQLITE_IOERR);
	suite = suite_create("store/inventory/failing");
	tcase = tcase_create("failing");
	tcase_add_loop_test(tcase, inventory_that_fails_says_so, 0, sizeof steps / sizeof steps[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
