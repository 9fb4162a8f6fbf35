#include "config.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/error.h"
#include "util/process.h"

START_TEST(hide_makes_it_not_dumpable_without_core_files)
{
	struct error  err = {0};
	struct rlimit limit = {1, 1};

	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	ck_assert_int_eq(process_hide(&err), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 0);
	ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

/* As gdb starts a program: it stops, is traced, and hides nothing from its debugger. */
START_TEST(hide_under_a_debugger_stays_open_to_it)
{
	struct error err = {0};
	pid_t        child = fork();
	int          status = 0;

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(77);
		_exit(process_hide(&err) == 0 && prctl(PR_GET_DUMPABLE) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
}
END_TEST

static unsigned long long
capabilities(const char *set)
{
	char               line[256];
	char               wanted[16];
	unsigned long long mask = ~0ULL;
	FILE              *status = fopen("/proc/self/status", "re");

	(void)snprintf(wanted, sizeof wanted, "%s:", set);
	while (status != NULL && fgets(line, sizeof line, status) != NULL) {
		if (strncmp(line, wanted, strlen(wanted)) == 0)
			(void)sscanf(line + strlen(wanted), "%llx", &mask);
	}
	if (status != NULL)
		(void)fclose(status);
	return mask;
}

static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};

START_TEST(disarm_leaves_what_is_kept_and_then_nothing)
{
	struct error       err = {0};
	unsigned long long had = capabilities("CapPrm");

	unit_ok(process_disarm(PROCESS_CAPABILITIES_OF_FILES, &err), &err);
	ck_assert(capabilities("CapPrm") == (had & PROCESS_CAPABILITIES_OF_FILES));
	ck_assert(capabilities("CapInh") == 0);
	unit_ok(process_disarm(0, &err), &err);
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		ck_assert_msg(capabilities(sets[i]) == 0, "%s", sets[i]);
	if (had >> 8 & 1) /* it had CAP_SETPCAP */
		ck_assert(capabilities("CapBnd") == 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = tcase_create("hide");

	tcase_add_test(tc, hide_makes_it_not_dumpable_without_core_files);
	tcase_add_test(tc, hide_under_a_debugger_stays_open_to_it);
	tcase_add_test(tc, disarm_leaves_what_is_kept_and_then_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
