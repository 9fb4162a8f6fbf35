/*
 * Decodes and verifies signed messages. libjose checks ECDSA and RSA, OpenSSL
 * checks Ed25519, which libjose lacks; neither chooses the algorithm.
 */
#include "config.h"

#include "acme/front/jws.h"

#include <string.h>

#include <jose/cfg.h>
#include <jose/jws.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "http/json.h"
#include "util/base64.h"
#include "util/error.h"

#define TEXT_MAX      ((size_t)64 * 1024)
#define SIGNATURE_MAX ((size_t)JWK_RSA_MAX)

const struct json_member jws_members[] = {
    JSON_VALUE("protected"),
    JSON_VALUE("payload"),
    JSON_VALUE("signature"),
    JSON_VALUE("header"),
    JSON_VALUE("signatures"),
    {0},
};

static const struct json_member header_members[] = {
    JSON_VALUE("alg"),
    JSON_VALUE("url"),
    JSON_VALUE("nonce"),
    JSON_VALUE("kid"),
    JSON_OBJECT("jwk", jwk_members),
    JSON_VALUE("crit"),
    JSON_VALUE("b64"),
    {0},
};

struct jws_algorithm {
	const char *name;
	const char *type;  /* required kty */
	const char *curve; /* crv */
	size_t      signature_size; /* octets; 0: as the modulus */
};

static const struct jws_algorithm algorithms[] = {
    {"ES256", "EC", "P-256", 64},
    {"ES384", "EC", "P-384", 96},
    {"RS256", "RSA", "", 0},
    {"PS256", "RSA", "", 0},
    {"EdDSA", "OKP", "Ed25519", 64},
};

#define ALGORITHM_COUNT (sizeof algorithms / sizeof algorithms[0])

json_t *
jws_algorithms(void)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		json_array_append_new(names, json_string(algorithms[i].name));
	return names;
}

/* Appends the octets of a base64url member. */
static int
member_decode(const json_t *body, const char *name, size_t max, struct bytes *out,
    struct error *err)
{
	const char *text;

	if (json_get_text(body, name, max, true, &text, err) != 0)
		return -1;
	if (base64_decode(BASE64_URL, text, strlen(text), out, err) != 0)
		return error_wrap(err, "\"%s\" of the JWS", name);
	return 0;
}

/* Forbidden members: RFC 8555 §6.2; unknown critical ones: RFC 7515 §4.1.11. */
static int
body_check(const json_t *body, struct error *err)
{
	if (json_object_get(body, "header") != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "the JWS has an unprotected header; only \"protected\" is taken");
	if (json_object_get(body, "signatures") != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "the JWS is of the general form; only the flattened one is taken");
	return 0;
}

static int
algorithm_read(struct jws *jws, struct error *err)
{
	const char *name;

	if (json_get_text(jws->header, "alg", 64, true, &name, err) != 0)
		return error_wrap(err, "the JWS's header");
	for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
		if (strcmp(algorithms[i].name, name) == 0) {
			jws->algorithm = &algorithms[i];
			return 0;
		}
	}
	return error_set(err, ERROR_BAD_SIGNATURE_ALGORITHM,
	    "the algorithm \"%s\" is not taken; \"algorithms\" names those that are", name);
}

static int
key_read(struct jws *jws, struct error *err)
{
	const json_t *jwk = json_object_get(jws->header, "jwk");

	if (json_get_text(jws->header, "kid", JWS_URL_MAX, false, &jws->kid, err) != 0)
		return error_wrap(err, "the JWS's header");
	if (jwk != NULL && json_object_get(jws->header, "kid") != NULL)
		return error_set(err, ERROR_MALFORMED, "the JWS's header has both \"jwk\" and \"kid\"");
	return jwk != NULL ? jwk_read(jwk, &jws->jwk, err) : 0;
}

static int
header_read(struct jws *jws, struct error *err)
{
	static const char *const not_understood[] = {"crit", "b64"};
	AUTO_BYTES               text = {0};

	if (member_decode(jws->body, "protected", TEXT_MAX, &text, err) != 0)
		return -1;
	if (json_decode(bytes_view(&text), header_members, &jws->header, err) != 0)
		return error_wrap(err, "the JWS's protected header");
	for (size_t i = 0; i < sizeof not_understood / sizeof not_understood[0]; i++) {
		if (json_object_get(jws->header, not_understood[i]) != NULL)
			return error_set(err, ERROR_MALFORMED, "the JWS's header has \"%s\"",
			    not_understood[i]);
	}
	if (algorithm_read(jws, err) != 0)
		return -1;
	if (json_get_text(jws->header, "url", JWS_URL_MAX, false, &jws->url, err) != 0 ||
	    json_get_text(jws->header, "nonce", JWS_NONCE_MAX, false, &jws->nonce, err) != 0)
		return error_wrap(err, "the JWS's header");
	return key_read(jws, err);
}

