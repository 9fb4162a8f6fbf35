/* Every step of what the stores do, with each allocation of SQLite failing: it is done whole, or undone. */
#include "config.h"

#include <string.h>

#include "failing.h"
#include "scratch.h"
#include "store/acme/acme.h"
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
#include "store/store.h"
#include "unit.h"

#define NOW 1800000000

/* Read only. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static char          directory[SCRATCH_SIZE];
static struct store *store;

static const uint8_t first[STORE_HASH_SIZE] = {1};
static const uint8_t second[STORE_HASH_SIZE] = {2};
static const uint8_t third[STORE_HASH_SIZE] = {3};

typedef int step(struct error *err);

/* ---- the inventory ---- */

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
	           .tags = tags, .tag_count = 1};
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

static step *const inventory_steps[] = {enroll, find, list, use_issuer, certify, list_certificates, record,
    revoke_one, list_revoked, revoke_all, disable, set, wait_for, list_waiting, deny, approve, look_similar,
    trust, replace, look_removed, list_audit, sweep, take_away};

/* ---- attest-acmed's ---- */

#define ID_1 "aaaaaaaaaaaaaaaaaaaaaa"
#define ID_2 "bbbbbbbbbbbbbbbbbbbbbb"
#define ID_3 "cccccccccccccccccccccc"
#define ID_4 "dddddddddddddddddddddd"

static int
account_add(struct error *err)
{
	struct store_account account = {.id = ID_1, .status = STATUS_VALID, .jwk = TEXT("{}"), .thumbprint = "thumb",
	    .contacts = {TEXT("mailto:a@b.example")}, .contact_count = 1, .terms_agreed = true, .created = NOW};

	return store_account_add(store, &account, err);
}

static bool
count_account(const struct store_account *account, void *arg)
{
	ck_assert_str_eq(account->id, ID_1);
	++*(int *)arg;
	return true;
}

