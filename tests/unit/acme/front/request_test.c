#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/front/render.h"
#include "acme/front/request.h"
#include "acme/front/route.h"
#include "http/json.h"
#include "jws_vectors.h"
#include "key_change_vectors.h"
#include "unit.h"
#include "util/error.h"

#define KID "https://ca.example/acme/account/1"

static bool
is(struct view view, const char *text)
{
	return view_equal(view, view_text(text));
}

/* A verified message with this payload, and the question that comes of it. */
struct fixture {
	struct jws           jws;
	struct acme_request  request;
	struct acme_question question;
	struct error         err;
};

/* The thumbprint of the key that signed the request: of the account's key, or an earlier one. */
static char signer[JWK_THUMBPRINT_SIZE] = INNER_OLD_THUMBPRINT;

static int
decode(struct fixture *f, acme_request_decode *decoder, const char *payload)
{
	memset(f, 0, sizeof *f);
	f->jws.kid = KID;
	unit_ok(jwk_parse(view_text(MADE_KID_JWK), &f->jws.jwk, &f->err), &f->err);
	f->jws.url = "https://ca.example/acme/key-change";
	bytes_append(&f->jws.payload, payload, strlen(payload));
	f->request.jws = &f->jws;
	memcpy(f->request.signer, signer, sizeof f->request.signer);
	f->question.account = view_text("1");
	f->question.object = view_text("1");
	return decoder(&f->request, &f->question, &f->err);
}

static void
fixture_clear(struct fixture *f)
{
	acme_request_clear(&f->request);
	jws_clear(&f->jws);
}

#define NINE "\"mailto:a@b\",\"mailto:a@b\",\"mailto:a@b\",\"mailto:a@b\",\"mailto:a@b\"," \
	     "\"mailto:a@b\",\"mailto:a@b\",\"mailto:a@b\",\"mailto:a@b\""
#define ID "{\"type\":\"permanent-identifier\",\"value\":\"a\"}"
#define IDS ID "," ID "," ID "," ID
#define ORDER(rest) "{\"identifiers\":[" ID "]" rest "}"

