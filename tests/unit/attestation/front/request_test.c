/* The body of POST /attest: what is advisory refuses nothing, what proves must be whole. */
#include "config.h"

#include "attestation/front/request.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "forge.h"
#include "http/json.h"
#include "unit.h"
#include "util/base64.h"
#include "util/error.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static void
set(json_t *object, const char *name, const struct bytes *octets)
{
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, octets->data, octets->size);

	ck_assert_int_eq(json_object_set_new(object, name, json_string(text)), 0);
}

/* A request that proves all, with this value for the member. */
static char *
body_with_member(const char *member, const char *value)
{
	struct forge_ak ak;
	struct forge_ek ek;
	json_t         *body = json_object();
	json_t         *params = json_object();
	char           *text;

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	forge_ek_make(FORGE_P256, &ek);
	set(body, "ek", &ek.spki);
	set(params, "public", &ak.public);
	set(params, "createData", &ak.create_data);
	set(params, "createAttestation", &ak.attestation);
	set(params, "createSignature", &ak.signature);
	ck_assert_int_eq(json_object_set_new(body, "params", params), 0);
	ck_assert_int_eq(json_object_set_new(body, member,
	                     json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)), 0);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	forge_ak_clear(&ak);
	forge_ek_clear(&ek);
	return text;
}

static char *
body_with(const char *info)
{
	return body_with_member("tpmInfo", info);
}

static bool
is(const struct bytes *bytes, const char *text)
{
	return view_equal(bytes_view(bytes), (struct view){(const uint8_t *)text, strlen(text)});
}

static const struct {
	const char *info;
	const char *claims[3]; /* manufacturer, model, firmware */
} infos[] = {
    {"{\"version\":2,\"manufacturer\":\"1314145024\",\"model\":\"NPCT75x\\u0000\\u0002\\u0001\\u0000$rls\","
     "\"firmwareVersion\":\"7.2\"}", {"1314145024", "NPCT75x$rls", "7.2"}},
    {"{\"manufacturer\":1314145024,\"model\":\"SLB9\\u0000\\u0000\",\"firmwareVersion\":\"7\\u0000.2\"}",
        {"1314145024", "SLB9", "7.2"}},
    {"{\"manufacturer\":\"AMD\\u0000\",\"model\":\" ST33 \"}", {"AMD", "ST33", ""}},
    {"{\"manufacturer\":[],\"model\":{},\"firmwareVersion\":7.2}", {"", "", ""}},
    {"{\"manufacturer\":null,\"model\":\"\\u001b[2J\"}", {"", "[2J", ""}},
    {"null", {"", "", ""}},
    {"[\"\\u0000\"]", {"", "", ""}},
    {"7", {"", "", ""}},
};

START_TEST(decode_whatever_tpm_info_says_is_taken_cleaned)
{
	AUTO_FREE char       *text = body_with(infos[_i].info);
	struct attest_request request;
	struct error          err = {0};

	unit_ok(attest_request_decode((struct view){(const uint8_t *)text, strlen(text)}, &request, &err),
	    &err);
	ck_assert(is(&request.manufacturer, infos[_i].claims[0]));
	ck_assert(is(&request.model, infos[_i].claims[1]));
	ck_assert(is(&request.firmware, infos[_i].claims[2]));
	attest_request_clear(&request);
}
END_TEST

START_TEST(decode_long_claim_is_cut)
{
	char                  info[1024];
	AUTO_FREE char       *text = NULL;
	struct attest_request request;
	struct error          err = {0};

	(void)snprintf(info, sizeof info, "{\"model\":\"%0600d\"}", 0);
	text = body_with(info);
	unit_ok(attest_request_decode((struct view){(const uint8_t *)text, strlen(text)}, &request, &err),
	    &err);
	ck_assert_uint_eq(request.model.size, 255);
	attest_request_clear(&request);
}
END_TEST

static const struct {
	const char *value;
	const char *wish;
} wishes[] = {
    {"\"cleo\"", "cleo"},
    {"\" Zo\\u00eb's \\u001b[2J\\u0000\"", "Zo\xc3\xab's [2J"},
    {"\"a/b\"", "a/b"}, /* no name, but advisory */
    {"\"\"", ""},
    {"7", ""},
    {"null", ""},
    {"{\"name\":\"cleo\"}", ""},
};

