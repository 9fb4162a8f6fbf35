/* What attest-ca prints of certificates, and that its tables are whole: the rest is tested end to end. */
#include "config.h"

#include <string.h>

#include <jansson.h>

#include "admin/commands.h"
#include "command_answer.h"
#include "records.h"
#include "scratch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"

static char         directory[SCRATCH_SIZE];
static struct error err;

/* Certificate 1 is good until 2100, 2 expired in 1970, both of device 1. */
static void
setup(void)
{
	struct store_device      device = {.ek_hash = {1}};
	struct store_certificate certificate = {.serial = {0x40, 1}, .serial_size = 2, .ek_hash = {1},
	    .ak_name = {0, 0x0b, 0xaa}, .ak_name_size = 3, .not_after = INT64_C(4102444800)};
	struct store_device      found;
	struct store            *store;

	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_device_enroll(store, &device, 1000000, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &found, &err), &err);
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	certificate.serial[1] = 2;
	certificate.not_after = 10;
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	store_device_clear(&found);
	store_close(store);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* Runs a command with up to two arguments; returns what it printed, which the caller frees. */
static char *
answer(int wanted, const char *command, const char *first, const char *second)
{
	return memory_strdup(
	    answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(command, first, second)));
}

START_TEST(show_certificates_are_listed_with_their_state)
{
	AUTO_FREE char *text = answer(0, "show", HASH_1, NULL);

	ck_assert_str_eq(text, "EK hash   " HASH_1 "\n"
	    "name      none: AK certificates carry the hash\n"
	    "state     enabled\n"
	    "enrolled  1970-01-12T13:46:40Z\n"
	    "seen      never\n"
	    "\nAK certificates:\n"
	    "  serial   4001\n"
	    "  AK Name  000baa\n"
	    "  valid    1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z\n"
	    "  state    good\n"
	    "\n"
	    "  serial   4002\n"
	    "  AK Name  000baa\n"
	    "  valid    1970-01-01T00:00:00Z to 1970-01-01T00:00:10Z\n"
	    "  state    expired\n");
}
END_TEST

START_TEST(show_json_certificates_have_all_fields)
{
	AUTO_FREE char *text = answer(0, "show", HASH_1, "--json");
	json_error_t    json_err;
	json_t         *object = json_loads(text, JSON_REJECT_DUPLICATES, &json_err);
	const char     *serial = NULL;
	const char     *ak_name = NULL;
	const char     *not_before = NULL;
	const char     *not_after = NULL;

	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(json_unpack(object, "{s:[{s:s, s:s, s:s, s:s, s:n, s:n!}, {}!]}", "certificates",
	                     "serial", &serial, "ak_name", &ak_name, "not_before", &not_before,
	                     "not_after", &not_after, "revoked", "reason"),
	    0);
	ck_assert_str_eq(serial, "4001");
	ck_assert_str_eq(ak_name, "000baa");
	ck_assert_str_eq(not_before, "1970-01-01T00:00:00Z");
	ck_assert_str_eq(not_after, "2100-01-01T00:00:00Z");
	json_decref(object);
}
END_TEST

START_TEST(remove_counts_the_certificates_that_were_good)
{
	AUTO_FREE char *text = answer(0, "remove", HASH_1, NULL);
	char            wanted[1024];

	(void)snprintf(wanted, sizeof wanted, "removed EK " HASH_1 "; 1 AK certificate revoked\n"
	    "a running attestd signs the CRL within a second; without one, run"
	    " \"attest-ca --state-dir %s crl\"\n"
	    "the device certificates that it has stay good: unless attest-acmed has\n"
	    "revoke_with_attestation = true, revoke them on its host:\n"
	    "  attest-acmed revoke --ek "
	    "0100000000000000000000000000000000000000000000000000000000000000\n", directory);
	ck_assert_str_eq(text, wanted);
}
END_TEST

static bool
all_revoked(const struct store_certificate *certificate, void *arg)
{
	size_t *count = arg;

	ck_assert_int_gt(certificate->revoked, 0);
	(*count)++;
	return true;
}

START_TEST(remove_leaves_the_record_of_certificates_revoked)
{
	AUTO_FREE char *text = answer(0, "remove", "0100", "--json");
	uint8_t         hash[STORE_HASH_SIZE] = {1};
	size_t          count = 0;
	struct store   *store;

	ck_assert_ptr_nonnull(strstr(text, "\"certificates_revoked\": 1"));
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_certificate_list(store, hash, all_revoked, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	store_close(store);
}
END_TEST

START_TEST(show_of_a_removed_device_says_when_and_by_whom)
{
	free(answer(0, "remove", HASH_1, NULL));
	free(answer(1, "show", HASH_1, NULL));
	ck_assert_msg(strstr(answered.err, "EK " HASH_1 " is not enrolled: it was removed at 20") != NULL,
	    "%s", answered.err);
	ck_assert_msg(strstr(answered.err, "Z by ") != NULL, "%s", answered.err);
	ck_assert_msg(strstr(answered.err, " enroll " HASH_1 "\"") != NULL, "%s", answered.err);
}
END_TEST

START_TEST(every_command_has_a_record_that_is_whole)
{
	records_check(&attest_ca_program, 27);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin");
	TCase *tc = tcase_create("admin");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, show_certificates_are_listed_with_their_state);
	tcase_add_test(tc, show_json_certificates_have_all_fields);
	tcase_add_test(tc, remove_counts_the_certificates_that_were_good);
	tcase_add_test(tc, remove_leaves_the_record_of_certificates_revoked);
	tcase_add_test(tc, show_of_a_removed_device_says_when_and_by_whom);
	tcase_add_test(tc, every_command_has_a_record_that_is_whole);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
