/*
 * The numbers of a certificate's key, read without a key of OpenSSL's. Where the application has
 * made an engine OpenSSL's default ("openssl -engine pkcs11"), a key that OpenSSL decodes is that
 * engine's, and its numbers cannot be had.
 */
#ifndef PKCS11_PUBLIC_KEY_H
#define PKCS11_PUBLIC_KEY_H

#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct tpm_curve;

/* RFC 5480 and RFC 8017 §A.1.1. public_key_clear clears it; {0} is empty. */
struct public_key {
	const struct tpm_curve *curve;    /* NULL: an RSA key */
	struct view             point;    /* uncompressed; borrows from the certificate */
	struct bytes            modulus;  /* big-endian, without zeros in front */
	struct bytes            exponent; /* likewise */
};

/* MALFORMED for a key that is neither RSA nor an uncompressed point on a curve that we know. */
int  public_key_read(const X509 *certificate, struct public_key *key, struct error *err);
void public_key_clear(struct public_key *key);

/* SHA-256 of the SubjectPublicKeyInfo as it stands in the certificate. INTERNAL. */
int public_key_hash(const X509 *certificate, uint8_t hash[32], struct error *err);

#endif
