/* What "certificates" and "show" print: of which certificates, and how on a terminal. */
#include "config.h"

#include "acme_records.h"
#include "util/clock.h"

#define LONG_NAME "a-device-whose-name-takes-the-rest-of-the-line"

static const struct view none = {NULL, 0};

START_TEST(certificates_of_an_empty_store_are_none)
{
	ck_assert_str_eq(RUN(0, "certificates"), "no certificates\n");
	ck_assert_str_eq(RUN(0, "certificates", "--json"), "[]\n");
}
END_TEST

START_TEST(certificates_valid_leave_out_what_is_not)
{
	json_t *list;

	issued_add(1, "expired", 0, 10, none);
	issued_add(2, "revoked", 0, LATER, none);
	issued_revoke(2, 20, 1);
	ck_assert_str_eq(RUN(0, "certificates", "--valid"), "no certificates\n");
	ck_assert_str_eq(RUN(0, "certificates", "--valid", "--json"), "[]\n");
	issued_add(3, "good", 0, LATER, none);
	list = RUN_JSON(0, "certificates", "--valid", "--json");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "name")), "good");
	json_decref(list);
	ck_assert_ptr_nonnull(strstr(RUN(0, "certificates", "--valid"), "good\n"));
	ck_assert_ptr_null(strstr(answered.out, "4001"));
	ck_assert_ptr_null(strstr(answered.out, "4002"));
}
END_TEST

START_TEST(certificates_say_when_one_was_revoked)
{
	issued_add(1, "laptop", 0, LATER, none);
	issued_revoke(1, 20, 1);
	ck_assert_str_eq(RUN(0, "certificates"),
	    "SERIAL                                    NOT AFTER             STATE                         NAME\n"
	    "4001                                      2100-01-01T00:00:00Z  revoked 1970-01-01T00:00:20Z  laptop\n");
}
END_TEST

/* Of the state the word alone; a name that does not fit has a line of its own. */
START_TEST(certificates_on_a_terminal_fit_its_lines)
{
	issued_add(1, "pc", 0, LATER, none);
	issued_add(2, LONG_NAME, 0, LATER, none);
	issued_revoke(2, 20, 1);
	ck_assert_str_eq(RUN_ON_TERMINAL(80, "certificates"),
	    "SERIAL                                    NOT AFTER             STATE    NAME\n"
	    "4001                                      2100-01-01T00:00:00Z  good     pc\n"
	    "4002                                      2100-01-01T00:00:00Z  revoked  \n"
	    "  " LONG_NAME "\n");
	ck_assert_str_eq(RUN_ON_TERMINAL(120, "certificates"),
	    "SERIAL                                    NOT AFTER             STATE    NAME\n"
	    "4001                                      2100-01-01T00:00:00Z  good     pc\n"
	    "4002                                      2100-01-01T00:00:00Z  revoked  " LONG_NAME "\n");
}
END_TEST

START_TEST(show_separates_several_and_says_the_state_of_each)
{
	issued_add(1, "laptop", 30, LATER, none);
	issued_add(2, "laptop", 0, LATER, none);
	issued_revoke(2, 20, 1);
	ck_assert_str_eq(RUN(0, "show", "laptop"),
	    "serial    4001\n"
	    "name      laptop\n"
	    "state     good\n"
	    "valid     1970-01-01T00:00:30Z to 2100-01-01T00:00:00Z\n"
	    "attested  AK certificate 42\n"
	    "account   " ACCOUNT "\n"
	    "order     " ORDER "\n"
	    "\n"
	    "serial    4002\n"
	    "name      laptop\n"
	    "state     revoked 1970-01-01T00:00:20Z\n"
	    "valid     1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z\n"
	    "attested  AK certificate 42\n"
	    "account   " ACCOUNT "\n"
	    "order     " ORDER "\n");
}
END_TEST

START_TEST(show_finds_what_is_no_longer_good)
{
	json_t *list;

	issued_add(1, "laptop", 0, 10, none);
	list = RUN_JSON(0, "show", "4001", "--json");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert(json_is_false(json_object_get(json_array_get(list, 0), "good")));
	json_decref(list);
}
END_TEST

START_TEST(show_of_nobody_names_the_list)
{
	ck_assert_str_eq(RUN(1, "show", "nobody"), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "no certificate has the serial number or the name \"nobody\""));
	ck_assert_ptr_nonnull(strstr(answered.err, " certificates\""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_admin/certificates");
	TCase *tc = tcase_create("certificates");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, certificates_of_an_empty_store_are_none);
	tcase_add_test(tc, certificates_valid_leave_out_what_is_not);
	tcase_add_test(tc, certificates_say_when_one_was_revoked);
	tcase_add_test(tc, certificates_on_a_terminal_fit_its_lines);
	tcase_add_test(tc, show_separates_several_and_says_the_state_of_each);
	tcase_add_test(tc, show_finds_what_is_no_longer_good);
	tcase_add_test(tc, show_of_nobody_names_the_list);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
