/* A new certificate from the first field to the signature, for every profile. RFC 5280 §4.1. */
#ifndef PKI_DRAFT_H
#define PKI_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/certificate.h"

struct ca;
struct error;

/* The fields of every certificate; the profile adds extensions between draft_new and draft_sign. */
struct draft {
	const X509    *issuer;      /* its certificate, or NULL for a self-signed one */
	EVP_PKEY      *key;         /* of the subject; its public half is used */
	const char    *common_name; /* NULL for an empty subject */
	const uint8_t *serial;      /* CERTIFICATE_SERIAL_SIZE octets */
	int64_t        not_before;
	int64_t        not_after;
};

/* Makes an unsigned version 3 certificate. INTERNAL; the caller frees *out with X509_free. */
int draft_new(const struct draft *draft, X509 **out, struct error *err);

/* True when a text has the 1 to 64 characters that a CN may have. */
bool draft_common_name_fits(const char *text);

/* Signs it, once, by `key` with its digest. INTERNAL. */
int draft_sign(X509 *certificate, EVP_PKEY *key, struct error *err);

/*
 * Cuts *not_after to the issuer's own notAfter; INTERNAL when the issuer is not
 * valid at `not_before`.
 */
int draft_fit_validity(const X509 *issuer, int64_t not_before, int64_t *not_after,
    struct error *err);

#endif