static const struct {
	acme_request_decode *decoder;
	const char          *payload;
	enum error_kind      kind;
	const char          *detail; /* how it begins */
} refused[] = {
    {request_account_new, "", ERROR_MALFORMED, "the payload is empty"},
    {request_account_new, "[]", ERROR_MALFORMED, "the payload: not a JSON object"},
    {request_account_new, "{\"contact\":[],\"contact\":[]}", ERROR_MALFORMED, "the payload: not JSON"},
    {request_account_new, "{\"contact\":[18446744073709551616]}", ERROR_MALFORMED, "the payload: not JSON"},
    {request_account_new, "{\"a\":01}", ERROR_MALFORMED, "the payload: not JSON: line 1, column 5: a number"},
    {request_certificate_revoke, "{\"certificate\":\"AA\",\"reason\":18446744073709551616}", ERROR_MALFORMED,
        "the payload: not JSON"},
    {request_account_new, "{\"contact\":\"mailto:a@b\"}", ERROR_MALFORMED, "\"contact\" is no array"},
    {request_account_new, "{\"contact\":[7]}", ERROR_INVALID_CONTACT, "a contact is missing or no string"},
    {request_account_new, "{\"contact\":[\"\"]}", ERROR_INVALID_CONTACT, "a contact is empty"},
    {request_account_new, "{\"contact\":[\"mailto:a\\nb\"]}", ERROR_INVALID_CONTACT, "a contact has control"},
    {request_account_new, "{\"contact\":[\"mailto:\\u0085\"]}", ERROR_INVALID_CONTACT, "a contact has control"},
    {request_account_new, "{\"contact\":[\"mailto:a@b\\u0000c\"]}", ERROR_INVALID_CONTACT, "a contact has control"},
    {request_account_new, "{\"contact\":[" NINE "]}", ERROR_INVALID_CONTACT, "9 contacts; an account has at most 8"},
    {request_account_new, "{\"onlyReturnExisting\":\"true\"}", ERROR_MALFORMED, "\"onlyReturnExisting\" is no boolean"},
    {request_account_new, "{\"termsOfServiceAgreed\":1}", ERROR_MALFORMED, "\"termsOfServiceAgreed\" is no boolean"},
    {request_account_update, "{\"status\":\"revoked\"}", ERROR_MALFORMED, "\"status\" can be set to"},
    {request_account_update, "{\"status\":7}", ERROR_MALFORMED, "\"status\" is not a string"},
    {request_account_update, "{\"status\":\"deactivated\\u0000\"}", ERROR_MALFORMED, "\"status\" holds a NUL"},
    {request_account_orders, "{}", ERROR_MALFORMED, "the payload must be empty"},
    {request_order_get, "{}", ERROR_MALFORMED, "the payload must be empty"},
    {request_certificate_get, "{}", ERROR_MALFORMED, "the payload must be empty"},
    {request_order_new, "", ERROR_MALFORMED, "the payload is empty"},
    {request_order_new, "{}", ERROR_MALFORMED, "\"identifiers\" is missing, empty or no array"},
    {request_order_new, "{\"identifiers\":[]}", ERROR_MALFORMED, "\"identifiers\" is missing, empty"},
    {request_order_new, "{\"identifiers\":{}}", ERROR_MALFORMED, "\"identifiers\" is missing, empty"},
    {request_order_new, "{\"identifiers\":[\"a\"]}", ERROR_MALFORMED, "an identifier is no object"},
    {request_order_new, "{\"identifiers\":[{\"value\":\"a\"}]}", ERROR_MALFORMED,
        "an identifier's \"type\" is missing"},
    {request_order_new, "{\"identifiers\":[{\"type\":\"dns\"}]}", ERROR_MALFORMED,
        "an identifier's \"value\" is missing"},
    {request_order_new, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"\"}]}", ERROR_MALFORMED,
        "an identifier's \"value\" is empty"},
    {request_order_new, "{\"identifiers\":[" IDS "," IDS "," IDS "," IDS "," ID "]}", ERROR_MALFORMED,
        "17 identifiers; an order has at most 16"},
    {request_order_new, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a\\u0000b\"}]}", ERROR_MALFORMED,
        "an identifier's \"value\" has control characters"},
    {request_order_new, "{\"identifiers\":[{\"type\":\"permanent-identifier\\u0000\",\"value\":\"a\"}]}",
        ERROR_MALFORMED, "an identifier's \"type\" has control characters"},
    {request_order_new, ORDER(",\"notAfter\":\"2026-11-21T10:30:00Z\\u0000\""), ERROR_MALFORMED,
        "\"notAfter\" holds a NUL"},
    {request_order_finalize, "{\"csr\":\"AA\\u0000\"}", ERROR_MALFORMED, "\"csr\" holds a NUL"},
    {request_order_new, ORDER(",\"notBefore\":\"tomorrow\""), ERROR_MALFORMED, "\"notBefore\" is no date"},
    {request_order_new, ORDER(",\"notAfter\":1700000000"), ERROR_MALFORMED, "\"notAfter\" is not a string"},
    {request_order_finalize, "", ERROR_MALFORMED, "the payload is empty"},
    {request_order_finalize, "{}", ERROR_MALFORMED, "\"csr\" is missing"},
    {request_order_finalize, "{\"csr\":\"\"}", ERROR_MALFORMED, "\"csr\" is empty"},
    {request_order_finalize, "{\"csr\":\"AA==\"}", ERROR_MALFORMED, "\"csr\": "},
    {request_authorization, "{\"status\":\"valid2\"}", ERROR_MALFORMED, "\"status\" can be set to"},
    {request_challenge, "{}", ERROR_MALFORMED, "an answer to device-attest-01 has \"attObj\""},
    {request_challenge, "{\"error\":null}", ERROR_MALFORMED, "an answer to device-attest-01 has"},
    {request_challenge, "[]", ERROR_MALFORMED, "the payload: not a JSON object"},
    {request_certificate_revoke, "{}", ERROR_MALFORMED, "\"certificate\" is missing"},
    {request_certificate_revoke, "{\"certificate\":\"AA\",\"reason\":\"1\"}", ERROR_MALFORMED,
        "\"reason\" is no integer"},
    {request_certificate_revoke, "{\"certificate\":\"AA\",\"reason\":-1}", ERROR_BAD_REVOCATION_REASON,
        "-1 is no reason"},
    {request_certificate_revoke, "{\"certificate\":\"AA\",\"reason\":11}", ERROR_BAD_REVOCATION_REASON,
        "11 is no reason"},
    {request_key_change, "", ERROR_MALFORMED, "the payload is empty"},
    {request_key_change, "{}", ERROR_MALFORMED, "the inner JWS: \"protected\" is missing"},
    {request_key_change, INNER_NONCE, ERROR_MALFORMED, "the inner JWS: it has a \"nonce\""},
    {request_key_change, INNER_URL, ERROR_UNAUTHORIZED, "the inner JWS: the JWS is for " KID},
    {request_key_change, INNER_NO_URL, ERROR_MALFORMED, "the inner JWS: the JWS's header has no \"url\""},
    {request_key_change, INNER_KID, ERROR_MALFORMED, "the inner JWS: it has a \"kid\""},
    {request_key_change, INNER_OLD_SIGNS, ERROR_MALFORMED, "the inner JWS: the signature of the JWS does not"},
    {request_key_change, INNER_ACCOUNT, ERROR_MALFORMED, "the inner JWS: its \"account\" is not the kid"},
    {request_key_change, INNER_NO_ACCOUNT, ERROR_MALFORMED, "the inner JWS: \"account\" is missing"},
    {request_key_change, INNER_NO_OLD_KEY, ERROR_BAD_PUBLIC_KEY, "the inner JWS: \"oldKey\": the JWK is no object"},
};

