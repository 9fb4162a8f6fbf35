/* SubjectPublicKeyInfo, read and written without OpenSSL's decoders: RFC 3279, RFC 5480. */
#ifndef TPM_SPKI_H
#define TPM_SPKI_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct tpm_curve;

/*
 * Reads the key of a SubjectPublicKeyInfo in DER with no octets left over: RSA of
 * at most 4096 bits with e = 65537, or a point on P-256, P-384 or P-521. `whose`
 * names the key in the detail of a failure ("EK"). The caller frees *key.
 *
 * MALFORMED when it does not decode; BAD_ATTESTATION for another algorithm, curve
 * or exponent, and for a point that is not on its curve. (OpenSSL's own function
 * tries every decoder it has, which takes longer than everything else that is
 * done with the key.)
 */
int spki_decode(struct view der, const char *whose, EVP_PKEY **key, struct error *err);

/* The same of an RSAPublicKey in DER (PKCS#1; RFC 8017 §A.1.1), which has no algorithm beside it. */
int spki_decode_rsa(struct view der, const char *whose, EVP_PKEY **key, struct error *err);

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

/* The same from an RSA key's big-endian numbers, and from an uncompressed point. */
void spki_append_rsa(struct view modulus, struct view exponent, struct bytes *der);
void spki_append_point(const struct tpm_curve *curve, struct view point, struct bytes *der);

/* Finds the octets of the BIT STRING in what spki_encode wrote. MALFORMED. */
int spki_find_key(struct view spki, struct view *key, struct error *err);

#endif
