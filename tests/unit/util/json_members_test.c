#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/json_members.h"

static const struct json_member inner[] = {JSON_VALUE("b"), {0}};
static const struct json_member claims[] = {JSON_VALUE("m"), JSON_OBJECT("deep", inner), {0}};
static const struct json_member members[] = {
    JSON_VALUE("a"),
    JSON_VALUE("crit"),
    JSON_OBJECT("o", inner),
    JSON_LIST("l", NULL),
    JSON_LIST("lo", inner),
    JSON_ADVISORY("info", claims),
    JSON_ADVISORY("wish", NULL),
    {"notes", NULL, true, true},
    {0},
};

static const struct {
	const char *text;
	const char *kept;
} texts[] = {
    {"", ""},
    {" \t", " \t"},
    {"17", "17"},               /* for the parser to refuse */
    {"\"\xff", "\"\xff"},
    {"{}", "{}"},
    {" \r\n{\"a\" : 1 }\t", " \r\n{\"a\" : 1 }\t"},
    {"{\"a\":\"x\",\"l\":[1,\"y\",null,true,-0.5e-1]}", "{\"a\":\"x\",\"l\":[1,\"y\",null,true,-0.5e-1]}"},

    /* What is not read is blank, and a comma goes with it. */
    {"{\"x\":1}", "{     }"},
    {"{\"x\":1,\"a\":2}", "{      \"a\":2}"},
    {"{\"a\":2,\"x\":1}", "{\"a\":2      }"},
    {"{\"a\":2,\"x\":1,\"crit\":3}", "{\"a\":2      ,\"crit\":3}"},
    {"{\"x\":1 , \"y\":2 , \"a\":3}", "{                \"a\":3}"},
    {"{\"A\":1,\"aa\":2,\"\":3}", "{                 }"},
    {"{\"x\":\n{\"a\":[\n]},\"a\":1}", "{    \n      \n   \"a\":1}"},
    {"{\"x\xc3\xa9\":\"\xf0\x9f\x98\x80\",\"a\":1}", "{         \"a\":1}"}, /* characters, not octets */

    /* A name is what its escapes mean; one that cannot be a member's is not read. */
    {"{\"\\u0061\":1,\"\\u0063r\\u0069t\":2}", "{\"\\u0061\":1,\"\\u0063r\\u0069t\":2}"},
    {"{\"a\\u0000\":1}", "{           }"},
    {"{\"\\u0000a\":1}", "{           }"},
    {"{\"a\\ud800\":1}", "{           }"},
    {"{\"\\udc00\":1,\"a\\ud83d\\ude00\":2}", "{                            }"},
    {"{\"\\u0141\":1,\"\xc5\x81\":2}", "{                }"}, /* U+0141 ends like 'A' */
    {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}",
        "{                                                                            }"},

    /* The shapes that a strict parser refuses. */
    {"{\"x\":[[[[[[[[[[[[]]]]]]]]]]]],\"a\":1}", "{                             \"a\":1}"},
    {"{\"x\":9223372036854775808,\"a\":1}", "{                        \"a\":1}"},
    {"{\"x\":-1e999,\"a\":1}", "{           \"a\":1}"},
    {"{\"x\":\"\\ud800\",\"a\":1}", "{             \"a\":1}"},
    {"{\"x\":{\"y\":1,\"y\":2},\"x\":{},\"a\":1}", "{                         \"a\":1}"},
    {"{\"x\":{\"a\":1,\"\\u0000\":{\"a\":\"}\"}},\"a\":1}", "{                               \"a\":1}"},

    /* Only the form that is read stays of what is read. */
    {"{\"o\":{\"x\":[1,2],\"b\":3,\"y\":4}}", "{\"o\":{          \"b\":3      }}"},
    {"{\"o\":{\"b\":{\"b\":1}}}", "{\"o\":{\"b\":{     }}}"},
    {"{\"a\":{\"a\":1},\"crit\":[\"b64\",[1]]}", "{\"a\":{     },\"crit\":[         ]}"},
    {"{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "{\"a\":[                   ]}"},
    {"{\"o\":[{\"b\":1}],\"l\":{\"b\":1},\"lo\":{\"b\":1}}", "{\"o\":[       ],\"l\":{     },\"lo\":{     }}"},
    {"{\"l\":[{\"b\":1},[1,2],3]}", "{\"l\":[{     },[   ],3]}"},
    {"{\"lo\":[{\"x\":1,\"b\":2},{\"x\":3},[{\"b\":4}],5]}", "{\"lo\":[{      \"b\":2},{     },[       ],5]}"},
    {"[1,{\"a\":2}]", "[         ]"},

    /* Of a member that is read everything stays for the parser to judge. */
    {"{\"a\":1,\"\\u0061\":2}", "{\"a\":1,\"\\u0061\":2}"},
    {"{\"a\":9223372036854775808,\"l\":[1e999,\"\\ud800\"]}", "{\"a\":9223372036854775808,\"l\":[1e999,\"\\ud800\"]}"},
    {"{\"o\":{\"b\":1,\"b\":2}}", "{\"o\":{\"b\":1,\"b\":2}}"},

    /* Advice never refuses. */
    {"{\"wish\":\"h\\ud800t\"}", "{\"wish\":null      }"},
    {"{\"wish\":\"\xc3\xa9\xc3\xa9\\ud800\"}", "{\"wish\":null      }"},
    {"{\"wish\":\"\\ud83d\\ude00\"}", "{\"wish\":\"\\ud83d\\ude00\"}"},
    {"{\"wish\":\"a\",\"wish\":\"b\"}", "{\"wish\":\"a\"           }"},
    {"{\"wish\":\"a\",\"w\\u0069sh\":\"b\",\"a\":1}", "{\"wish\":\"a\"                ,\"a\":1}"},
    {"{\"info\":{\"m\":9223372036854775808}}", "{\"info\":{\"m\":null               }}"},
    {"{\"info\":{\"m\":999999999999999999}}", "{\"info\":{\"m\":999999999999999999}}"},
    {"{\"info\":{\"m\":1e999,\"m\":2}}", "{\"info\":{\"m\":null       }}"},
    {"{\"info\":{\"m\":1e99}}", "{\"info\":{\"m\":1e99}}"},
    {"{\"info\":{\"deep\":{\"b\":1e-999}}}", "{\"info\":{\"deep\":{\"b\":null  }}}"},
    {"{\"info\":{},\"info\":{\"m\":1}}", "{\"info\":{}               }"},
    {"{\"notes\":[\"\\udfff\",1e999,{},2]}", "{\"notes\":[null    ,null ,{},2]}"},
};

