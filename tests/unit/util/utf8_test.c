#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/utf8.h"

static const struct {
	const char *octets;
	size_t      size;
	uint32_t    character;
} good[] = {
    {"A", 1, 0x41},
    {"\x7f", 1, 0x7f},
    {"\xc2\x80", 2, 0x80},
    {"\xdf\xbf", 2, 0x7ff},
    {"\xe0\xa0\x80", 3, 0x800},
    {"\xed\x9f\xbf", 3, 0xd7ff},
    {"\xee\x80\x80", 3, 0xe000},
    {"\xef\xbf\xbf", 3, 0xffff},
    {"\xf0\x90\x80\x80", 4, 0x10000},
    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    {"\xe2\x82\xac and more", 3, 0x20ac},
};

START_TEST(decode_each_length_at_its_bounds_is_read)
{
	uint32_t character = 0;

	ck_assert_uint_eq(utf8_decode((const uint8_t *)good[_i].octets, strlen(good[_i].octets),
	                      &character),
	    good[_i].size);
	ck_assert_uint_eq(character, good[_i].character);
}
END_TEST

static const char *const bad[] = {
    "\x80",             /* a continuation alone */
    "\xc0\x80",         /* overlong NUL */
    "\xc1\xbf",         /* overlong in two */
    "\xe0\x9f\xbf",     /* overlong in three */
    "\xf0\x8f\xbf\xbf", /* overlong in four */
    "\xed\xa0\x80",     /* the first surrogate */
    "\xed\xbf\xbf",     /* the last surrogate */
    "\xf4\x90\x80\x80", /* beyond U+10FFFF */
    "\xf8\x88\x80\x80\x80",
    "\xff",
    "\xc3",     /* cut off */
    "\xe2\x82", /* cut off */
    "\xc3(",    /* no continuation */
    "\xe2\x82(",
};

START_TEST(decode_what_is_no_utf8_is_refused)
{
	uint32_t character = 0;

	ck_assert_uint_eq(utf8_decode((const uint8_t *)bad[_i], strlen(bad[_i]), &character), 0);
}
END_TEST

START_TEST(is_control_bounds_are_exact)
{
	ck_assert(utf8_is_control(0x00));
	ck_assert(utf8_is_control(0x1f));
	ck_assert(!utf8_is_control(0x20));
	ck_assert(!utf8_is_control(0x7e));
	ck_assert(utf8_is_control(0x7f));
	ck_assert(utf8_is_control(0x9f));
	ck_assert(!utf8_is_control(0xa0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");

	tcase_add_loop_test(tc, decode_each_length_at_its_bounds_is_read, 0,
	    sizeof good / sizeof good[0]);
	tcase_add_loop_test(tc, decode_what_is_no_utf8_is_refused, 0, sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, is_control_bounds_are_exact);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