START_TEST(decode_what_breaks_a_rule_is_refused)
{
	struct fixture f;

	ck_assert_int_eq(decode(&f, refused[_i].decoder, refused[_i].payload), -1);
	ck_assert_msg(strncmp(f.err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0,
	    "%s", f.err.detail);
	ck_assert_int_eq((int)f.err.kind, (int)refused[_i].kind);
	fixture_clear(&f);
}
END_TEST

/* Members that nobody reads, in forms that a strict parser refuses. */
#define ODD "\"x\":[[[[[[[[[[1]]]]]]]]]],\"y\":18446744073709551616,\"z\":-1e999,\"s\":\"\\ud800\",\"\\u0000a\":1,\"d\":1,\"d\":{\"e\":1,\"e\":2},"

static const struct {
	acme_request_decode *decoder;
	const char          *payload;
} odd[] = {
    {request_account_new, "{" ODD "\"contact\":[\"mailto:a@b\"]}"},
    {request_account_new, "{" ODD "\"status\":18446744073709551616,\"status\":2}"},
    {request_account_update, "{" ODD "\"status\":\"valid\",\"onlyReturnExisting\":1e999}"},
    {request_order_new, "{" ODD "\"identifiers\":[{" ODD "\"type\":\"dns\",\"value\":\"a\"}],\"csr\":\"\\ud800\"}"},
    {request_order_finalize, "{" ODD "\"csr\":\"AAAA\"}"},
    {request_authorization, "{" ODD "\"status\":\"deactivated\"}"},
    {request_challenge, "{" ODD "\"attObj\":\"AAAA\"}"},
    {request_challenge, "{\"error\":{" ODD "\"detail\":\"\\ud800\"}}"},
    {request_certificate_revoke, "{" ODD "\"certificate\":\"AAAA\",\"reason\":1}"},
};

START_TEST(members_that_nobody_reads_refuse_nothing)
{
	struct fixture f;

	unit_ok(decode(&f, odd[_i].decoder, odd[_i].payload), &f.err);
	fixture_clear(&f);
}
END_TEST

START_TEST(account_new_takes_all_its_members)
{
	struct fixture f;

	unit_ok(decode(&f, request_account_new, "{\"contact\":[\"mailto:a@b\",\"tel:1\"],\"unknown\":[\"\\u0000\"],"
	    "\"termsOfServiceAgreed\":true,\"onlyReturnExisting\":true}"), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_ACCOUNT_NEW);
	ck_assert_uint_eq(f.question.contact_count, 2);
	ck_assert(is(f.question.contacts[1], "tel:1"));
	ck_assert_uint_eq(f.question.flags, ACME_FLAG_TERMS_AGREED | ACME_FLAG_ONLY_EXISTING);
	fixture_clear(&f);
}
END_TEST

static const struct {
	const char *payload;
	uint64_t    flags;
} updates[] = {
    {"", 0},
    {"{}", 0},
    {"{\"contact\":null}", 0},
    {"{\"contact\":[]}", ACME_FLAG_CONTACTS},
    {"{\"status\":\"valid\",\"orders\":\"x\"}", 0},
    {"{\"status\":\"deactivated\"}", ACME_FLAG_DEACTIVATE},
    {"{\"contact\":[\"mailto:a@b\"],\"termsOfServiceAgreed\":true}",
        ACME_FLAG_CONTACTS | ACME_FLAG_TERMS_AGREED},
};

START_TEST(account_update_changes_what_is_named)
{
	struct fixture f;

	unit_ok(decode(&f, request_account_update, updates[_i].payload), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_ACCOUNT_UPDATE);
	ck_assert_uint_eq(f.question.flags, updates[_i].flags);
	fixture_clear(&f);
}
END_TEST

/* The path names one account, the kid another. */
START_TEST(account_of_another_is_unauthorized)
{
	static acme_request_decode *const decoders[] = {request_account_update, request_account_orders};

	for (size_t i = 0; i < 2; i++) {
		struct fixture f;

		memset(&f, 0, sizeof f);
		f.request.jws = &f.jws;
		f.question.account = view_text("1");
		f.question.object = view_text("2");
		unit_fails(decoders[i](&f.request, &f.question, &f.err), &f.err, ERROR_UNAUTHORIZED,
		    "this is another account than the kid's");
		fixture_clear(&f);
	}
}
END_TEST

static const struct {
	const char *date;
	int64_t     when;
} dates[] = {
    {"\"2026-11-21T10:30:00.25+01:00\"", 1795253400},
    {"\"0001-01-01T00:00:00Z\"", 0},
    {"\"0001-12-31T23:59:59.9Z\"", 0},
    {"null", 0},
    {"\"1969-12-31T23:59:59Z\"", 1},
    {"\"1970-01-01T00:00:00Z\"", 1},
};

START_TEST(order_new_reads_dates)
{
	struct fixture f;
	char           payload[256];

	(void)snprintf(payload, sizeof payload,
	    "{\"identifiers\":[" ID ",{\"type\":\"dns\",\"value\":\"\xc3\xa4\"}],\"notBefore\":%s,"
	    "\"notAfter\":%s}", dates[_i].date, dates[_i].date);
	unit_ok(decode(&f, request_order_new, payload), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_ORDER_NEW);
	ck_assert_int_eq(f.question.not_before, dates[_i].when);
	ck_assert_int_eq(f.question.not_after, dates[_i].when);
	ck_assert_uint_eq(f.question.identifier_count, 2);
	ck_assert(is(f.question.identifiers[0].type, "permanent-identifier"));
	ck_assert(is(f.question.identifiers[1].value, "\xc3\xa4"));
	fixture_clear(&f);
}
END_TEST

START_TEST(key_change_takes_the_new_key_and_names_the_old)
{
	struct fixture f;

	unit_ok(decode(&f, request_key_change, INNER_GOOD), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_ACCOUNT_KEY_CHANGE);
	ck_assert(is(f.question.thumbprint, INNER_NEW_THUMBPRINT));
	ck_assert(is(f.question.old_thumbprint, INNER_OLD_THUMBPRINT));
	ck_assert(is(f.question.jwk, f.request.inner.jwk.text));
	fixture_clear(&f);
}
END_TEST

/* Who knows the public part of the account's new key cannot replace it with the old one. */
START_TEST(key_change_by_another_key_than_the_old_one_is_refused)
{
	struct fixture f;

	signer[0] = signer[0] == 'A' ? 'B' : 'A';
	unit_fails(decode(&f, request_key_change, INNER_GOOD), &f.err, ERROR_MALFORMED,
	    "the inner JWS: its \"oldKey\" is not the key of this account");
	fixture_clear(&f);
	signer[0] = '\0';
	ck_assert_int_eq(decode(&f, request_key_change, INNER_GOOD), -1);
	fixture_clear(&f);
}
END_TEST

START_TEST(authorization_is_read_or_deactivated)
{
	struct fixture f;

	unit_ok(decode(&f, request_authorization, ""), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_AUTHORIZATION_GET);
	fixture_clear(&f);
	unit_ok(decode(&f, request_authorization, "{\"status\":\"deactivated\"}"), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_AUTHORIZATION_DEACTIVATE);
	fixture_clear(&f);
}
END_TEST

/* {"fmt": "tpm", "attStmt": {alg: -257, sig, ver, x5c: [aa], pubArea, certInfo}} */
#define OBJECT "omNmbXRjdHBtZ2F0dFN0bXSmY2FsZzkBAGNzaWdDAQIDY3ZlcmMyLjBjeDVjgUGqZ3B1YkFyZWFCBAVoY2VydEluZm9BBg"

START_TEST(challenge_takes_a_statement)
{
	struct fixture f;

	unit_ok(decode(&f, request_challenge, "{\"attObj\":\"" OBJECT "\",\"more\":1}"), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_CHALLENGE_ANSWER);
	ck_assert(is(f.question.statement.format, "tpm"));
	ck_assert_int_eq(f.question.statement.alg, -257);
	ck_assert_uint_eq(f.question.statement.chain_count, 1);
	ck_assert(is(f.question.statement.chain[0], "\xaa"));
	ck_assert(is(f.question.statement.signature, "\x01\x02\x03"));
	ck_assert(is(f.question.statement.cert_info, "\x06"));
	ck_assert(is(f.question.statement.pub_area, "\x04\x05"));
	fixture_clear(&f);
}
END_TEST

START_TEST(challenge_of_an_unknown_format_goes_on)
{
	struct fixture f;

	/* {"fmt": "apple", "attStmt": {}} */
	unit_ok(decode(&f, request_challenge, "{\"attObj\":\"omNmbXRlYXBwbGVnYXR0U3RtdKA\"}"), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_CHALLENGE_ANSWER);
	ck_assert(is(f.question.statement.format, "apple"));
	ck_assert_uint_eq(f.question.statement.chain_count, 0);
	fixture_clear(&f);
}
END_TEST

START_TEST(challenge_that_is_only_read_is_no_answer)
{
	struct fixture f;

	unit_ok(decode(&f, request_challenge, ""), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_AUTHORIZATION_GET);
	fixture_clear(&f);
}
END_TEST

static const struct {
	const char *payload;
	const char *detail;
} failures[] = {
    {"{\"error\":{\"type\":\"x\",\"detail\":\"no TPM here\"}}", "the client gave up: no TPM here"},
    {"{\"error\":\"no TPM\"}", "the client gave up: no TPM"},
    {"{\"error\":{}}", "the client gave up"},
    {"{\"error\":{\"detail\":\"a\\nb\"}}", "the client gave up"},
    {"{\"error\":1,\"attObj\":\"" OBJECT "\"}", "the client gave up"},
    {"{\"attObj\":7}", "\"attObj\" is not a string"},
    {"{\"attObj\":\"\"}", "\"attObj\" is empty"},
    {"{\"attObj\":\"AA\\u0000\"}", "\"attObj\" holds a NUL"},
    {"{\"error\":{\"detail\":\"a\\u0000b\"}}", "the client gave up"},
    {"{\"attObj\":\"AA\"}", "the attestation object is no map"},
    {"{\"attObj\":\"oA\"}", "the attestation object has no fmt"},
    /* {"\x0a": 0, "\x0a": 0}: what is told holds no control character */
    {"{\"attObj\":\"omEKAGEKAA\"}", "the key \"?\" stands twice in a map"},
    /* {"\u0085": 0, "\u0085": 0} */
    {"{\"attObj\":\"omLChQBiwoUA\"}", "the key \"?" "?\" stands twice in a map"},
};

START_TEST(challenge_without_a_statement_fails_with_the_reason)
{
	struct fixture        f;
	AUTO_BYTES            message = {0};
	struct acme_question *again = memory_new(sizeof *again);

	unit_ok(decode(&f, request_challenge, failures[_i].payload), &f.err);
	ck_assert_int_eq(f.question.kind, ACME_CHALLENGE_FAIL);
	ck_assert_int_eq((int)f.question.problem.kind, ERROR_BAD_ATTESTATION_STATEMENT);
	ck_assert_msg(is(f.question.problem.detail, failures[_i].detail), "%s",
	    (const char *)f.question.problem.detail.data);
	acme_question_encode(&f.question, &message);
	unit_ok(acme_question_decode(bytes_view(&message), again, &f.err), &f.err);
	fixture_clear(&f);
	free(again);
}
END_TEST

START_TEST(revoke_by_an_account_has_no_spki)
{
	struct fixture f;

	unit_ok(decode(&f, request_certificate_revoke, "{\"certificate\":\"qrvM\",\"reason\":4}"), &f.err);
	ck_assert(is(f.question.certificate, "\xaa\xbb\xcc"));
	ck_assert_uint_eq(f.question.reason, 4);
	ck_assert_uint_eq(f.question.spki.size, 0);
	fixture_clear(&f);
}
END_TEST

static bool no_spki;

int __real_jwk_spki(const struct jwk *jwk, struct bytes *der, struct error *err);
int __wrap_jwk_spki(const struct jwk *jwk, struct bytes *der, struct error *err);
int
__wrap_jwk_spki(const struct jwk *jwk, struct bytes *der, struct error *err)
{
	return no_spki ? error_set(err, ERROR_INTERNAL, "no memory") : __real_jwk_spki(jwk, der, err);
}

/* Nobody's certificate is revoked by a key that cannot be compared. */
START_TEST(revoke_by_a_key_that_cannot_be_encoded_fails)
{
	struct fixture f;

	memset(&f, 0, sizeof f);
	no_spki = true;
	unit_ok(jwk_parse(view_text(MADE_KID_JWK), &f.jws.jwk, &f.err), &f.err);
	bytes_append(&f.jws.payload, "{\"certificate\":\"qrvM\"}", 22);
	f.request.jws = &f.jws;
	unit_fails(request_certificate_revoke(&f.request, &f.question, &f.err), &f.err, ERROR_INTERNAL, "no memory");
	ck_assert_uint_eq(f.question.spki.size, 0);
	fixture_clear(&f);
}
END_TEST

START_TEST(order_for_a_name_that_is_too_long_is_refused)
{
	struct fixture f;
	char           payload[700];
	char           name[514];

	memset(name, 'a', sizeof name);
	name[513] = '\0';
	(void)snprintf(payload, sizeof payload, "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"%s\"}]}",
	    name);
	ck_assert_int_eq(decode(&f, request_order_new, payload), -1);
	ck_assert_int_eq((int)f.err.kind, ERROR_MALFORMED);
	ck_assert_msg(strstr(f.err.detail, "is longer than 512 octets") != NULL, "%s", f.err.detail);
	fixture_clear(&f);
	name[512] = '\0';
	(void)snprintf(payload, sizeof payload, "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"%s\"}]}",
	    name);
	unit_ok(decode(&f, request_order_new, payload), &f.err);
	fixture_clear(&f);
}
END_TEST

START_TEST(revoke_by_the_key_has_its_spki)
{
	struct fixture f;

	memset(&f, 0, sizeof f);
	unit_ok(jwk_parse(view_text(MADE_KID_JWK), &f.jws.jwk, &f.err), &f.err);
	bytes_append(&f.jws.payload, "{\"certificate\":\"qrvM\"}", 22);
	f.request.jws = &f.jws;
	unit_ok(request_certificate_revoke(&f.request, &f.question, &f.err), &f.err);
	ck_assert_uint_eq(f.question.reason, 0);
	ck_assert_uint_eq(f.question.spki.size, 91); /* P-256 */
	fixture_clear(&f);
}
END_TEST

static const struct {
	const char *method;
	const char *path;
	int         auth; /* -1: nothing there, -2: not with this method */
	const char *first;
	const char *second;
} paths[] = {
    {"GET", "/acme/directory", ACME_AUTH_NONE, "", ""},
    {"HEAD", "/acme/directory", ACME_AUTH_NONE, "", ""},
    {"POST", "/acme/directory", ACME_AUTH_KID, "", ""},
    {"HEAD", "/acme/new-nonce", ACME_AUTH_NONE, "", ""},
    {"POST", "/acme/new-nonce", ACME_AUTH_KID, "", ""},
    {"GET", "/root.pem", ACME_AUTH_NONE, "", ""},
    {"GET", "/crl", ACME_AUTH_NONE, "", ""},
    {"GET", "/crl.pem", ACME_AUTH_NONE, "", ""},
    {"POST", "/acme/new-account", ACME_AUTH_JWK, "", ""},
    {"POST", "/acme/new-order", ACME_AUTH_KID, "", ""},
    {"POST", "/acme/key-change", ACME_AUTH_KID, "", ""},
    {"POST", "/acme/revoke-cert", ACME_AUTH_EITHER, "", ""},
    {"POST", "/acme/account/aB-_9", ACME_AUTH_KID, "aB-_9", ""},
    {"POST", "/acme/account/1/orders", ACME_AUTH_KID, "1", ""},
    {"POST", "/acme/account/1/orders/22", ACME_AUTH_KID, "1", "22"},
    {"POST", "/acme/order/1", ACME_AUTH_KID, "1", ""},
    {"POST", "/acme/order/1/finalize", ACME_AUTH_KID, "1", ""},
    {"POST", "/acme/authorization/1", ACME_AUTH_KID, "1", ""},
    {"POST", "/acme/challenge/1", ACME_AUTH_KID, "1", ""},
    {"POST", "/acme/certificate/1", ACME_AUTH_KID, "1", ""},
    {"GET", "/acme/order/1", -2, "", ""},
    {"GET", "/acme/new-account", -2, "", ""},
    {"POST", "/root.pem", -2, "", ""},
    {"PUT", "/acme/directory", -2, "", ""},
    {"GET", "/", -1, "", ""},
    {"GET", "/acme", -1, "", ""},
    {"GET", "/acme/directory/", -1, "", ""},
    {"POST", "/acme/order/", -1, "", ""},
    {"POST", "/acme/order/1/", -1, "", ""},
    {"POST", "/acme/order/1/finalize/", -1, "", ""},
    {"POST", "/acme/order/a%20b", -1, "", ""},
    {"POST", "/acme/order/../x", -1, "", ""},
    {"POST", "/acme/order/123456789012345678901234567890123", -1, "", ""},
    {"POST", "/acme/order/12345678901234567890123456789012", ACME_AUTH_KID,
        "12345678901234567890123456789012", ""},
};

START_TEST(route_find_knows_how_each_resource_authenticates)
{
	struct view              ids[ACME_ROUTE_IDS];
	const char              *allow;
	const struct acme_route *route = acme_route_find(paths[_i].method, paths[_i].path, ids, &allow);

	if (paths[_i].auth < 0) {
		ck_assert_ptr_null(route);
		ck_assert((allow != NULL) == (paths[_i].auth == -2));
		return;
	}
	ck_assert_ptr_nonnull(route);
	ck_assert_int_eq((int)route->auth, paths[_i].auth);
	ck_assert(is(ids[0], paths[_i].first));
	ck_assert(is(ids[1], paths[_i].second));
	ck_assert((route->serve != NULL) != (route->decode != NULL));
	ck_assert((route->decode != NULL) == (route->tell != NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_request");
	TCase *tc = tcase_create("request");

	json_init();
	tcase_add_loop_test(tc, decode_what_breaks_a_rule_is_refused, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_loop_test(tc, members_that_nobody_reads_refuse_nothing, 0, sizeof odd / sizeof odd[0]);
	tcase_add_test(tc, account_new_takes_all_its_members);
	tcase_add_loop_test(tc, account_update_changes_what_is_named, 0,
	    (int)(sizeof updates / sizeof updates[0]));
	tcase_add_test(tc, account_of_another_is_unauthorized);
	tcase_add_loop_test(tc, order_new_reads_dates, 0, (int)(sizeof dates / sizeof dates[0]));
	tcase_add_test(tc, key_change_takes_the_new_key_and_names_the_old);
	tcase_add_test(tc, key_change_by_another_key_than_the_old_one_is_refused);
	tcase_add_test(tc, authorization_is_read_or_deactivated);
	tcase_add_test(tc, challenge_takes_a_statement);
	tcase_add_test(tc, challenge_of_an_unknown_format_goes_on);
	tcase_add_test(tc, challenge_that_is_only_read_is_no_answer);
	tcase_add_loop_test(tc, challenge_without_a_statement_fails_with_the_reason, 0,
	    (int)(sizeof failures / sizeof failures[0]));
	tcase_add_test(tc, revoke_by_an_account_has_no_spki);
	tcase_add_test(tc, revoke_by_the_key_has_its_spki);
	tcase_add_test(tc, revoke_by_a_key_that_cannot_be_encoded_fails);
	tcase_add_test(tc, order_for_a_name_that_is_too_long_is_refused);
	tcase_add_loop_test(tc, route_find_knows_how_each_resource_authenticates, 0,
	    (int)(sizeof paths / sizeof paths[0]));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
