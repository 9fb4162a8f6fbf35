/* A subordinate CA's PKCS #10 request to another CA, and the check of the certificate that it
 * returns. */
#ifndef PKI_CA_REQUEST_H
#define PKI_CA_REQUEST_H

#include <stdint.h>

#include <openssl/x509.h>

#include "util/bytes.h"

struct ca;
struct error;
struct trust;

/* Buffer size of a common name: 64 characters of UTF-8 and the NUL. */
#define CA_NAME_SIZE (4 * 64 + 1)

/*
 * Appends a CSR (PEM) that asks for a CA certificate: subject CN `name`, and, as
 * extensionRequest, basicConstraints CA:TRUE pathlen:0 and keyUsage
 * keyCertSign|cRLSign, both critical. INTERNAL.
 */
int ca_request_create(EVP_PKEY *key, const char *name, struct bytes *pem, struct error *err);

/*
 * Checks that `issuing` can issue AK certificates from `now` on: its key is that of its
 * certificate, CA:TRUE, keyCertSign and cRLSign, a subjectKeyIdentifier, valid now, and
 * its AK certificates verify through `chain` to one of `roots`, path lengths included.
 * BAD_ATTESTATION or INTERNAL, saying which rule it breaks.
 */
int ca_request_check(const struct ca *issuing, STACK_OF(X509) *chain, const struct trust *roots,
    int64_t now, struct error *err);

/*
 * The name of the successor of the CA called `name`: "X", "X 2", "X 3", shortened if
 * too long. Each generation needs its own name to have its own CRL: RFC 5280 §5.1.2.3
 * and §6.3.3 identify a CRL's issuer by name only.
 */
void ca_name_next(const char *name, char next[CA_NAME_SIZE]);

/* The last CN of the certificate's subject as UTF-8; empty when it has none that fits. */
void ca_name_read(const X509 *certificate, char name[CA_NAME_SIZE]);

#endif
