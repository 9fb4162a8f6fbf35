/*
 * Signed requests (RFC 8555 §6.2, RFC 7515): the flattened JSON form and nothing
 * else of JOSE. What a library would take on trust (algorithm, key type, critical
 * and unprotected headers) is refused here before it sees the message.
 */
#ifndef ACME_FRONT_JWS_H
#define ACME_FRONT_JWS_H

#include <stdbool.h>

#include <jansson.h>

#include "acme/front/jwk.h"
#include "util/bytes.h"

struct error;
struct jws_algorithm;

#define JWS_URL_MAX   1024U
#define JWS_NONCE_MAX 128U

/* A message that was decoded but not verified. Texts are borrowed from `body` and `header`. */
struct jws {
	json_t                     *body;
	json_t                     *header; /* the protected one */
	const struct jws_algorithm *algorithm;
	const char                 *url;   /* these are NULL when they are not there */
	const char                 *nonce;
	const char                 *kid;
	struct jwk                  jwk;   /* {0} when it is not there; never together with kid */
	struct bytes                payload; /* decoded; empty: POST-as-GET */
	struct bytes                signature;
};

/*
 * Decodes a message: flattened form, not both jwk and kid, an algorithm of the
 * table; no unprotected header, no crit, no b64.
 *
 * Returns 0; or -1 with MALFORMED, BAD_SIGNATURE_ALGORITHM or BAD_PUBLIC_KEY. The
 * caller calls jws_clear in either case.
 */
int jws_decode(struct view body, struct jws *jws, struct error *err);

/* The same for the inner message of a keyChange (RFC 8555 §7.3.5), an object already. */
int jws_decode_object(const json_t *body, struct jws *jws, struct error *err);

/*
 * Checks what ACME wants of every message besides a nonce (RFC 8555 §6.2, §6.4): a
 * key, and the very URL that it was sent to. MALFORMED, UNAUTHORIZED.
 */
int jws_check(const struct jws *jws, const char *url, struct error *err);

/*
 * Verifies the signature with `key`, whose type must be the algorithm's.
 * BAD_SIGNATURE_ALGORITHM when it is another one; MALFORMED when it does not verify.
 */
int jws_verify(const struct jws *jws, const struct jwk *key, struct error *err);

/* The names of all algorithms, for a badSignatureAlgorithm problem; the caller owns it. */
json_t *jws_algorithms(void);

void jws_clear(struct jws *jws);

#endif
