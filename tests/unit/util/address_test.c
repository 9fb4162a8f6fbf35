/* Addresses as text. */
#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/address.h"

static const struct {
	const char *text;
	const char *formatted;
} good[] = {
    {"192.0.2.1", "192.0.2.1:0"},
    {"192.0.2.1:51442", "192.0.2.1:51442"},
    {"192.0.2.1:65535", "192.0.2.1:65535"},
    {"192.0.2.1:_hidden.x-1", "192.0.2.1:0"},
    {"2001:db8::7", "[2001:db8::7]:0"},
    {"[2001:db8::7]", "[2001:db8::7]:0"},
    {"[2001:DB8:0::7]:443", "[2001:db8::7]:443"},
    {"[2001:db8::7]:_x", "[2001:db8::7]:0"},
    {"::ffff:192.0.2.1", "192.0.2.1:0"},
    {"[::ffff:192.0.2.1]:7", "192.0.2.1:7"},
    {"::", "[::]:0"},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
};

static const char *const bad[] = {
    "", ":", "[", "]", "[]", "[]:1", "[:", "unknown", "_hidden", "_", "localhost", "localhost:1",
    "192.0.2", "192.0.2.256", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:123456", "192.0.2.1:-1",
    "192.0.2.1:1x", "192.0.2.1:_", "192.0.2.1:_a b", "192.0.2.1:1:2", " 192.0.2.1", "192.0.2.1 ",
    "[192.0.2.1]", "[192.0.2.1]:1", "[2001:db8::7", "2001:db8::7]", "[2001:db8::7]1",
    "[2001:db8::7]:", "[2001:db8::7]]:1", "[fe80::1%eth0]:443", "fe80::1%eth0", "2001:db8::7:g",
    "1:2:3:4:5:6:7:8:9", "192.0.2.1/32", "\"192.0.2.1\"",
    "192.0.2.1:_0123456789012345678901234567890123456789012345678901234567890123456789",
};

START_TEST(parse_each_form_is_formatted)
{
	struct address address = {0};
	char           text[ADDRESS_TEXT_SIZE];

	ck_assert(address_parse(view_text(good[_i].text), &address));
	ck_assert_str_eq(address_format(&address, text), good[_i].formatted);
}
END_TEST

START_TEST(parse_what_was_formatted_is_the_same)
{
	struct address address = {0};
	struct address again = {0};
	char           text[ADDRESS_TEXT_SIZE];

	ck_assert(address_parse(view_text(good[_i].text), &address));
	ck_assert(address_parse(view_text(address_format(&address, text)), &again));
	ck_assert(address_equal(&address, &again));
	ck_assert_uint_eq(address.port, again.port);
}
END_TEST

START_TEST(parse_anything_else_changes_nothing)
{
	const uint8_t  octets[] = {192, 0, 2, 9};
	struct address address = address_of(octets, sizeof octets, 7);
	char           text[ADDRESS_TEXT_SIZE];

	ck_assert_msg(!address_parse(view_text(bad[_i]), &address), "%s", bad[_i]);
	ck_assert_str_eq(address_format(&address, text), "192.0.2.9:7");
}
END_TEST

START_TEST(parse_nul_inside_is_no_address)
{
	static const uint8_t octets[] = "192.0.2.1\0:7";
	struct address       address;

	ck_assert(!address_parse((struct view){octets, sizeof octets - 1}, &address));
}
END_TEST

START_TEST(equal_looks_at_family_and_octets_only)
{
	const uint8_t  octets[16] = {192, 0, 2, 9};
	struct address one = address_of(octets, 4, 7);
	struct address other = address_of(octets, 4, 8);
	struct address ipv6 = address_of(octets, 16, 7);
	struct address none = {0};
	char           text[ADDRESS_TEXT_SIZE];

	ck_assert(address_equal(&one, &other));
	ck_assert(!address_equal(&one, &ipv6));
	ck_assert(!address_equal(&one, &none));
	ck_assert_str_eq(address_format(&none, text), "unknown");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = tcase_create("address");
	int    count = (int)(sizeof good / sizeof good[0]);

	tcase_add_loop_test(tc, parse_each_form_is_formatted, 0, count);
	tcase_add_loop_test(tc, parse_what_was_formatted_is_the_same, 0, count);
	tcase_add_loop_test(tc, parse_anything_else_changes_nothing, 0,
	    (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(tc, parse_nul_inside_is_no_address);
	tcase_add_test(tc, equal_looks_at_family_and_octets_only);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
