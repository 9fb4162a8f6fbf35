#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "util/error.h"

START_TEST(set_fills_kind_and_detail_and_returns_minus_one)
{
	struct error err = {0};

	unit_fails(error_set(&err, ERROR_NOT_ENROLLED, "device %s is %d", "x", 7), &err,
	    ERROR_NOT_ENROLLED, "device x is 7");
}
END_TEST

/* A caller may say more about the failure at hand without a copy of its own. */
START_TEST(set_with_its_own_detail_as_argument_keeps_it)
{
	struct error err = {0};

	error_set(&err, ERROR_MALFORMED, "inner");
	error_set(&err, ERROR_INTERNAL, "outer (%s)", err.detail);
	ck_assert_str_eq(err.detail, "outer (inner)");
	error_wrap(&err, "again (%s)", err.detail);
	ck_assert_str_eq(err.detail, "again (outer (inner)): outer (inner)");
	errno = ENOENT;
	error_set_errno(&err, ERROR_INTERNAL, "%.5s", err.detail);
	ck_assert_str_eq(err.detail, "again: No such file or directory");
}
END_TEST

START_TEST(set_errno_names_the_reason)
{
	struct error err = {0};

	errno = EACCES;
	unit_fails(error_set_errno(&err, ERROR_INTERNAL, "opening %s", "x"), &err, ERROR_INTERNAL,
	    "opening x: Permission denied");
}
END_TEST

START_TEST(wrap_puts_what_was_done_before_and_keeps_the_kind)
{
	struct error err = {0};

	error_set(&err, ERROR_CONFLICT, "it is there");
	unit_fails(error_wrap(&err, "enrolling %d", 3), &err, ERROR_CONFLICT, "enrolling 3: it is there");
}
END_TEST

START_TEST(detail_too_long_is_cut)
{
	struct error err = {0};
	char         text[2000];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&err, ERROR_MALFORMED, "%s", text);
	ck_assert_uint_eq(strlen(err.detail), sizeof err.detail - 1);
	errno = EACCES;
	error_set_errno(&err, ERROR_MALFORMED, "%s", text);
	ck_assert_uint_eq(strlen(err.detail), sizeof err.detail - 1);
	error_wrap(&err, "doing");
	ck_assert_uint_eq(strlen(err.detail), sizeof err.detail - 1);
	ck_assert_int_eq(strncmp(err.detail, "doing: xxx", 10), 0);
	error_wrap(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.detail), sizeof err.detail - 1);
}
END_TEST

/* Every row: a status of a failure, a type that fits into a URN, a title for people. */
START_TEST(kinds_every_row_can_be_answered)
{
	enum error_kind kind = (enum error_kind)_i;
	const char     *type = error_type(kind);

	ck_assert_int_ge(error_status(kind), 400);
	ck_assert_int_le(error_status(kind), 599);
	ck_assert_uint_gt(strlen(type), 0);
	for (const char *p = type; *p != '\0'; p++)
		ck_assert_msg(isalpha((unsigned char)*p), "%s", type);
	ck_assert(islower((unsigned char)type[0]));
	ck_assert_uint_gt(strlen(error_title(kind)), 0);
	ck_assert_int_ne(error_title(kind)[strlen(error_title(kind)) - 1], '.');
}
END_TEST

static const struct {
	enum error_kind kind;
	int             status;
	const char     *type;
} known[] = {
    {ERROR_MALFORMED, 400, "malformed"},
    {ERROR_BAD_ATTESTATION, 400, "badAttestation"},
    {ERROR_NOT_ENROLLED, 403, "notEnrolled"},
    {ERROR_UNKNOWN_SECRET, 403, "unknownSecret"},
    {ERROR_TOO_LARGE, 413, "tooLarge"},
    {ERROR_RATE_LIMITED, 429, "rateLimited"},
    {ERROR_OVERLOADED, 503, "overloaded"},
};

START_TEST(kinds_answer_as_the_protocol_says)
{
	ck_assert_int_eq(error_status(known[_i].kind), known[_i].status);
	ck_assert_str_eq(error_type(known[_i].kind), known[_i].type);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("error");
	TCase *tc = tcase_create("error");

	tcase_add_test(tc, set_fills_kind_and_detail_and_returns_minus_one);
	tcase_add_test(tc, set_with_its_own_detail_as_argument_keeps_it);
	tcase_add_test(tc, set_errno_names_the_reason);
	tcase_add_test(tc, wrap_puts_what_was_done_before_and_keeps_the_kind);
	tcase_add_test(tc, detail_too_long_is_cut);
	tcase_add_loop_test(tc, kinds_every_row_can_be_answered, 0, ERROR_KIND_COUNT);
	tcase_add_loop_test(tc, kinds_answer_as_the_protocol_says, 0, sizeof known / sizeof known[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
