/* What becomes of the command that renewal runs. */
#include "config.h"

#include "device/run_command.h"

#include <sys/wait.h>

#include <errno.h>
#include <spawn.h>

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

static int fails; /* the call that does: 1 setenv, 2 posix_spawnattr_setflags, 3 posix_spawn, 4 waitpid, 5 once by a signal */

#define WRAP(name, parameters, number, error, ...)                          \
	int __real_##name parameters;                                       \
	int __wrap_##name parameters;                                       \
	int __wrap_##name parameters                                        \
	{                                                                   \
		return fails == (number) ? (error) : __real_##name(__VA_ARGS__); \
	}

WRAP(setenv, (const char *name, const char *value, int over), 1, (errno = ENOMEM, -1), name, value, over)
WRAP(posix_spawnattr_setflags, (posix_spawnattr_t *attributes, short flags), 2, EINVAL, attributes, flags)
WRAP(posix_spawn, (pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment), 3, EAGAIN, child, path,
    actions, attributes, arguments, environment)

pid_t __real_waitpid(pid_t child, int *status, int options);
pid_t __wrap_waitpid(pid_t child, int *status, int options);
pid_t
__wrap_waitpid(pid_t child, int *status, int options)
{
	if (fails != 4 && fails != 5)
		return __real_waitpid(child, status, options);
	errno = fails == 4 ? ECHILD : EINTR;
	fails = 0;
	return -1;
}

static const struct {
	const char *detail; /* NULL: it is done all the same */
} failures[] = {
    {NULL},
    {"running \"exit 0\": Cannot allocate memory"},
    {"running \"exit 0\": Invalid argument"},
    {"running \"exit 0\": Resource temporarily unavailable"},
    {"waiting for \"exit 0\": No child processes"},
    {NULL},
};

START_TEST(run_of_which_a_call_fails_says_so)
{
	struct error err = {0};

	fails = _i;
	if (failures[_i].detail == NULL)
		unit_ok(run_command("exit 0", "certificate", "web", &err), &err);
	else
		unit_fails(run_command("exit 0", "certificate", "web", &err), &err, ERROR_INTERNAL, failures[_i].detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("run_command");
	TCase *tc = tcase_create("run");

	tcase_add_loop_test(tc, run_says_how_it_ended, 0, sizeof commands / sizeof commands[0]);
	tcase_add_loop_test(tc, run_of_which_a_call_fails_says_so, 0, sizeof failures / sizeof failures[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
