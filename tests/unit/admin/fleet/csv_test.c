#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/fleet/csv.h"
#include "unit.h"
#include "util/error.h"

static struct csv   csv;
static struct error err;
static FILE        *in;

static void
open_text(const char *text, size_t size)
{
	in = tmpfile();
	ck_assert_ptr_nonnull(in);
	ck_assert_uint_eq(fwrite(text, 1, size, in), size);
	rewind(in);
	csv_open(&csv, in);
}

static void
close_text(void)
{
	csv_close(&csv);
	ck_assert_int_eq(fclose(in), 0);
}

/* Rows end with ";", cells stand between "|"; a fault is "!" and its line. */
static void
render(char *out, size_t size)
{
	int rc;

	*out = '\0';
	while ((rc = csv_read(&csv, &err)) != 0) {
		size_t used = strlen(out);

		(void)snprintf(out + used, size - used, rc < 0 ? "!%d" : "%d", (int)csv.begun);
		for (size_t i = 0; rc > 0 && i < csv.count; i++) {
			used = strlen(out);
			(void)snprintf(out + used, size - used, "|%s", csv.cells[i]);
		}
		used = strlen(out);
		(void)snprintf(out + used, size - used, ";");
	}
}

static const struct {
	const char *text;
	const char *rows;
} good[] = {
    {"", ""},
    {"\n\r\n", ""},
    {"a,b,c\r\nd,e,f\r\n", "1|a|b|c;2|d|e|f;"},
    {"a,b\nc,d", "1|a|b;2|c|d;"}, /* the last one without its end */
    {"a\n\n\r\nb\n", "1|a;4|b;"}, /* empty lines */
    {",\n,,\n", "1||;2|||;"},
    {"\"\"\n", "1|;"},
    {"\"a\",\"b\"\"c\",\"\"\"\"\n", "1|a|b\"c|\";"},
    {"\"a,b\",\"c\nd\r\ne\"\nf,g\n", "1|a,b|c\nd\r\ne;4|f|g;"},
    {" a , b \n", "1| a | b ;"}, /* spaces belong to the cell */
    {"\"a\"\r\n\"b\"", "1|a;2|b;"},
    {"\xef\xbb\xbf" "a\n", "1|a;"},
    {"\xef\xbb\xbf" "\"a\"\n", "1|a;"},
    {"\xef\xbb\xbf", ""},
    {"a\n\xef\xbb\xbf" "b\n", "1|a;2|\xef\xbb\xbf" "b;"}, /* a mark stands first only */
    {"\xef\xbb" "a\n", "1|\xef\xbb" "a;"},
    {"a,b,", "1|a|b|;"},
    {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n", "1|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16;"},
};

START_TEST(read_good_file_gives_its_cells)
{
	char rows[512];

	open_text(good[_i].text, strlen(good[_i].text));
	render(rows, sizeof rows);
	ck_assert_str_eq(rows, good[_i].rows);
	close_text();
}
END_TEST

#define TEXT(text) text, sizeof text - 1

static const struct {
	const char *text;
	size_t      size;
	const char *rows; /* reading goes on behind the line */
	const char *why;
} bad[] = {
    {TEXT("a\"b,c\nd\n"), "!1;2|d;", "a quote inside a cell that does not begin with one"},
    {TEXT("\"a\"b,c\nd\n"), "!1;2|d;", "text after a closing quote"},
    {TEXT("\"a\" ,c\nd\n"), "!1;2|d;", "text after a closing quote"},
    {TEXT("a\n\"b\nc\nd\n"), "1|a;!2;", "a quote is not closed"},
    {TEXT("a\rb\nc\n"), "!1;2|c;", "a carriage return without a line feed"},
    {TEXT("\rb\nc\n"), "!1;2|c;", "a carriage return without a line feed"},
    {TEXT("\"a\"\rb\nc\n"), "!1;2|c;", "a carriage return without a line feed"},
    {TEXT("a\0b\nc\n"), "!1;2|c;", "a NUL octet; if the file is UTF-16, save it as UTF-8"},
    {TEXT("\"a\0\"\nc\n"), "!1;2|c;", "a NUL octet; if the file is UTF-16, save it as UTF-8"},
    {TEXT("\"a\nb\"c\nd\n"), "!1;3|d;", "text after a closing quote"},
    {TEXT("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\na\n"), "!1;2|a;", "more than 16 cells"},
};

START_TEST(read_bad_row_is_malformed_and_the_next_is_read)
{
	char rows[512];

	open_text(bad[_i].text, bad[_i].size);
	render(rows, sizeof rows);
	ck_assert_str_eq(rows, bad[_i].rows);
	ck_assert_str_eq(err.detail, bad[_i].why);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	close_text();
}
END_TEST

START_TEST(read_row_at_the_limit)
{
	AUTO_BYTES text = {0};

	/* One octet less than the limit, with its end; then one more. */
	memset(bytes_extend(&text, CSV_ROW_MAX), 'a', CSV_ROW_MAX);
	bytes_append(&text, "\n", 1);
	memset(bytes_extend(&text, CSV_ROW_MAX + 1), 'b', CSV_ROW_MAX + 1);
	bytes_append(&text, "\nc\n", 3);
	open_text((const char *)text.data, text.size);
	ck_assert_int_eq(csv_read(&csv, &err), 1);
	ck_assert_uint_eq(strlen(csv.cells[0]), CSV_ROW_MAX);
	unit_fails(csv_read(&csv, &err), &err, ERROR_MALFORMED,
	    "the row is longer than 64 KiB; a quote may be missing");
	ck_assert_uint_eq(csv.begun, 2);
	ck_assert_int_eq(csv_read(&csv, &err), 1);
	ck_assert_str_eq(csv.cells[0], "c");
	ck_assert_int_eq(csv_read(&csv, &err), 0);
	close_text();
}
END_TEST

START_TEST(read_failure_is_no_end)
{
	struct csv broken;
	FILE      *directory = fopen("/", "r");

	ck_assert_ptr_nonnull(directory);
	csv_open(&broken, directory);
	ck_assert_int_eq(csv_read(&broken, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	csv_close(&broken);
	(void)fclose(directory);
}
END_TEST

/* Gives part of a row, and fails then. */
static ssize_t
half_cb(void *cookie, char *data, size_t size)
{
	int *calls = cookie;

	if ((*calls)++ != 0 || size < 3) {
		errno = EIO;
		return -1;
	}
	memcpy(data, "a,b", 3);
	return 3;
}

START_TEST(read_failure_within_a_row_is_no_row)
{
	struct csv broken;
	int        calls = 0;
	FILE      *half = fopencookie(&calls, "r", (cookie_io_functions_t){.read = half_cb});

	ck_assert_ptr_nonnull(half);
	csv_open(&broken, half);
	ck_assert_int_eq(csv_read(&broken, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	csv_close(&broken);
	(void)fclose(half);
}
END_TEST

START_TEST(write_quotes_what_needs_it)
{
	static const char *const cells[] = {"a", "", "b c", "d,e", "f\"g", "h\ni", "j\rk", "=1+1"};
	char                    *text = NULL;
	size_t                   size;
	FILE                    *out = open_memstream(&text, &size);
	char                     rows[128];

	for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
		csv_write_cell(out, cells[i], i == 0);
	csv_write_end(out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, "a,,b c,\"d,e\",\"f\"\"g\",\"h\ni\",\"j\rk\",'=1+1\n");
	open_text(text, size);
	render(rows, sizeof rows);
	ck_assert_str_eq(rows, "1|a||b c|d,e|f\"g|h\ni|j\rk|=1+1;");
	close_text();
	free(text);
}
END_TEST

static const struct {
	const char *cell;
	const char *written;
} formulas[] = {
    {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
    {"+1", "'+1"},
    {"-1", "'-1"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"\t=1", "'\t=1"},
    {"\r=1", "\"'\r=1\""},
    {"=a,b", "\"'=a,b\""},
    {"'=1", "''=1"},
    {"''-", "'''-"},
    {"'", "'"},
    {"'x", "'x"},
    {"it's", "it's"},
    {"a=1", "a=1"},
    {" =1", "' =1"},
    {"  +1", "'  +1"},
    {"' =1", "'' =1"},
    {" '=1", " '=1"},
    {" x", " x"},
    {" ", " "},
    {"\xef\xbc\x9d" "1", "'\xef\xbc\x9d" "1"},
    {"\xef\xbc\x8b" "1", "'\xef\xbc\x8b" "1"},
    {"\xef\xbc\x8d" "1", "'\xef\xbc\x8d" "1"},
    {"\xef\xbc\xa0" "x", "'\xef\xbc\xa0" "x"},
    {"\xef\xbc\xa1", "\xef\xbc\xa1"},
    {"", ""},
};

/* Writes cells as one row; the caller frees. */
static char *
written(const char *const *cells, size_t count)
{
	char  *text = NULL;
	size_t size;
	FILE  *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count; i++)
		csv_write_cell(out, cells[i], i == 0);
	csv_write_end(out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(write_formula_is_defused_and_read_back)
{
	AUTO_FREE char *text = written(&formulas[_i].cell, 1);
	char            wanted[64];

	(void)snprintf(wanted, sizeof wanted, "%s\n", formulas[_i].written);
	ck_assert_str_eq(text, wanted);
	if (*formulas[_i].cell == '\0')
		return; /* an empty line is no row */
	open_text(text, strlen(text));
	ck_assert_int_eq(csv_read(&csv, &err), 1);
	ck_assert_str_eq(csv.cells[0], formulas[_i].cell);
	close_text();
}
END_TEST

/* Whatever cells hold, they come back, and none of them begins like a formula. */
START_TEST(write_random_cells_are_read_back)
{
	static const char alphabet[] = "'=+-@\t\r\n,\"a \xc3\xa9\xef\xbc\x9d";
	char              texts[CSV_CELLS_MAX][12];
	const char       *cells[CSV_CELLS_MAX];
	char             *text;

	srandom((unsigned)_i);
	for (size_t i = 0; i < CSV_CELLS_MAX; i++) {
		size_t length = (size_t)random() % sizeof texts[i];

		for (size_t j = 0; j < length; j++)
			texts[i][j] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
		texts[i][length] = '\0';
		cells[i] = texts[i];
	}
	text = written(cells, CSV_CELLS_MAX);
	open_text(text, strlen(text));
	ck_assert_int_eq(csv_read(&csv, &err), 1);
	ck_assert_uint_eq(csv.count, CSV_CELLS_MAX);
	for (size_t i = 0; i < CSV_CELLS_MAX; i++)
		ck_assert_str_eq(csv.cells[i], cells[i]);
	ck_assert_int_eq(csv_read(&csv, &err), 0);
	close_text();
	free(text);
}
END_TEST

/* Of a store that was tampered with; a file gets it as it is, see above. */
START_TEST(write_shows_a_terminal_what_would_control_it)
{
	static const char shown[] =
	    "plain,\"a\r\nb\",\"\\x1b]0;x\\x07\"\\x9b\r\n\\u{202e}\",\"'-\\x1b\"\r\n";
	char    text[256] = "";
	size_t  size = 0;
	int     master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int     terminal;
	FILE   *out;
	ssize_t got;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || (terminal = open(ptsname(master), O_WRONLY | O_NOCTTY | O_CLOEXEC)) < 0) {
		printf("# skipped: no terminals here\n");
		return;
	}
	ck_assert_ptr_nonnull(out = fdopen(terminal, "w"));
	csv_write_cell(out, "plain", true);
	csv_write_cell(out, "a\nb", false);
	csv_write_cell(out, "\x1b]0;x\a\"\xc2\x9b\n\xe2\x80\xae", false);
	csv_write_cell(out, "-\x1b", false);
	csv_write_end(out);
	ck_assert_int_eq(fflush(out), 0);
	/* A terminal passes it on in pieces. */
	while (size < sizeof shown - 1 && (got = read(master, text + size, sizeof text - 1 - size)) > 0)
		size += (size_t)got;
	ck_assert_str_eq(text, shown);
	(void)fclose(out);
	(void)close(master);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tc = tcase_create("csv");

	tcase_add_loop_test(tc, read_good_file_gives_its_cells, 0, sizeof good / sizeof good[0]);
	tcase_add_loop_test(tc, read_bad_row_is_malformed_and_the_next_is_read, 0,
	    sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, read_row_at_the_limit);
	tcase_add_test(tc, read_failure_is_no_end);
	tcase_add_test(tc, read_failure_within_a_row_is_no_row);
	tcase_add_test(tc, write_quotes_what_needs_it);
	tcase_add_test(tc, write_shows_a_terminal_what_would_control_it);
	tcase_add_loop_test(tc, write_formula_is_defused_and_read_back, 0,
	    sizeof formulas / sizeof formulas[0]);
	tcase_add_loop_test(tc, write_random_cells_are_read_back, 0, 500);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
