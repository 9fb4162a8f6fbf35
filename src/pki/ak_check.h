/* AK certificates as a verifier reads them: WIRE.md §5 and §6, WebAuthn §8.3.1. */
#ifndef PKI_AK_CHECK_H
#define PKI_AK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* The permanent identifiers in an AK certificate; each passes identifier_check. */
struct ak_names {
	char **values;
	size_t count;
};

/*
 * Checks that a certificate, whose chain was verified, has the profile of an AK
 * certificate: version 3, empty subject, no CA, EKU 2.23.133.8.3 first, KU
 * digitalSignature when present, SAN critical, and in it a TPM manufacturer, model
 * and version that are not empty.
 *
 * Returns 0 and fills *names, which ak_names_clear empties; or -1 with
 * BAD_ATTESTATION, a detail that says which rule failed, and *names empty. A
 * certificate without names is accepted here: the caller may let it count for any
 * name only if the configuration says so.
 */
int ak_certificate_check(const X509 *certificate, struct ak_names *names, struct error *err);

/* True when one of the names is this one, octet for octet. */
bool ak_names_have(const struct ak_names *names, struct view name);

/* Frees the names and makes *names {0}. */
void ak_names_clear(struct ak_names *names);

#endif
