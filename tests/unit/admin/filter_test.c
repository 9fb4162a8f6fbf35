/* Options that select devices: what each becomes, and those that are refused. */
#include "config.h"

#include "admin/filter.h"

#include <stdint.h>
#include <string.h>

#include "unit.h"
#include "util/error.h"

#define NOW INT64_C(1000000000)
#define DAY INT64_C(86400)

static struct store_filter filter;
static struct error        err;

START_TEST(read_without_options_selects_all)
{
	const struct filter_options options = {0};

	ck_assert_int_eq(filter_read(&options, NOW, &filter, &err), 0);
	ck_assert_ptr_null(filter.tag);
	ck_assert_ptr_null(filter.name_glob);
	ck_assert_int_eq(filter.unseen_since, 0);
	ck_assert(!filter.never_seen);
}
END_TEST

START_TEST(read_keeps_tag_and_pattern)
{
	const struct filter_options options = {.tag = "lab", .name = "pc-*", .never_seen = true};

	ck_assert_int_eq(filter_read(&options, NOW, &filter, &err), 0);
	ck_assert_str_eq(filter.tag, "lab");
	ck_assert_str_eq(filter.name_glob, "pc-*");
	ck_assert_int_eq(filter.unseen_since, 0);
	ck_assert(filter.never_seen);
}
END_TEST

static const struct {
	const char *text;
	int64_t     now;
	int64_t     since;
} unseen[] = {
    {"30", NOW, NOW - 30 * DAY}, /* days */
    {"1d", NOW, NOW - DAY},
    {"12h", NOW, NOW - 12 * 3600},
    {"2w", NOW, NOW - 14 * DAY},
    {"1", DAY, 1}, /* since 1970, when nothing was seen */
    {"1", DAY + 1, 1},
    {"1", DAY + 2, 2},
    {"100y", NOW, 1},
};

START_TEST(read_unseen_is_a_time)
{
	const struct filter_options options = {.unseen = unseen[_i].text};

	ck_assert_int_eq(filter_read(&options, unseen[_i].now, &filter, &err), 0);
	ck_assert_int_eq(filter.unseen_since, unseen[_i].since);
}
END_TEST

/* The last is a number with more digits than are read as days. */
static const char *const refused[] = {"", "0", "-1", "1.5", "soon", "1 d", "101y", "00000000000000", "000000000000001"};

START_TEST(read_unseen_that_is_no_duration_is_a_usage_error)
{
	const struct filter_options options = {.unseen = refused[_i]};

	ck_assert_int_eq(filter_read(&options, NOW, &filter, &err), COMMAND_USAGE);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, "--unseen: ", 10) == 0, "%s", err.detail);
	ck_assert_int_eq(filter.unseen_since, 0);
}
END_TEST

START_TEST(read_unseen_and_never_seen_contradict)
{
	const struct filter_options options = {.unseen = "1", .never_seen = true};

	ck_assert_int_eq(filter_read(&options, NOW, &filter, &err), COMMAND_USAGE);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_str_eq(err.detail, "--unseen and --never-seen contradict each other");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tc = tcase_create("filter");

	tcase_add_test(tc, read_without_options_selects_all);
	tcase_add_test(tc, read_keeps_tag_and_pattern);
	tcase_add_loop_test(tc, read_unseen_is_a_time, 0, sizeof unseen / sizeof unseen[0]);
	tcase_add_loop_test(tc, read_unseen_that_is_no_duration_is_a_usage_error, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, read_unseen_and_never_seen_contradict);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
