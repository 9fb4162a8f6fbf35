/* Which issuing CAs there are, and for how long: the CRLs of earlier ones are served as long as needed. */
#include "config.h"

#include "attestation/keeper/issuers.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/watch.h"
#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/publish.h"
#include "attestation/keeper/vendor_trust.h"
#include "attestation/settings.h"
#include "ca/files.h"
#include "failing.h"
#include "failing_calls.h"
#include "failing_sql.h"
#include "pki/ca_request.h"
#include "pki/trust.h"
#include "pki_support.h"
#include "scratch.h"
#include "service/keeper/deadlines.h"
#include "service/keeper/shelf.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/issuer.h"
#include "store/inventory/trust.h"
#include "store/store.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/log.h"
#include "util/shared.h"

#define HOUR 3600

static char                        directory[SCRATCH_SIZE];
static struct folder               state;
static struct pki                  pki;
static struct ca                   earlier;
static char                        earlier_id[ISSUER_ID_SIZE];
static struct attestation_settings settings;
static struct store               *store;
static struct shelf               *shelf;
static struct issuers             *issuers;
static int64_t                     row;
static struct error                err;

static void
put(const char *name, const struct bytes *content)
{
	unit_ok(folder_replace(&state, name, content->data, content->size, 0600, &err), &err);
}

static void
put_ca(const char *base, const struct ca *ca)
{
	char       name[ISSUER_ID_SIZE + 32];
	AUTO_BYTES pem = {0};
	AUTO_BYTES key = {0};

	unit_ok(certificate_encode_pem(ca->certificate, &pem, &err), &err);
	(void)snprintf(name, sizeof name, "%s.pem", base);
	put(name, &pem);
	unit_ok(key_encode(ca->key, &key, &err), &err);
	(void)snprintf(name, sizeof name, "%s.key", base);
	put(name, &key);
}

/* A device with a certificate of the earlier CA until then. */
static void
certify_until(int64_t not_after)
{
	struct store_device      device = {.ek_hash = {7}};
	struct store_certificate certificate = {
	    .serial = {0x40},
	    .serial_size = 1,
	    .ek_hash = {7},
	    .ak_name = {0, 0x0b},
	    .ak_name_size = 34,
	    .not_before = PKI_NOW,
	    .not_after = not_after,
	    .issuer = row,
	};
	struct store_device found;

	unit_ok(store_device_enroll(store, &device, PKI_NOW, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &found, &err), &err);
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	store_device_clear(&found);
}

static void
setup(void)
{
	char       base[ISSUER_ID_SIZE + 32];
	AUTO_BYTES root = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &state, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(key_generate(KEY_TYPE_P256, &earlier.key, &err), &err);
	unit_ok(ca_issuing_create(&pki.root, earlier.key, "Earlier", PKI_NOW, PKI_YEAR, &earlier.certificate, &err),
	    &err);
	unit_ok(issuer_files_id(earlier.certificate, earlier_id, &err), &err);
	ck_assert_int_eq(mkdirat(state.fd, STATE_ISSUERS, 0700), 0);
	(void)snprintf(base, sizeof base, STATE_ISSUERS "/%s", earlier_id);
	put_ca(base, &earlier);
	put_ca("issuing", &pki.issuing);
	unit_ok(certificate_encode_pem(pki.root.certificate, &root, &err), &err);
	put(STATE_ROOT_PEM, &root);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(issuer_record(store, earlier.certificate, PKI_NOW, &row, &err), &err);
	unit_ok(config_file_complete(attestation_settings_schema(), NULL, &settings, &err), &err);
	shelf = shelf_new();
	issuers = issuers_new(&state, shelf, NULL);
}

