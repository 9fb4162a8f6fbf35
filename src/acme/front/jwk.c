/* Owns the accepted keys of accounts and their canonical text; never holds a private key. */
#include "config.h"

#include "acme/front/jwk.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "http/json.h"
#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "tpm/spki.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/hex.h"

#define EXPONENT_MAX 4U
#define ED25519_SIZE 32U

/* The kinds of keys, and their required members besides kty and crv. */
static const struct jwk_kind {
	const char *type;
	const char *curve;
	size_t      size; /* octets of each member; 0: variable */
	const char *members[2];
} kinds[] = {
    {"EC", "P-256", 32, {"x", "y"}},
    {"EC", "P-384", 48, {"x", "y"}},
    {"RSA", "", 0, {"n", "e"}},
    {"OKP", "Ed25519", ED25519_SIZE, {"x", NULL}},
};

#define PRIVATE_MEMBERS(X) X("d") X("p") X("q") X("dp") X("dq") X("qi") X("oth") X("k")

#define NAMED(name) name,
static const char *const private_members[] = {PRIVATE_MEMBERS(NAMED)};
#undef NAMED

#define READ(name) JSON_VALUE(name),
const struct json_member jwk_members[] = {
    JSON_VALUE("kty"), JSON_VALUE("crv"), JSON_VALUE("x"), JSON_VALUE("y"),
    JSON_VALUE("n"), JSON_VALUE("e"), PRIVATE_MEMBERS(READ) {0},
};
#undef READ

static const char *
member_text(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);
	const char   *text = json_string_value(member);

	/* A string with a NUL is refused. */
	return text != NULL && strlen(text) == json_string_length(member) ? text : "";
}

static const struct jwk_kind *
kind_find(const json_t *object)
{
	const char *type = member_text(object, "kty");

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].type, type) == 0 &&
		    (kinds[i].curve[0] == '\0' ||
		        strcmp(kinds[i].curve, member_text(object, "crv")) == 0))
			return &kinds[i];
	}
	return NULL;
}

/* Appends the octets of a member. */
static int
member_decode(const json_t *object, const char *name, struct bytes *out, struct error *err)
{
	const json_t *value = json_object_get(object, name);
	struct error  why = {0};

	if (!json_is_string(value))
		return error_set(err, ERROR_BAD_PUBLIC_KEY, "the JWK's \"%s\" is missing or no string",
		    name);
	if (json_string_length(value) > 2 * JWK_RSA_MAX)
		return error_set(err, ERROR_BAD_PUBLIC_KEY, "the JWK's \"%s\" is too long", name);
	if (base64_decode(BASE64_URL, json_string_value(value), json_string_length(value), out,
	        &why) != 0)
		return error_set(err, ERROR_BAD_PUBLIC_KEY, "the JWK's \"%s\": %s", name, why.detail);
	return 0;
}

/* RFC 7518 §6.2.1, RFC 8037 §2: coordinates have their full size. §6.3.1: numbers, no leading
 * zero. */
static int
member_check(const struct jwk_kind *kind, const char *name, struct view octets,
    struct error *err)
{
	size_t bytes_min = name[0] == 'n' ? JWK_RSA_MIN : 1;
	size_t bytes_max = name[0] == 'n' ? JWK_RSA_MAX : EXPONENT_MAX;

	if (kind->size != 0) {
		if (octets.size != kind->size)
			return error_set(err, ERROR_BAD_PUBLIC_KEY,
			    "the JWK's \"%s\" has %zu octets; %s has %zu", name, octets.size,
			    kind->curve, kind->size);
		return 0;
	}
	if (octets.size == 0 || octets.data[0] == 0)
		return error_set(err, ERROR_BAD_PUBLIC_KEY,
		    "the JWK's \"%s\" is empty or begins with a zero octet", name);
	if (octets.size < bytes_min || octets.size > bytes_max)
		return error_set(err, ERROR_BAD_PUBLIC_KEY,
		    "the JWK's \"%s\" has %zu octets; an RSA key has 2048 to 4096 bits and a small "
		    "exponent", name, octets.size);
	return 0;
}

static int
members_read(const json_t *object, const struct jwk_kind *kind, struct jwk *jwk,
    struct error *err)
{
	jwk->members = json_object();
	json_object_set_new(jwk->members, "kty", json_string(kind->type));
	if (kind->curve[0] != '\0')
		json_object_set_new(jwk->members, "crv", json_string(kind->curve));
	for (size_t i = 0; i < 2 && kind->members[i] != NULL; i++) {
		AUTO_BYTES octets = {0};

		if (member_decode(object, kind->members[i], &octets, err) != 0 ||
		    member_check(kind, kind->members[i], bytes_view(&octets), err) != 0)
			return -1;
		json_object_set_new(jwk->members, kind->members[i],
		    json_string(member_text(object, kind->members[i])));
	}
	return 0;
}

