/* PKCS #7 as a container of certificates (.p7b, .p7c): RFC 2315 §9.1, RFC 5652 §5.1. */
#ifndef PKI_PKCS7_H
#define PKI_PKCS7_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;

/* True when `content` begins as signedData. */
bool pkcs7_is(struct view content);

/*
 * Finds the certificates in a ContentInfo with signedData, in DER without octets left over, of INT_MAX octets at most.
 * Signatures are not checked: PKCS #7 is a container here and vouches for nothing.
 *
 * Returns 0 and *certificates, borrowed from `der`: one or more complete DER values, for
 * pkcs7_next. MALFORMED when it is cut off, has an indefinite length, or has no certificates.
 */
int pkcs7_certificates(struct view der, struct view *certificates, struct error *err);

/* Takes the first value off *certificates, undecoded; false at the end. */
bool pkcs7_next(struct view *certificates, struct view *first);

#endif
