#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "acme/front/jwk.h"
#include "acme/front/jws.h"
#include "forge.h"
#include "http/json.h"
#include "jws_vectors.h"
#include "unit.h"
#include "util/base64.h"
#include "util/error.h"

#define URL "https://ca.example/acme/new-order"

/* A key of a vector. */
static struct jwk
key_of(const char *text)
{
	struct jwk   jwk;
	struct error err = {0};

	unit_ok(jwk_parse(view_text(text), &jwk, &err), &err);
	return jwk;
}

static const struct {
	const char *jws;
	const char *key;
	const char *payload;
} theirs[] = {
    {RFC7515_A2, RFC7515_A2_KEY,
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"},
    {RFC7515_A3, RFC7515_A3_KEY,
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"},
    {RFC8037_A4, RFC8037_KEY, "Example of Ed25519 signing"},
    {MADE_KID, MADE_KID_JWK, ""},
};

START_TEST(verify_message_of_others_agrees)
{
	struct jwk   key = key_of(theirs[_i].key);
	struct jws   jws;
	struct error err = {0};

	unit_ok(jws_decode(view_text(theirs[_i].jws), &jws, &err), &err);
	unit_ok(jws_verify(&jws, &key, &err), &err);
	ck_assert(view_equal(bytes_view(&jws.payload), view_text(theirs[_i].payload)));
	jws_clear(&jws);
	jwk_clear(&key);
}
END_TEST

static const char *const with_jwk[] = {MADE_ES256, MADE_ES384, MADE_RS256, MADE_PS256, MADE_EDDSA};

START_TEST(verify_each_algorithm_agrees)
{
	struct jws   jws;
	struct error err = {0};

	unit_ok(jws_decode(view_text(with_jwk[_i]), &jws, &err), &err);
	unit_ok(jws_check(&jws, URL, &err), &err);
	unit_ok(jws_verify(&jws, &jws.jwk, &err), &err);
	ck_assert_str_eq(jws.nonce, "bm9uY2U");
	ck_assert_ptr_null(jws.kid);
	ck_assert(view_equal(bytes_view(&jws.payload), view_text("{\"a\":1}")));
	jws_clear(&jws);
}
END_TEST

/* The message with one member replaced; NULL takes it away. */
static char *
message_with(const char *message, const char *member, const char *value)
{
	json_t *body = json_loads(message, 0, NULL);
	char   *text;

	if (value != NULL)
		json_object_set_new(body, member, json_string(value));
	else
		json_object_del(body, member);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

/* Every signature that is another in one octet, a payload or a header that is. */
START_TEST(verify_changed_message_is_malformed)
{
	static const char *const members[] = {"signature", "payload"};

	for (size_t i = 0; i < 2; i++) {
		json_t         *body = json_loads(with_jwk[_i], 0, NULL);
		const char     *before = json_string_value(json_object_get(body, members[i]));
		AUTO_FREE char *changed = memory_strdup(before);
		AUTO_FREE char *message = NULL;
		struct jws      jws;
		struct error    err = {0};

		changed[2] = changed[2] == 'A' ? 'B' : 'A';
		message = message_with(with_jwk[_i], members[i], changed);
		unit_ok(jws_decode(view_text(message), &jws, &err), &err);
		unit_fails(jws_verify(&jws, &jws.jwk, &err), &err, ERROR_MALFORMED,
		    "the signature of the JWS does not verify with the key of this request");
		jws_clear(&jws);
		json_decref(body);
	}
}
END_TEST

/* No algorithm verifies with the key of another. */
START_TEST(verify_key_of_another_algorithm_is_refused)
{
	static const char *const keys[] = {MADE_KID_JWK, MADE_JWK_384, MADE_JWK_RSA, MADE_JWK_RSA, MADE_JWK_ED};

	for (size_t i = 0; i < 5; i++) {
		struct jwk   key = key_of(keys[i]);
		struct jws   jws;
		struct error err = {0};

		unit_ok(jws_decode(view_text(with_jwk[_i]), &jws, &err), &err);
		if (strcmp(keys[i], keys[_i]) == 0) {
			unit_ok(jws_verify(&jws, &key, &err), &err);
		} else {
			ck_assert_int_eq(jws_verify(&jws, &key, &err), -1);
			ck_assert_int_eq((int)err.kind, ERROR_BAD_SIGNATURE_ALGORITHM);
		}
		jws_clear(&jws);
		jwk_clear(&key);
	}
}
END_TEST

static const char *const wrong_sizes[] = {
    "a signature by ES256 has 64 octets, not 3",
    "a signature by ES384 has 96 octets, not 3",
    "a signature by RS256 has 256 octets, not 3",
    "a signature by PS256 has 256 octets, not 3",
    "a signature by EdDSA has 64 octets, not 3",
};

START_TEST(verify_signature_of_wrong_size_is_malformed)
{
	AUTO_FREE char *message = message_with(with_jwk[_i], "signature", "AAAA");
	struct jws      jws;
	struct error    err = {0};

	unit_ok(jws_decode(view_text(message), &jws, &err), &err);
	unit_fails(jws_verify(&jws, &jws.jwk, &err), &err, ERROR_MALFORMED, wrong_sizes[_i]);
	jws_clear(&jws);
}
END_TEST

/* RFC 7518 §3.4: neither number is 0 nor as large as the curve's order. */
START_TEST(verify_ecdsa_numbers_out_of_range_is_malformed)
{
	uint8_t         octets[64];
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *message = NULL;
	struct jws      jws;
	struct error    err = {0};

	memset(octets, _i == 0 ? 0 : 0xff, sizeof octets);
	text = base64_encode(BASE64_URL, octets, sizeof octets);
	message = message_with(MADE_ES256, "signature", text);
	unit_ok(jws_decode(view_text(message), &jws, &err), &err);
	unit_fails(jws_verify(&jws, &jws.jwk, &err), &err, ERROR_MALFORMED,
	    "the signature of the JWS does not verify with the key of this request");
	jws_clear(&jws);
}
END_TEST

static void
sign(EVP_PKEY *key, int padding, int salt, struct view octets, struct bytes *signature)
{
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	uint8_t       made[256];
	size_t        size = sizeof made;

	ck_assert_int_eq(EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	if (padding == RSA_PKCS1_PSS_PADDING)
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt), 1);
	ck_assert_int_eq(EVP_DigestSign(md, made, &size, octets.data, octets.size), 1);
	bytes_append(signature, made, size);
	EVP_MD_CTX_free(md);
}

static const struct {
	const char *algorithm;
	int         padding;
	int         salt;
	int         rc;
} rsa_signatures[] = {
    {"RS256", RSA_PKCS1_PADDING, 0, 0},
    {"RS256", RSA_PKCS1_PSS_PADDING, 32, -1},
    {"PS256", RSA_PKCS1_PSS_PADDING, 32, 0},
    {"PS256", RSA_PKCS1_PSS_PADDING, 20, -1}, /* RFC 7518 §3.5: the salt is as long as the digest */
    {"PS256", RSA_PKCS1_PADDING, 0, -1},
};

/* A signature verifies by the algorithm that the header names, and by no other of the same key. */
START_TEST(verify_rsa_takes_the_padding_of_its_algorithm)
{
	EVP_PKEY       *pair = forge_key(FORGE_RSA2048, 0);
	BIGNUM         *n = NULL;
	uint8_t         modulus[256];
	char            header[1024];
	char            octets[2048];
	char            body[4096];
	AUTO_BYTES      signature = {0};
	AUTO_FREE char *protected = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *n_text = NULL;
	struct jws      jws;
	struct error    err = {0};

	ck_assert_int_eq(EVP_PKEY_get_bn_param(pair, "n", &n), 1);
	ck_assert_int_eq(BN_bn2binpad(n, modulus, sizeof modulus), sizeof modulus);
	n_text = base64_encode(BASE64_URL, modulus, sizeof modulus);
	(void)snprintf(header, sizeof header,
	    "{\"alg\":\"%s\",\"jwk\":{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}}",
	    rsa_signatures[_i].algorithm, n_text);
	protected = base64_encode(BASE64_URL, (const uint8_t *)header, strlen(header));
	(void)snprintf(octets, sizeof octets, "%s.e30", protected);
	sign(pair, rsa_signatures[_i].padding, rsa_signatures[_i].salt, view_text(octets), &signature);
	text = base64_encode(BASE64_URL, signature.data, signature.size);
	(void)snprintf(body, sizeof body,
	    "{\"protected\":\"%s\",\"payload\":\"e30\",\"signature\":\"%s\"}", protected, text);
	unit_ok(jws_decode(view_text(body), &jws, &err), &err);
	ck_assert_int_eq(jws_verify(&jws, &jws.jwk, &err), rsa_signatures[_i].rc);
	jws_clear(&jws);
	BN_free(n);
}
END_TEST

#define JWK "\"jwk\":" MADE_KID_JWK
#define REST ",\"nonce\":\"AA\",\"url\":\"" URL "\"}"

static const struct {
	const char     *header; /* protected */
	enum error_kind kind;
	const char     *detail;
} headers[] = {
    {"{\"alg\":\"none\"," JWK REST, ERROR_BAD_SIGNATURE_ALGORITHM,
        "the algorithm \"none\" is not taken; \"algorithms\" names those that are"},
    {"{\"alg\":\"HS256\"," JWK REST, ERROR_BAD_SIGNATURE_ALGORITHM,
        "the algorithm \"HS256\" is not taken; \"algorithms\" names those that are"},
    {"{\"alg\":\"es256\"," JWK REST, ERROR_BAD_SIGNATURE_ALGORITHM,
        "the algorithm \"es256\" is not taken; \"algorithms\" names those that are"},
    {"{\"alg\":\"RS1\"," JWK REST, ERROR_BAD_SIGNATURE_ALGORITHM,
        "the algorithm \"RS1\" is not taken; \"algorithms\" names those that are"},
    {"{" JWK REST, ERROR_MALFORMED, "the JWS's header: \"alg\" is missing"},
    {"{\"alg\":null," JWK REST, ERROR_MALFORMED, "the JWS's header: \"alg\" is missing"},
    {"{\"alg\":[\"ES256\"]," JWK REST, ERROR_MALFORMED, "the JWS's header: \"alg\" is not a string"},
    {"{\"alg\":\"ES256\",\"crit\":[\"exp\"]," JWK REST, ERROR_MALFORMED, "the JWS's header has \"crit\""},
    {"{\"alg\":\"ES256\",\"crit\":null," JWK REST, ERROR_MALFORMED, "the JWS's header has \"crit\""},
    {"{\"alg\":\"ES256\",\"b64\":false," JWK REST, ERROR_MALFORMED, "the JWS's header has \"b64\""},
    {"{\"alg\":\"ES256\",\"alg\":\"ES256\"," JWK REST, ERROR_MALFORMED, NULL},
    {"{\"alg\":\"ES256\",\"kid\":\"x\"," JWK REST, ERROR_MALFORMED,
        "the JWS's header has both \"jwk\" and \"kid\""},
    {"{\"alg\":\"ES256\",\"kid\":null," JWK REST, ERROR_MALFORMED,
        "the JWS's header has both \"jwk\" and \"kid\""},
    {"{\"alg\":\"ES256\",\"kid\":7" REST, ERROR_MALFORMED, "the JWS's header: \"kid\" is not a string"},
    {"{\"alg\":\"ES256\",\"jwk\":7" REST, ERROR_BAD_PUBLIC_KEY, "the JWK is no object"},
    {"{\"alg\":\"ES256\",\"kid\":\"x\",\"nonce\":7,\"url\":\"u\"}", ERROR_MALFORMED,
        "the JWS's header: \"nonce\" is not a string"},
    {"{\"alg\":\"ES256\",\"kid\":\"x\",\"nonce\":\"AA\",\"url\":7}", ERROR_MALFORMED,
        "the JWS's header: \"url\" is not a string"},
    {"{\"alg\":\"ES256\\u0000\"," JWK REST, ERROR_MALFORMED, "the JWS's header: \"alg\" holds a NUL"},
    {"{\"alg\":\"ES256\",\"kid\":\"x\\u0000y\"" REST, ERROR_MALFORMED, "the JWS's header: \"kid\" holds a NUL"},
    {"{\"alg\":\"ES256\",\"kid\":\"x\",\"nonce\":\"AA\\u0000\",\"url\":\"u\"}", ERROR_MALFORMED,
        "the JWS's header: \"nonce\" holds a NUL"},
    {"{\"alg\":\"ES256\",\"kid\":\"x\",\"nonce\":\"AA\",\"url\":\"" URL "\\u0000\"}", ERROR_MALFORMED,
        "the JWS's header: \"url\" holds a NUL"},
    {"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\\u0000\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}" REST,
        ERROR_BAD_PUBLIC_KEY, "the JWK is no EC key on P-256 or P-384, no RSA key and no Ed25519 key"},
    {"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\\u0000\",\"x\":\"AA\",\"y\":\"AA\"}" REST,
        ERROR_BAD_PUBLIC_KEY, "the JWK is no EC key on P-256 or P-384, no RSA key and no Ed25519 key"},
    {"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\\u0000A\",\"y\":\"AA\"}" REST,
        ERROR_BAD_PUBLIC_KEY, "the JWK's \"x\": character 3 is not of the base64 alphabet"},
    {"[]", ERROR_MALFORMED, "the JWS's protected header: not a JSON object"},
    {"", ERROR_MALFORMED, NULL},
    {"{\"alg\":[[[[[[[[[1]]]]]]]]]}", ERROR_MALFORMED, "the JWS's header: \"alg\" is not a string"},
    {"{\"a\":[[[[[[[[[1]]]]]]]]}", ERROR_MALFORMED,
        "the JWS's protected header: not JSON: line 1, column 23: ',' or ']' expected"},
    {"{\"alg\":\"ES256\",\"\\u0063rit\":[\"\\ud800\"]," JWK REST, ERROR_MALFORMED, "the JWS's header has \"crit\""},
    {"{\"x\":[[[[[[[[[1e999]]]]]]]]],\"b\\u00364\":{\"y\":1,\"y\":2}," JWK ",\"alg\":\"ES256\"" REST, ERROR_MALFORMED,
        "the JWS's header has \"b64\""},
    {"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x5c\":[[[[[[[[[]]]]]]]]],\"\\u0064\":[1e999]}" REST, ERROR_BAD_PUBLIC_KEY,
        NULL},
    {"{\"alg\":\"ES256\",\"nonce\":1,\"x\":18446744073709551616," JWK REST, ERROR_MALFORMED, NULL}, /* twice */
};

START_TEST(decode_header_that_breaks_a_rule_is_refused)
{
	AUTO_FREE char *encoded = base64_encode(BASE64_URL, (const uint8_t *)headers[_i].header,
	    strlen(headers[_i].header));
	AUTO_FREE char *message = message_with(MADE_ES256, "protected", encoded);
	struct jws      jws;
	struct error    err = {0};

	ck_assert_int_eq(jws_decode(view_text(message), &jws, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)headers[_i].kind);
	if (headers[_i].detail != NULL)
		ck_assert_str_eq(err.detail, headers[_i].detail);
	jws_clear(&jws);
}
END_TEST

/* A message of a new Ed25519 key with more in the header, in the JWK and beside them; the caller frees. */
static char *
message_signed(const char *more)
{
	EVP_PKEY       *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX     *ctx = EVP_MD_CTX_new();
	uint8_t         octets[64];
	size_t          size = 32;
	char            header[2048];
	char            input[4096];
	AUTO_FREE char *x = NULL;
	AUTO_FREE char *protected = NULL;
	AUTO_FREE char *signature = NULL;
	char           *message = memory_new(8192);

	ck_assert(key != NULL && ctx != NULL && EVP_PKEY_get_raw_public_key(key, octets, &size) == 1);
	x = base64_encode(BASE64_URL, octets, size);
	(void)snprintf(header, sizeof header,
	    "{%s\"alg\":\"EdDSA\",\"jwk\":{%s\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}" REST, more, more, x);
	protected = base64_encode(BASE64_URL, (const uint8_t *)header, strlen(header));
	(void)snprintf(input, sizeof input, "%s.e30", protected);
	size = sizeof octets;
	ck_assert(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, octets, &size, (const uint8_t *)input, strlen(input)) == 1);
	signature = base64_encode(BASE64_URL, octets, size);
	(void)snprintf(message, 8192, "{%s\"protected\":\"%s\",\"payload\":\"e30\",\"signature\":\"%s\"}", more,
	    protected, signature);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return message;
}

/* The signature is over the octets that came, also over those that nobody reads. */
START_TEST(verify_message_with_members_that_nobody_reads_is_taken)
{
	static const char *const odd[] = {
	    "", "\"w\":[[[[[[[[[[1]]]]]]]]]],", "\"w\":18446744073709551616,", "\"w\":{\"y\":-1e999},",
	    "\"w\":\"\\ud800\",", "\"\\u0000alg\":1,", "\"w\":1,\"w\":{\"crit\":1,\"crit\":2},",
	    "\"kid\\ud800\":1,"};

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		AUTO_FREE char *message = message_signed(odd[i]);
		struct jws      jws;
		struct error    err = {0};

		unit_ok(jws_decode(view_text(message), &jws, &err), &err);
		unit_ok(jws_check(&jws, URL, &err), &err);
		unit_ok(jws_verify(&jws, &jws.jwk, &err), &err);
		ck_assert_uint_eq(json_object_size(jws.header), 4);
		jws_clear(&jws);
	}
}
END_TEST

