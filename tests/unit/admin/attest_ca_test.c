/* The program's own options, which every command has, and its table of commands. */
#include "config.h"

#include "admin/commands.h"
#include "ca/files.h"
#include "command_answer.h"
#include "store/inventory/device.h"
#include "store_fixture.h"

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"

#define RUN(wanted, ...) answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))

/* Help lists each command of the table, in its order. */
START_TEST(help_lists_the_commands_in_order)
{
	const char *at = RUN(0, "--help");

	for (size_t i = 0; attest_ca_program.commands[i] != NULL; i++) {
		char word[64];

		(void)snprintf(word, sizeof word, "\n  %s ", attest_ca_program.commands[i]->name);
		ck_assert_msg((at = strstr(at, word)) != NULL, "%s: %s", word, answered.out);
	}
	ck_assert_ptr_nonnull(strstr(answered.out, "Administers an attestation CA"));
}
END_TEST

START_TEST(help_of_each_command_has_the_options_of_all)
{
	for (size_t i = 0; attest_ca_program.commands[i] != NULL; i++) {
		char  words[64];
		char *second;

		(void)snprintf(words, sizeof words, "%s", attest_ca_program.commands[i]->name);
		if ((second = strchr(words, ' ')) != NULL) {
			*second++ = '\0';
			(void)RUN(0, words, second, "--help");
		} else {
			(void)RUN(0, words, "--help");
		}
		ck_assert_msg(strstr(answered.out, "--state-dir") != NULL, "%s: %s", words, answered.out);
		ck_assert_msg(strstr(answered.out, attest_ca_program.commands[i]->summary) != NULL ||
		        attest_ca_program.commands[i]->paragraph != NULL, "%s: %s", words, answered.out);
	}
}
END_TEST

/* The inventory is read from the place that --store names, and from no other. */
START_TEST(store_elsewhere_is_the_one_that_is_used)
{
	char         elsewhere[SCRATCH_SIZE];
	struct store *other;

	scratch_make(elsewhere);
	unit_ok(store_create(elsewhere, &err), &err);
	unit_ok(store_open(elsewhere, &other, &err), &err);
	unit_ok(store_device_enroll(other, &(struct store_device){.ek_hash = {1}}, 1, &err), &err);
	store_close(other);
	ck_assert_ptr_null(strstr(RUN(0, "list"), HASH_1));
	ck_assert_ptr_nonnull(strstr(RUN(0, "list", "--store", elsewhere), HASH_1));
	ck_assert_ptr_nonnull(strstr(RUN(0, "--store", elsewhere, "show", "0100"), HASH_1));
	ck_assert_str_eq(RUN(2, "init", "--store", elsewhere), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "leave --store out"));
	scratch_remove(elsewhere);
}
END_TEST

START_TEST(command_that_is_not_there_suggests_the_one_that_is_meant)
{
	ck_assert_str_eq(RUN(2, "aprove", HASH_1), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "approve"));
	ck_assert_str_eq(answer_run(&attest_ca_program, directory, 2, (const char *const[]){NULL}), "");
}
END_TEST

/* Root does the work as the state directory's owner, so that no file is left that the service cannot read. */
START_TEST(program_works_as_the_owner_of_its_state_directory)
{
	ck_assert(attest_ca_program.takes_owner);
	ck_assert_str_eq(attest_ca_program.options[0].name, "state-dir");
	ck_assert_str_eq(attest_ca_program.options[0].value, STATE_DIR_DEFAULT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin/attest_ca");
	TCase *tc = tcase_create("attest_ca");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, help_lists_the_commands_in_order);
	tcase_add_test(tc, help_of_each_command_has_the_options_of_all);
	tcase_add_test(tc, store_elsewhere_is_the_one_that_is_used);
	tcase_add_test(tc, command_that_is_not_there_suggests_the_one_that_is_meant);
	tcase_add_test(tc, program_works_as_the_owner_of_its_state_directory);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