static int
account_look(struct error *err)
{
	struct store_account account;
	uint64_t             number = 0;
	int                  count = 0;

	if (store_account_find(store, ID_1, &account, err) != 0)
		return -1;
	ck_assert_uint_eq(account.contact_count, 1);
	store_account_clear(&account);
	if (store_account_find_key(store, "thumb", &account, err) != 0)
		return -1;
	store_account_clear(&account);
	if (store_account_count(store, NOW - 1, &number, err) != 0 ||
	    store_account_list(store, count_account, &count, err) != 0)
		return -1;
	ck_assert_uint_eq(number, 1);
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
order_add(struct error *err)
{
	struct store_order order = {.id = ID_2, .account = ID_1, .status = STATUS_PENDING, .created = NOW,
	    .expires = NOW + 100, .authorization_count = 1};

	order.authorizations[0] = (struct store_authorization){.id = ID_3, .account = ID_1, .order = ID_2,
	    .type = TEXT("permanent-identifier"), .value = TEXT("laptop"), .status = STATUS_PENDING,
	    .challenge = STATUS_PENDING, .token = ID_4, .expires = NOW + 100};
	return store_order_add(store, &order, err);
}

static bool
count_order(const struct store_order *order, void *arg)
{
	(void)order;
	++*(int *)arg;
	return true;
}

static void
note_unattested(const char *id, const char *account, int64_t created, void *arg)
{
	(void)id;
	(void)account;
	(void)created;
	++*(int *)arg;
}

static int
order_look(struct error *err)
{
	struct store_order         order;
	struct store_authorization authorization;
	uint64_t                   number = 0;
	int64_t                    oldest;
	bool                       held;
	int                        count = 0;

	if (store_order_find(store, ID_2, &order, err) != 0)
		return -1;
	ck_assert_uint_eq(order.authorization_count, 1);
	store_order_clear(&order);
	if (store_authorization_find(store, ID_3, &authorization, err) != 0)
		return -1;
	store_authorization_clear(&authorization);
	if (store_order_count(store, ID_1, NOW - 1, &number, &oldest, err) != 0 ||
	    store_order_unattested(store, note_unattested, &count, err) != 0 ||
	    store_order_list(store, ID_1, "", count_order, &count, err) != 0 ||
	    store_authorization_held(store, ID_1, "laptop", NOW, &held, err) != 0)
		return -1;
	ck_assert_uint_eq(number, 1);
	ck_assert_int_eq(count, 2);
	return 0;
}

static int
authorization_attest(struct error *err)
{
	struct store_authorization authorization;
	int                        rc = store_authorization_find(store, ID_3, &authorization, err);

	if (rc != 0)
		return -1;
	authorization.status = authorization.challenge = STATUS_VALID;
	authorization.validated = NOW;
	authorization.format = memory_strdup("tpm");
	authorization.witness = memory_strdup("a TPM");
	bytes_append(&authorization.key, "key", 3);
	bytes_append(&authorization.chain, "chain", 5);
	rc = store_authorization_update(store, &authorization, STATUS_PENDING, err);
	store_authorization_clear(&authorization);
	return rc == 0 ? store_account_prove(store, ID_1, err) : -1;
}

static int
issue(struct error *err)
{
	struct store_issued issued = {.id = ID_4, .account = ID_1, .order = ID_2, .serial = {1, 2}, .serial_size = 2,
	    .names = TEXT("laptop\n"), .witness = TEXT("a TPM"), .not_before = NOW, .not_after = NOW + 100};
	int                 rc;

	bytes_append(&issued.der, "der", 3);
	bytes_append(&issued.chain, "chain", 5);
	bytes_append(&issued.ak_serial, "s", 1);
	rc = store_issued_add(store, &issued, err);
	bytes_clear(&issued.der);
	bytes_clear(&issued.chain);
	bytes_clear(&issued.ak_serial);
	return rc;
}

static bool
count_issued(const struct store_issued *issued, void *arg)
{
	ck_assert_str_eq(issued->id, ID_4);
	++*(int *)arg;
	return true;
}

static bool
count_name(const char *name, void *arg)
{
	ck_assert_ptr_nonnull(name);
	++*(int *)arg;
	return true;
}

static bool
count_attested(int64_t row, const char *id, struct view ak_serial, void *arg)
{
	(void)row;
	(void)id;
	(void)ak_serial;
	++*(int *)arg;
	return true;
}

static int
issued_look(struct error *err)
{
	struct store_issued issued;
	int                 count = 0;

	if (store_issued_find(store, ID_4, &issued, err) != 0)
		return -1;
	store_issued_clear(&issued);
	if (store_issued_find_serial(store, (struct view){(const uint8_t *)"\1\2", 2}, &issued, err) != 0)
		return -1;
	store_issued_clear(&issued);
	if (store_issued_list(store, count_issued, &count, err) != 0 ||
	    store_issued_list_since(store, NOW - 1, count_issued, &count, err) != 0 ||
	    store_issued_list_names(store, ID_1, count_name, &count, err) != 0 ||
	    store_issued_list_attested(store, NOW, 0, count_attested, &count, err) != 0)
		return -1;
	ck_assert_int_ge(count, 4);
	return 0;
}

static int
issued_revoke(struct error *err)
{
	int64_t revocations;
	int64_t number;
	int     count = 0;

	if (store_issued_revoke(store, ID_4, NOW, 1, err) != 0 ||
	    store_issued_list_revoked(store, NOW, count_issued, &count, err) != 0 ||
	    store_acme_revocations(store, &revocations, err) != 0 ||
	    store_acme_crl_number_next(store, 1, &number, err) != 0 ||
	    store_acme_crl_number_last(store, &number, err) != 0)
		return -1;
	ck_assert_int_eq(count, 1);
	return 0;
}

static int
mark_crl(struct error *err)
{
	struct store_crl_mark mark = {.issuer = {9}, .name = TEXT("CA"), .has_number = true, .this_update = NOW};
	struct store_crl_mark found;

	bytes_append(&mark.certificate, "der", 3);
	if (store_crl_mark_put(store, &mark, err) != 0) {
		bytes_clear(&mark.certificate);
		return -1;
	}
	bytes_clear(&mark.certificate);
	if (store_crl_mark_find(store, mark.issuer, &found, err) != 0)
		return -1;
	ck_assert_str_eq(found.name, "CA");
	store_crl_mark_clear(&found);
	return 0;
}

static int
acme_sweep(struct error *err)
{
	const struct store_sweep sweep_all = {NOW + 1000, NOW + 1000, NOW + 1000, NOW + 1000};
	uint64_t                 removed = 0;

	return store_acme_sweep(store, &sweep_all, 100, &removed, err);
}

static step *const acme_steps[] = {account_add, account_look, order_add, order_look, authorization_attest, issue,
    issued_look, issued_revoke, mark_crl, acme_sweep};

/* ---- each of them ---- */

struct scenario {
	step *const        *steps;
	int                 at;
	enum store_database database;
	bool                fresh; /* the store is opened each time: it has no statements prepared */
};

/* Those before it succeed; whatever becomes of it, all is undone. */
static int
scenario_run(const void *arg, struct error *err)
{
	const struct scenario *scenario = arg;
	int                    rc;

	if (scenario->fresh)
		unit_ok(store_database_open(scenario->database, directory, &store, err), err);
	unit_ok(store_begin(store, err), err);
	for (int i = 0; i < scenario->at; i++)
		ck_assert_msg(scenario->steps[i](err) == 0, "step %d: %s", i, err->detail);
	failing_on();
	rc = scenario->steps[scenario->at](err);
	failing_off();
	store_rollback(store);
	if (scenario->fresh)
		store_close(store);
	return rc;
}

static void
scenario_fail(struct scenario *scenario)
{
	struct error err = {0};

	scratch_make(directory);
	unit_ok(store_database_create(scenario->database, directory, &err), &err);
	unit_ok(store_database_open(scenario->database, directory, &store, &err), &err);
	failing_every(3, (unsigned)scenario->at % 3);
	failing_each(scenario_run, scenario);
	store_close(store);
	scenario->fresh = true;
	failing_every(17, (unsigned)scenario->at); /* a statement that is prepared needs more than that */
	failing_each(scenario_run, scenario);
	scratch_remove(directory);
}

START_TEST(inventory_without_memory_does_it_or_says_so)
{
	scenario_fail(&(struct scenario){inventory_steps, _i, STORE_INVENTORY, false});
}
END_TEST

START_TEST(acme_without_memory_does_it_or_says_so)
{
	scenario_fail(&(struct scenario){acme_steps, _i, STORE_ACME, false});
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	suite = suite_create("store/failing");
	tcase = tcase_create("failing");
	tcase_add_loop_test(tcase, inventory_without_memory_does_it_or_says_so, 0,
	    sizeof inventory_steps / sizeof inventory_steps[0]);
	tcase_add_loop_test(tcase, acme_without_memory_does_it_or_says_so, 0,
	    sizeof acme_steps / sizeof acme_steps[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
