/*
 * What a process gives up when it becomes another user, or hides its memory: each of the system's calls fails
 * once, in a process of its own; then it is said, and nobody goes on with rights that should be gone.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/error.h"
#include "util/identity.h"
#include "util/process.h"

#define CALLS_MAX 100 /* the bounding set has some 40 */
#define NOBODY    65534

static unsigned left;   /* calls until the one that fails; 0: none */
static bool     failed; /* it was that one's turn */
static bool     is_locked;

static bool
fails(void)
{
	if (left == 0 || --left > 0)
		return false;
	failed = true;
	errno = EPERM;
	return true;
}

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, setrlimit, int resource, const struct rlimit *limit)
{
	return fails() ? -1 : __real_setrlimit(resource, limit);
}

WRAP(int, getrlimit, int resource, struct rlimit *limit)
{
	return fails() ? -1 : __real_getrlimit(resource, limit);
}

WRAP(int, prctl, int option, ...)
{
	unsigned long arguments[4];
	va_list       args;

	va_start(args, option);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(args, unsigned long);
	va_end(args);
	return fails() ? -1 : __real_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

WRAP(long, syscall, long number, ...)
{
	void   *arguments[2];
	va_list args;

	ck_assert(number == SYS_capget || number == SYS_capset);
	va_start(args, number);
	for (size_t i = 0; i < 2; i++)
		arguments[i] = va_arg(args, void *);
	va_end(args);
	return fails() ? -1 : __real_syscall(number, arguments[0], arguments[1]);
}

WRAP(int, setgroups, size_t count, const gid_t *groups)
{
	return fails() ? -1 : __real_setgroups(count, groups);
}

WRAP(int, setresgid, gid_t real, gid_t effective, gid_t saved)
{
	return fails() ? -1 : __real_setresgid(real, effective, saved);
}

WRAP(int, setresuid, uid_t real, uid_t effective, uid_t saved)
{
	return fails() ? -1 : __real_setresuid(real, effective, saved);
}

WRAP(int, getresuid, uid_t *real, uid_t *effective, uid_t *saved)
{
	return fails() ? -1 : __real_getresuid(real, effective, saved);
}

WRAP(int, mlockall, int flags)
{
	(void)flags;
	is_locked = !fails();
	return is_locked ? 0 : -1;
}

WRAP(int, munlockall, void)
{
	is_locked = false;
	return 0;
}

/* ---- the runs ---- */

typedef int operation(struct error *err);

enum outcome { DONE, REFUSED, WRONG };

#define NOTHING_FAILED 4

/* In a child: what became of it, and whether there was an n-th call. */
static enum outcome
run(operation *operate, unsigned n, bool *end)
{
	int   status = 0;
	pid_t child;

	(void)fflush(NULL);
	if ((child = fork()) == 0) {
		struct error err = {0};
		int          rc;

		left = n;
		rc = operate(&err);
		left = 0;
		exit((failed ? 0 : NOTHING_FAILED) + (rc == 0 ? DONE : err.detail[0] != '\0' ? REFUSED : WRONG));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	*end = (WEXITSTATUS(status) & NOTHING_FAILED) != 0;
	return (enum outcome)(WEXITSTATUS(status) & ~NOTHING_FAILED);
}

/* How many of the calls that may fail are such that it goes on without them. */
static unsigned
each(operation *operate)
{
	unsigned harmless = 0;
	bool     end = false;

	for (unsigned n = 1; !end; n++) {
		enum outcome outcome = run(operate, n, &end);

		ck_assert_uint_lt(n, CALLS_MAX);
		ck_assert_msg(outcome != WRONG, "%u", n);
		ck_assert_msg(!end || outcome == DONE, "it fails when nothing does");
		harmless += !end && outcome == DONE;
	}
	return harmless;
}

static bool has_name; /* whose groups are looked up */

static int
take(struct error *err)
{
	struct identity nobody = {.uid = NOBODY, .gid = NOBODY, .other = true};
	int             rc;

	if (has_name)
		(void)strcpy(nobody.name, "nobody");
	rc = identity_take(&nobody, "/", err);
	if (rc == 0)
		ck_assert(geteuid() == NOBODY && getegid() == NOBODY);
	return rc;
}

/* Ambient capabilities that are not cleared go with the sets; setuid(0) must fail for us. */
START_TEST(take_whose_calls_fail_goes_no_further)
{
	if (geteuid() != 0)
		return;
	has_name = _i != 0;
	ck_assert_uint_le(each(take), 3);
}
END_TEST

static int
hide(struct error *err)
{
	return process_hide(err);
}

START_TEST(hide_whose_calls_fail_says_so)
{
	ck_assert_uint_eq(each(hide), 0);
}
END_TEST

static int
disarm(struct error *err)
{
	return process_disarm(0, err);
}

START_TEST(disarm_whose_calls_fail_says_so)
{
	(void)each(disarm);
}
END_TEST

/* Memory stays locked only when more of it can be had, whatever fails on the way. */
START_TEST(lock_whose_calls_fail_leaves_nothing_locked)
{
	for (unsigned n = 1; n < 4; n++) {
		struct rlimit before;
		bool          locks;

		ck_assert_int_eq(__real_getrlimit(RLIMIT_MEMLOCK, &before), 0);
		left = n;
		locks = process_lock(true);
		left = 0;
		ck_assert(locks == is_locked);
	}
	left = 1; /* the limit cannot be raised … */
	ck_assert(!process_lock(false));
}
END_TEST

START_TEST(lock_of_unknown_limits_is_undone)
{
	const struct rlimit finite = {1024, 1024};

	ck_assert_int_eq(__real_setrlimit(RLIMIT_MEMLOCK, &finite), 0);
	if (geteuid() == 0 && (__real_setresuid(NOBODY, NOBODY, NOBODY) != 0))
		return;
	left = 2; /* getrlimit, behind setrlimit, which this user may not, and mlockall */
	is_locked = false;
	(void)process_lock(true);
	left = 3;
	ck_assert(process_lock(true) == is_locked);
	left = 0;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rights");
	TCase *tc = tcase_create("rights");

	tcase_add_loop_test(tc, take_whose_calls_fail_goes_no_further, 0, 2);
	tcase_add_test(tc, hide_whose_calls_fail_says_so);
	tcase_add_test(tc, disarm_whose_calls_fail_says_so);
	tcase_add_test(tc, lock_whose_calls_fail_leaves_nothing_locked);
	tcase_add_test(tc, lock_of_unknown_limits_is_undone);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
