/* The certificate of our own TLS servers: RFC 5280, RFC 9525. */
#ifndef PKI_SERVER_CERTIFICATE_H
#define PKI_SERVER_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/certificate.h"
#include "util/bytes.h"

struct ca;
struct error;

/* The content of a server certificate; everything is borrowed. */
struct server_profile {
	EVP_PKEY          *key;
	const char *const *names; /* DNS names and IP addresses, at least one */
	size_t             name_count;
	const char        *crl_url; /* CRL distribution point, or NULL */
	int64_t            not_before;
	int64_t            not_after; /* cut to the issuer's own */
};

/*
 * Signs the certificate (EKU serverAuth, empty subject, names in the SAN) and
 * appends its DER to *der; fills its serial and the notAfter that it really has.
 * INTERNAL when there is no name or one is neither a DNS name nor an address, when
 * the issuer is not valid at not_before, or when signing fails.
 */
int server_certificate_issue(const struct ca *issuer, const struct server_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err);

#endif