static void
teardown(void)
{
	char command[SCRATCH_SIZE + 16];

	issuers_free(issuers);
	shelf_free(shelf);
	config_file_clear(attestation_settings_schema(), &settings);
	store_close(store);
	folder_close(&state);
	ca_clear(&earlier);
	pki_clear(&pki);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

/* Whether the earlier CA's CRL is served, and its key is still there. */
static void
assert_earlier(bool there)
{
	char       name[ISSUER_ID_SIZE + 32];
	AUTO_BYTES crl = {0};

	(void)snprintf(name, sizeof name, "crl/%s", earlier_id);
	ck_assert_int_eq(shelf_copy(shelf, name, 0, &crl) != 0, there);
	(void)snprintf(name, sizeof name, STATE_ISSUERS "/%s.key", earlier_id);
	ck_assert_int_eq(faccessat(state.fd, name, F_OK, 0) == 0, there);
}

START_TEST(refresh_serves_an_earlier_ca_until_its_last_certificate_expires)
{
	certify_until(PKI_NOW + HOUR + 60);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	assert_earlier(true);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW + HOUR, &err), &err);
	assert_earlier(true);
	/* It is looked once an hour. */
	unit_ok(issuers_refresh(issuers, store, PKI_NOW + HOUR + 61, &err), &err);
	assert_earlier(true);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW + 2 * HOUR, &err), &err);
	assert_earlier(false);
}
END_TEST

/* A clock that is far from what the record says is not believed. */
START_TEST(refresh_by_a_clock_that_is_not_believed_removes_nothing)
{
	certify_until(PKI_NOW + HOUR);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW + 200 * PKI_DAY, &err), &err);
	assert_earlier(true);
}
END_TEST

/* The renewal had replaced the certificate, and not yet put the keys in their places. */
START_TEST(load_completes_a_renewal_that_was_interrupted)
{
	char       name[ISSUER_ID_SIZE + 32];
	char       id[ISSUER_ID_SIZE];
	AUTO_BYTES old_key = {0};
	AUTO_BYTES new_key = {0};
	AUTO_BYTES found = {0};

	unit_ok(issuer_files_id(pki.issuing.certificate, id, &err), &err);
	(void)snprintf(name, sizeof name, STATE_ISSUERS "/%s.key", id);
	unit_ok(key_encode(earlier.key, &old_key, &err), &err);
	unit_ok(key_encode(pki.issuing.key, &new_key, &err), &err);
	put(STATE_ISSUING_KEY, &old_key);
	put(name, &new_key);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	ck_assert_str_eq(issuers_id(issuers), id);
	ck_assert_int_ne(faccessat(state.fd, name, F_OK, 0), 0);
	unit_ok(folder_read(&state, STATE_ISSUING_KEY, 4096, &found, &err), &err);
	ck_assert(view_equal(bytes_view(&found), bytes_view(&new_key)));
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
}
END_TEST

static unsigned freed; /* certificates that were marked */

static void
freed_cb(void *parent, void *mark, CRYPTO_EX_DATA *data, int index, long number, void *context)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)number;
	(void)context;
	freed += mark != NULL;
}

/* A version that is never released would be kept for each reload, with its private key. */
START_TEST(load_frees_the_issuer_before_also_after_a_look_at_the_deadlines)
{
	struct attestation_revision revision = {.settings = settings};
	struct attestation_keeper   keeper = {.issuers = issuers, .revision = &revision};
	int                         index = X509_get_ex_new_index(0, NULL, NULL, NULL, freed_cb);
	struct shared_version      *version;
	const struct issuer        *issuer;

	revision.settings.ek_mode = EK_POLICY_IGNORE;
	keeper.service.shelf = shelf;
	keeper.service.deadlines = deadlines_new();
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	version = issuers_acquire(issuers);
	issuer = version->value;
	ck_assert_int_eq(X509_set_ex_data(issuer->files.ca.certificate, index, &freed), 1);
	issuers_release(issuers, version);
	attestation_watch_deadlines(&keeper, PKI_NOW);
	ck_assert_uint_eq(freed, 0);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	ck_assert_uint_eq(freed, 1);
	deadlines_free(keeper.service.deadlines);
}
END_TEST

/* ---- what fails in between ---- */

/* Another keeper of the same directory loads them, and refreshes the CRLs. */
static int
load_and_refresh(const void *arg, struct error *load_err)
{
	struct issuers *other = issuers_new(&state, shelf, NULL);
	int             rc;

	(void)arg;
	failing_on();
	rc = issuers_load(other, &settings, store, PKI_NOW, load_err);
	if (rc == 0)
		rc = issuers_refresh(other, store, PKI_NOW, load_err);
	failing_off();
	issuers_free(other);
	return rc;
}

