/* Public keys of accounts: their one text and thumbprint, and those that are refused. */
#include "config.h"

#include "acme/front/jwk.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "http/json.h"
#include "jws_vectors.h"
#include "unit.h"
#include "util/error.h"

/* A key of a vector. */
static struct jwk
key_of(const char *text)
{
	struct jwk   jwk;
	struct error err = {0};

	unit_ok(jwk_parse(view_text(text), &jwk, &err), &err);
	return jwk;
}

/* The JWK with another value of a member; the caller frees. */
static char *
with_member(const char *jwk, const char *name, const char *value)
{
	json_t *object = json_loads(jwk, 0, NULL);
	char   *text;

	ck_assert_int_eq(json_object_set_new(object, name, json_string(value)), 0);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static const struct {
	const char *jwk;
	const char *thumbprint;
} thumbprints[] = {
    {RFC7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
    {RFC8037_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
};

START_TEST(jwk_thumbprint_of_the_rfcs_agrees)
{
	struct jwk jwk = key_of(thumbprints[_i].jwk);
	struct jwk again;

	ck_assert_str_eq(jwk.thumbprint, thumbprints[_i].thumbprint);
	again = key_of(jwk.text);
	ck_assert_str_eq(jwk.text, again.text);
	ck_assert_str_eq(again.thumbprint, thumbprints[_i].thumbprint);
	jwk_clear(&jwk);
	jwk_clear(&again);
}
END_TEST

/* The SubjectPublicKeyInfo is OpenSSL's own. */
START_TEST(jwk_spki_decodes_to_the_same_key)
{
	static const char *const keys[] = {MADE_KID_JWK, MADE_JWK_384, MADE_JWK_RSA, MADE_JWK_ED};

	for (size_t i = 0; i < 4; i++) {
		struct jwk     jwk = key_of(keys[i]);
		AUTO_BYTES     der = {0};
		struct error   err = {0};
		const uint8_t *at;
		EVP_PKEY      *read;

		unit_ok(jwk_spki(&jwk, &der, &err), &err);
		at = der.data;
		read = d2i_PUBKEY(NULL, &at, (long)der.size);
		ck_assert_ptr_nonnull(read);
		ck_assert_int_eq(EVP_PKEY_eq(read, jwk.key), 1);
		EVP_PKEY_free(read);
		jwk_clear(&jwk);
	}
}
END_TEST

#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC "{\"kty\":\"EC\",\"crv\":\"P-256\","
#define EC_TEXT "{\"crv\":\"P-256\",\"kty\":\"EC\"," X "," Y "}"

#define ED "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
#define SMALL "the JWK's \"x\" is a point of small order: anybody can sign with this key"

static const struct {
	const char *jwk;
	const char *detail; /* how it begins */
} refused[] = {
    {EC X "," Y ",\"d\":\"AA\"}", "the JWK holds \"d\", a private key's"},
    {EC X "," Y ",\"d\":null}", "the JWK holds \"d\", a private key's"},
    {"{\"kty\":\"oct\",\"k\":\"AA\"}", "the JWK holds \"k\", a private key's"},
    {"{\"kty\":\"RSA\",\"p\":\"AA\"}", "the JWK holds \"p\", a private key's"},
    {"{\"kty\":\"oct\"}", "the JWK is no EC key"},
    {EC "\"x\":\"=\"," Y "}", "the JWK's \"x\": "},
    {EC X ",\"y\":\"=\"}", "the JWK's \"y\": "},
    {"{}", "the JWK is no EC key"},
    {MADE_JWK_521, "the JWK is no EC key"},
    {"{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X "," Y "}", "the JWK is no EC key"},
    {"{\"kty\":\"OKP\",\"crv\":\"X25519\"," X "}", "the JWK is no EC key"},
    {"{\"kty\":\"OKP\",\"crv\":\"P-256\"," X "," Y "}", "the JWK is no EC key"},
    {"{\"kty\":\"EC\",\"crv\":\"Ed25519\"," X "}", "the JWK is no EC key"},
    {ED "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", SMALL},
    {ED "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", SMALL},
    {ED "\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU\"}", SMALL},
    {ED "\"xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o\"}", SMALL},
    {ED "\"7P_______________________________________38\"}", SMALL},
    {ED "\"7f_______________________________________38\"}", SMALL},
    {ED "\"7v_______________________________________38\"}", SMALL},
    {ED "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA\"}", SMALL},
    {ED "\"7P________________________________________8\"}", SMALL},
    {EC X "}", "the JWK's \"y\" is missing or no string"},
    {EC X ",\"y\":7}", "the JWK's \"y\" is missing or no string"},
    {EC X ",\"y\":\"AA\"}", "the JWK's \"y\" has 1 octets; P-256 has 32"},
    {EC X ",\"y\":\"A\"}", "the JWK's \"y\": "},
    {EC X ",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}", "not a point on P-256"},
    {"{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}", "the JWK's \"x\" has 32 octets; P-384 has 48"},
    {MADE_JWK_RSA_1024, "the JWK's \"n\" has 128 octets; an RSA key has 2048 to 4096 bits"},
    {"{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}", "the JWK's \"n\" is empty or begins with a zero"},
    {"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", "the JWK's \"n\" is empty or begins with a zero"},
};

START_TEST(jwk_that_breaks_a_rule_is_a_bad_public_key)
{
	struct jwk   jwk;
	struct error err = {0};

	ck_assert_int_eq(jwk_parse(view_text(refused[_i].jwk), &jwk, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_PUBLIC_KEY);
	ck_assert_msg(strncmp(err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0, "%s",
	    err.detail);
	jwk_clear(&jwk);
}
END_TEST

/* An RSA key whose exponent is another. */
START_TEST(jwk_rsa_exponent_out_of_range_is_a_bad_public_key)
{
	static const char *const exponents[] = {"AQ", "Ag", "AQAAAAE", "AAEAAQ", ""};

	for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
		AUTO_FREE char *text = with_member(MADE_JWK_RSA, "e", exponents[i]);
		struct jwk      jwk;
		struct error    err = {0};

		ck_assert_int_eq(jwk_parse(view_text(text), &jwk, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_BAD_PUBLIC_KEY);
		jwk_clear(&jwk);
	}
}
END_TEST

START_TEST(jwk_members_of_no_use_are_passed_over)
{
	struct jwk plain = key_of(EC X "," Y "}");
	struct jwk decorated = key_of(EC X "," Y
	    ",\"use\":\"sig\",\"kid\":\"k\",\"alg\":\"ES256\",\"x5c\":[],\"key_ops\":[\"verify\"]}");

	ck_assert_str_eq(plain.text, decorated.text);
	ck_assert_str_eq(plain.text, EC_TEXT);
	ck_assert_str_eq(plain.thumbprint, decorated.thumbprint);
	jwk_clear(&plain);
	jwk_clear(&decorated);
}
END_TEST

START_TEST(jwk_that_is_no_object_is_a_bad_public_key)
{
	struct jwk   jwk;
	struct error err = {0};
	json_t      *text = json_string("key");

	unit_fails(jwk_read(NULL, &jwk, &err), &err, ERROR_BAD_PUBLIC_KEY, "the JWK is no object");
	unit_fails(jwk_read(text, &jwk, &err), &err, ERROR_BAD_PUBLIC_KEY, "the JWK is no object");
	ck_assert_int_eq(jwk_parse(view_text("{\"kty\":"), &jwk, &err), -1);
	jwk_clear(&jwk);
	json_decref(text);
}
END_TEST

/* Of base64 that no number of 4096 bits has so much of. */
START_TEST(jwk_of_a_number_that_is_too_long_is_refused)
{
	char         text[2048];
	char         number[1026];
	struct jwk   jwk;
	struct error err = {0};

	memset(number, 'q', sizeof number);
	number[1025] = '\0';
	(void)snprintf(text, sizeof text, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}", number);
	unit_fails(jwk_parse(view_text(text), &jwk, &err), &err, ERROR_BAD_PUBLIC_KEY, "the JWK's \"n\" is too long");
	jwk_clear(&jwk);
	number[1024] = '\0';
	(void)snprintf(text, sizeof text, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}", number);
	ck_assert_int_eq(jwk_parse(view_text(text), &jwk, &err), -1);
	ck_assert_msg(strstr(err.detail, "has 768 octets; an RSA key has 2048 to 4096 bits") != NULL, "%s", err.detail);
	jwk_clear(&jwk);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwk");
	TCase *jwk = tcase_create("jwk");

	json_init();
	tcase_add_loop_test(jwk, jwk_thumbprint_of_the_rfcs_agrees, 0, 2);
	tcase_add_test(jwk, jwk_spki_decodes_to_the_same_key);
	tcase_add_loop_test(jwk, jwk_that_breaks_a_rule_is_a_bad_public_key, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(jwk, jwk_rsa_exponent_out_of_range_is_a_bad_public_key);
	tcase_add_test(jwk, jwk_members_of_no_use_are_passed_over);
	tcase_add_test(jwk, jwk_that_is_no_object_is_a_bad_public_key);
	tcase_add_test(jwk, jwk_of_a_number_that_is_too_long_is_refused);
	suite_add_tcase(suite, jwk);
	return unit_run(suite);
}
