#include "config.h"

#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/error.h"
#include "util/log.h"

static char line[8192]; /* what was logged */
static int  standard_error;
static int  output[2];

/* From here to log_end standard error is a pipe. */
static void
log_begin(void)
{
	standard_error = dup(STDERR_FILENO);
	ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
	ck_assert_int_ge(dup2(output[1], STDERR_FILENO), 0);
}

static void
log_end(void)
{
	ssize_t got;

	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	(void)close(output[1]);
	got = read(output[0], line, sizeof line - 1);
	ck_assert_int_ge(got, 0);
	line[got] = '\0';
	(void)close(output[0]);
}

/* The line behind the time. */
static const char *
line_text(void)
{
	int year;
	int second;

	ck_assert_msg(sscanf(line, "%4d-%*2d-%*2dT%*2d:%*2d:%2dZ ", &year, &second) == 2, "%s", line);
	return line + sizeof "2026-11-21T09:30:00Z";
}

START_TEST(log_fields_in_order_with_process_and_level)
{
	log_open("attestd/front", LOG_LEVEL_INFO);
	log_begin();
	LOG(WARNING, {"request", "17"}, {"event", "challenge"}, {"reason", "it is late"});
	log_end();
	ck_assert_str_eq(line_text(),
	    "warning attestd/front request=17 event=challenge reason=\"it is late\"\n");
}
END_TEST

static const struct {
	enum log_level threshold;
	const char    *levels; /* written, of "ewid" */
} thresholds[] = {
    {LOG_LEVEL_ERROR, "e"},
    {LOG_LEVEL_WARNING, "ew"},
    {LOG_LEVEL_INFO, "ewi"},
    {LOG_LEVEL_DEBUG, "ewid"},
};

START_TEST(log_above_the_threshold_is_not_written)
{
	char found[8] = "";

	log_open("x", thresholds[_i].threshold);
	log_begin();
	LOG(ERROR, {"a", "b"});
	LOG(WARNING, {"a", "b"});
	LOG(INFO, {"a", "b"});
	LOG(DEBUG, {"a", "b"});
	log_end();
	for (const char *p = line; *p != '\0'; p = strchr(p, '\n') + 1)
		strncat(found, p + sizeof "2026-11-21T09:30:00Z", 1);
	ck_assert_str_eq(found, thresholds[_i].levels);
}
END_TEST

static const struct {
	const char *value;
	const char *written;
} values[] = {
    {NULL, ""},
    {"", ""},
    {"plain", " k=plain"},
    {"AZaz09-._:/@+", " k=AZaz09-._:/@+"},
    {"two words", " k=\"two words\""},
    {"a=b", " k=\"a=b\""},
    {"say \"yes\"", " k=\"say \\\"yes\\\"\""},
    {"back\\slash", " k=\"back\\\\slash\""},
    {"line\nfeed", " k=\"line\\x0afeed\""},
    {"\r\t\x1b[31m\x7f", " k=\"\\x0d\\x09\\x1b[31m\\x7f\""},
    {"caf\xc3\xa9", " k=\"caf\\xc3\\xa9\""},
    {"\xe9", " k=\"\\xe9\""}, /* a letter in ISO 8859-1 */
    {"x reason=forged\n2026-01-01T00:00:00Z info", " k=\"x reason=forged\\x0a2026-01-01T00:00:00Z info\""},
};

START_TEST(log_values_are_escaped_when_not_plain)
{
	char wanted[256];

	(void)setlocale(LC_ALL, "en_US.ISO-8859-1"); /* where there is one */
	log_open("x", LOG_LEVEL_INFO);
	log_begin();
	LOG(INFO, {"k", values[_i].value});
	log_end();
	(void)snprintf(wanted, sizeof wanted, "info x%s\n", values[_i].written);
	ck_assert_str_eq(line_text(), wanted);
}
END_TEST