START_TEST(load_that_fails_says_so)
{
	certify_until(PKI_NOW + HOUR);
	failing_each(load_and_refresh, NULL);
	assert_earlier(true);
}
END_TEST

static int
load_vendors(const void *arg, struct error *vendors_err)
{
	struct shared *vendors = vendor_trust_new();
	bool           fresh = false;
	int            rc;

	(void)arg;
	failing_on();
	rc = vendor_trust_refresh(vendors, store, &fresh, vendors_err);
	failing_off();
	ck_assert(fresh == (rc == 0)); /* half of them are none */
	shared_free(vendors);
	return rc;
}

START_TEST(vendors_that_cannot_be_read_are_not_taken)
{
	struct store_trusted trusted = {.fingerprint = {7}, .root = true, .source = "file", .added = PKI_NOW};
	AUTO_BYTES           der = {0};
	bool                 added;

	unit_ok(certificate_encode(pki.root.certificate, &der, &err), &err);
	trusted.certificate = der.data;
	trusted.certificate_size = der.size;
	unit_ok(store_trust_add(store, &trusted, &added, &err), &err);
	failing_each(load_vendors, NULL);
}
END_TEST

static struct auto_enroll *rule;

/* Whatever becomes of it, it is undone. */
static int
enroll_by_rule(const void *arg, struct error *enroll_err)
{
	static const struct ek_hash newcomer = {{8}};
	int64_t                     revision = 0;
	int                         rc;

	unit_ok(store_begin(store, enroll_err), enroll_err);
	failing_on();
	rc = auto_enroll_run(rule, store, &newcomer, arg, PKI_NOW, &revision, enroll_err);
	failing_off();
	store_rollback(store);
	if (rc == 0)
		ck_assert_int_gt(revision, 0);
	return rc;
}

static void
rule_make(char *path)
{
	ck_assert_int_ge(close(mkstemp(path)), 0);
	settings.auto_enroll_serials = memory_strdup(path);
	unit_ok(auto_enroll_new(&settings, &rule, &err), &err);
	(void)unlink(path);
}

START_TEST(enrolment_by_rule_that_fails_says_so)
{
	char path[] = "/tmp/attest.XXXXXX";

	rule_make(path);
	failing_each(enroll_by_rule, "newcomer");
	auto_enroll_free(rule);
}
END_TEST

/* A name in use stays refused, whatever else fails. */
START_TEST(enrolment_by_rule_under_a_name_in_use_is_refused)
{
	char                path[] = "/tmp/attest.XXXXXX";
	char               *names[] = {(char[]){"newcomer"}};
	struct store_device device = {.ek_hash = {9}, .names = names, .name_count = 1};

	rule_make(path);
	unit_ok(store_device_enroll(store, &device, PKI_NOW, &err), &err);
	failing_refuses(enroll_by_rule, "newcomer");
	failing_refuses(enroll_by_rule, "newc0mer"); /* it looks like it */
	auto_enroll_free(rule);
}
END_TEST

/* No file is served in its place, and the others are. */
START_TEST(publish_of_a_file_that_is_missing_serves_none)
{
	AUTO_BYTES crl = {0};
	char       name[ISSUER_ID_SIZE + 8];

	publish_crl_file(shelf, &state, earlier_id);
	(void)snprintf(name, sizeof name, "crl/%s", earlier_id);
	ck_assert_uint_eq(shelf_copy(shelf, name, 0, &crl), 0);
	publish_bundle(shelf, &state);
	ck_assert_uint_eq(shelf_copy(shelf, STATE_CRL_PEM, 0, &crl), 0);
}
END_TEST

/* ---- what is there is not as it should be ---- */

START_TEST(free_of_none_does_nothing)
{
	issuers_free(NULL);
}
END_TEST

