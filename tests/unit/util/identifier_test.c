#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/error.h"
#include "util/identifier.h"

static const char *const accepted[] = {
    "a",
    "laptop-17",
    "Frau M\xc3\xbcllers Rechner",
    "\xe6\xa9\x9f\xe6\xa2\xb0",     /* CJK */
    "\xf0\x9f\x92\xbb",             /* beyond the BMP */
    "\xc2\xa0",                     /* the first that is no C1 */
    "urn:ek:sha256:00",
    "a\\b\"c' d~",
};

START_TEST(check_name_is_accepted)
{
	struct error err = {0};

	unit_ok(identifier_check(accepted[_i], strlen(accepted[_i]), &err), &err);
}
END_TEST

static const struct {
	const char *text;
	size_t      length;
	const char *detail;
} refused[] = {
    {"", 0, "an identifier cannot be empty"},
    {"/", 1, "an identifier cannot hold a \"/\""},
    {"a/b", 3, "an identifier cannot hold a \"/\""},
    {"\0", 1, "octet 1 of the identifier is a control character"},
    {"a\0b", 3, "octet 2 of the identifier is a control character"},
    {"a\nb", 3, "octet 2 of the identifier is a control character"},
    {"ab\x1f", 3, "octet 3 of the identifier is a control character"},
    {"\x7f", 1, "octet 1 of the identifier is a control character"},
    {"\xc2\x80", 2, "octet 1 of the identifier is a control character"},
    {"a\xc2\x9f", 3, "octet 2 of the identifier is a control character"},
    {"\x80", 1, "octet 1 of the identifier is not UTF-8"},
    {"a\xff", 2, "octet 2 of the identifier is not UTF-8"},
    {"a\xc3", 2, "octet 2 of the identifier is not UTF-8"},          /* cut off */
    {"\xe6\xa9", 2, "octet 1 of the identifier is not UTF-8"},
    {"\xc0\xaf", 2, "octet 1 of the identifier is not UTF-8"},       /* "/", overlong */
    {"\xe0\x80\xaf", 3, "octet 1 of the identifier is not UTF-8"},
    {"\xed\xa0\x80", 3, "octet 1 of the identifier is not UTF-8"},   /* a surrogate */
    {"\xf4\x90\x80\x80", 4, "octet 1 of the identifier is not UTF-8"}, /* U+110000 */
};

START_TEST(check_anything_else_says_which_rule)
{
	struct error err = {0};

	unit_fails(identifier_check(refused[_i].text, refused[_i].length, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
}
END_TEST

START_TEST(check_255_octets_and_no_more)
{
	struct error err = {0};
	char         text[IDENTIFIER_MAX + 1];

	memset(text, 'x', sizeof text);
	unit_ok(identifier_check(text, IDENTIFIER_MAX, &err), &err);
	unit_fails(identifier_check(text, IDENTIFIER_MAX + 1, &err), &err, ERROR_MALFORMED,
	    "an identifier has at most 255 octets, this one 256");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("identifier");
	TCase *tc = tcase_create("identifier");

	tcase_add_loop_test(tc, check_name_is_accepted, 0, sizeof accepted / sizeof accepted[0]);
	tcase_add_loop_test(tc, check_anything_else_says_which_rule, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, check_255_octets_and_no_more);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
