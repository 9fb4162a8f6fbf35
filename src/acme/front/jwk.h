/*
 * Public keys of accounts, as JWK (RFC 7517): read strictly, kept in the
 * canonical form of RFC 7638, so that a key has one text and one thumbprint.
 */
#ifndef ACME_FRONT_JWK_H
#define ACME_FRONT_JWK_H

#include <jansson.h>
#include <openssl/types.h>

#include "util/bytes.h"
#include "util/json_members.h"

struct error;

#define JWK_THUMBPRINT_SIZE 44 /* 43 characters and a NUL */

/* RSA moduli, in octets. */
#define JWK_RSA_MIN 256U
#define JWK_RSA_MAX 512U

struct jwk {
	const char *type;    /* kty: "EC", "RSA" or "OKP" */
	const char *curve;   /* crv; "" for RSA */
	json_t     *members; /* the required ones only */
	char       *text;    /* the same as canonical JSON */
	char        thumbprint[JWK_THUMBPRINT_SIZE]; /* SHA-256 of it, base64url */
	EVP_PKEY   *key;     /* the same for OpenSSL */
};

/* What is read of a JWK. */
extern const struct json_member jwk_members[];

/*
 * Reads an EC key on P-256 or P-384 whose point is on the curve, an RSA key of
 * 2048 to 4096 bits, or an Ed25519 key that is no point of small order. Other
 * members (use, kid, alg, …) are ignored, but a private one is refused.
 *
 * Returns 0; or -1 with BAD_PUBLIC_KEY. The caller calls jwk_clear in either case.
 */
int jwk_read(const json_t *object, struct jwk *jwk, struct error *err);

/* The same from canonical text (jwk.text). */
int jwk_parse(struct view text, struct jwk *jwk, struct error *err);

/* Appends its SubjectPublicKeyInfo in DER. INTERNAL. */
int jwk_spki(const struct jwk *jwk, struct bytes *der, struct error *err);

/* Makes *copy the same key, which shares what it can; the caller clears both. Any thread. */
void jwk_share(const struct jwk *jwk, struct jwk *copy);

void jwk_clear(struct jwk *jwk);

#endif
