#include "config.h"

#include <string.h>

#include "http/json.h"
#include "unit.h"
#include "util/error.h"

static const struct json_member inner[] = {JSON_VALUE("b"), {0}};
static const struct json_member advice[] = {JSON_VALUE("model"), {0}};
static const struct json_member members[] = {
    JSON_VALUE("a"), JSON_VALUE("b"), JSON_OBJECT("o", inner), JSON_LIST("l", inner),
    JSON_VALUE("ek"), JSON_VALUE("none"), JSON_VALUE("null"), JSON_VALUE("version"),
    JSON_ADVISORY("tpmInfo", advice),
    {0},
};

static struct view
view_of(const char *text)
{
	return view_text(text);
}

static json_t *
object_of(const char *text)
{
	json_t      *object = NULL;
	struct error err;

	unit_ok(json_members_decode(view_of(text), members, &object, &err), &err);
	return object;
}

static const char *const decoded[] = {
    "{}",
    " \r\n\t{\"a\":1}\n",
    "{\"a\":[[[[[[[]]]]]]]}", /* depth 8 */
    "{\"a\":\"[[[[[[[[[[[[[[[[\",\"b\":\"\\\"{{{{{{{{{{{{{{\"}",
    "{\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{},\"f\":{},\"g\":{},\"h\":{},\"i\":{}}",
    "{\"a\":\"\xc3\xa9\",\"A\":\"\\u00e9\"}",
    "{\"a\":-1.5e3,\"b\":null,\"c\":true}",
    "{\"a\":\"NPCT75x\\u0000\\u0002\\u0001\\u0000$rls\"}", /* nobody reads it: a Nuvoton's vendor string */
    "{\"a\":{\"b\":[\"\\u0000\"]}}",
    "{\"o\":{\"b\":\"\\u0000\"},\"l\":[{\"b\":[[[[[[[]]]]]]]}]}",

    /* What nobody reads. */
    "{\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}",
    "{\"x\":99999999999999999999,\"y\":-1e999,\"z\":\"\\ud800\"}",
    "{\"x\":1,\"x\":2,\"o\":{\"y\":{\"b\":1,\"b\":1}}}",
    "{\"\\u0000a\":1,\"o\":{\"b\\u0000\":2}}",
    "{\"tpmInfo\":{\"model\":\"\\udfff\",\"model\":1e999,\"x\":[[[[[[[[[[]]]]]]]]]]}}",
};

START_TEST(decode_object_is_taken)
{
	json_decref(object_of(decoded[_i]));
}
END_TEST

static const struct {
	const char *body;
	const char *detail;
} refused[] = {
    {"", "not JSON: line 1, column 0: '{' expected"},
    {" ", "not JSON: line 1, column 1: '{' expected"},
    {"[]", "not a JSON object"},
    {"1", NULL},
    {"\"a\"", NULL},
    {"null", NULL},
    {"{", NULL},
    {"{} {}", NULL},
    {"{}x", NULL},
    {"{\"a\":1,}", NULL},
    {"{\"a\":1,\"a\":2}", NULL}, /* RFC 8259 §4 */
    {"{\"a\":1,\"\\u0061\":2}", NULL},
    {"{\"o\":{\"b\":1,\"b\":1}}", "not JSON: line 1, column 15: duplicate object key near '\"b\"'"},
    {"{\"l\":[{\"b\":1,\"\\u0062\":1}]}", NULL},
    {"{'a':1}", NULL},
    {"{\"a\":01}", NULL},
    {"{\"a\":NaN}", NULL},
    {"{\"a\":1e999}", NULL},
    {"{\"a\":99999999999999999999}", NULL},
    {"{\"a\":\"\xff\"}", "not JSON: line 1, column 6: octets that are no UTF-8"},
    {"{\"a\":\"\xed\xa0\x80\"}", NULL},
    {"{\"a\":\"\\ud800\"}", NULL},
    {"{\"x\":\"\xff\"}", "not JSON: line 1, column 6: octets that are no UTF-8"},
    {"{\"x\":1,\n\"a\":99999999999999999999}", "not JSON: line 2, column 24: too big integer near '99999999999999999999'"},
    {"{\"x\":\"\xc3\xa9\",\"a\":\"\\udc00\"}", NULL},
    {"{\"a\":\"\n\"}", NULL},
    {"\xef\xbb\xbf{}", NULL},
    {"[[[[[[[[[[", "not JSON: line 1, column 10: the text ends too early"},
    {"{\"a\\\\\":[[[[[[[[", "not JSON: line 1, column 15: the text ends too early"}, /* the backslash escapes a backslash */
};