/* A CA that was put in the place of another, which is not even an earlier one: its CRL is not served any more. */
START_TEST(load_of_another_ca_takes_the_crl_of_the_one_before_away)
{
	char       id[ISSUER_ID_SIZE];
	char       name[ISSUER_ID_SIZE + 8];
	struct ca  other = {0};
	AUTO_BYTES crl = {0};

	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	memcpy(id, issuers_id(issuers), sizeof id);
	(void)snprintf(name, sizeof name, "crl/%s", id);
	ck_assert_uint_ne(shelf_copy(shelf, name, 0, &crl), 0);
	bytes_clear(&crl);
	unit_ok(key_generate(KEY_TYPE_P256, &other.key, &err), &err);
	unit_ok(ca_issuing_create(&pki.root, other.key, "Other", PKI_NOW, PKI_YEAR, &other.certificate, &err), &err);
	put_ca("issuing", &other);
	ca_clear(&other);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	ck_assert_str_ne(issuers_id(issuers), id);
	ck_assert_uint_eq(shelf_copy(shelf, name, 0, &crl), 0);
}
END_TEST

/* More than a hundred keys were replaced: the CRLs of so many are served, and of the others it is said. */
START_TEST(load_of_too_many_earlier_cas_serves_the_first)
{
	char      base[ISSUER_ID_SIZE + 32];
	char      id[ISSUER_ID_SIZE];
	char      name[ISSUER_ID_SIZE + 8];
	struct ca other = {0};
	unsigned  served = 0;
	char      ids[66][ISSUER_ID_SIZE];

	for (size_t i = 0; i < 66; i++) {
		unit_ok(key_generate(KEY_TYPE_P256, &other.key, &err), &err);
		unit_ok(ca_issuing_create(&pki.root, other.key, "Other", PKI_NOW, PKI_YEAR, &other.certificate, &err), &err);
		unit_ok(issuer_files_id(other.certificate, id, &err), &err);
		memcpy(ids[i], id, sizeof id);
		(void)snprintf(base, sizeof base, STATE_ISSUERS "/%s", id);
		put_ca(base, &other);
		ca_clear(&other);
	}
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	for (size_t i = 0; i < 66; i++) {
		AUTO_BYTES crl = {0};

		(void)snprintf(name, sizeof name, "crl/%.*s", ISSUER_ID_SIZE - 1, ids[i]);
		served += shelf_copy(shelf, name, 0, &crl) != 0;
	}
	ck_assert_uint_ge(served, 63); /* and that of the fixture's earlier CA, perhaps */
	ck_assert_uint_le(served, 64);
}
END_TEST

/* Each file that a person may have put there. */
START_TEST(load_of_a_chain_that_is_none_says_which_file)
{
	AUTO_BYTES pem = {0};
	AUTO_BYTES root = {0};

	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	for (int i = 0; _i == 0 && i < 9; i++)
		unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	put(STATE_ISSUING_PEM, &pem);
	if (_i == 1) {
		unit_ok(certificate_encode_pem(earlier.certificate, &root, &err), &err);
		put(STATE_ROOT_PEM, &root);
	}
	ck_assert_int_eq(issuers_load(issuers, &settings, store, PKI_NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, STATE_ISSUING_PEM) != NULL, "%s", err.detail);
}
END_TEST

static bool lets_through; /* the check of the chain */

int __real_ca_request_check(const struct ca *ca, STACK_OF(X509) *chain, const struct trust *roots, int64_t now,
    struct error *why);
int __wrap_ca_request_check(const struct ca *ca, STACK_OF(X509) *chain, const struct trust *roots, int64_t now,
    struct error *why);
int
__wrap_ca_request_check(const struct ca *ca, STACK_OF(X509) *chain, const struct trust *roots, int64_t now,
    struct error *why)
{
	return lets_through ? 0 : __real_ca_request_check(ca, chain, roots, now, why);
}

/* The check bounds it, too, and lower; an answer has room for eight, whatever that check says. */
START_TEST(load_of_a_chain_that_no_answer_has_room_for_fails)
{
	AUTO_BYTES pem = {0};

	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	for (int i = 0; i < 7 + _i; i++)
		unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	put(STATE_ISSUING_PEM, &pem);
	lets_through = true;
	if (_i == 0)
		unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	else
		unit_fails(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err, ERROR_INTERNAL,
		    "9 certificates in " STATE_ISSUING_PEM);
}
END_TEST

