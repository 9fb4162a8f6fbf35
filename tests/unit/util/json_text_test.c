#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/error.h"
#include "util/json_text.h"

static struct error err;

static struct json_text
text_of(const char *octets)
{
	return (struct json_text){view_text(octets), 0, &err};
}

static const struct {
	const char *text;
	size_t      end; /* 0: it is none */
	bool        half;
	const char *name;
	const char *plain; /* without its escapes; NULL: it has half a pair */
} strings[] = {
    {"\"\"", 2, false, "", ""},
    {"\"abc\" \"", 5, false, "abc", "abc"},
    {"\"a\\u0062\\n\"", 11, false, "ab\n", "ab\n"},
    {"\"\\\"\\\\\\/\"", 8, false, "\"\\/", "\"\\/"},
    {"\"\xc3\xa4\"", 4, false, "", "\xc3\xa4"},
    {"\"\\ud83d\\ude00\"", 14, false, "", "\xf0\x9f\x98\x80"},
    {"\"\\ud83d\"", 8, true, "", NULL},
    {"\"\\ude00\\ud83d\"", 14, true, "", NULL},
    {"\"0123456789abcdef\\u0030123456789abcdef\"", 39, false, "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef"},
    {"\"abc", 0, false, NULL, NULL},
    {"\"\\x\"", 0, false, NULL, NULL},
    {"\"\\u12g4\"", 0, false, NULL, NULL},
    {"\"\\u12\"", 0, false, NULL, NULL},
    {"\"\x01\"", 0, false, NULL, NULL},
    {"\"\xff\"", 0, false, NULL, NULL},
};

START_TEST(string_ends_where_its_quote_is)
{
	struct json_text text = text_of(strings[_i].text);
	char             name[JSON_TEXT_NAME_SIZE];
	AUTO_BYTES       plain = {0};
	size_t           end = 0;
	bool             half = false;
	int              rc = json_text_string(&text, &end, &half, name);

	ck_assert_int_eq(rc, strings[_i].end != 0 ? 0 : -1);
	if (rc != 0) {
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		return;
	}
	ck_assert_uint_eq(end, strings[_i].end);
	ck_assert_int_eq(half, strings[_i].half);
	if (!half)
		ck_assert_str_eq(name, strings[_i].name);
	if (strings[_i].plain != NULL) {
		json_text_unescape(&text, end, &plain);
		ck_assert(view_equal(bytes_view(&plain), view_text(strings[_i].plain)));
	}
}
END_TEST

/* 63 characters are a name that may be read, 64 are not. */
START_TEST(string_too_long_is_no_name)
{
	for (size_t length = 63; length <= 64; length++) {
		char             octets[80];
		char             name[JSON_TEXT_NAME_SIZE];
		struct json_text text;
		size_t           end;
		bool             half;

		memset(octets, 'n', sizeof octets);
		octets[0] = octets[length + 1] = '"';
		octets[length + 2] = '\0';
		text = text_of(octets);
		ck_assert_int_eq(json_text_string(&text, &end, &half, name), 0);
		ck_assert_uint_eq(end, length + 2);
		ck_assert_uint_eq(strlen(name), length == 63 ? 63 : 0);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t      end; /* 0: it is none */
	bool        large;
} numbers[] = {
    {"0", 1, false},
    {"-12,", 3, false},
    {"1.5e3", 5, true}, /* five characters with an exponent */
    {"1e9", 3, false},
    {"999999999999999999", 18, false},
    {"9999999999999999999", 19, true},
    {"-", 0, false},
    {"01", 0, false},
    {"1.", 0, false},
    {"1e", 0, false},
    {"1e+", 0, false},
};

START_TEST(number_ends_where_its_digits_end)
{
	struct json_text text = text_of(numbers[_i].text);
	size_t           end = 0;
	bool             large = false;

	ck_assert_int_eq(json_text_number(&text, &end, &large), numbers[_i].end != 0 ? 0 : -1);
	ck_assert_uint_eq(end, numbers[_i].end);
	ck_assert_int_eq(large, numbers[_i].large);
}
END_TEST

START_TEST(word_is_one_of_three)
{
	struct json_text text = text_of("nullx");
	size_t           end = 0;

	ck_assert_int_eq(json_text_word(&text, &end), 0);
	ck_assert_uint_eq(end, 4);
	text = text_of("nul");
	unit_fails(json_text_word(&text, &end), &err, ERROR_MALFORMED,
	    "not JSON: line 1, column 0: a value expected");
}
END_TEST

/* A column counts characters, not octets. */
START_TEST(fault_says_line_and_column)
{
	struct json_text text = text_of("{\n \"\xc3\xa4\" x");

	text.at = 8;
	unit_fails(json_text_fault(&text, 7, "odd"), &err, ERROR_MALFORMED,
	    "not JSON: line 2, column 4: odd");
	unit_fails(json_text_fault_near(&text, 9, "odd"), &err, ERROR_MALFORMED,
	    "not JSON: line 2, column 6: odd near 'x'");
}
END_TEST

START_TEST(blanks_end_at_another_octet)
{
	struct json_text text = text_of(" \t\r\n\vx");

	json_text_blanks(&text);
	ck_assert_uint_eq(text.at, 4);
	text.at = 6;
	json_text_blanks(&text);
	ck_assert_uint_eq(text.at, 6);
	ck_assert_uint_eq(json_text_octet(&text, 5), 'x');
	ck_assert_uint_eq(json_text_octet(&text, 6), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_text");
	TCase *tc = tcase_create("tokens");

	tcase_add_loop_test(tc, string_ends_where_its_quote_is, 0,
	    (int)(sizeof strings / sizeof strings[0]));
	tcase_add_test(tc, string_too_long_is_no_name);
	tcase_add_loop_test(tc, number_ends_where_its_digits_end, 0,
	    (int)(sizeof numbers / sizeof numbers[0]));
	tcase_add_test(tc, word_is_one_of_three);
	tcase_add_test(tc, fault_says_line_and_column);
	tcase_add_test(tc, blanks_end_at_another_octet);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
