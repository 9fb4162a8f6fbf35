/*
 * Attestation objects (WebAuthn §6.5) as device-attest-01 carries them: a map of
 * "fmt", "attStmt" and perhaps "authData", which is passed over. WIRE.md §6.
 */
#ifndef WEBAUTHN_OBJECT_H
#define WEBAUTHN_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

#define WEBAUTHN_OBJECT_MAX      (64U * 1024)
#define WEBAUTHN_CHAIN_MAX       8U
#define WEBAUTHN_CERTIFICATE_MAX (8U * 1024)
#define WEBAUTHN_STRUCTURE_MAX   4096U /* sig, certInfo, pubArea */
#define WEBAUTHN_FORMAT_MAX      32U

/* The members of a statement of any format; those that a format lacks are empty. */
struct webauthn_statement {
	int64_t     alg;                       /* COSE */
	struct view chain[WEBAUTHN_CHAIN_MAX]; /* x5c: DER, leaf first */
	size_t      chain_count;
	struct view signature; /* sig; tpm: TPMT_SIGNATURE */
	struct view cert_info; /* certInfo: TPMS_ATTEST */
	struct view pub_area;  /* pubArea: TPMT_PUBLIC */
};

struct webauthn_object {
	struct view               format; /* letters, digits and "-" */
	bool                      known;  /* the format has a handler, and the statement was read */
	struct webauthn_statement statement;
	struct bytes              store; /* holds the joined indefinite strings that views point to */
};

/*
 * Decodes an attestation object: any key order, definite and indefinite lengths;
 * duplicate keys, octets left over, deep nesting and large items are refused. The
 * statement of an unknown format is checked by the same rules but not decoded.
 *
 * Returns 0; or -1 with MALFORMED. Views point into `input` and into *object; the
 * caller calls webauthn_object_clear in either case.
 */
int webauthn_object_decode(struct view input, struct webauthn_object *object, struct error *err);

void webauthn_object_clear(struct webauthn_object *object);

/* Appends the canonical object (RFC 8949 §4.2.1) of format "tpm", without authData. */
void webauthn_object_encode_tpm(const struct webauthn_statement *statement, struct bytes *out);

#endif