START_TEST(log_line_too_long_is_cut_and_ends_with_a_newline)
{
	char text[5000];

	memset(text, _i == 0 ? 'x' : '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_open("x", LOG_LEVEL_INFO);
	log_begin();
	LOG(INFO, {"a", text}, {"b", text}, {"reason", "r"});
	log_end();
	ck_assert_uint_eq(strlen(line), 2048);
	ck_assert_int_eq(line[2047], '\n');
	ck_assert_ptr_eq(strchr(line, '\n'), line + 2047);
}
END_TEST

START_TEST(number_of_any_size_fits)
{
	char text[LOG_NUMBER_SIZE];

	ck_assert_str_eq(log_number(0, text), "0");
	ck_assert_str_eq(log_number(UINT64_MAX, text), "18446744073709551615");
	ck_assert_ptr_eq(log_number(17, text), text);
}
END_TEST

START_TEST(log_without_fields_is_a_line)
{
	static const struct log_field none[] = {{NULL, NULL}};

	log_open("x", LOG_LEVEL_INFO);
	log_begin();
	log_write(LOG_LEVEL_INFO, none);
	log_end();
	ck_assert_str_eq(line_text(), "info x\n");
}
END_TEST

/* Nobody reads: the process goes on, and says what was lost with the next line, or when flushed. */
START_TEST(log_to_a_full_pipe_is_counted_and_told_later)
{
	char waste[65536];
	int  lines = 0;

	log_open("x", LOG_LEVEL_INFO);
	log_begin();
	ck_assert_int_eq(fcntl(output[0], F_SETPIPE_SZ, 8192), 8192);
	for (int i = 0; i < 1000; i++)
		LOG(INFO, {"number", "17"});
	ck_assert_int_eq(fcntl(output[1], F_GETFL) & O_NONBLOCK, 0); /* which others share */
	for (ssize_t got = read(output[0], waste, sizeof waste), at = 0; at < got; at++)
		lines += waste[at] == '\n';
	ck_assert_int_gt(lines, 0);
	if (_i == 0)
		LOG(INFO, {"event", "late"});
	log_flush();
	log_flush();
	log_end();
	(void)snprintf(waste, sizeof waste,
	    "warning x event=log lost=%d reason=\"nobody read standard error\"\n", 1000 - lines);
	ck_assert_int_eq(strncmp(line_text(), waste, strlen(waste)), 0);
	ck_assert_int_eq(strstr(line, "info x event=late\n") != NULL, _i == 0);
	ck_assert_ptr_eq(strstr(strstr(line, "event=log") + 1, "event=log"), NULL);
}
END_TEST

/* Named so by the linker: another process has filled the pipe since it was looked at. */
static bool filled;

ssize_t __real_pwritev2(int fd, const struct iovec *pieces, int count, off_t at, int flags);
ssize_t __wrap_pwritev2(int fd, const struct iovec *pieces, int count, off_t at, int flags);
ssize_t
__wrap_pwritev2(int fd, const struct iovec *pieces, int count, off_t at, int flags)
{
	errno = EAGAIN;
	return filled ? -1 : __real_pwritev2(fd, pieces, count, at, flags);
}

START_TEST(log_to_a_pipe_that_another_filled_is_counted_and_told_later)
{
	log_open("x", LOG_LEVEL_INFO);
	log_begin();
	filled = true;
	LOG(INFO, {"event", "lost"});
	LOG(INFO, {"event", "lost"});
	filled = false;
	LOG(INFO, {"event", "late"});
	log_end();
	ck_assert_ptr_nonnull(strstr(line_text(), "warning x event=log lost=2 reason=\"nobody read standard error\"\n"));
	ck_assert_ptr_nonnull(strstr(line, "info x event=late\n"));
	ck_assert_ptr_null(strstr(line, "event=lost"));
}
END_TEST

START_TEST(log_to_a_closed_pipe_is_nothing)
{
	log_open("x", LOG_LEVEL_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	log_begin();
	(void)close(output[0]);
	LOG(INFO, {"number", "17"});
	output[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log_end();
	ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(level_parse_takes_the_four_words)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};
	enum log_level           level = LOG_LEVEL_DEBUG;
	struct error             err = {0};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		unit_ok(log_level_parse(words[i], &level, &err), &err);
		ck_assert_int_eq((int)level, (int)i);
	}
	ck_assert_int_eq(log_level_parse("Info", &level, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "Info"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_test(tc, level_parse_takes_the_four_words);
	tcase_add_test(tc, log_fields_in_order_with_process_and_level);
	tcase_add_loop_test(tc, log_to_a_full_pipe_is_counted_and_told_later, 0, 2);
	tcase_add_test(tc, log_to_a_closed_pipe_is_nothing);
	tcase_add_loop_test(tc, log_above_the_threshold_is_not_written, 0, 4);
	tcase_add_loop_test(tc, log_values_are_escaped_when_not_plain, 0,
	    sizeof values / sizeof values[0]);
	tcase_add_loop_test(tc, log_line_too_long_is_cut_and_ends_with_a_newline, 0, 2);
	tcase_add_test(tc, log_without_fields_is_a_line);
	tcase_add_test(tc, number_of_any_size_fits);
	tcase_add_test(tc, log_to_a_pipe_that_another_filled_is_counted_and_told_later);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
