/* attest-ca disable and enable: the state of the device, its certificates, and both when it is in that state. */
#include "config.h"

#include "admin/commands.h"
#include "command_answer.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store_fixture.h"

#define ZEROS "000000000000000000000000000000000000000000000000000000000000"
#define LATER INT64_C(4102444800)

#define RUN(wanted, ...) answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))

static const uint8_t hash[STORE_HASH_SIZE] = {1};

/* Device 1 with two certificates, and 2 with none. */
static void
setup_devices(void)
{
	struct store_device      device = {.ek_hash = {1}};
	struct store_device      found;
	struct store_certificate certificate = {.serial = {0x40, 1}, .serial_size = 2, .ek_hash = {1},
	    .ak_name = {0, 0x0b}, .ak_name_size = 2, .not_after = LATER};

	setup();
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
	unit_ok(store_device_find(store, hash, &found, &err), &err);
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	certificate.serial[1] = 2;
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	store_device_clear(&found);
	device.ek_hash[0] = 2;
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
}

static bool
is_enabled(void)
{
	struct store_device device;
	bool                enabled;

	unit_ok(store_device_find(store, hash, &device, &err), &err);
	enabled = device.enabled;
	store_device_clear(&device);
	return enabled;
}

static bool
count_revoked_cb(const struct store_certificate *certificate, void *arg)
{
	size_t *count = arg;

	if (certificate->revoked != 0)
		(*count)++;
	return true;
}

static size_t
revoked(void)
{
	size_t count = 0;

	unit_ok(store_certificate_list(store, hash, count_revoked_cb, &count, &err), &err);
	return count;
}

static void
assert_begins(const char *text, const char *wanted)
{
	ck_assert_msg(strncmp(text, wanted, strlen(wanted)) == 0, "%s", text);
}

START_TEST(disable_revokes_and_tells_how_the_rest_is_revoked)
{
	assert_begins(RUN(0, "disable", "0100"), "disabled EK 0100" ZEROS "; 2 AK certificates revoked\na running attestd");
	ck_assert_ptr_nonnull(strstr(answered.out, "\n  attest-acmed revoke --ek 0100" ZEROS "\n"));
	ck_assert(!is_enabled());
	ck_assert_uint_eq(revoked(), 2);
}
END_TEST

START_TEST(disable_again_revokes_nothing)
{
	(void)RUN(0, "disable", "0100");
	assert_begins(RUN(0, "disable", "0100"), "disabled EK 0100" ZEROS "; 0 AK certificates revoked\n");
	ck_assert(!is_enabled());
}
END_TEST

START_TEST(enable_leaves_certificates_revoked)
{
	(void)RUN(0, "disable", "0100");
	ck_assert_str_eq(RUN(0, "enable", "0100"), "enabled EK 0100" ZEROS "; 0 AK certificates revoked\n");
	ck_assert(is_enabled());
	ck_assert_uint_eq(revoked(), 2);
}
END_TEST

START_TEST(json_tells_the_new_state)
{
	static const char *const commands[] = {"disable", "enable"};

	for (int enabled = 0; enabled <= 1; enabled++) {
		json_t *json = answer_run_json(&attest_ca_program, directory, 0,
		    ANSWER_WORDS(commands[enabled], "0100", "--json"));

		ck_assert_int_eq(json_is_true(json_object_get(json_array_get(json, 0), "enabled")), enabled);
		ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(json, 0), "certificates_revoked")),
		    enabled ? 0 : 2);
		json_decref(json);
	}
}
END_TEST

static const char *const commands[][2] = {{"disable", "disabled"}, {"enable", "enabled"}};

START_TEST(one_that_is_not_there_leaves_all_as_they_are)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof wanted, "attest-ca: nothing was %s: ", commands[_i][1]);
	if (_i == 1)
		(void)RUN(0, "disable", "0100");
	ck_assert_str_eq(RUN(1, commands[_i][0], "0100", "nobody"), "");
	assert_begins(answered.err, wanted);
	ck_assert_int_eq(is_enabled(), _i == 0);
	(void)RUN(2, commands[_i][0]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("enable");
	TCase *tc = tcase_create("enable");

	tcase_add_checked_fixture(tc, setup_devices, teardown);
	tcase_add_test(tc, disable_revokes_and_tells_how_the_rest_is_revoked);
	tcase_add_test(tc, disable_again_revokes_nothing);
	tcase_add_test(tc, enable_leaves_certificates_revoked);
	tcase_add_test(tc, json_tells_the_new_state);
	tcase_add_loop_test(tc, one_that_is_not_there_leaves_all_as_they_are, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
