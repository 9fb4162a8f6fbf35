/* The common part of our end-entity certificates. RFC 5280 §4. */
#ifndef PKI_END_ENTITY_H
#define PKI_END_ENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/certificate.h"
#include "util/bytes.h"

struct ca;
struct error;

/* Filled by a profile; everything in it is borrowed. */
struct end_entity {
	struct view               spki;        /* SubjectPublicKeyInfo, as spki_encode writes it */
	const char               *common_name; /* NULL for an empty subject, and a critical SAN */
	const ASN1_OBJECT *const *purposes;    /* extended key usage, in order */
	size_t                    purpose_count;
	struct view               names;   /* at least one, appended by alt_name_add_… */
	const char               *crl_url; /* or NULL */
	int64_t                   not_before;
	int64_t                   not_after; /* cut to the issuer's own */
};

/* Appends the SubjectPublicKeyInfo of any key, also of a token's. INTERNAL. */
int end_entity_spki(EVP_PKEY *key, struct bytes *spki, struct error *err);

/*
 * Signs a certificate with BC critical CA:FALSE, KU critical digitalSignature,
 * EKU, SAN, SKI, AKI and CRL DP, and appends its DER to *der; fills its random
 * serial and the notAfter that it really has. INTERNAL when the issuer is not
 * valid at not_before, or when encoding or signing fails.
 */
int end_entity_issue(const struct ca *issuer, const struct end_entity *entity,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err);

#endif
