/*
 * Decodes and verifies signed messages. The algorithm is one of the table, and the key's kind
 * must be the one that goes with it: RFC 7518 §3, RFC 8037 §3.1.
 */
#include "config.h"

#include "acme/front/jws.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "http/json.h"
#include "tpm/signature.h"
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
	const EVP_MD *(*digest)(void); /* NULL: the algorithm has its own */
	int         padding; /* of RSA */
};

static const struct jws_algorithm algorithms[] = {
    {"ES256", "EC", "P-256", 64, EVP_sha256, 0},
    {"ES384", "EC", "P-384", 96, EVP_sha384, 0},
    {"RS256", "RSA", "", 0, EVP_sha256, RSA_PKCS1_PADDING},
    {"PS256", "RSA", "", 0, EVP_sha256, RSA_PKCS1_PSS_PADDING},
    {"EdDSA", "OKP", "Ed25519", 64, NULL, 0},
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
	if (json_members_decode(bytes_view(&text), header_members, &jws->header, err) != 0)
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
	if (json_members_decode(body, jws_members, &jws->body, err) != 0)
		return -1;
	return jws_read(jws, err);
}

int
jws_decode_object(const json_t *body, struct jws *jws, struct error *err)
{
	*jws = (struct jws){.body = json_deep_copy(body)}; /* of what was parsed; without memory it aborts */
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

/* RFC 7515 §5.2, step 8: the octets that are signed. */
static void
signed_octets(const struct jws *jws, struct bytes *octets)
{
	const json_t *header = json_object_get(jws->body, "protected");
	const json_t *payload = json_object_get(jws->body, "payload");

	bytes_append(octets, json_string_value(header), json_string_length(header));
	bytes_append_u8(octets, '.');
	bytes_append(octets, json_string_value(payload), json_string_length(payload));
}

/* RFC 7518 §3.3, §3.5: PSS has a salt of the digest's size. */
static bool
padding_set(EVP_PKEY_CTX *ctx, int padding)
{
	return (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1) &&
	    (padding != RSA_PKCS1_PSS_PADDING || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool
signature_holds(const struct jws *jws, EVP_PKEY *key)
{
	const struct jws_algorithm *algorithm = jws->algorithm;
	const EVP_MD               *digest = algorithm->digest != NULL ? algorithm->digest() : NULL;
	struct view                 signature = bytes_view(&jws->signature);
	AUTO_BYTES                  octets = {0};
	AUTO_BYTES                  der = {0};
	EVP_MD_CTX                 *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX               *ctx = NULL; /* md's */
	bool                        good;

	signed_octets(jws, &octets);
	if (strcmp(algorithm->type, "EC") == 0) {
		size_t half = signature.size / 2; /* RFC 7518 §3.4: r and s, of the curve's size each */

		ecdsa_signature_encode((struct view){signature.data, half},
		    (struct view){signature.data + half, half}, &der);
		signature = bytes_view(&der);
	}
	good = md != NULL && EVP_DigestVerifyInit(md, &ctx, digest, NULL, key) == 1 &&
	    padding_set(ctx, algorithm->padding) &&
	    EVP_DigestVerify(md, signature.data, signature.size, octets.data, octets.size) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

/* Octets of a signature by `algorithm` with that key. */
static size_t
signature_size(const struct jws_algorithm *algorithm, const EVP_PKEY *key)
{
	return algorithm->signature_size != 0 ? algorithm->signature_size : (size_t)EVP_PKEY_get_size(key);
}

int
jws_verify(const struct jws *jws, const struct jwk *key, struct error *err)
{
	const struct jws_algorithm *algorithm = jws->algorithm;
	size_t                      size;
	bool                        good;

	if (strcmp(algorithm->type, key->type) != 0 || strcmp(algorithm->curve, key->curve) != 0)
		return error_set(err, ERROR_BAD_SIGNATURE_ALGORITHM,
		    "the algorithm %s does not go with a key of type %s%s%s", algorithm->name, key->type,
		    key->curve[0] != '\0' ? " on " : "", key->curve);
	if ((size = signature_size(algorithm, key->key)) != jws->signature.size)
		return error_set(err, ERROR_MALFORMED, "a signature by %s has %zu octets, not %zu",
		    algorithm->name, size, jws->signature.size);
	good = signature_holds(jws, key->key);
	ERR_clear_error(); /* OpenSSL's reason adds nothing */
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