START_TEST(decode_whatever_is_wished_is_taken_cleaned)
{
	AUTO_FREE char       *text = body_with_member("wishedName", wishes[_i].value);
	struct attest_request request;
	struct error          err = {0};

	unit_ok(attest_request_decode((struct view){(const uint8_t *)text, strlen(text)}, &request, &err),
	    &err);
	ck_assert(is(&request.wish, wishes[_i].wish));
	attest_request_clear(&request);
}
END_TEST

START_TEST(decode_long_wish_is_cut)
{
	char                  value[1024];
	AUTO_FREE char       *text = NULL;
	struct attest_request request;
	struct error          err = {0};

	(void)snprintf(value, sizeof value, "\"%0600d\"", 0);
	text = body_with_member("wishedName", value);
	unit_ok(attest_request_decode((struct view){(const uint8_t *)text, strlen(text)}, &request, &err),
	    &err);
	ck_assert_uint_eq(request.wish.size, 255);
	attest_request_clear(&request);
}
END_TEST

/* Members that nobody reads, in forms that a strict parser refuses. */
static const char *const odd[] = {
    "\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],",
    "\"x\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}},",
    "\"x\":9223372036854775808,",
    "\"x\":[-9223372036854775809],",
    "\"x\":1e999,",
    "\"x\":{\"y\":-1.5E+400},",
    "\"x\":\"\\ud800\",",
    "\"x\":[\"\\udfff\\ud800\"],",
    "\"\\ud800\":1,",
    "\"\\u0000a\":1,",
    "\"x\":{\"ek\\u0000\":1},",
    "\"x\":1,\"x\":2,",
    "\"x\":{\"ek\":1,\"ek\":2},",
    "\"x\":[{\"a\":[],\"\\u0061\":[]}],",
};

/* The text with more behind the first place of `where`; the caller frees. */
static char *
insert(const char *text, const char *where, const char *more)
{
	const char *place = strstr(text, where);
	size_t      before;
	char       *out = memory_new(strlen(text) + strlen(more) + 1);

	ck_assert_ptr_nonnull(place);
	before = (size_t)(place - text) + strlen(where);
	memcpy(out, text, before);
	(void)strcpy(out + before, more);
	(void)strcat(out, text + before);
	return out;
}

START_TEST(decode_members_that_nobody_reads_refuse_nothing)
{
	static const char *const places[] = {"{", "\"params\":{", "\"tpmInfo\":{"};
	AUTO_FREE char          *body = body_with("{\"manufacturer\":\"NTC\",\"model\":\"7\"}");

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		AUTO_FREE char       *text = insert(body, places[i], odd[_i]);
		struct attest_request request;
		struct error          err = {0};

		unit_ok(attest_request_decode(view_text(text), &request, &err), &err);
		ck_assert(is(&request.manufacturer, "NTC") && is(&request.model, "7"));
		ck_assert(request.ek.size != 0 && request.signature.size != 0);
		attest_request_clear(&request);
	}
}
END_TEST

START_TEST(decode_secret_beside_what_nobody_reads_is_taken)
{
	AUTO_FREE char *text = insert("{\"secret\":\"aGVsbG8=\"}", "{", odd[_i]);
	AUTO_BYTES      secret = {0};
	struct error    err = {0};

	unit_ok(secret_request_decode(view_text(text), &secret, &err), &err);
	ck_assert(is(&secret, "hello"));
}
END_TEST

/* Claims in forms that a strict parser refuses count as none; of two the first counts. */
static const struct {
	const char *info;
	const char *claims[3];
} odd_infos[] = {
    {"\"manufacturer\":18446744073709551616,\"model\":\"a\"", {"", "a", ""}},
    {"\"manufacturer\":1e999,\"firmwareVersion\":\"7.2\"", {"", "", "7.2"}},
    {"\"model\":\"NPCT\\ud800\",\"manufacturer\":\"NTC\"", {"NTC", "", ""}},
    {"\"model\":[[[[[[[[[[1e999]]]]]]]]]],\"manufacturer\":{\"a\":1,\"a\":2}", {"", "", ""}},
    {"\"model\":\"a\",\"model\":\"b\",\"m\\u006fdel\":3", {"", "a", ""}},
};

START_TEST(decode_odd_claims_count_as_none)
{
	AUTO_FREE char       *plain = body_with("{}");
	AUTO_FREE char       *text = insert(plain, "\"tpmInfo\":{", odd_infos[_i].info);
	struct attest_request request;
	struct error          err = {0};

	unit_ok(attest_request_decode(view_text(text), &request, &err), &err);
	ck_assert(is(&request.manufacturer, odd_infos[_i].claims[0]));
	ck_assert(is(&request.model, odd_infos[_i].claims[1]));
	ck_assert(is(&request.firmware, odd_infos[_i].claims[2]));
	attest_request_clear(&request);
}
END_TEST

