#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "device/host/problem.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/tpm.h"
#include "unit.h"
#include "util/error.h"

static void
bytes_set(struct bytes *to, const char *text)
{
	bytes_append(to, text, strlen(text));
}

START_TEST(request_encode_has_the_members_of_the_protocol)
{
	static const char wanted[] =
	    "{\"tpmInfo\":{\"version\":2,\"manufacturer\":\"1314145024\",\"model\":\"NPCT75x\","
	    "\"firmwareVersion\":\"7.2\"},\"ek\":\"c3BraQ==\",\"ekPublic\":\"YXJlYQ==\","
	    "\"ekCerts\":[\"b25l\",\"dHdv\"],\"akCert\":\"\",\"params\":{\"public\":\"YWs=\","
	    "\"createData\":\"ZGF0YQ==\",\"createAttestation\":\"YXR0ZXN0\","
	    "\"createSignature\":\"c2ln\",\"useTCSDActivationFormat\":false}}";
	const struct device_tpm_info info = {
	    .manufacturer = 0x4e544300, .model = "NPCT75x", .firmware = "7.2"};
	AUTO_EK         ek = {0};
	AUTO_AK         ak = {0};
	AUTO_BYTES      one = {0};
	AUTO_BYTES      two = {0};
	AUTO_FREE char *text = NULL;

	bytes_set(&ek.spki, "spki");
	bytes_set(&ek.area, "area");
	bytes_set(&ak.area, "ak");
	bytes_set(&ak.create_data, "data");
	bytes_set(&ak.attestation, "attest");
	bytes_set(&ak.signature, "sig");
	bytes_set(&one, "one");
	bytes_set(&two, "two");
	text = attestation_request_encode(&info, &ek, (struct bytes[]){one, two}, 2, &ak, NULL);
	ck_assert_str_eq(text, wanted);
	free(text);
	text = attestation_request_encode(&info, &ek, NULL, 0, &ak, "Zo\xc3\xab");
	ck_assert_ptr_nonnull(strstr(text, ",\"wishedName\":\"Zo\xc3\xab\"}"));
}
END_TEST

START_TEST(challenge_decode_takes_the_size_prefixes)
{
	TPM2B_ID_OBJECT        credential;
	TPM2B_ENCRYPTED_SECRET secret;
	struct error           err = {0};

	unit_ok(attestation_challenge_decode(
	            view_text("{\"credential\":\"AANhYmM=\",\"secret\":\"AAJ4eQ==\",\"more\":[[[[[[[[[1e999]]]]]]]]],"
	                      "\"\\u0000\":{\"a\":18446744073709551616,\"a\":\"\\ud800\"}}"),
	            &credential, &secret, &err),
	    &err);
	ck_assert_uint_eq(credential.size, 3);
	ck_assert_mem_eq(credential.credential, "abc", 3);
	ck_assert_uint_eq(secret.size, 2);
	ck_assert_mem_eq(secret.secret, "xy", 2);
}
END_TEST

static const struct {
	const char *body;
	const char *detail;
} challenges[] = {
    {"<html>", "the answer is not JSON: line 1, column 0: '{' expected"},
    {"[]", "the answer is not a JSON object"},
    {"{\"secret\":\"AAJ4eQ==\",\"secret\":\"AAJ4eQ==\"}",
        "the answer is not JSON: line 1, column 29: duplicate object key near '\"secret\"'"},
    {"{\"secret\":\"AAJ4eQ==\"}", "the answer has no string \"credential\""},
    {"{\"credential\":\"AANhYmM=\",\"secret\":7}", "the answer has no string \"secret\""},
    {"{\"credential\":\"AANhYmM\",\"secret\":\"AAJ4eQ==\"}",
        "the answer's \"credential\": base64 of 7 characters: not a multiple of 4"},
    {"{\"credential\":\"AANh\\u0000mM=\",\"secret\":\"AAJ4eQ==\"}",
        "the answer's \"credential\": character 5 is not of the base64 alphabet"},
    {"{\"unread\":\"\\u0000\",\"credential\":\"AANhYmM=\"}", "the answer has no string \"secret\""},
    {"{\"credential\":\"AARhYmM=\",\"secret\":\"AAJ4eQ==\"}",
        "the answer's \"credential\" is no TPM2B_ID_OBJECT"},
    {"{\"credential\":\"AAJhYmM=\",\"secret\":\"AAJ4eQ==\"}",
        "the answer's \"credential\" is no TPM2B_ID_OBJECT"},
    {"{\"credential\":\"AANhYmM=\",\"secret\":\"AAF4eQ==\"}",
        "the answer's \"secret\" is no TPM2B_ENCRYPTED_SECRET"},
};