/* What is left is decoded as jansson reads it, or refused if jansson refuses it. */
START_TEST(decode_leaves_what_is_read)
{
	json_t      *wanted = json_loads(texts[_i].kept, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	json_t      *object;
	struct error err;
	int          rc = json_members_decode(view_text(texts[_i].text), members, &object, &err);

	if (json_is_object(wanted)) {
		unit_ok(rc, &err);
		ck_assert_int_eq(json_equal(object, wanted), 1);
	} else {
		ck_assert_int_eq(rc, -1);
		ck_assert_ptr_null(object);
	}
	json_decref(wanted);
	json_decref(object);
}
END_TEST

static const struct {
	const char *text;
	const char *detail;
} faults[] = {
    {"{", "not JSON: line 1, column 1: the text ends too early"},
    {"[", "not JSON: line 1, column 1: the text ends too early"},
    {"{\"x\"", "not JSON: line 1, column 4: the text ends too early"},
    {"{\"x\":", "not JSON: line 1, column 5: the text ends too early"},
    {"{\"x\":1", "not JSON: line 1, column 6: the text ends too early"},
    {"{\"x\":1,", "not JSON: line 1, column 7: the text ends too early"},
    {"{\"x\":\"", "not JSON: line 1, column 6: the text ends in a string"},
    {"{\"x\":\"\\", "not JSON: line 1, column 6: an escape that there is not"},
    {"{\"x\":\"\\\"", "not JSON: line 1, column 8: the text ends in a string"},
    {"{}}", "not JSON: line 1, column 2: something behind the end"},
    {"{} {}", "not JSON: line 1, column 3: something behind the end"},
    {"[]\n x", "not JSON: line 2, column 1: something behind the end"},
    {"{,}", "not JSON: line 1, column 1: a name or '}' expected"},
    {"{x:1}", "not JSON: line 1, column 1: a name or '}' expected"},
    {"{\"x\":1,}", "not JSON: line 1, column 7: a name expected"},
    {"{\"x\":1,1:2}", "not JSON: line 1, column 7: a name expected"},
    {"{\"x\" 1}", "not JSON: line 1, column 5: ':' expected"},
    {"{\"x\",1}", "not JSON: line 1, column 4: ':' expected"},
    {"{\"x\":}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":,}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":1 2}", "not JSON: line 1, column 7: ',' or '}' expected"},
    {"{\"x\":1]", "not JSON: line 1, column 6: ',' or '}' expected"},
    {"{\"x\":[1}", "not JSON: line 1, column 7: ',' or ']' expected"},
    {"{\"x\":[1,]}", "not JSON: line 1, column 8: a value expected"},
    {"{\"x\":[,1]}", "not JSON: line 1, column 6: a value expected"},
    {"{\"x\":[}]}", "not JSON: line 1, column 6: a value expected"},
    {"{\"x\":{]}", "not JSON: line 1, column 6: a name or '}' expected"},
    {"{\"x\":[1:2]}", "not JSON: line 1, column 7: ',' or ']' expected"},
    {"{\"x\":tru}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":truefalse}", "not JSON: line 1, column 9: ',' or '}' expected"},
    {"{\"x\":TRUE}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":NaN}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":'y'}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":+1}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":01}", "not JSON: line 1, column 5: a number that is none"},
    {"{\"x\":-}", "not JSON: line 1, column 6: a number that is none"},
    {"{\"x\":-01}", "not JSON: line 1, column 6: a number that is none"},
    {"{\"x\":.5}", "not JSON: line 1, column 5: a value expected"},
    {"{\"x\":1.}", "not JSON: line 1, column 6: a number that is none"},
    {"{\"x\":1.e1}", "not JSON: line 1, column 6: a number that is none"},
    {"{\"x\":1e}", "not JSON: line 1, column 7: a number that is none"},
    {"{\"x\":1e+}", "not JSON: line 1, column 8: a number that is none"},
    {"{\"x\":1.5.5}", "not JSON: line 1, column 8: ',' or '}' expected"},
    {"{\"x\":0x1}", "not JSON: line 1, column 6: ',' or '}' expected"},
    {"{\"x\":\"\n\"}", "not JSON: line 1, column 6: a control character in a string"},
    {"{\n \"\t\":1}", "not JSON: line 2, column 2: a control character in a string"},
    {"{\"x\":\"\\x\"}", "not JSON: line 1, column 6: an escape that there is not"},
    {"{\"x\":\"\\u12g4\"}", "not JSON: line 1, column 6: an escape that there is not"},
    {"{\"x\":\"\\u12", "not JSON: line 1, column 6: an escape that there is not"},
    {"{\"x\":\"\\ud800\\u12\"}", "not JSON: line 1, column 12: an escape that there is not"},
    {"{\"x\":\"\xff\"}", "not JSON: line 1, column 6: octets that are no UTF-8"},
    {"{\"x\":\"\xc3\xa9\xed\xa0\x80\"}", "not JSON: line 1, column 7: octets that are no UTF-8"},
    {"{\"\xc0\xa1\":1}", "not JSON: line 1, column 2: octets that are no UTF-8"},
    {"{/**/}", "not JSON: line 1, column 1: a name or '}' expected"},
    {"{\"a\":1\f}", "not JSON: line 1, column 6: ',' or '}' expected"},
};