/* alg stands in the unprotected header, where anybody can write it. */
START_TEST(decode_unprotected_header_is_malformed)
{
	static const char *const bodies[] = {
	    "{\"protected\":\"e30\",\"header\":{\"alg\":\"ES256\"},\"payload\":\"\",\"signature\":\"\"}",
	    "{\"protected\":\"e30\",\"header\":null,\"payload\":\"\",\"signature\":\"\"}"};

	for (size_t i = 0; i < 2; i++) {
		struct jws   jws;
		struct error err = {0};

		unit_fails(jws_decode(view_text(bodies[i]), &jws, &err), &err, ERROR_MALFORMED,
		    "the JWS has an unprotected header; only \"protected\" is taken");
		jws_clear(&jws);
	}
}
END_TEST

START_TEST(decode_two_signatures_is_malformed)
{
	static const char *const bodies[] = {
	    "{\"payload\":\"\",\"signatures\":[{\"protected\":\"e30\",\"signature\":\"\"}]}",
	    "{\"payload\":\"\",\"protected\":\"e30\",\"signature\":\"\",\"signatures\":[]}"};

	for (size_t i = 0; i < 2; i++) {
		struct jws   jws;
		struct error err = {0};

		unit_fails(jws_decode(view_text(bodies[i]), &jws, &err), &err, ERROR_MALFORMED,
		    "the JWS is of the general form; only the flattened one is taken");
		jws_clear(&jws);
	}
}
END_TEST

