/* What every unit test needs: Check, printing TAP for automake's driver. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

/* Asserts that a call succeeded, and shows err->detail when it did not. */
#define unit_ok(call, err) ck_assert_msg((call) == 0, "%s", (err)->detail)

/* Asserts that a call failed with this kind and this detail. */
#define unit_fails(call, err, wanted_kind, wanted_detail)                 \
	do {                                                              \
		ck_assert_int_eq((call), -1);                             \
		ck_assert_str_eq((err)->detail, (wanted_detail));         \
		ck_assert_int_eq((int)(err)->kind, (int)(wanted_kind));   \
	} while (0)

/* Of a build that counts which lines are executed; NULL in any other. */
extern void __gcov_dump(void) __attribute__((weak));

/* A case that aborts, as it is to, would count nothing. */
static inline void
unit_abort_cb(int number)
{
	(void)number;
	__gcov_dump();
}

/* For a child that must not run what its parent would at its end: _exit(2), which would count nothing. */
static inline _Noreturn void
unit_exit(int status)
{
	if (__gcov_dump != NULL)
		__gcov_dump();
	_exit(status);
}

/* Runs the suite; main returns what it returns. */
static inline int
unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int      failed;

	if (__gcov_dump != NULL)
		(void)signal(SIGABRT, unit_abort_cb);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