START_TEST(decode_faults_also_in_what_is_not_read)
{
	json_t      *object;
	struct error err;

	unit_fails(json_members_decode(view_text(faults[_i].text), members, &object, &err), &err,
	    ERROR_MALFORMED, faults[_i].detail);
	ck_assert_ptr_null(object);
}
END_TEST

START_TEST(decode_nul_octet_is_a_fault)
{
	static const char text[] = "{}\0";
	json_t           *object;
	struct error      err;

	unit_fails(json_members_decode((struct view){(const uint8_t *)text, 3}, members, &object, &err), &err,
	    ERROR_MALFORMED, "not JSON: line 1, column 2: something behind the end");
	unit_fails(json_members_decode((struct view){(const uint8_t *)"{\0}", 3}, members, &object, &err), &err,
	    ERROR_MALFORMED, "not JSON: line 1, column 1: a name or '}' expected");
	unit_fails(json_members_decode((struct view){(const uint8_t *)"{\"x\":\"\\\0\"}", 9}, members, &object, &err),
	    &err, ERROR_MALFORMED, "not JSON: line 1, column 6: an escape that there is not");
}
END_TEST

/* An unknown member with `depth` arrays, around a member that is read. */
static void
nest(struct bytes *text, size_t depth)
{
	static const char rest[] = ",\"a\":1}";

	bytes_append(text, "{\"x\":", 5);
	for (size_t i = 0; i < depth; i++)
		bytes_append_u8(text, '[');
	for (size_t i = 0; i < depth; i++)
		bytes_append_u8(text, ']');
	bytes_append(text, rest, strlen(rest));
}

START_TEST(decode_bounds_the_nesting)
{
	AUTO_BYTES   most = {0};
	AUTO_BYTES   more = {0};
	json_t      *object;
	struct error err;

	nest(&most, JSON_NESTING_MAX - 1);
	unit_ok(json_members_decode(bytes_view(&most), members, &object, &err), &err);
	ck_assert_uint_eq(json_object_size(object), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "a")), 1);
	json_decref(object);
	nest(&more, JSON_NESTING_MAX);
	unit_fails(json_members_decode(bytes_view(&more), members, &object, &err), &err, ERROR_MALFORMED,
	    "JSON deeper than 2048 brackets");
}
END_TEST