static const struct {
	const char *member;
	const char *value;
	const char *detail; /* how it begins */
} members[] = {
    {"protected", NULL, "\"protected\" is missing"},
    {"payload", NULL, "\"payload\" is missing"},
    {"signature", NULL, "\"signature\" is missing"},
    {"protected", "e30=", "\"protected\" of the JWS: "},
    {"payload", "AA==", "\"payload\" of the JWS: "},
    {"payload", "AB", "\"payload\" of the JWS: "}, /* spare bits */
    {"payload", "A A", "\"payload\" of the JWS: "},
    {"signature", "+/+/", "\"signature\" of the JWS: "},
};

START_TEST(decode_broken_member_is_malformed)
{
	AUTO_FREE char *message = message_with(MADE_ES256, members[_i].member, members[_i].value);
	struct jws      jws;
	struct error    err = {0};

	ck_assert_int_eq(jws_decode(view_text(message), &jws, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, members[_i].detail, strlen(members[_i].detail)) == 0, "%s",
	    err.detail);
	jws_clear(&jws);
}
END_TEST

START_TEST(decode_compact_form_is_malformed)
{
	struct jws   jws;
	struct error err = {0};

	ck_assert_int_eq(jws_decode(view_text("eyJhbGciOiJFUzI1NiJ9.e30.AAAA"), &jws, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	jws_clear(&jws);
}
END_TEST

START_TEST(check_another_url_is_unauthorized)
{
	struct jws   jws;
	struct error err = {0};

	unit_ok(jws_decode(view_text(MADE_ES256), &jws, &err), &err);
	unit_fails(jws_check(&jws, URL "/", &err), &err, ERROR_UNAUTHORIZED,
	    "the JWS is for " URL ", and was sent to " URL "/");
	jws_clear(&jws);
}
END_TEST

START_TEST(check_no_url_or_no_key_is_malformed)
{
	AUTO_FREE char *header = base64_encode(BASE64_URL,
	    (const uint8_t *)"{\"alg\":\"ES256\",\"kid\":\"x\"}", 25);
	AUTO_FREE char *no_url = NULL;
	struct jws      jws;
	struct error    err = {0};

	no_url = message_with(MADE_ES256, "protected", header);
	unit_ok(jws_decode(view_text(no_url), &jws, &err), &err);
	unit_fails(jws_check(&jws, URL, &err), &err, ERROR_MALFORMED,
	    "the JWS's header has no \"url\"");
	jws_clear(&jws);
	unit_ok(jws_decode(view_text(RFC7515_A3), &jws, &err), &err);
	unit_fails(jws_check(&jws, URL, &err), &err, ERROR_MALFORMED,
	    "the JWS's header has neither \"jwk\" nor \"kid\"");
	jws_clear(&jws);
}
END_TEST

START_TEST(algorithms_are_all_named)
{
	json_t         *names = jws_algorithms();
	AUTO_FREE char *text = json_dumps(names, JSON_COMPACT);

	ck_assert_str_eq(text, "[\"ES256\",\"ES384\",\"RS256\",\"PS256\",\"EdDSA\"]");
	json_decref(names);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jws");
	TCase *jws = tcase_create("jws");

	json_init();
	tcase_add_loop_test(jws, verify_message_of_others_agrees, 0, 4);
	tcase_add_loop_test(jws, verify_each_algorithm_agrees, 0, 5);
	tcase_add_loop_test(jws, verify_changed_message_is_malformed, 0, 5);
	tcase_add_loop_test(jws, verify_key_of_another_algorithm_is_refused, 0, 5);
	tcase_add_loop_test(jws, verify_signature_of_wrong_size_is_malformed, 0, 5);
	tcase_add_loop_test(jws, verify_ecdsa_numbers_out_of_range_is_malformed, 0, 2);
	tcase_add_loop_test(jws, verify_rsa_takes_the_padding_of_its_algorithm, 0, 5);
	tcase_add_loop_test(jws, decode_header_that_breaks_a_rule_is_refused, 0,
	    (int)(sizeof headers / sizeof headers[0]));
	tcase_add_test(jws, verify_message_with_members_that_nobody_reads_is_taken);
	tcase_add_test(jws, decode_unprotected_header_is_malformed);
	tcase_add_test(jws, decode_two_signatures_is_malformed);
	tcase_add_loop_test(jws, decode_broken_member_is_malformed, 0,
	    (int)(sizeof members / sizeof members[0]));
	tcase_add_test(jws, decode_compact_form_is_malformed);
	tcase_add_test(jws, check_another_url_is_unauthorized);
	tcase_add_test(jws, check_no_url_or_no_key_is_malformed);
	tcase_add_test(jws, algorithms_are_all_named);
	suite_add_tcase(suite, jws);
	return unit_run(suite);
}
