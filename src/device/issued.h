/* The chain that an ACME server issued: read, compared with the order, and encoded again. */
#ifndef DEVICE_ISSUED_H
#define DEVICE_ISSUED_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>
#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"
#include "util/identifier.h"

struct error;

/* The order that the chain must match. */
struct issued_order {
	const TPMT_PUBLIC *area; /* of the key */
	const char        *name;
	int64_t            now;
};

/*
 * Reads a chain as it was sent: PEM, leaf first, 1 to 8 certificates and nothing else. The leaf is
 * for the key and the name (its only PermanentIdentifier, or, without one, its only CN), each is
 * valid at `now`, and is signed by the next; the leaf ends within DEVICE_CHAIN_LIFETIME_MAX.
 *
 * Returns 0 and appends the chain to *pem in our own encoding; or -1 with MALFORMED, or
 * BAD_ATTESTATION for a signature.
 */
int issued_read(struct view sent, const struct issued_order *order, struct bytes *pem,
    struct error *err);

/*
 * The name that a device certificate is for: its first PermanentIdentifier, or, without one, its CN.
 * False when that is no name (util/identifier.h).
 */
bool issued_name(const X509 *leaf, char name[IDENTIFIER_MAX + 1]);

#endif