START_TEST(challenge_decode_anything_else_is_malformed)
{
	TPM2B_ID_OBJECT        credential;
	TPM2B_ENCRYPTED_SECRET secret;
	struct error           err = {0};

	unit_fails(attestation_challenge_decode(view_text(challenges[_i].body), &credential, &secret,
	               &err),
	    &err, ERROR_MALFORMED, challenges[_i].detail);
}
END_TEST

static const struct {
	long            status;
	long            retry_after;
	const char     *body;
	enum error_kind kind;
	const char     *detail;
} problems[] = {
    {403, 0, "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"EK 2e is not enrolled\"}",
        ERROR_NOT_ENROLLED, "EK 2e is not enrolled"},
    {403, 0, "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"title\":\"y\",\"detail\":\"x\\u0000z\"}",
        ERROR_NOT_ENROLLED, "y"}, /* never cut at a NUL */
    {403, 0, "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"x\",\"enrolment\":\"waiting\"}",
        ERROR_ENROLMENT_WAITS, "x"},
    {403, 0, "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"x\",\"enrolment\":\"denied\"}",
        ERROR_ENROLMENT_DENIED, "x"},
    {403, 0, "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"x\",\"enrolment\":\"lost\"}",
        ERROR_NOT_ENROLLED, "x"},
    {403, 0, "{\"type\":\"urn:attest-ca:error:ekUntrusted\",\"detail\":\"x\",\"enrolment\":\"waiting\"}",
        ERROR_EK_UNTRUSTED, "x"},
    {429, 7, "{\"type\":\"urn:attest-ca:error:rateLimited\",\"title\":\"too many\"}",
        ERROR_RATE_LIMITED, "too many; try again in 7 s"},
    {500, 0, "{\"type\":\"about:blank\",\"detail\":\"x\"}", ERROR_INTERNAL, "x"},
    {403, 0, "{\"type\":\"urn:attest-ca:error:neverHeardOf\",\"detail\":\"x\"}", ERROR_INTERNAL, "x"},
    {502, 0, "<html>", ERROR_INTERNAL,
        "http://h answered HTTP 502: attestd, or a proxy before it, has a failure that may pass"},
    {404, 0, "", ERROR_INTERNAL, "http://h answered HTTP 404: is this the URL of attestd?"},
    {403, 0, "{\"detail\":\"x\",\"subproblems\":[{\"detail\":\"1\"},{\"type\":\"y\"},{\"detail\":\"3\"},{\"detail\":\"4\"},"
             "{\"detail\":\"5\"},{\"detail\":\"6\"},{\"detail\":\"7\"},{\"detail\":\"8\"},{\"detail\":\"9\"}]}",
        ERROR_INTERNAL, "x: 1: 3: 4: 5: 6: 7: 8"}, /* no more than eight are looked at */
    {400, 0, "{\"detail\":\"a\\u001b[31mb\\u009bc\\nd\\u007f\"}", ERROR_INTERNAL, "a [31mb  c d "},
};

START_TEST(problem_error_has_kind_and_detail)
{
	AUTO_ANSWER  answer = {.status = problems[_i].status, .retry_after = problems[_i].retry_after};
	struct error err = {0};

	bytes_set(&answer.body, problems[_i].body);
	unit_fails(problem_error(&answer, "http://h", "attestd", &err), &err, problems[_i].kind,
	    problems[_i].detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attestation_client");
	TCase *tc = tcase_create("attestation_client");

	tcase_add_test(tc, request_encode_has_the_members_of_the_protocol);
	tcase_add_test(tc, challenge_decode_takes_the_size_prefixes);
	tcase_add_loop_test(tc, challenge_decode_anything_else_is_malformed, 0,
	    sizeof challenges / sizeof challenges[0]);
	tcase_add_loop_test(tc, problem_error_has_kind_and_detail, 0,
	    sizeof problems / sizeof problems[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
