#include "config.h"

#include "unit.h"
#include "util/duration.h"
#include "util/error.h"

static const struct {
	const char *text;
	int64_t     seconds;
} accepted[] = {
    {"1s", 1},
    {"90s", 90},
    {"10m", 600},
    {"24h", 86400},
    {"90d", 7776000},
    {"12w", 7257600},
    {"10y", 315360000},
    {"100y", 3153600000},
    {"3153600000s", 3153600000},
    {"007d", 604800},
    {"00000000000000000000000000000001s", 1},
};

START_TEST(parse_number_and_unit_is_seconds)
{
	struct error err = {0};
	int64_t      seconds = 0;

	unit_ok(duration_parse(accepted[_i].text, &seconds, &err), &err);
	ck_assert_int_eq(seconds, accepted[_i].seconds);
}
END_TEST

#define NONE(text) {text, "\"" text "\" is no duration; "                \
	"write a number and one of s, m, h, d, w, y, as in 90d"}
#define RANGE(text) {text, "\"" text "\" is not between 1s and 100y"}

static const struct {
	const char *text;
	const char *detail;
} refused[] = {
    NONE(""),
    NONE("d"),
    NONE("90"),
    NONE("90x"),
    NONE("90D"),
    NONE("90 d"),
    NONE(" 90d"),
    NONE("90d "),
    NONE("90dd"),
    NONE("1h30m"),
    NONE("-1d"),
    NONE("+1d"),
    NONE("1.5h"),
    NONE("0x1d"),
    RANGE("0s"),
    RANGE("000y"),
    RANGE("101y"),
    RANGE("3153600001s"),
    RANGE("31536000000s"), /* the largest, and a digit more */
    RANGE("5215w"),
    RANGE("9223372036854775807y"),
    RANGE("18446744073709551617s"),
    {"99999999999999999999999999999999999999999s",
        "\"99999999999999999999999999999999\" is not between 1s and 100y"},
    {"99999999999999999999999999999999999999999",
        "\"99999999999999999999999999999999\" is no duration; "
        "write a number and one of s, m, h, d, w, y, as in 90d"},
};

START_TEST(parse_anything_else_is_malformed)
{
	struct error err = {0};
	int64_t      seconds = 17;

	unit_fails(duration_parse(refused[_i].text, &seconds, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
	ck_assert_int_eq(seconds, 17);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duration");
	TCase *tc = tcase_create("duration");

	tcase_add_loop_test(tc, parse_number_and_unit_is_seconds, 0,
	    sizeof accepted / sizeof accepted[0]);
	tcase_add_loop_test(tc, parse_anything_else_is_malformed, 0, sizeof refused / sizeof refused[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
