#include "config.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/progress.h"
#include "unit.h"

static const struct {
	uint64_t    total;
	uint64_t    done;
	int64_t     elapsed;
	size_t      columns;
	const char *line;
} lines[] = {
    {0, 1234, 61000, 79, "importing 1234, 1:01 so far"},
    {0, 1234, 3661000, 79, "importing 1234, 1:01:01 so far"},
    {0, 0, 3661000, 79, "importing, 1:01:01 so far"},
    {100, 0, 0, 53, "importing [....................]   0%"},
    {100, 50, 10, 53, "importing [##########..........]  50%"},
    {100, 50, 30000, 53, "importing [##########..........]  50%, 0:30 left"},
    {100, 0, 30000, 53, "importing [....................]   0%"}, /* no estimate from nothing */
    {100, 1, 60000, 53, "importing [....................]   1%, 1:39:00 left"},
    {UINT64_MAX, 1, INT64_MAX, 53, "importing [....................]   0%"}, /* nor in years */
    {100, 100, 2000, 53, "importing [####################] 100%, 0:00 left"},
    {100, 150, 2000, 53, "importing [####################] 100%, 0:00 left"}, /* it grew */
    {100, 50, 30000, 42, "importing  50%, 0:30 left"}, /* no room for a bar */
    {100, 50, 30000, 12, "importing  5"},
    {100, 50, 10, 1000, "importing [#########################.........................]  50%"},
};

START_TEST(format_fits_the_columns)
{
	struct progress progress = {
	    .label = "importing", .total = lines[_i].total, .done = lines[_i].done};
	char text[PROGRESS_LINE_MAX];

	progress_format(&progress, lines[_i].elapsed, lines[_i].columns, text);
	ck_assert_str_eq(text, lines[_i].line);
}
END_TEST

START_TEST(no_terminal_shows_nothing)
{
	struct progress progress;
	FILE           *out = tmpfile();

	ck_assert_ptr_nonnull(out);
	progress_begin(&progress, out, "importing", 2);
	progress_step(&progress, 2);
	progress_end(&progress);
	ck_assert_int_eq(ftell(out), 0);
	ck_assert_int_eq(fclose(out), 0);
}
END_TEST

START_TEST(terminal_is_left_with_an_empty_line)
{
	static const char wanted[] = "\rimporting   0%\rimporting  50%\r              \r";
	struct winsize  size = {.ws_col = 30, .ws_row = 24};
	struct progress progress;
	char            shown[sizeof wanted] = "";
	size_t          length = 0;
	int             master = posix_openpt(O_RDWR | O_NOCTTY);
	FILE           *out;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	out = fopen(ptsname(master), "r+");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(ioctl(fileno(out), TIOCSWINSZ, &size), 0);

	progress_begin(&progress, out, "importing", 1000);
	/* However slow the machine is: drawn just now, begun just now. */
	progress.drawn = progress.begun = INT64_MAX / 2;
	for (int i = 0; i < 500; i++)
		progress_step(&progress, 1);
	progress.drawn = 0;
	progress_step(&progress, 0);
	progress_end(&progress);
	progress_end(&progress);

	/* A terminal gives what it has when it is asked. */
	while (length < sizeof wanted - 1) {
		ssize_t got = read(master, shown + length, sizeof wanted - 1 - length);

		ck_assert_int_gt(got, 0);
		length += (size_t)got;
	}
	ck_assert_str_eq(shown, wanted);
	ck_assert_int_eq(fclose(out), 0);
	(void)close(master);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("progress");

	tcase_add_loop_test(tc, format_fits_the_columns, 0, sizeof lines / sizeof lines[0]);
	tcase_add_test(tc, no_terminal_shows_nothing);
	tcase_add_test(tc, terminal_is_left_with_an_empty_line);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
