#include "config.h"

#include <string.h>

#include "device/host/answer.h"
#include "unit.h"
#include "util/error.h"

static const struct json_member members[] = {
    JSON_VALUE("status"),
    JSON_LIST("authorizations", NULL),
    {0},
};

static const char *const taken[] = {
    "{\"status\":\"valid\",\"authorizations\":[\"u\"]}",
    "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],\"status\":\"valid\",\"authorizations\":[\"u\"]}",
    "{\"status\":\"valid\",\"x\":18446744073709551616,\"y\":-1e999,\"authorizations\":[\"u\"]}",
    "{\"status\":\"valid\",\"authorizations\":[\"u\"],\"meta\":{\"\\u0000a\":\"\\ud800\",\"b\":1,\"b\":2}}",
    "{\"meta\":1,\"meta\":2,\"status\":\"valid\",\"authorizations\":[\"u\"]}",
};

START_TEST(decode_reads_past_what_it_does_not_know)
{
	json_t      *object;
	struct error err;

	unit_ok(answer_decode(view_text(taken[_i]), members, &object, &err), &err);
	ck_assert_uint_eq(json_object_size(object), 2);
	ck_assert_str_eq(json_string_value(json_object_get(object, "status")), "valid");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "authorizations"), 0)), "u");
	json_decref(object);
}
END_TEST

static const struct {
	const char *text;
	const char *detail;
} refused[] = {
    {"", "not JSON: line 1, column 0: '[' or '{' expected near end of file"},
    {"<html>", "not JSON: line 1, column 1: '[' or '{' expected near '<'"},
    {"[]", "not a JSON object"},
    {"{\"x\":tru}", "not JSON: line 1, column 5: a value expected"},
    {"{\"status\":1,\n\"status\":2}", "not JSON: line 2, column 8: duplicate object key near '\"status\"'"},
    {"{\"status\":9223372036854775808}", "not JSON: line 1, column 29: too big integer near '9223372036854775808'"},
};

START_TEST(decode_anything_else_is_malformed)
{
	json_t      *object;
	struct error err;

	unit_fails(answer_decode(view_text(refused[_i].text), members, &object, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
	ck_assert_ptr_null(object);
}
END_TEST

START_TEST(decode_nothing_is_malformed)
{
	json_t      *object;
	struct error err;

	unit_fails(answer_decode((struct view){0}, members, &object, &err), &err, ERROR_MALFORMED,
	    "not JSON: line 1, column 0: '[' or '{' expected near end of file");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tc = tcase_create("answer");

	tcase_add_loop_test(tc, decode_reads_past_what_it_does_not_know, 0, sizeof taken / sizeof taken[0]);
	tcase_add_loop_test(tc, decode_anything_else_is_malformed, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, decode_nothing_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
