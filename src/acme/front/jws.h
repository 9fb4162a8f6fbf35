/*
 * Signed requests (RFC 8555 §6.2, RFC 7515): only the flattened JSON form.
 * Everything that a library would trust (algorithm, key type, critical and
 * unprotected headers) is checked here before the library sees the message.
 */
#ifndef ACME_FRONT_JWS_H
#define ACME_FRONT_JWS_H

#include <stdbool.h>

#include <jansson.h>

#include "acme/front/jwk.h"
#include "util/bytes.h"
#include "util/json_members.h"

struct error;
struct jws_algorithm;

#define JWS_URL_MAX   1024U
#define JWS_NONCE_MAX 128U

/* A decoded message, not verified. Texts are borrowed from `body` and `header`. */
struct jws {
	json_t                     *body;
	json_t                     *header; /* the protected one */
	const struct jws_algorithm *algorithm;
	const char                 *url;   /* these are NULL if absent */
	const char                 *nonce;
	const char                 *kid;
	struct jwk                  jwk;   /* {0} if absent; never together with kid */
	struct bytes                payload; /* decoded; empty: POST-as-GET */
	struct bytes                signature;
};

/* What is read of a message. */
extern const struct json_member jws_members[];

/*
 * Decodes a message: flattened form, not both jwk and kid, an algorithm of the
 * table; no unprotected header, no crit, no b64.
 *
 * Returns 0; or -1 with MALFORMED, BAD_SIGNATURE_ALGORITHM or BAD_PUBLIC_KEY. The
 * caller calls jws_clear in either case.
 */
int jws_decode(struct view body, struct jws *jws, struct error *err);

/* The same for the inner message of a keyChange (RFC 8555 §7.3.5), which is an object already. */
int jws_decode_object(const json_t *body, struct jws *jws, struct error *err);

/*
 * Checks what ACME requires of every message besides a nonce (RFC 8555 §6.2,
 * §6.4): a key, and the URL that it was sent to. MALFORMED, UNAUTHORIZED.
 */
int jws_check(const struct jws *jws, const char *url, struct error *err);

/*
 * Verifies the signature with `key`, whose type must match the algorithm.
 * BAD_SIGNATURE_ALGORITHM when it does not; MALFORMED when the signature does not
 * verify.
 */
int jws_verify(const struct jws *jws, const struct jwk *key, struct error *err);

/* The names of all algorithms, for a badSignatureAlgorithm problem; the caller owns it. */
json_t *jws_algorithms(void);

void jws_clear(struct jws *jws);

#endif