START_TEST(decode_odd_wish_counts_as_none)
{
	static const char *const odd_wishes[] = {"18446744073709551616", "\"\\udc00\"", "[[[[[[[[[[]]]]]]]]]]"};
	AUTO_FREE char          *plain = body_with("{}");

	for (size_t i = 0; i < sizeof odd_wishes / sizeof odd_wishes[0]; i++) {
		AUTO_FREE char       *named = insert(plain, "{", "\"wishedName\":,");
		AUTO_FREE char       *text = insert(named, "\"wishedName\":", odd_wishes[i]);
		struct attest_request request;
		struct error          err = {0};

		unit_ok(attest_request_decode(view_text(text), &request, &err), &err);
		ck_assert_uint_eq(request.wish.size, 0);
		attest_request_clear(&request);
	}
}
END_TEST

/* A member that is read twice is a fault, whatever stands around it. */
START_TEST(decode_member_that_is_read_twice_is_malformed)
{
	static const char *const twice[] = {"\"ek\":\"AAAA\",", "\"\\u0065k\":\"AAAA\",", "\"params\":{},"};
	AUTO_FREE char          *body = body_with("{}");

	for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
		AUTO_FREE char       *text = insert(body, "{", twice[i]);
		struct attest_request request;
		struct error          err = {0};

		ck_assert_int_eq(attest_request_decode(view_text(text), &request, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, "duplicate object key") != NULL, "%s", err.detail);
		attest_request_clear(&request);
	}
}
END_TEST

static const struct {
	const char *body;
	const char *detail;
} refused[] = {
    {"{\"ek\":\"AA\\u0000A\",\"params\":{}}", "\"ek\": character 3 is not of the base64 alphabet"},
    {"{\"ekCerts\":[\"AAA\\u0000\"],\"params\":{}}", "\"ekCerts\": character 4 is not of the base64 alphabet"},
    {"{\"ekCerts\":\"\"}", "\"ekCerts\" is not an array"},
    {"{}", "\"params\" is missing or not an object"},
    {"{\"params\":{}}", "\"ek\" is missing"},
    {"{\"params\":{},\"ek\":[[[[[[[[[[]]]]]]]]]]}", "\"ek\" is not a string"},
    {"{\"x\":01,\"params\":{}}", "not JSON: line 1, column 5: a number that is none"},
    {"{\"tpmInfo\":{\"model\":\"\x01\"}}", "not JSON: line 1, column 21: a control character in a string"},
    {"{\"x\":\"\xff\"}", "not JSON: line 1, column 6: octets that are no UTF-8"},
    {"{} {}", "not JSON: line 1, column 3: something behind the end"},
};

START_TEST(decode_what_proves_nothing_is_malformed)
{
	const char           *body = refused[_i].body;
	struct attest_request request;
	struct error          err = {0};

	unit_fails(attest_request_decode((struct view){(const uint8_t *)body, strlen(body)}, &request, &err),
	    &err, ERROR_MALFORMED, refused[_i].detail);
	attest_request_clear(&request);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attest_request");
	TCase *tc = tcase_create("attest_request");

	json_init();
	tcase_add_loop_test(tc, decode_whatever_tpm_info_says_is_taken_cleaned, 0, COUNT(infos));
	tcase_add_test(tc, decode_long_claim_is_cut);
	tcase_add_loop_test(tc, decode_whatever_is_wished_is_taken_cleaned, 0, COUNT(wishes));
	tcase_add_test(tc, decode_long_wish_is_cut);
	tcase_add_loop_test(tc, decode_members_that_nobody_reads_refuse_nothing, 0, COUNT(odd));
	tcase_add_loop_test(tc, decode_secret_beside_what_nobody_reads_is_taken, 0, COUNT(odd));
	tcase_add_loop_test(tc, decode_odd_claims_count_as_none, 0, COUNT(odd_infos));
	tcase_add_test(tc, decode_odd_wish_counts_as_none);
	tcase_add_test(tc, decode_member_that_is_read_twice_is_malformed);
	tcase_add_loop_test(tc, decode_what_proves_nothing_is_malformed, 0, COUNT(refused));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
