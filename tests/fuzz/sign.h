/* What fuzzers sign again after its edits, so that these reach what is checked behind a signature. */
#ifndef TESTS_FUZZ_SIGN_H
#define TESTS_FUZZ_SIGN_H

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "util/bytes.h"

static inline void
fuzz_replace(struct bytes *octets, unsigned char *der, int size)
{
	if (size > 0) {
		bytes_clear(octets);
		bytes_append(octets, der, (size_t)size);
	}
	OPENSSL_free(der);
}

/* Signs a certificate that decodes; leaves other octets as they are. */
static inline void
fuzz_sign_certificate(struct bytes *octets, EVP_PKEY *key)
{
	const unsigned char *at = octets->data;
	X509                *certificate = d2i_X509(NULL, &at, (long)octets->size);
	unsigned char       *der = NULL;
	int                  size = 0;

	if (certificate != NULL && X509_sign(certificate, key, EVP_sha256()) > 0)
		size = i2d_X509(certificate, &der);
	fuzz_replace(octets, der, size);
	X509_free(certificate);
}

/* The same for a CRL. */
static inline void
fuzz_sign_crl(struct bytes *octets, EVP_PKEY *key)
{
	const unsigned char *at = octets->data;
	X509_CRL            *crl = d2i_X509_CRL(NULL, &at, (long)octets->size);
	unsigned char       *der = NULL;
	int                  size = 0;

	if (crl != NULL && X509_CRL_sign(crl, key, EVP_sha256()) > 0)
		size = i2d_X509_CRL(crl, &der);
	fuzz_replace(octets, der, size);
	X509_CRL_free(crl);
}

#endif
