/* The bodies of POST /attest and POST /secret, decoded. WIRE.md §1. */
#ifndef ATTESTATION_FRONT_REQUEST_H
#define ATTESTATION_FRONT_REQUEST_H

#include <stddef.h>

#include "attestation/message.h"
#include "util/bytes.h"

struct error;

/* The content of POST /attest, decoded from base64; attest_request_clear empties it. */
struct attest_request {
	struct bytes manufacturer; /* cleaned text of at most 255 octets; a number in decimal */
	struct bytes model;
	struct bytes firmware;
	struct bytes wish; /* a name, cleaned UTF-8 of at most 255 octets, or empty */
	struct bytes ek;
	struct bytes ek_public; /* empty if the client sends none */
	struct bytes ak_public;
	struct bytes certificates[ATTESTATION_CERTIFICATES_MAX]; /* EK certificates, as received */
	size_t       certificate_count;
	struct bytes create_data;
	struct bytes attestation;
	struct bytes signature;
};

/*
 * Decodes the body and checks every rule of WIRE.md §2 that needs no secret and no store; "tpmInfo"
 * and "wishedName" are advisory and never cause a refusal. Returns 0; or -1 with MALFORMED, TOO_LARGE or
 * BAD_ATTESTATION. The caller clears *request in either case.
 */
int attest_request_decode(struct view body, struct attest_request *request, struct error *err);

void attest_request_clear(struct attest_request *request);

/* Decodes {"secret": base64}, appended to *secret. MALFORMED. */
int secret_request_decode(struct view body, struct bytes *secret, struct error *err);

#endif
