/* The certificate of a device's key: RFC 5280, draft-ietf-acme-device-attest. */
#ifndef PKI_DEVICE_CERTIFICATE_H
#define PKI_DEVICE_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/certificate.h"
#include "util/bytes.h"

struct ca;
struct error;

/* Extended key usages, combined with |. */
enum device_usage { DEVICE_USAGE_CLIENT = 1, DEVICE_USAGE_SERVER = 2 };

/* The content of a device certificate; everything is borrowed. */
struct device_profile {
	EVP_PKEY          *key;        /* the attested key */
	const char        *identifier; /* passed identifier_check */
	const char *const *dns_names;  /* more names, each passes alt_name_dns_is_valid; may be none */
	size_t             dns_count;
	unsigned           usages;  /* of enum device_usage, at least one */
	const char        *crl_url; /* CRL distribution point, or NULL */
	int64_t            not_before;
	int64_t            not_after; /* cut to the issuer's own */
};

/*
 * Signs the certificate and appends its DER to *der; fills its serial and the
 * notAfter that it really has. The identifier is its PermanentIdentifier, and
 * device_common_name's form of it the CN: an empty subject would make the SAN critical,
 * and many verifiers know nothing of the names in it. INTERNAL when the profile breaks a rule above, when
 * the issuer is not valid at not_before, or when signing fails.
 */
int device_certificate_issue(const struct ca *issuer, const struct device_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err);

#endif
