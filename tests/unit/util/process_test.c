#include "config.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/error.h"
#include "util/process.h"

/* Sanitizers have an mlockall of their own, which does nothing. */
#if defined WITH_SANITIZERS || defined __SANITIZE_THREAD__
#define CAN_LOCK false
#else
#define CAN_LOCK true
#endif

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

/* Root's test becomes somebody else, as whom it has no capabilities. */
static bool
become_somebody(void)
{
	return geteuid() != 0 || (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
}

static void
wait_as_somebody(bool hidden, int ready)
{
	struct error err = {0};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!become_somebody() || (hidden ? process_hide(&err) : prctl(PR_SET_DUMPABLE, 1)) != 0)
		_exit(1);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* which another user's process has forgotten */
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

/* Opens the memory of another process of the same user; returns 0, an errno, or -1: nobody is there. */
static int
look_into(bool hidden)
{
	char  path[64];
	char  octet;
	int   ready[2];
	int   status = -1;
	pid_t other;
	pid_t looker;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ge(other = fork(), 0);
	if (other == 0)
		wait_as_somebody(hidden, ready[1]);
	(void)close(ready[1]);
	if (read(ready[0], &octet, 1) == 1 && (looker = fork()) >= 0) {
		(void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)other);
		if (looker == 0)
			_exit(!become_somebody() ? 255 : open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno);
		ck_assert_int_eq(waitpid(looker, &status, 0), looker);
	}
	(void)close(ready[0]);
	(void)kill(other, SIGKILL);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

/* The wall between a front and a keeper of one user, beside the front's sandbox. */
START_TEST(hide_keeps_other_processes_of_its_user_out)
{
	if (look_into(false) != 0)
		printf("# skipped: here no process looks into another\n");
	else
		ck_assert_int_eq(look_into(true), EACCES);
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

/* In a process of its own: memory that is used before and after is locked, all that it can write. */
static int
lock_and_look(void)
{
	char   line[512];
	char  *late;
	bool   writable = false;
	bool   fine = true;
	FILE  *map;
	size_t looked = 0;

	if (!CAN_LOCK || !process_lock(true))
		return 77;
	late = malloc((size_t)8 << 20);
	if (late == NULL || (map = fopen("/proc/self/smaps", "re")) == NULL)
		return 1;
	(void)memset(late, 1, (size_t)8 << 20);
	while (fgets(line, sizeof line, map) != NULL) {
		char permissions[8] = "";

		if (sscanf(line, "%*x-%*x %7s", permissions) == 1 && strlen(permissions) == 4)
			writable = permissions[1] == 'w';
		if (strncmp(line, "VmFlags:", 8) != 0 || !writable)
			continue;
		looked++;
		fine = fine && strstr(line, " lo") != NULL;
	}
	(void)fclose(map);
	free(late);
	return fine && looked > 3 ? 0 : 2;
}

START_TEST(spawn_gives_a_program_the_signals_that_we_ignore)
{
	static const int  ignored[] = {SIGPIPE, SIGXFSZ};
	char              shell[] = "sh", option[] = "-c", command[64];
	char             *arguments[] = {shell, option, command, NULL};
	posix_spawnattr_t attributes;
	pid_t             child = 0;
	int               status = 0;

	(void)snprintf(command, sizeof command, "ulimit -c 0; kill -%d $$", ignored[_i]);
	(void)signal(ignored[_i], SIG_IGN);
	ck_assert_int_eq(posix_spawnattr_init(&attributes), 0);
	ck_assert_int_eq(process_spawn_signals(&attributes, POSIX_SPAWN_SETPGROUP), 0);
	ck_assert_int_eq(posix_spawn(&child, "/bin/sh", NULL, &attributes, arguments, environ), 0);
	ck_assert_int_eq(getpgid(child), child); /* the flags of the caller hold, too */
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), ignored[_i]);
	(void)posix_spawnattr_destroy(&attributes);
}
END_TEST

START_TEST(lock_covers_all_that_it_writes_to_before_and_after)
{
	pid_t child = fork();
	int   status = 0;

	if (child == 0)
		_exit(lock_and_look());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("# skipped: memory cannot be locked here\n");
	else
		ck_assert_int_eq(status, 0);
}
END_TEST

