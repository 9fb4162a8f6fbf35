/* What becomes of the command that renewal runs. */
#include "config.h"

#include "device/run_command.h"

#include "unit.h"
#include "util/error.h"

static const struct {
	const char *command;
	const char *detail; /* NULL: it has done its work */
} commands[] = {
    {"exit 0", NULL},
    {"[ \"$ATTEST_DEVICE_CHANGED\" = certificate ]", NULL},
    {"exit 3", "renewed, but \"exit 3\" exited with 3"},
    {"kill -9 $$", "renewed, but \"kill -9 $$\" was ended by signal 9"},
};

START_TEST(run_says_how_it_ended)
{
	struct error err = {0};

	if (commands[_i].detail == NULL)
		unit_ok(run_command(commands[_i].command, "certificate", NULL, &err), &err);
	else
		unit_fails(run_command(commands[_i].command, "certificate", NULL, &err), &err, ERROR_INTERNAL,
		    commands[_i].detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("run_command");
	TCase *tc = tcase_create("run");

	tcase_add_loop_test(tc, run_says_how_it_ended, 0, sizeof commands / sizeof commands[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
