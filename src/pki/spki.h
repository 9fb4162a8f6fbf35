/* SubjectPublicKeyInfo of a key in one canonical encoding: RFC 3279, RFC 5480. */
#ifndef PKI_SPKI_H
#define PKI_SPKI_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/*
 * Puts the public half of `key` into *spki, RSA as rsaEncryption with NULL, EC with
 * its curve's name and an uncompressed point; other kinds as OpenSSL encodes them.
 * (X509_PUBKEY_set finds an encoder and then decodes again: 180 µs for each
 * certificate, seven times an ECDSA signature. This takes a few.)
 * INTERNAL on failure.
 */
int spki_set(X509_PUBKEY *spki, EVP_PKEY *key, struct error *err);

/* Appends that encoding as DER. */
int spki_encode(EVP_PKEY *key, struct bytes *der, struct error *err);

#endif
