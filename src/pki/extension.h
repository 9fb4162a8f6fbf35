/* The extensions of CAs' certificates and of CRLs: RFC 5280 §4.2. */
#ifndef PKI_EXTENSION_H
#define PKI_EXTENSION_H

#include <stdbool.h>

#include <openssl/x509v3.h>

struct error;

/* The pathlen that stands for no pathLenConstraint. */
#define EXTENSION_PATHLEN_ANY (-1)

/* Each adds one extension that the certificate does not have yet. INTERNAL when libcrypto fails. */

/* BasicConstraints, critical. */
int extension_add_basic_constraints(X509 *certificate, bool is_ca, int pathlen, struct error *err);

/* KeyUsage, critical; `bits` are KU_DIGITAL_SIGNATURE and the like (first octet only). */
int extension_add_key_usage(X509 *certificate, unsigned char bits, struct error *err);

/*
 * SubjectKeyIdentifier of the certificate's own key: RFC 7093 §2, method 1, the leftmost 160
 * bits of SHA-256 over the BIT STRING's octets.
 */
#define EXTENSION_KEY_ID_SIZE 20
int extension_add_subject_key_id(X509 *certificate, struct error *err);

/* AuthorityKeyIdentifier: the issuer's SubjectKeyIdentifier, which it must have. */
int extension_add_authority_key_id(X509 *certificate, const X509 *issuer, struct error *err);
int extension_add_crl_authority_key_id(X509_CRL *crl, const X509 *issuer, struct error *err);

#endif
