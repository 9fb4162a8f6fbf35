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

START_TEST(encode_each_length_at_its_bounds_is_written)
{
	uint8_t octets[UTF8_MAX];

	ck_assert_uint_eq(utf8_encode(good[_i].character, octets), good[_i].size);
	ck_assert_mem_eq(octets, good[_i].octets, good[_i].size);
}
END_TEST

/* Characters are counted, not octets; a text that is no UTF-8 has none. */
START_TEST(has_characters_counts_them)
{
	ck_assert(utf8_has_characters("", 0, 0));
	ck_assert(!utf8_has_characters("", 1, 1));
	ck_assert(utf8_has_characters("\xc3\xa4\xe2\x82\xac", 2, 2));
	ck_assert(!utf8_has_characters("\xc3\xa4\xe2\x82\xac", 3, 9));
	ck_assert(!utf8_has_characters("\xc3\xa4\xe2\x82\xac", 0, 1));
	ck_assert(!utf8_has_characters("a\xff", 0, 9));
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

/* What stands behind the end is not looked at. */
START_TEST(decode_ends_where_the_text_does)
{
	const uint8_t *euro = (const uint8_t *)"\xe2\x82\xac";
	uint32_t       character = 0;

	ck_assert_uint_eq(utf8_decode(euro, 1, &character), 0);
	ck_assert_uint_eq(utf8_decode(euro, 2, &character), 0);
	ck_assert_uint_eq(utf8_decode(euro, 3, &character), 3);
}
END_TEST

static const struct {
	const char *text;
	const char *clean;
} texts[] = {
    {"laptop", "laptop"},
    {"  third floor  ", "third floor"},
    {"\x1b[2Ja\tb\r\n", "[2Jab"},
    {"M\xc3\xbcnchen \xf0\x9f\x92\xbb", "M\xc3\xbcnchen \xf0\x9f\x92\xbb"},
    {"a\xff\xc3", "a"},
    {"\xc2\x9b" "31m", "31m"},
    {" \x01 ", ""},
    {"", ""},
};

START_TEST(clean_leaves_one_line_of_utf8)
{
	char clean[64];

	utf8_clean((const uint8_t *)texts[_i].text, strlen(texts[_i].text), clean, sizeof clean);
	ck_assert_str_eq(clean, texts[_i].clean);
}
END_TEST

START_TEST(clean_is_cut_between_characters)
{
	static const char text[] = "ab\xc3\xbc" "c";
	char              clean[8];

	for (size_t size = 1; size < sizeof clean; size++) {
		utf8_clean((const uint8_t *)text, sizeof text - 1, clean, size);
		ck_assert_uint_eq(strlen(clean), size <= 3 ? size - 1 : size == 4 ? 2 : size == 5 ? 4 : 5);
	}
	utf8_clean((const uint8_t *)"a\0b", 3, clean, sizeof clean);
	ck_assert_str_eq(clean, "ab");
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
	tcase_add_loop_test(tc, encode_each_length_at_its_bounds_is_written, 0,
	    sizeof good / sizeof good[0]);
	tcase_add_test(tc, has_characters_counts_them);
	tcase_add_test(tc, decode_ends_where_the_text_does);
	tcase_add_loop_test(tc, decode_what_is_no_utf8_is_refused, 0, sizeof bad / sizeof bad[0]);
	tcase_add_loop_test(tc, clean_leaves_one_line_of_utf8, 0, sizeof texts / sizeof texts[0]);
	tcase_add_test(tc, clean_is_cut_between_characters);
	tcase_add_test(tc, is_control_bounds_are_exact);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
