/*
 * A CSR in DER: RFC 2986. Not OpenSSL's X509_REQ, which decodes the key with it: that takes longer than the
 * signature check with it. Nothing is verified here but on request.
 */
#ifndef PKI_CSR_ITEM_H
#define PKI_CSR_ITEM_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "util/bytes.h"

struct csr_item;
struct error;

/* Decodes a CSR that fills `der`; the caller ends it with csr_item_free, which takes NULL too. MALFORMED. */
int  csr_item_decode(struct view der, struct csr_item **out, struct error *err);
void csr_item_free(struct csr_item *item);

/* Its parts, borrowed. */
const X509_NAME *csr_item_subject(const struct csr_item *item);
struct view      csr_item_spki(const struct csr_item *item);          /* SubjectPublicKeyInfo */
int              csr_item_signature_nid(const struct csr_item *item); /* of the signature's algorithm */

/*
 * The extensions that it requests, by PKCS #9 or by Microsoft's attribute: NULL for none. The caller frees
 * them. MALFORMED when they cannot be decoded.
 */
int csr_item_extensions(const struct csr_item *item, X509_EXTENSIONS **out, struct error *err);

/* Whether the signature over the received octets is by this key. */
bool csr_item_is_signed(const struct csr_item *item, EVP_PKEY *key);

#endif
