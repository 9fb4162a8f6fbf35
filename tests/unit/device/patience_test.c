#include "config.h"

#include "device/patience.h"
#include "unit.h"

#define NOW INT64_C(1000000)

START_TEST(end_without_a_limit_is_in_five_minutes)
{
	ck_assert_int_eq(patience_end(NOW, 0), NOW + 300000);
}
END_TEST

START_TEST(end_is_that_of_the_command_when_it_is_earlier)
{
	ck_assert_int_eq(patience_end(NOW, NOW + 299999), NOW + 299999);
	ck_assert_int_eq(patience_end(NOW, NOW + 300001), NOW + 300000);
	ck_assert_int_eq(patience_end(NOW, NOW + 10001), NOW + 10001);
}
END_TEST

START_TEST(end_leaves_a_try_ten_seconds)
{
	ck_assert_int_eq(patience_end(NOW, NOW + 9999), NOW + 10000);
	ck_assert_int_eq(patience_end(NOW, NOW - 1), NOW + 10000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("patience");
	TCase *tc = tcase_create("end");

	tcase_add_test(tc, end_without_a_limit_is_in_five_minutes);
	tcase_add_test(tc, end_is_that_of_the_command_when_it_is_earlier);
	tcase_add_test(tc, end_leaves_a_try_ten_seconds);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
