/*
 * Decodes the payloads of signed requests into questions for the keeper; refuses
 * missing, oversized and wrongly typed members.
 */
#ifndef ACME_FRONT_REQUEST_H
#define ACME_FRONT_REQUEST_H

#include <jansson.h>

#include "acme/front/jws.h"
#include "acme/message.h"
#include "util/bytes.h"
#include "webauthn/object.h"

struct error;

/* Storage for the views of a question. */
struct acme_request {
	const struct jws      *jws; /* verified, */
	char                   signer[JWK_THUMBPRINT_SIZE]; /* and the thumbprint of the account's key that
	                                                     * did; "" for another key */
	json_t                *payload;
	struct jws             inner; /* keyChange */
	json_t                *inner_payload;
	struct jwk             old_key;
	struct bytes           octets; /* CSR, certificate or attestation object */
	struct bytes           spki;
	struct webauthn_object object;
	struct error           failure; /* a client's own reason, for CHALLENGE_FAIL */
};

/*
 * Completes *question, which has `account` and `object` already, from the payload.
 * Returns 0; or -1 with the kind for the client. In either case the caller calls
 * acme_request_clear after the question was sent.
 */
typedef int acme_request_decode(struct acme_request *request, struct acme_question *question,
    struct error *err);

acme_request_decode request_account_new;    /* RFC 8555 §7.3 */
acme_request_decode request_account_update; /* §7.3.2, §7.3.6; POST-as-GET too */
acme_request_decode request_account_orders; /* POST-as-GET, as the next ones */
acme_request_decode request_key_change;     /* §7.3.5 */
acme_request_decode request_order_new;      /* §7.4 */
acme_request_decode request_order_get;
acme_request_decode request_order_finalize;
acme_request_decode request_authorization; /* §7.5, §7.5.2 */
acme_request_decode request_challenge;     /* §7.5.1, draft-ietf-acme-device-attest */
acme_request_decode request_certificate_get;
acme_request_decode request_certificate_revoke; /* §7.6 */

/* MALFORMED unless the payload is empty: POST-as-GET (§6.3). */
int request_is_empty(const struct jws *jws, struct error *err);

void acme_request_clear(struct acme_request *request);

#endif