/* RFC 7638 §3: the required members in the order of their names, without white space. */
static int
thumbprint_make(struct jwk *jwk, struct error *err)
{
	uint8_t         digest[EVP_MAX_MD_SIZE];
	unsigned        size = 0;
	AUTO_FREE char *text = NULL;

	jwk->text = json_dumps(jwk->members, JSON_COMPACT | JSON_SORT_KEYS);
	if (jwk->text == NULL ||
	    EVP_Digest(jwk->text, strlen(jwk->text), digest, &size, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a JWK");
	text = base64_encode(BASE64_URL, digest, size);
	memcpy(jwk->thumbprint, text, sizeof jwk->thumbprint);
	return 0;
}

/*
 * The points of small order (RFC 8032 §8: they have no use), also as they are not to be written:
 * anybody can sign with one. The top bit of the last octet is the sign of the other coordinate.
 */
static bool
ed25519_is_small(struct view x)
{
	static const char *const points[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	char text[2 * ED25519_SIZE + 1];
	uint8_t octets[ED25519_SIZE];

	memcpy(octets, x.data, sizeof octets);
	octets[sizeof octets - 1] &= 0x7f;
	hex_encode(octets, sizeof octets, text);
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		if (strcmp(points[i], text) == 0)
			return true;
	}
	return false;
}

/* It has its full size: member_check. */
static int
key_ed25519(struct view x, EVP_PKEY **key, struct error *err)
{
	if (ed25519_is_small(x))
		return error_set(err, ERROR_BAD_PUBLIC_KEY,
		    "the JWK's \"x\" is a point of small order: anybody can sign with this key");
	*key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.size);
	if (*key == NULL)
		return error_set_openssl(err, ERROR_BAD_PUBLIC_KEY, "no Ed25519 key");
	return 0;
}

static int
key_rsa(struct view n, struct view e, EVP_PKEY **key, struct error *err)
{
	uint32_t exponent = 0;

	for (size_t i = 0; i < e.size; i++)
		exponent = exponent << 8 | e.data[i];
	if (exponent < 3 || exponent % 2 == 0)
		return error_set(err, ERROR_BAD_PUBLIC_KEY, "%u is no RSA exponent", exponent);
	return tpm_key_from_rsa(n, exponent, key, err);
}

static int
key_make(struct jwk *jwk, struct error *err)
{
	AUTO_BYTES first = {0};
	AUTO_BYTES second = {0};
	bool       is_rsa = strcmp(jwk->type, "RSA") == 0;
	int        rc;

	/* members_read has decoded both. */
	(void)member_decode(jwk->members, is_rsa ? "n" : "x", &first, err);
	if (strcmp(jwk->type, "OKP") == 0)
		return key_ed25519(bytes_view(&first), &jwk->key, err);
	(void)member_decode(jwk->members, is_rsa ? "e" : "y", &second, err);
	if (is_rsa)
		rc = key_rsa(bytes_view(&first), bytes_view(&second), &jwk->key, err);
	else
		rc = tpm_key_from_coordinates(
		    tpm_curve_by_nid(strcmp(jwk->curve, "P-384") == 0 ? NID_secp384r1
								      : NID_X9_62_prime256v1),
		    bytes_view(&first), bytes_view(&second), &jwk->key, err);
	if (rc != 0 && err->kind == ERROR_BAD_ATTESTATION) /* worded for keys of TPMs */
		err->kind = ERROR_BAD_PUBLIC_KEY;
	return rc;
}

int
jwk_read(const json_t *object, struct jwk *jwk, struct error *err)
{
	const struct jwk_kind *kind;

	*jwk = (struct jwk){0};
	if (!json_is_object(object))
		return error_set(err, ERROR_BAD_PUBLIC_KEY, "the JWK is no object");
	for (size_t i = 0; i < sizeof private_members / sizeof private_members[0]; i++) {
		if (json_object_get(object, private_members[i]) != NULL)
			return error_set(err, ERROR_BAD_PUBLIC_KEY,
			    "the JWK holds \"%s\", a private key's: make a new key, this one was shown",
			    private_members[i]);
	}
	if ((kind = kind_find(object)) == NULL)
		return error_set(err, ERROR_BAD_PUBLIC_KEY,
		    "the JWK is no EC key on P-256 or P-384, no RSA key and no Ed25519 key");
	jwk->type = kind->type;
	jwk->curve = kind->curve;
	if (members_read(object, kind, jwk, err) != 0 || thumbprint_make(jwk, err) != 0)
		return -1;
	return key_make(jwk, err);
}

int
jwk_parse(struct view text, struct jwk *jwk, struct error *err)
{
	json_t *object = NULL;
	int     rc;

	*jwk = (struct jwk){0};
	if (json_members_decode(text, jwk_members, &object, err) != 0)
		return -1;
	rc = jwk_read(object, jwk, err);
	json_decref(object);
	return rc;
}

int
jwk_spki(const struct jwk *jwk, struct bytes *der, struct error *err)
{
	return spki_encode(jwk->key, der, err);
}

void
jwk_share(const struct jwk *jwk, struct jwk *copy)
{
	*copy = *jwk;
	copy->text = memory_strdup(jwk->text);
	(void)json_incref(copy->members);
	(void)EVP_PKEY_up_ref(copy->key);
}

void
jwk_clear(struct jwk *jwk)
{
	json_decref(jwk->members);
	free(jwk->text);
	EVP_PKEY_free(jwk->key);
	*jwk = (struct jwk){0};
}