/* One URL for the CRLs of several CAs leads to the wrong one. */
START_TEST(load_with_one_crl_url_for_several_cas_warns)
{
	FILE *record = tmpfile();
	char  line[1024];
	bool  warned = false;

	ck_assert_int_ge(dup2(fileno(record), STDERR_FILENO), 0);
	log_open("issuers_test", LOG_LEVEL_WARNING);
	settings.crl_url = memory_strdup(_i == 0 ? "http://ca.example/crl" : "http://ca.example/crl/{issuer}");
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	rewind(record);
	while (fgets(line, sizeof line, record) != NULL)
		warned = warned || strstr(line, " event=crl-url reason=\"crl_url has no {issuer}, ") != NULL;
	(void)fclose(record);
	ck_assert_int_eq(warned, _i == 0);
}
END_TEST

/* A directory in the place of its key is not removed: that is said, and tried again. */
START_TEST(refresh_that_cannot_remove_a_key_says_so)
{
	char name[ISSUER_ID_SIZE + 32];
	char inside[ISSUER_ID_SIZE + 64];

	certify_until(PKI_NOW + HOUR);
	unit_ok(issuers_load(issuers, &settings, store, PKI_NOW, &err), &err);
	unit_ok(issuers_refresh(issuers, store, PKI_NOW, &err), &err);
	(void)snprintf(name, sizeof name, STATE_ISSUERS "/%s.key", earlier_id);
	(void)snprintf(inside, sizeof inside, "%s/inside", name);
	ck_assert_int_eq(unlinkat(state.fd, name, 0), 0);
	ck_assert_int_eq(mkdirat(state.fd, name, 0700), 0);
	ck_assert_int_eq(mkdirat(state.fd, inside, 0700), 0);
	ck_assert_int_eq(issuers_refresh(issuers, store, PKI_NOW + 2 * HOUR, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, earlier_id) != NULL, "%s", err.detail);
}
END_TEST

/* No name is another EK's hash, whoever writes the lists. */
START_TEST(enrolment_by_rule_under_the_hash_of_another_ek_is_refused)
{
	char path[] = "/tmp/attest.XXXXXX";

	rule_make(path);
	failing_refuses(enroll_by_rule, "0900000000000000000000000000000000000000000000000000000000000000");
	auto_enroll_free(rule);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("issuers");
	TCase *tc = tcase_create("refresh");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refresh_serves_an_earlier_ca_until_its_last_certificate_expires);
	tcase_add_test(tc, refresh_by_a_clock_that_is_not_believed_removes_nothing);
	tcase_add_test(tc, load_completes_a_renewal_that_was_interrupted);
	tcase_add_test(tc, load_frees_the_issuer_before_also_after_a_look_at_the_deadlines);
	tcase_add_test(tc, load_that_fails_says_so);
	tcase_add_test(tc, vendors_that_cannot_be_read_are_not_taken);
	tcase_add_test(tc, enrolment_by_rule_that_fails_says_so);
	tcase_add_test(tc, enrolment_by_rule_under_a_name_in_use_is_refused);
	tcase_add_test(tc, publish_of_a_file_that_is_missing_serves_none);
	tcase_add_test(tc, free_of_none_does_nothing);
	tcase_add_test(tc, load_of_another_ca_takes_the_crl_of_the_one_before_away);
	tcase_add_test(tc, load_of_too_many_earlier_cas_serves_the_first);
	tcase_add_loop_test(tc, load_of_a_chain_that_is_none_says_which_file, 0, 2);
	tcase_add_loop_test(tc, load_of_a_chain_that_no_answer_has_room_for_fails, 0, 2);
	tcase_add_loop_test(tc, load_with_one_crl_url_for_several_cas_warns, 0, 2);
	tcase_add_test(tc, refresh_that_cannot_remove_a_key_says_so);
	tcase_add_test(tc, enrolment_by_rule_under_the_hash_of_another_ek_is_refused);
	suite_add_tcase(suite, tc);
	failing_calls(EIO);
	failing_sql(SQLITE_IOERR);
	return unit_run(suite);
}
