#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "command/print.h"
#include "unit.h"

static const struct {
	const char *text;
	const char *shown;
	size_t      width;
} texts[] = {
    {"", "", 0},
    {"laptop 7", "laptop 7", 8},
    {"Zo\xc3\xab", "Zo\xc3\xab", 3},
    {"\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac", 4}, /* wide characters */
    {"e\xcc\x81", "e\xcc\x81", 1},                               /* a combining accent */
    {"a\\x1b", "a\\\\x1b", 6},
    {"\x1b[31mred", "\\x1b[31mred", 11},
    {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f", 15},
    {"\xc2\x9b" "31m", "\\x9b31m", 7},        /* CSI in one character */
    {"\xff\xc3", "\\xff\\xc3", 8},            /* no UTF-8 */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", 12},  /* a surrogate */
    {"a\xe2\x80\xae" "b", "a\\u{202e}b", 10}, /* right-to-left override */
    {"a\xe2\x80\x8b" "b", "a\\u{200b}b", 10}, /* zero width space */
    {"\xef\xbb\xbf" "a", "\\u{feff}a", 9},
    {"\xe2\x81\xa6", "\\u{2066}", 8},         /* isolate */
    {"\xf3\xa0\x81\x81", "\\u{e0041}", 9},    /* tag letter */
    {"\xf4\x8f\xbf\xbf", "\\u{10ffff}", 10},
};

/* What a printing function prints; the caller frees. */
static char *
printed(const char *text, size_t width)
{
	char  *shown = NULL;
	size_t size = 0;
	FILE  *out = open_memstream(&shown, &size);

	ck_assert_ptr_nonnull(out);
	if (width == 0)
		print_text(out, text);
	else
		print_cell(out, text, width);
	ck_assert_int_eq(fclose(out), 0);
	return shown;
}

START_TEST(text_of_others_is_escaped_and_measured)
{
	char *shown;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	shown = printed(texts[_i].text, 0);
	ck_assert_str_eq(shown, texts[_i].shown);
	ck_assert_uint_eq(print_width(texts[_i].text), texts[_i].width);
	free(shown);
}
END_TEST

/* Of all there are, by what ICU knows of each. */
START_TEST(text_that_cannot_be_seen_is_escaped)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	for (UChar32 c = 1; c <= 0x10ffff; c++) {
		char    text[8] = "";
		int32_t size = 0;
		char   *shown;
		UBool   failed = false;

		if (!u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) &&
		    !u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL) && u_charType(c) != U_LINE_SEPARATOR &&
		    u_charType(c) != U_PARAGRAPH_SEPARATOR && u_charType(c) != U_CONTROL_CHAR)
			continue;
		U8_APPEND((uint8_t *)text, size, 7, (uint32_t)c, failed);
		ck_assert(!failed);
		shown = printed(text, 0);
		ck_assert_msg(shown[0] == '\\', "U+%04X", (unsigned)c);
		free(shown);
	}
}
END_TEST

START_TEST(cell_is_filled_by_columns)
{
	char *shown;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	shown = printed("Zo\xc3\xab", 5);
	ck_assert_str_eq(shown, "Zo\xc3\xab    ");
	free(shown);
	shown = printed("longer", 5);
	ck_assert_str_eq(shown, "longer  ");
	free(shown);
}
END_TEST

/* What print_folded prints on lines of so many columns; the caller frees. */
static char *
folded(const char *text, size_t columns, size_t column)
{
	char             *shown = NULL;
	size_t            size = 0;
	struct print_fold fold = {
	    .out = open_memstream(&shown, &size), .columns = columns, .column = column, .indent = 2};

	ck_assert_ptr_nonnull(fold.out);
	print_folded(&fold, text);
	ck_assert_int_eq(fclose(fold.out), 0);
	return shown;
}

static const struct {
	const char *text;
	size_t      columns;
	size_t      column;
	const char *shown;
} folds[] = {
    {"one two three", 13, 0, "one two three"},
    {"one two three", 12, 0, "one two\n  three"},
    {"one two three", SIZE_MAX, 70, "one two three"},
    {"one", 12, 11, "\n  one"},
    {"longerthanaline one", 5, 2, "longerthanaline\n  one"},
    {"a \x1b[0m b", 8, 2, "a\n  \\x1b[0m\n  b"},
    {"a  b", 80, 2, "a  b"},
    {"a  ", 80, 2, "a"},
};

START_TEST(text_is_folded_at_spaces)
{
	char *shown;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	shown = folded(folds[_i].text, folds[_i].columns, folds[_i].column);
	ck_assert_str_eq(shown, folds[_i].shown);
	free(shown);
}
END_TEST

/* As several calls print it, what is folded between them too. */
START_TEST(text_in_pieces_is_folded_at_spaces)
{
	char             *shown = NULL;
	size_t            size = 0;
	struct print_fold fold = {.out = open_memstream(&shown, &size), .columns = 10, .indent = 2};

	print_folded(&fold, "one,");
	print_folded(&fold, " ");
	print_folded(&fold, " two ");
	print_folded(&fold, "three");
	ck_assert_int_eq(fclose(fold.out), 0);
	ck_assert_str_eq(shown, "one,  two\n  three");
	free(shown);
}
END_TEST

START_TEST(state_is_revoked_before_it_is_expired)
{
	char text[PRINT_STATE_SIZE];

	print_state(0, 1000, 1000, text);
	ck_assert_str_eq(text, "good");
	print_state(0, 1000, 1001, text);
	ck_assert_str_eq(text, "expired");
	print_state(86400, 1000, 1001, text);
	ck_assert_str_eq(text, "revoked 1970-01-02T00:00:00Z");
}
END_TEST

START_TEST(json_of_text_that_is_no_utf8_is_escaped)
{
	json_t *plain = print_json_text("pc \xc3\xa9");
	json_t *escaped = print_json_text("pc \xe9\xff \\");
	json_t *none = print_json_text(NULL);

	ck_assert_str_eq(json_string_value(plain), "pc \xc3\xa9");
	ck_assert_str_eq(json_string_value(escaped), "pc \\xe9\\xff \\\\");
	ck_assert(json_is_null(none));
	json_decref(plain);
	json_decref(escaped);
	json_decref(none);
}
END_TEST

START_TEST(json_time_is_text)
{
	json_t *time = print_json_time(86400);

	ck_assert_str_eq(json_string_value(time), "1970-01-02T00:00:00Z");
	json_decref(time);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("print");
	TCase *tc = tcase_create("print");

	tcase_add_loop_test(tc, text_of_others_is_escaped_and_measured, 0,
	    sizeof texts / sizeof texts[0]);
	tcase_add_test(tc, text_that_cannot_be_seen_is_escaped);
	tcase_add_test(tc, cell_is_filled_by_columns);
	tcase_add_loop_test(tc, text_is_folded_at_spaces, 0, (int)(sizeof folds / sizeof folds[0]));
	tcase_add_test(tc, text_in_pieces_is_folded_at_spaces);
	tcase_add_test(tc, state_is_revoked_before_it_is_expired);
	tcase_add_test(tc, json_of_text_that_is_no_utf8_is_escaped);
	tcase_add_test(tc, json_time_is_text);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
