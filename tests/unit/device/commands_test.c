/* The records of attest-device, and that each setting of device.conf is an option too. */
#include "config.h"

#include <string.h>

#include "command_answer.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "records.h"
#include "unit.h"

static const char *const settings[] = {
#define X(field, option, kind, argument, use, words, summary, ...) option,
    DEVICE_SETTINGS(X)
#undef X
};

/* How many commands take an option of this name. */
static size_t
commands_with(const char *option)
{
	size_t count = 0;

	for (size_t i = 0; attest_device_program.commands[i] != NULL; i++) {
		const struct command_rows *options = attest_device_program.commands[i]->options;

		for (size_t j = 0; j < COMMAND_ROWS_MAX && options[j].rows != NULL; j++)
			for (const struct command_option *row = options[j].rows; row->name != NULL; row++)
				count += strcmp(row->name, option) == 0;
	}
	return count;
}

START_TEST(every_command_has_a_record_that_is_whole)
{
	records_check(&attest_device_program, 7);
}
END_TEST

START_TEST(every_setting_is_an_option_of_some_command)
{
	ck_assert_uint_ge(commands_with(settings[_i]), 1);
}
END_TEST

START_TEST(common_options_are_taken_by_every_command)
{
	ck_assert_uint_eq(commands_with("tcti"), 7);
	ck_assert_uint_eq(commands_with("state-dir"), 7);
	ck_assert_uint_eq(commands_with("verbose"), 7);
	ck_assert_uint_eq(commands_with("wait"), 1);
}
END_TEST

START_TEST(ek_takes_a_kind_with_hash_only)
{
	(void)answer_run(&attest_device_program, "/nonexistent", 2, ANSWER_WORDS("ek", "--ek", "p256"));
	ck_assert_msg(strstr(answered.err, "ek takes --ek with --hash only") != NULL, "%s", answered.err);
}
END_TEST

START_TEST(enroll_waits_for_a_duration_only)
{
	(void)answer_run(&attest_device_program, "/nonexistent", 2, ANSWER_WORDS("enroll", "--wait", "soon"));
	ck_assert_msg(strstr(answered.err, "\"soon\" is no duration; ") != NULL, "%s", answered.err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("commands");
	TCase *tc = tcase_create("commands");

	tcase_add_test(tc, every_command_has_a_record_that_is_whole);
	tcase_add_loop_test(tc, every_setting_is_an_option_of_some_command, 0,
	    (int)(sizeof settings / sizeof settings[0]));
	tcase_add_test(tc, common_options_are_taken_by_every_command);
	tcase_add_test(tc, ek_takes_a_kind_with_hash_only);
	tcase_add_test(tc, enroll_waits_for_a_duration_only);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