/* A finite limit would make allocations fail later. */
START_TEST(lock_with_a_finite_limit_changes_nothing)
{
	const struct rlimit finite = {1 << 20, 1 << 20};
	pid_t               child = fork();
	int                 status = 0;

	if (child == 0) {
		struct error err = {0};

		if (setrlimit(RLIMIT_MEMLOCK, &finite) != 0 || process_disarm(0, &err) != 0)
			_exit(1);
		if (CAN_LOCK && (process_lock(false) || process_lock(true)))
			_exit(2);
		_exit(malloc((size_t)8 << 20) != NULL ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
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

/* By each of the two: a thread of its own is the process here. */
static int
disarm(int by_thread, uint64_t keep, struct error *err)
{
	return by_thread != 0 ? process_disarm_thread(keep) : process_disarm(keep, err);
}

START_TEST(disarm_leaves_what_is_kept_and_then_nothing)
{
	struct error       err = {0};
	unsigned long long had = capabilities("CapPrm");

	unit_ok(disarm(_i, PROCESS_CAPABILITIES_OF_FILES, &err), &err);
	ck_assert(capabilities("CapPrm") == (had & PROCESS_CAPABILITIES_OF_FILES));
	ck_assert(capabilities("CapInh") == 0);
	unit_ok(disarm(_i, 0, &err), &err);
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		ck_assert_msg(capabilities(sets[i]) == 0, "%s", sets[i]);
	if (had >> 8 & 1) /* it had CAP_SETPCAP */
		ck_assert(capabilities("CapBnd") == 0);
}
END_TEST

START_TEST(limit_leaves_what_is_kept_to_programs_too)
{
	const uint64_t     keep = PROCESS_CAPABILITIES_OF_SUPERVISOR;
	struct error       err = {0};
	unsigned long long had = capabilities("CapPrm");
	unsigned long long bound = capabilities("CapBnd");

	unit_ok(process_limit(keep, &err), &err);
	ck_assert(capabilities("CapPrm") == (had & keep));
	ck_assert(capabilities("CapEff") == (had & keep));
	if (had >> 8 & 1) /* it had CAP_SETPCAP */
		ck_assert(capabilities("CapBnd") == (bound & keep));
}
END_TEST

/* As a service manager does: capset(2) is refused. False: the kernel takes no filter. */
static bool
forbid_capset(void)
{
	struct sock_filter rules[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof rules / sizeof rules[0], rules};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

START_TEST(disarm_of_who_has_nothing_asks_for_nothing)
{
	struct error err = {0};

	ck_assert(become_somebody());
	ck_assert(capabilities("CapPrm") == 0);
	if (!forbid_capset())
		return;
	unit_ok(process_disarm(0, &err), &err);
	unit_ok(process_disarm(PROCESS_CAPABILITIES_OF_KEEPER, &err), &err);
}
END_TEST

START_TEST(disarm_of_who_has_some_fails_where_it_is_forbidden)
{
	struct error err = {0};

	if (capabilities("CapPrm") == 0 || !forbid_capset())
		return;
	ck_assert_int_eq(process_disarm(0, &err), -1);
	ck_assert_str_eq(err.detail, "giving up capabilities: Operation not permitted");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = tcase_create("hide");

	tcase_add_test(tc, hide_makes_it_not_dumpable_without_core_files);
	tcase_add_test(tc, hide_keeps_other_processes_of_its_user_out);
	tcase_add_test(tc, hide_under_a_debugger_stays_open_to_it);
	tcase_add_loop_test(tc, spawn_gives_a_program_the_signals_that_we_ignore, 0, 2);
	tcase_add_test(tc, lock_covers_all_that_it_writes_to_before_and_after);
	tcase_add_test(tc, lock_with_a_finite_limit_changes_nothing);
	tcase_add_loop_test(tc, disarm_leaves_what_is_kept_and_then_nothing, 0, 2);
	tcase_add_test(tc, disarm_of_who_has_nothing_asks_for_nothing);
	tcase_add_test(tc, disarm_of_who_has_some_fails_where_it_is_forbidden);
	tcase_add_test(tc, limit_leaves_what_is_kept_to_programs_too);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
