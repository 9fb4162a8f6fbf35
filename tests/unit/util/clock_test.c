#include "config.h"

#include <time.h>

#include "unit.h"
#include "util/clock.h"

static const struct {
	int64_t     when;
	const char *text;
} vectors[] = {
    {0, "1970-01-01T00:00:00Z"},
    {-1, "1969-12-31T23:59:59Z"},
    {951782400, "2000-02-29T00:00:00Z"},
    {1795253400, "2026-11-21T09:30:00Z"},
    {2147483648, "2038-01-19T03:14:08Z"},
    {4107542400, "2100-03-01T00:00:00Z"},
    {253402300799, "9999-12-31T23:59:59Z"},
    {-62135596800, "0001-01-01T00:00:00Z"},
    {-62167219200, "0000-01-01T00:00:00Z"},
    {253402300800, "(no date)"},
    {-62167219201, "(no date)"},
    {INT64_MAX, "(no date)"},
    {INT64_MIN, "(no date)"},
};

START_TEST(format_vectors_agree)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(vectors[_i].when, text);
	ck_assert_str_eq(text, vectors[_i].text);
}
END_TEST

static const struct {
	const char *text;
	int64_t     when;
} readings[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2026-11-21T09:30:00Z", 1795253400},
    {"2026-11-21t09:30:00z", 1795253400},
    {"2026-11-21T09:30:00.999999999Z", 1795253400},
    {"2026-11-21T09:30:00.0Z", 1795253400},
    {"2026-11-21T10:30:00+01:00", 1795253400},
    {"2026-11-21T00:00:00.5-09:30", 1795253400},
    {"2026-11-21T09:30:00-00:00", 1795253400},
    {"2000-02-29T00:00:00Z", 951782400},
    {"1990-12-31T23:59:60Z", 662688000}, /* RFC 3339 §5.8 */
    {"1990-12-31T15:59:60-08:00", 662688000},
    {"1937-01-01T12:00:27.87+00:20", -1041337173},
    {"0001-01-01T00:00:00Z", -62135596800},
    {"9999-12-31T23:59:59Z", 253402300799},
};

START_TEST(parse_vectors_agree)
{
	int64_t when = 7;

	ck_assert(clock_parse(readings[_i].text, &when));
	ck_assert_int_eq(when, readings[_i].when);
}
END_TEST

static const char *const no_dates[] = {
    "", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30Z", "2026-11-21 09:30:00Z",
    "2026-11-21T09:30:00ZZ", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00,5Z",
    "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00+01:60",
    "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:30:61Z",
    "2026-13-21T09:30:00Z", "2026-00-21T09:30:00Z", "2026-11-00T09:30:00Z",
    "2026-11-31T09:30:00Z", "2026-02-29T09:30:00Z", "2100-02-29T00:00:00Z",
    "26-11-21T09:30:00Z", "+2026-11-21T09:30:00Z", "12026-11-21T09:30:00Z", " 2026-11-21T09:30:00Z",
    "2026-1-21T09:30:00Z", "now",
};

START_TEST(parse_what_is_no_date_says_so)
{
	int64_t when;

	ck_assert(!clock_parse(no_dates[_i], &when));
}
END_TEST

START_TEST(format_time_zone_of_the_machine_is_no_matter)
{
	char text[CLOCK_TEXT_SIZE];

	(void)setenv("TZ", "Pacific/Kiritimati", 1);
	tzset();
	clock_format(0, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(now_is_the_time_of_the_machine)
{
	int64_t before = time(NULL);
	int64_t now = clock_now();

	ck_assert_int_ge(now, before);
	ck_assert_int_le(now, before + 60);
}
END_TEST

START_TEST(monotonic_never_goes_back)
{
	int64_t last = clock_monotonic_ms();

	for (int i = 0; i < 1000; i++) {
		int64_t next = clock_monotonic_ms();

		ck_assert_int_ge(next, last);
		last = next;
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_loop_test(tc, format_vectors_agree, 0, sizeof vectors / sizeof vectors[0]);
	tcase_add_loop_test(tc, parse_vectors_agree, 0, sizeof readings / sizeof readings[0]);
	tcase_add_loop_test(tc, parse_what_is_no_date_says_so, 0, sizeof no_dates / sizeof no_dates[0]);
	tcase_add_test(tc, format_time_zone_of_the_machine_is_no_matter);
	tcase_add_test(tc, now_is_the_time_of_the_machine);
	tcase_add_test(tc, monotonic_never_goes_back);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
