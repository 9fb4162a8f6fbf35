/* The name that a device asks for: which of its settings counts, and what is none. */
#include "config.h"

#include "device/wish.h"

#include <string.h>
#include <unistd.h>

#include "device/device_settings.h"
#include "unit.h"
#include "util/error.h"

static const struct {
	struct device_settings settings;
	const char            *wish;
} cases[] = {
    {{.wish = "cleo"}, "cleo"},
    {{.wish = "cleo", .name = "laptop"}, "cleo"},
    {{.name = "laptop"}, "laptop"},
    {{.wish = "none", .name = "laptop"}, NULL},
    {{.wish = "none"}, NULL},
};

START_TEST(wish_of_settings_is_the_first_that_is_set)
{
	char        text[IDENTIFIER_MAX + 1];
	const char *wish = device_wish(&cases[_i].settings, text);

	if (cases[_i].wish == NULL)
		ck_assert_ptr_null(wish);
	else
		ck_assert_str_eq(wish, cases[_i].wish);
}
END_TEST

START_TEST(wish_without_settings_is_the_hosts_name)
{
	const struct device_settings settings = {.wish = NULL};
	char                         host[IDENTIFIER_MAX + 1] = "";
	char                         text[IDENTIFIER_MAX + 1];
	const char                  *wish = device_wish(&settings, text);

	ck_assert_int_eq(gethostname(host, sizeof host), 0);
	if (strcmp(host, "localhost") == 0)
		ck_assert_ptr_null(wish);
	else
		ck_assert_str_eq(wish, host);
}
END_TEST

START_TEST(attest_check_of_a_wish_that_is_no_name_is_malformed)
{
	const struct device_settings settings = {.wish = "a/b"};
	struct error                 err = {0};

	unit_fails(device_settings_attest_check(&settings, &err), &err, ERROR_MALFORMED,
	    "the wish \"a/b\": an identifier cannot hold a \"/\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wish");
	TCase *tc = tcase_create("wish");

	tcase_add_loop_test(tc, wish_of_settings_is_the_first_that_is_set, 0,
	    sizeof cases / sizeof cases[0]);
	tcase_add_test(tc, wish_without_settings_is_the_hosts_name);
	tcase_add_test(tc, attest_check_of_a_wish_that_is_no_name_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
