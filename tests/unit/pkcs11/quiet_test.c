#include "config.h"

#include <string.h>
#include <unistd.h>

#include "pkcs11/quiet.h"
#include "unit.h"

static void
setup(void)
{
	(void)unsetenv("TSS2_LOG");
	(void)setenv("COLOUR", "blue", 1);
}

START_TEST(environment_is_the_applications_again)
{
	char **before = environ;

	quiet_begin();
	ck_assert_str_eq(getenv("TSS2_LOG"), "all+NONE");
	ck_assert_str_eq(getenv("COLOUR"), "blue");
	quiet_end();
	ck_assert_ptr_eq(environ, before);
	ck_assert_ptr_null(getenv("TSS2_LOG"));
}
END_TEST

START_TEST(environment_that_changes_is_seen_by_the_next)
{
	for (int i = 0; i < 3; i++) {
		(void)setenv("COLOUR", i == 0 ? "red" : "green", 1);
		if (i == 2)
			(void)setenv("SIZE", "large", 1);
		quiet_begin();
		ck_assert_str_eq(getenv("COLOUR"), i == 0 ? "red" : "green");
		ck_assert_int_eq(getenv("SIZE") != NULL, i == 2);
		quiet_end();
	}
}
END_TEST

START_TEST(environment_that_loses_its_last_variable_is_seen_by_the_next)
{
	(void)setenv("SIZE", "large", 1);
	quiet_begin();
	quiet_end();
	(void)unsetenv("SIZE");
	quiet_begin();
	ck_assert_ptr_null(getenv("SIZE"));
	quiet_end();
}
END_TEST

START_TEST(same_environment_makes_no_new_array)
{
	char **first;

	quiet_begin();
	first = environ;
	quiet_end();
	quiet_begin();
	ck_assert_ptr_eq(environ, first);
	quiet_end();
}
END_TEST

/* Another thread sets a variable meanwhile: that is not lost. */
START_TEST(change_in_between_stays)
{
	quiet_begin();
	(void)setenv("SIZE", "large", 1);
	quiet_end();
	ck_assert_str_eq(getenv("SIZE"), "large");
}
END_TEST

START_TEST(users_own_setting_stays)
{
	(void)setenv("TSS2_LOG", "all+debug", 1);
	quiet_begin();
	ck_assert_str_eq(getenv("TSS2_LOG"), "all+debug");
	quiet_end();
	ck_assert_str_eq(getenv("TSS2_LOG"), "all+debug");
}
END_TEST

START_TEST(no_environment_at_all)
{
	static char *none[] = {NULL};

	environ = none;
	quiet_begin();
	ck_assert_str_eq(getenv("TSS2_LOG"), "all+NONE");
	quiet_end();
	ck_assert_ptr_eq(environ, none);
	environ = NULL;
	quiet_begin();
	quiet_end();
	ck_assert_ptr_null(environ);
}
END_TEST

START_TEST(child_has_the_applications)
{
	char **before = environ;

	quiet_begin();
	quiet_child();
	ck_assert_ptr_eq(environ, before);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("quiet");
	TCase *tc = tcase_create("quiet");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, environment_is_the_applications_again);
	tcase_add_test(tc, environment_that_changes_is_seen_by_the_next);
	tcase_add_test(tc, environment_that_loses_its_last_variable_is_seen_by_the_next);
	tcase_add_test(tc, same_environment_makes_no_new_array);
	tcase_add_test(tc, change_in_between_stays);
	tcase_add_test(tc, users_own_setting_stays);
	tcase_add_test(tc, no_environment_at_all);
	tcase_add_test(tc, child_has_the_applications);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
