/*
 * A certificate as the search for its issuer sees it: what it names, when it begins, and
 * its signature. It may be a client's and is not decoded for this.
 */
#ifndef PKI_EK_CHILD_H
#define PKI_EK_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

struct ek_outline;

/* Everything is borrowed from the certificate or the outline that it was made from. */
struct ek_child {
	const X509_NAME         *issuer;
	const ASN1_OCTET_STRING *key_id; /* of the issuer's key; NULL: it names none */
	int64_t                  not_before;
	X509                    *certificate; /* NULL when it is only outlined … */
	const struct ek_outline *outline;     /* … by this */
};

struct ek_child ek_child_of(X509 *certificate);
struct ek_child ek_child_of_outline(struct ek_outline *outline);

/* True when both are the same certificate, made from the same. */
bool ek_child_equal(const struct ek_child *a, const struct ek_child *b);

/* True when `issuer` made its signature, with SHA-1 or SHA-2, over the octets as they came. */
bool ek_child_signed(const struct ek_child *child, EVP_PKEY *issuer);

#endif