START_TEST(decode_anything_else_is_malformed)
{
	json_t      *object = NULL;
	struct error err;

	ck_assert_int_eq(json_members_decode(view_of(refused[_i].body), members, &object, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(object);
	ck_assert_ptr_null(strstr(err.detail, "JSON_")); /* a flag of the library's */
	if (refused[_i].detail != NULL)
		ck_assert_str_eq(err.detail, refused[_i].detail);
}
END_TEST

START_TEST(decode_nul_octet_is_malformed)
{
	static const uint8_t body[] = {'{', '}', '\0'};
	json_t              *object = NULL;
	struct error         err;

	ck_assert_int_eq(json_members_decode((struct view){body, sizeof body}, members, &object, &err), -1);
	ck_assert_int_eq(json_members_decode((struct view){NULL, 0}, members, &object, &err), -1);
}
END_TEST

START_TEST(decode_deep_body_of_the_largest_size_is_malformed)
{
	AUTO_BYTES   body = {0};
	json_t      *object = NULL;
	struct error err;

	for (int i = 0; i < 65536; i++)
		bytes_append_u8(&body, '[');
	unit_fails(json_members_decode(bytes_view(&body), members, &object, &err), &err, ERROR_MALFORMED,
	    "JSON deeper than 2048 brackets");
}
END_TEST

/* What stands too deep where a value is read is no value; nothing deep reaches jansson. */
START_TEST(decode_empties_what_is_no_value)
{
	json_t      *object = object_of("{\"a\":[[[[[[[[1]]]]]]]],\"b\":{\"a\":{\"a\":{\"a\":1}}}}");
	const char  *text = NULL;
	struct error err;

	ck_assert_uint_eq(json_array_size(json_object_get(object, "a")), 0);
	ck_assert_uint_eq(json_object_size(json_object_get(object, "b")), 0);
	unit_fails(json_get_text(object, "a", 8, false, &text, &err), &err, ERROR_MALFORMED,
	    "\"a\" is not a string");
	unit_fails(json_get_text(object, "b", 8, false, &text, &err), &err, ERROR_MALFORMED,
	    "\"b\" is not a string");
	json_decref(object);
}
END_TEST

START_TEST(decode_drops_what_is_not_read)
{
	json_t *object = object_of("{\"x\":1,\"o\":{\"b\":\"y\",\"c\":2},\"z\":{\"a\":3},\"tpmInfo\":{\"model\":1e999}}");

	ck_assert_uint_eq(json_object_size(object), 2);
	ck_assert_uint_eq(json_object_size(json_object_get(object, "o")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(object, "o"), "b")), "y");
	ck_assert(json_is_null(json_object_get(json_object_get(object, "tpmInfo"), "model")));
	json_decref(object);
}
END_TEST

START_TEST(get_bytes_decodes_and_appends)
{
	json_t      *object = object_of("{\"ek\":\"aGVsbG8=\",\"none\":\"\",\"null\":null}");
	AUTO_BYTES   out = {0};
	struct error err;

	bytes_append(&out, "say ", 4);
	unit_ok(json_get_bytes(object, "ek", 5, true, &out, &err), &err);
	ck_assert_uint_eq(out.size, 9);
	ck_assert_mem_eq(out.data, "say hello", 9);
	unit_ok(json_get_bytes(object, "none", 5, true, &out, &err), &err);
	unit_ok(json_get_bytes(object, "null", 5, false, &out, &err), &err);
	unit_ok(json_get_bytes(object, "absent", 5, false, &out, &err), &err);
	ck_assert_uint_eq(out.size, 9);
	json_decref(object);
}
END_TEST

static const struct {
	const char *object;
	const char *detail;
} bad_bytes[] = {
    {"{}", "\"ek\" is missing"},
    {"{\"ek\":null}", "\"ek\" is missing"},
    {"{\"EK\":\"aGVsbG8=\"}", "\"ek\" is missing"},
    {"{\"ek\":1}", "\"ek\" is not a string"},
    {"{\"ek\":[\"aGVsbG8=\"]}", "\"ek\" is not a string"},
    {"{\"ek\":\"aGVsbG8hIQ==\"}", "\"ek\" is larger than 5 octets"},
    {"{\"ek\":\"aGVsbG8h\"}", "\"ek\" is larger than 5 octets"},
    {"{\"ek\":\"aGVsbG8\"}", NULL},
    {"{\"ek\":\"aGVsbG9=\"}", NULL},
    {"{\"ek\":\"aGV\\nbG8=\"}", NULL},
    {"{\"ek\":\"-_-_\"}", NULL},
    {"{\"ek\":\"aGVs\\u0000Ghh\"}", "\"ek\": character 5 is not of the base64 alphabet"},
    {"{\"ek\":\"aGVs\\u0000\\u0000\\u0000=\"}", NULL},
};

START_TEST(get_bytes_of_anything_else_is_malformed)
{
	json_t      *object = object_of(bad_bytes[_i].object);
	AUTO_BYTES   out = {0};
	struct error err;

	ck_assert_int_eq(json_get_bytes(object, "ek", 5, true, &out, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	if (bad_bytes[_i].detail != NULL)
		ck_assert_str_eq(err.detail, bad_bytes[_i].detail);
	else
		ck_assert_int_eq(strncmp(err.detail, "\"ek\": ", 6), 0);
	json_decref(object);
}
END_TEST

START_TEST(get_text_borrows_the_string)
{
	json_t      *object = object_of("{\"version\":\"7.2\",\"null\":null}");
	const char  *text = "unset";
	struct error err;

	unit_ok(json_get_text(object, "version", 3, true, &text, &err), &err);
	ck_assert_str_eq(text, "7.2");
	unit_ok(json_get_text(object, "absent", 3, false, &text, &err), &err);
	ck_assert_ptr_null(text);
	unit_ok(json_get_text(object, "null", 3, false, &text, &err), &err);
	ck_assert_ptr_null(text);
	unit_fails(json_get_text(object, "absent", 3, true, &text, &err), &err, ERROR_MALFORMED,
	    "\"absent\" is missing");
	unit_fails(json_get_text(object, "version", 2, true, &text, &err), &err, ERROR_MALFORMED,
	    "\"version\" is larger than 2 octets");
	json_decref(object);
}
END_TEST

START_TEST(get_text_of_a_number_is_malformed_even_when_optional)
{
	json_t      *object = object_of("{\"version\":2}");
	const char  *text = NULL;
	struct error err;

	unit_fails(json_get_text(object, "version", 8, false, &text, &err), &err, ERROR_MALFORMED,
	    "\"version\" is not a string");
	json_decref(object);
}
END_TEST

START_TEST(get_text_with_a_nul_is_malformed)
{
	static const char *const bodies[] = {"{\"version\":\"7.2\\u0000\"}", "{\"version\":\"\\u0000\"}",
	    "{\"version\":\"7\\u00002\"}"};

	for (size_t i = 0; i < 3; i++) {
		json_t      *object = object_of(bodies[i]);
		const char  *text = NULL;
		struct error err;

		unit_fails(json_get_text(object, "version", 8, false, &text, &err), &err, ERROR_MALFORMED,
		    "\"version\" holds a NUL");
		ck_assert_ptr_null(text);
		json_decref(object);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	json_init();
	tcase_add_loop_test(tcase, decode_object_is_taken, 0, sizeof decoded / sizeof decoded[0]);
	tcase_add_loop_test(tcase, decode_anything_else_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tcase, decode_nul_octet_is_malformed);
	tcase_add_test(tcase, decode_deep_body_of_the_largest_size_is_malformed);
	tcase_add_test(tcase, decode_empties_what_is_no_value);
	tcase_add_test(tcase, decode_drops_what_is_not_read);
	tcase_add_test(tcase, get_bytes_decodes_and_appends);
	tcase_add_loop_test(tcase, get_bytes_of_anything_else_is_malformed, 0,
	    sizeof bad_bytes / sizeof bad_bytes[0]);
	tcase_add_test(tcase, get_text_borrows_the_string);
	tcase_add_test(tcase, get_text_with_a_nul_is_malformed);
	tcase_add_test(tcase, get_text_of_a_number_is_malformed_even_when_optional);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
