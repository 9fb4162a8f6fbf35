/* One change for several devices: all or none, in order, and what is printed of each. */
#include "config.h"

#include "admin/each.h"

#include <jansson.h>

#include "admin/commands.h"
#include "command_answer.h"
#include "store/inventory/device.h"
#include "store_fixture.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000"
#define HASH_1 "0100" ZEROS
#define HASH_2 "0200" ZEROS

#define HINT                                                                      \
	"the device certificates that it has stay good: unless attest-acmed has\n" \
	"revoke_with_attestation = true, revoke them on its host:\n"

/* What the change saw, and which device it refuses. */
static uint8_t changed[8];
static size_t  changed_count;
static uint8_t refuses;
static bool    acme;
static size_t  revokes; /* certificates, of each */

static int
change_cb(struct store *changing, const struct command_call *call, struct store_device *device, size_t *revoked,
    struct error *error)
{
	if (device->ek_hash[0] == refuses)
		return error_set(error, ERROR_CONFLICT, "not this one");
	ck_assert_uint_eq(*revoked, 0);
	*revoked = revokes;
	device->enabled = false;
	changed[changed_count++] = device->ek_hash[0];
	return store_device_remove(changing, device->ek_hash, call->now, error);
}

static int
act(const struct command_call *call, struct error *error)
{
	const struct each_act each = {.done = "done:", .acme = acme, .nothing = "nothing was done", .change = change_cb};

	return each_run(call, &each, error);
}

/* A program of one command, which does the act. */
static const struct command act_command = {.name = "act", .summary = "acts", .operands = "DEVICE", .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY, .run = act};
static const struct command *const act_commands[] = {&act_command, NULL};
static struct command_program program;

#define RUN(wanted, ...) answer_run(&program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))

/* Devices 1, "desk", and 2. */
static void
setup_devices(void)
{
	char               *names[] = {(char[]){"desk"}};
	struct store_device device = {.ek_hash = {1}, .names = names, .name_count = 1};

	setup();
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
	device = (struct store_device){.ek_hash = {2}};
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
	program = (struct command_program){.name = "attest-ca", .about = "", .options = attest_ca_program.options,
	    .commands = act_commands};
}

static bool
is_there(uint8_t first)
{
	const uint8_t       hash[STORE_HASH_SIZE] = {first};
	struct store_device device;
	bool                found = store_device_find(store, hash, &device, &err) == 0;

	if (found)
		store_device_clear(&device);
	return found;
}

START_TEST(run_changes_each_in_order_and_says_so)
{
	ck_assert_str_eq(RUN(0, "act", "0200", "desk"),
	    "done: EK " HASH_2 "; 0 AK certificates revoked\n"
	    "done: EK " HASH_1 " (desk); 0 AK certificates revoked\n");
	ck_assert_uint_eq(changed_count, 2);
	ck_assert_uint_eq(changed[0], 2);
	ck_assert_uint_eq(changed[1], 1);
	ck_assert(!is_there(1) && !is_there(2));
}
END_TEST

START_TEST(run_hints_once_at_the_crl_and_for_each_at_acme)
{
	char wanted[2048];

	acme = true;
	revokes = 1;
	(void)snprintf(wanted, sizeof wanted,
	    "done: EK " HASH_1 " (desk); 1 AK certificate revoked\n"
	    "done: EK " HASH_2 "; 1 AK certificate revoked\n"
	    "a running attestd signs the CRL within a second; without one, run \"attest-ca --state-dir %s crl\"\n"
	    HINT "  attest-acmed revoke --ek " HASH_1 "\n" HINT "  attest-acmed revoke --ek " HASH_2 "\n", directory);
	ck_assert_str_eq(RUN(0, "act", "0100", "0200"), wanted);
}
END_TEST

START_TEST(run_json_is_an_array_with_the_changed_device)
{
	json_t     *json;
	const char *hash = NULL;
	int         enabled = 1;
	int         revoked = 0;

	acme = true;
	revokes = 3;
	json = answer_run_json(&program, directory, 0, ANSWER_WORDS("act", "0200", "desk", "--json"));
	ck_assert_uint_eq(json_array_size(json), 2);
	ck_assert_int_eq(json_unpack(json_array_get(json, 1), "{s:s, s:b, s:i}", "ek_hash", &hash, "enabled", &enabled,
	    "certificates_revoked", &revoked), 0);
	ck_assert_str_eq(hash, HASH_1);
	ck_assert_int_eq(enabled, 0);
	ck_assert_int_eq(revoked, 3);
	json_decref(json);
}
END_TEST

/* The one before it is there again. */
START_TEST(run_that_refuses_one_changes_none)
{
	refuses = 2;
	ck_assert_str_eq(RUN(1, "act", "0100", "0200"), "");
	ck_assert_str_eq(answered.err, "attest-ca: nothing was done: not this one\n");
	ck_assert_uint_eq(changed_count, 1);
	ck_assert(is_there(1) && is_there(2));
}
END_TEST

START_TEST(run_of_one_that_is_refused_says_why_only)
{
	refuses = 1;
	ck_assert_str_eq(RUN(1, "act", "0100"), "");
	ck_assert_str_eq(answered.err, "attest-ca: not this one\n");
}
END_TEST

START_TEST(run_of_one_that_is_not_there_changes_none)
{
	ck_assert_str_eq(RUN(1, "act", "0100", "nobody"), "");
	ck_assert_msg(strncmp(answered.err, "attest-ca: nothing was done: ", 29) == 0, "%s", answered.err);
	ck_assert(is_there(1));
	ck_assert_str_eq(RUN(1, "act", "0100", "0100"), "");
	ck_assert(is_there(1));
}
END_TEST

START_TEST(run_without_a_store_fails)
{
	char other[SCRATCH_SIZE + 16];

	(void)snprintf(other, sizeof other, "%s/other", directory);
	ck_assert_str_eq(answer_run(&program, other, 1, ANSWER_WORDS("act", "0100")), "");
	ck_assert_uint_eq(changed_count, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("each");
	TCase *tc = tcase_create("each");

	tcase_add_checked_fixture(tc, setup_devices, teardown);
	tcase_add_test(tc, run_changes_each_in_order_and_says_so);
	tcase_add_test(tc, run_hints_once_at_the_crl_and_for_each_at_acme);
	tcase_add_test(tc, run_json_is_an_array_with_the_changed_device);
	tcase_add_test(tc, run_that_refuses_one_changes_none);
	tcase_add_test(tc, run_of_one_that_is_refused_says_why_only);
	tcase_add_test(tc, run_of_one_that_is_not_there_changes_none);
	tcase_add_test(tc, run_without_a_store_fails);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
