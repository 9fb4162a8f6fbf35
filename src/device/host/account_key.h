/* The key of an ACME account: JWK, thumbprint (RFC 7638), JWS (RFC 7515). */
#ifndef DEVICE_HOST_ACCOUNT_KEY_H
#define DEVICE_HOST_ACCOUNT_KEY_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct folder;

/*
 * Loads the P-256 key of the file `name` in a directory, or makes the file with a new key, mode 0600.
 * MALFORMED when the file holds no such key, INTERNAL when it cannot be read or
 * written. The caller frees *key with EVP_PKEY_free.
 */
int account_key_open(const struct folder *folder, const char *name, EVP_PKEY **key,
    struct error *err);

/* The public half as a JWK, its members in the order of RFC 7638; the caller frees. INTERNAL. */
int account_key_jwk(EVP_PKEY *key, char **jwk, struct error *err);

/* The SHA-256 thumbprint of a JWK that account_key_jwk made, base64url; the caller frees. */
int account_key_thumbprint(const char *jwk, char **thumbprint, struct error *err);

/* token "." thumbprint: RFC 8555 §8.1. The caller frees. */
char *account_key_authorization(const char *token, const char *thumbprint);

/*
 * Signs `payload` ("" for POST-as-GET) under the protected header `header`, JSON, with
 * ES256. *jws is the flattened JSON serialization (RFC 7515 §7.2.2); the caller frees.
 */
int account_key_sign(EVP_PKEY *key, const char *header, const char *payload, char **jws,
    struct error *err);

#endif
