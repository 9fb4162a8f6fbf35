#include "config.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "http/problem.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

static const char urn[] = "urn:attest-ca:error:";

/* Every kind there is: its own type, title and status, and but for enrolment nothing else (RFC 9457 §3.1). */
START_TEST(body_of_every_kind_says_what_the_table_says)
{
	enum error_kind kind = (enum error_kind)_i;
	struct error    err;
	AUTO_FREE char *text = NULL;
	json_t         *problem;
	char            type[128];

	error_set(&err, kind, "detail %d", _i);
	text = problem_body(urn, &err);
	problem = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	snprintf(type, sizeof type, "%s%s", urn, error_type(kind));
	ck_assert_uint_eq(json_object_size(problem), error_enrolment(kind) != NULL ? 5 : 4);
	ck_assert_pstr_eq(json_string_value(json_object_get(problem, ERROR_ENROLMENT_MEMBER)),
	    error_enrolment(kind));
	ck_assert_str_eq(json_string_value(json_object_get(problem, "type")), type);
	ck_assert_str_eq(json_string_value(json_object_get(problem, "title")), error_title(kind));
	ck_assert_int_eq(json_integer_value(json_object_get(problem, "status")),
	    error_status(kind));
	ck_assert_str_eq(json_string_value(json_object_get(problem, "detail")), err.detail);
	json_decref(problem);
}
END_TEST

START_TEST(body_with_a_detail_that_is_no_utf8_is_still_json)
{
	struct error    err;
	AUTO_FREE char *text = NULL;

	error_set(&err, ERROR_MALFORMED, "EK \xff\xfe \"quoted\"");
	text = problem_body(urn, &err);
	ck_assert_ptr_nonnull(strstr(text, "\"detail\":\"EK ?? \\\"quoted\\\"\""));
}
END_TEST

START_TEST(body_without_a_namespace_is_about_blank)
{
	struct error    err = {.kind = ERROR_TOO_LARGE, .detail = "too much"};
	AUTO_FREE char *text = problem_body(NULL, &err);

	ck_assert_ptr_nonnull(strstr(text, "\"type\":\"about:blank\""));
	ck_assert_ptr_nonnull(strstr(text, "\"status\":413"));
}
END_TEST

START_TEST(body_keeps_utf8_and_escapes_control_characters)
{
	struct error    err;
	AUTO_FREE char *text = NULL;

	error_set(&err, ERROR_MALFORMED, "name \xc3\xa9\r\n");
	text = problem_body(urn, &err);
	ck_assert_ptr_nonnull(strstr(text, "\"detail\":\"name \xc3\xa9\\r\\n\""));
}
END_TEST

static const struct {
	const char *detail;
	const char *reason;
} reasons[] = {
    {"EK 2ea8f0 is not enrolled", "EK 2ea8f0 is not enrolled"},
    {"a\r\nb", "a??b"},
    {"tab\there", "tab?here"},
    {"\xc3\xa9\x7f\x80", "????"},
    {"", "the request cannot be decoded"},
};

START_TEST(reason_is_one_line_of_printable_ascii)
{
	struct error err;
	char         reason[PROBLEM_REASON_SIZE];

	error_set(&err, ERROR_MALFORMED, "%s", reasons[_i].detail);
	problem_reason(&err, reason);
	ck_assert_str_eq(reason, reasons[_i].reason);
}
END_TEST

START_TEST(reason_is_cut_at_400_octets_and_says_so)
{
	struct error err;
	char         reason[PROBLEM_REASON_SIZE];

	error_set(&err, ERROR_MALFORMED, "%0400d", 7);
	problem_reason(&err, reason);
	ck_assert_str_eq(reason, err.detail);
	error_set(&err, ERROR_MALFORMED, "%0401d", 7);
	problem_reason(&err, reason);
	ck_assert_uint_eq(strlen(reason), 400);
	ck_assert_str_eq(reason + 396, "0...");
}
END_TEST

START_TEST(retry_after_goes_with_429_and_503_only)
{
	struct error err;
	bool         wanted;

	error_set(&err, (enum error_kind)_i, "detail");
	wanted = error_status(err.kind) == 429 || error_status(err.kind) == 503;
	ck_assert_int_eq(problem_retry_after(&err) != NULL, wanted);
}
END_TEST

START_TEST(message_is_a_whole_answer)
{
	AUTO_BYTES   message = {0};
	struct error err;
	const char  *body;
	char         length[64];

	error_set(&err, ERROR_OVERLOADED, "too much");
	problem_message(urn, &err, "GET, HEAD", &message);
	bytes_append_u8(&message, '\0');
	body = strstr((const char *)message.data, "\r\n\r\n") + 4;
	snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", strlen(body));
	ck_assert_int_eq(strncmp((const char *)message.data, "HTTP/1.1 503 too much\r\nDate: ", 29), 0);
	ck_assert_ptr_nonnull(strstr((const char *)message.data, " GMT\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)message.data, length));
	ck_assert_ptr_nonnull(strstr((const char *)message.data, "\r\nRetry-After: 5\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)message.data, "\r\nAllow: GET, HEAD\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)message.data, "\r\nConnection: close\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)message.data, "\r\nCache-Control: no-store\r\n"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("problem");
	TCase *tcase = tcase_create("problem");

	tcase_add_loop_test(tcase, body_of_every_kind_says_what_the_table_says, 0, ERROR_KIND_COUNT);
	tcase_add_test(tcase, body_with_a_detail_that_is_no_utf8_is_still_json);
	tcase_add_test(tcase, body_without_a_namespace_is_about_blank);
	tcase_add_test(tcase, body_keeps_utf8_and_escapes_control_characters);
	tcase_add_loop_test(tcase, reason_is_one_line_of_printable_ascii, 0,
	    sizeof reasons / sizeof reasons[0]);
	tcase_add_test(tcase, reason_is_cut_at_400_octets_and_says_so);
	tcase_add_loop_test(tcase, retry_after_goes_with_429_and_503_only, 0, ERROR_KIND_COUNT);
	tcase_add_test(tcase, message_is_a_whole_answer);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
