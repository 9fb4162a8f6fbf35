#include "config.h"

#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/trust.h"
#include "store_fixture.h"

#define NOW 1000000

static bool
add(uint8_t first, bool root)
{
	struct store_trusted trusted = {
	    .fingerprint = {first},
	    .root = root,
	    .certificate = &first,
	    .certificate_size = 1,
	    .source = "a.cab: b.cer",
	    .added = NOW,
	};
	bool added;

	unit_ok(store_trust_add(store, &trusted, &added, &err), &err);
	return added;
}

static int64_t
revision(void)
{
	int64_t now = -1;

	unit_ok(store_trust_revision(store, &now, &err), &err);
	return now;
}

/* What was listed, as letters: the certificate's octet, in upper case for a root. */
static char   listed[16];
static size_t listed_max;

static bool
list_cb(const struct store_trusted *trusted, void *arg)
{
	size_t length = strlen(listed);

	(void)arg;
	ck_assert_str_eq(trusted->source, "a.cab: b.cer");
	ck_assert_int_eq(trusted->added, NOW);
	ck_assert_uint_eq(trusted->certificate_size, 1);
	ck_assert_int_eq(trusted->fingerprint[0], trusted->certificate[0]);
	listed[length] = (char)(trusted->certificate[0] - (trusted->root ? 'a' - 'A' : 0));
	return length + 1 < listed_max;
}

static const char *
list(size_t max)
{
	memset(listed, 0, sizeof listed);
	listed_max = max;
	unit_ok(store_trust_list(store, list_cb, NULL, &err), &err);
	return listed;
}

START_TEST(list_is_roots_first)
{
	ck_assert_str_eq(list(9), "");
	ck_assert(add('b', false));
	ck_assert(add('c', true));
	ck_assert(add('a', false));
	ck_assert_str_eq(list(9), "Cab");
	ck_assert_str_eq(list(1), "C");
	ck_assert_str_eq(list(9), "Cab");
}
END_TEST

START_TEST(add_of_what_is_there_changes_nothing)
{
	int64_t before;

	ck_assert(add('a', true));
	before = revision();
	ck_assert(!add('a', false));
	ck_assert_int_eq(revision(), before);
	ck_assert_str_eq(list(9), "A");
}
END_TEST

START_TEST(revision_grows_with_every_change)
{
	uint8_t fingerprint[STORE_FINGERPRINT_SIZE] = {'a'};
	int64_t before = revision();

	ck_assert(add('a', true));
	ck_assert_int_gt(revision(), before);
	before = revision();
	unit_ok(store_trust_remove(store, fingerprint, NOW, &err), &err);
	ck_assert_int_gt(revision(), before);
}
END_TEST

START_TEST(add_in_a_transaction_is_undone_with_it)
{
	int64_t before = revision();

	unit_ok(store_begin(store, &err), &err);
	ck_assert(add('a', true));
	ck_assert(add('b', false));
	store_rollback(store);
	ck_assert_str_eq(list(9), "");
	ck_assert_int_eq(revision(), before);
}
END_TEST

static bool
last_cb(const struct audit_entry *entry, void *arg)
{
	char *detail = arg;

	ck_assert_str_eq(entry->action, "trust remove");
	ck_assert_str_eq(entry->outcome, "done");
	ck_assert_ptr_null(entry->ek_hash);
	(void)snprintf(detail, 128, "%s", entry->detail);
	return true;
}

START_TEST(remove_is_on_record)
{
	const struct audit_filter all = {0};
	uint8_t                   fingerprint[STORE_FINGERPRINT_SIZE] = {'a'};
	char                      detail[128] = "";

	ck_assert(add('a', true));
	ck_assert(add('b', true));
	unit_ok(store_trust_remove(store, fingerprint, NOW, &err), &err);
	ck_assert_str_eq(list(9), "B");
	unit_ok(store_audit_list(store, &all, last_cb, detail, &err), &err);
	ck_assert_str_eq(detail, "6100000000000000000000000000000000000000000000000000000000000000"
	                         " of a.cab: b.cer");
}
END_TEST

START_TEST(remove_of_what_is_not_there_is_not_found)
{
	uint8_t fingerprint[STORE_FINGERPRINT_SIZE] = {'a'};
	int64_t before = revision();

	unit_fails(store_trust_remove(store, fingerprint, NOW, &err), &err, ERROR_NOT_FOUND,
	    "no certificate with fingerprint"
	    " 6100000000000000000000000000000000000000000000000000000000000000 is imported");
	ck_assert_int_eq(revision(), before);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trust_store");
	TCase *tcase = tcase_create("trust");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, list_is_roots_first);
	tcase_add_test(tcase, add_of_what_is_there_changes_nothing);
	tcase_add_test(tcase, revision_grows_with_every_change);
	tcase_add_test(tcase, add_in_a_transaction_is_undone_with_it);
	tcase_add_test(tcase, remove_is_on_record);
	tcase_add_test(tcase, remove_of_what_is_not_there_is_not_found);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