/* Decodes a body that jws owns already. */
static int
jws_read(struct jws *jws, struct error *err)
{
	if (body_check(jws->body, err) != 0 || header_read(jws, err) != 0 ||
	    member_decode(jws->body, "payload", TEXT_MAX, &jws->payload, err) != 0)
		return -1;
	return member_decode(jws->body, "signature", SIGNATURE_MAX * 2, &jws->signature, err);
}

int
jws_decode(struct view body, struct jws *jws, struct error *err)
{
	*jws = (struct jws){0};
	if (json_decode(body, jws_members, &jws->body, err) != 0)
		return -1;
	return jws_read(jws, err);
}

int
jws_decode_object(const json_t *body, struct jws *jws, struct error *err)
{
	*jws = (struct jws){.body = json_deep_copy(body)};
	if (jws->body == NULL)
		return error_set(err, ERROR_INTERNAL, "copying a JWS");
	return jws_read(jws, err);
}

int
jws_check(const struct jws *jws, const char *url, struct error *err)
{
	if (jws->kid == NULL && jws->jwk.members == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "the JWS's header has neither \"jwk\" nor \"kid\"");
	if (jws->url == NULL)
		return error_set(err, ERROR_MALFORMED, "the JWS's header has no \"url\"");
	if (strcmp(jws->url, url) != 0) /* RFC 8555 §6.4 */
		return error_set(err, ERROR_UNAUTHORIZED,
		    "the JWS is for %.200s, and was sent to %.200s", jws->url, url);
	return 0;
}

/* libjose writes its failures to standard error unless told otherwise. */
static void
jose_quiet_cb(void *misc, const char *file, int line, uint64_t number, const char *fmt,
    va_list args)
{
	(void)misc;
	(void)file;
	(void)line;
	(void)number;
	(void)fmt;
	(void)args;
}

/* Verifies by libjose, which is given only checked members. */
static bool
verify_jose(const struct jws *jws, const struct jwk *key)
{
	jose_cfg_t *cfg = jose_cfg();
	json_t     *message = json_pack("{s:O, s:O, s:O}", "protected",
	        json_object_get(jws->body, "protected"), "payload",
	        json_object_get(jws->body, "payload"), "signature",
	        json_object_get(jws->body, "signature"));
	bool        good = false;

	if (cfg != NULL && message != NULL) {
		jose_cfg_set_err_func(cfg, jose_quiet_cb, NULL);
		good = jose_jws_ver(cfg, message, NULL, key->members, false);
	}
	json_decref(message);
	if (cfg != NULL)
		jose_cfg_decref(cfg);
	return good;
}

static bool
verify_ed25519(const struct jws *jws, const struct jwk *key)
{
	const char  *header = json_string_value(json_object_get(jws->body, "protected"));
	const char  *payload = json_string_value(json_object_get(jws->body, "payload"));
	AUTO_BYTES   input = {0};
	EVP_MD_CTX  *ctx = EVP_MD_CTX_new();
	EVP_PKEY    *public = NULL;
	struct error err = {0};
	bool         good;

	bytes_append(&input, header, strlen(header));
	bytes_append_u8(&input, '.');
	bytes_append(&input, payload, strlen(payload));
	good = ctx != NULL && jwk_key(key, &public, &err) == 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
	    EVP_DigestVerify(ctx, jws->signature.data, jws->signature.size, input.data,
	        input.size) == 1;
	EVP_PKEY_free(public);
	EVP_MD_CTX_free(ctx);
	return good;
}

int
jws_verify(const struct jws *jws, const struct jwk *key, struct error *err)
{
	const struct jws_algorithm *algorithm = jws->algorithm;
	bool                        good;

	if (strcmp(algorithm->type, key->type) != 0 || strcmp(algorithm->curve, key->curve) != 0)
		return error_set(err, ERROR_BAD_SIGNATURE_ALGORITHM,
		    "the algorithm %s does not go with a key of type %s%s%s", algorithm->name, key->type,
		    key->curve[0] != '\0' ? " on " : "", key->curve);
	if (algorithm->signature_size != 0 && jws->signature.size != algorithm->signature_size)
		return error_set(err, ERROR_MALFORMED, "a signature by %s has %zu octets, not %zu",
		    algorithm->name, algorithm->signature_size, jws->signature.size);
	good = strcmp(key->type, "OKP") == 0 ? verify_ed25519(jws, key) : verify_jose(jws, key);
	ERR_clear_error(); /* errors queued by a library */
	if (!good)
		return error_set(err, ERROR_MALFORMED,
		    "the signature of the JWS does not verify with the key of this request");
	return 0;
}

void
jws_clear(struct jws *jws)
{
	json_decref(jws->body);
	json_decref(jws->header);
	jwk_clear(&jws->jwk);
	bytes_clear(&jws->payload);
	bytes_clear(&jws->signature);
	*jws = (struct jws){0};
}