/* A table that refers to itself would keep any depth. */
START_TEST(decode_bounds_what_is_kept)
{
	static const struct json_member endless[] = {JSON_OBJECT("o", endless), {0}};
	json_t                         *object;
	struct error                    err;

	unit_ok(json_members_decode(view_text("{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{}}}}}}}}"), endless,
	    &object, &err), &err);
	json_decref(object);
	unit_fails(json_members_decode(view_text("{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{\"o\":{}}}}}}}}}"),
	    endless, &object, &err), &err, ERROR_MALFORMED, "JSON deeper than 8 brackets");
}
END_TEST

#define X62 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* What jansson would say of what is read. */
static const struct {
	const char *text;
	const char *detail;
} refused[] = {
    {"", "not JSON: line 1, column 0: '{' expected"},
    {" ", "not JSON: line 1, column 1: '{' expected"},
    {"<html>", "not JSON: line 1, column 0: '{' expected"},
    {"[]", "not a JSON object"},
    {"{\"a\":1,\n\"a\":2}", "not JSON: line 2, column 3: duplicate object key near '\"a\"'"},
    {"{\"a\":1,\"\\u0061\":2}", "not JSON: line 1, column 15: duplicate object key near '\"\\u0061\"'"},
    {"{\"a\":9223372036854775808}",
        "not JSON: line 1, column 24: too big integer near '9223372036854775808'"},
    {"{\"a\":-9223372036854775809}",
        "not JSON: line 1, column 25: too big negative integer near '-9223372036854775809'"},
    {"{\"a\":-1e999}", "not JSON: line 1, column 11: real number overflow near '-1e999'"},
    {"{\"a\":\"\\ud83d\"}", "not JSON: line 1, column 13: half a surrogate pair near '\"\\ud83d\"'"},
    {"{\"a\":\"" X62 "\xc3\xa4\\ud83d\"}", /* cut between characters */
        "not JSON: line 1, column 76: half a surrogate pair near '\"" X62 "'"},
};

START_TEST(decode_of_what_is_read_refuses)
{
	json_t      *object;
	struct error err;

	unit_fails(json_members_decode(view_text(refused[_i].text), members, &object, &err), &err,
	    ERROR_MALFORMED, refused[_i].detail);
	ck_assert_ptr_null(object);
}
END_TEST

/* Strings and numbers at their bounds, as jansson reads them. */
static const char *const values[] = {
    "{\"a\":9223372036854775807}",
    "{\"a\":-9223372036854775808}",
    "{\"a\":0}",
    "{\"a\":-0}",
    "{\"a\":1.5e3}",
    "{\"a\":1e-999}",
    "{\"a\":0.1234567890123456789012345678901234567890}",
    "{\"a\":true,\"crit\":false,\"l\":[null]}",
    "{\"a\":\"\"}",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    "{\"a\":\"x\\u0000y\"}",
    "{\"a\":\"\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff\\ud800\\udc00\\udbff\\udfff\"}",
    "{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0041\"}",
};

START_TEST(decode_of_values_is_jansson_s)
{
	json_t      *wanted = json_loads(values[_i], JSON_ALLOW_NUL, NULL);
	json_t      *object;
	struct error err;

	ck_assert_ptr_nonnull(wanted);
	unit_ok(json_members_decode(view_text(values[_i]), members, &object, &err), &err);
	ck_assert_int_eq(json_equal(object, wanted), 1);
	json_decref(wanted);
	json_decref(object);
}
END_TEST

/* Answers of servers: what they say beside what is read never matters. */
static const struct json_member answer_members[] = {
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

	unit_ok(json_members_decode(view_text(taken[_i]), answer_members, &object, &err), &err);
	ck_assert_uint_eq(json_object_size(object), 2);
	ck_assert_str_eq(json_string_value(json_object_get(object, "status")), "valid");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "authorizations"), 0)), "u");
	json_decref(object);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_members");
	TCase *tc = tcase_create("json_members");

	tcase_add_loop_test(tc, decode_leaves_what_is_read, 0, sizeof texts / sizeof texts[0]);
	tcase_add_loop_test(tc, decode_faults_also_in_what_is_not_read, 0, sizeof faults / sizeof faults[0]);
	tcase_add_test(tc, decode_nul_octet_is_a_fault);
	tcase_add_test(tc, decode_bounds_the_nesting);
	tcase_add_test(tc, decode_bounds_what_is_kept);
	tcase_add_loop_test(tc, decode_of_what_is_read_refuses, 0, sizeof refused / sizeof refused[0]);
	tcase_add_loop_test(tc, decode_of_values_is_jansson_s, 0, sizeof values / sizeof values[0]);
	tcase_add_loop_test(tc, decode_reads_past_what_it_does_not_know, 0, sizeof taken / sizeof taken[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
