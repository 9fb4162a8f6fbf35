/* A daemon's lock, held by another process, which ends in every way. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ca/running.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

static char         directory[SCRATCH_SIZE];
static struct folder state;
static struct error err;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(folder_open(directory, &state, &err), &err);
}

static void
teardown(void)
{
	folder_close(&state);
	scratch_remove(directory);
}

static enum running
look(void)
{
	enum running running = RUNNING_NOW;

	unit_ok(running_look(&state, &running, &err), &err);
	return running;
}

/* A process that holds the lock, and says so. */
static pid_t
holder_start(void)
{
	int   ready[2];
	char  said = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct file_lock lock = {.fd = -1};

		if (running_hold(&state, &lock, &err) == 0 && write(ready[1], "x", 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &said, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void
holder_kill(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(look_before_any_daemon_is_never_and_makes_no_file)
{
	char       *path = file_join(directory, "daemon.lock");
	struct stat st;

	ck_assert_int_eq(look(), RUNNING_NEVER);
	ck_assert_int_ne(lstat(path, &st), 0);
	free(path);
}
END_TEST

START_TEST(look_while_one_holds_it_is_now_and_after_its_death_not)
{
	pid_t pid = holder_start();

	ck_assert_int_eq(look(), RUNNING_NOW);
	ck_assert_int_eq(look(), RUNNING_NOW); /* looking takes nothing */
	holder_kill(pid);
	ck_assert_int_eq(look(), RUNNING_NOT);
}
END_TEST

START_TEST(hold_by_two_lasts_until_the_second_ends)
{
	pid_t first = holder_start();
	pid_t second = holder_start();

	holder_kill(first);
	ck_assert_int_eq(look(), RUNNING_NOW);
	holder_kill(second);
	ck_assert_int_eq(look(), RUNNING_NOT);
}
END_TEST

START_TEST(look_at_a_link_is_refused)
{
	char        *path = file_join(directory, "daemon.lock");
	enum running running;

	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(running_look(&state, &running, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	free(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("running");
	TCase *tc = tcase_create("running");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, look_before_any_daemon_is_never_and_makes_no_file);
	tcase_add_test(tc, look_while_one_holds_it_is_now_and_after_its_death_not);
	tcase_add_test(tc, hold_by_two_lasts_until_the_second_ends);
	tcase_add_test(tc, look_at_a_link_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
