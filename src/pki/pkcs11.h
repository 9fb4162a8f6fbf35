/* Private keys in PKCS #11 tokens, through libp11 where that was configured. */
#ifndef PKI_PKCS11_H
#define PKI_PKCS11_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/*
 * Finds the one private key that a URI (RFC 7512) names. The PIN comes from the file
 * that pin-source names, or else is `pin`; the module is module-path, or else
 * `module`, which may be NULL. A PIN is tried once, and not at all when one more
 * wrong one would lock the token.
 *
 * MALFORMED for a bad URI, NOT_FOUND when there is no such token or key, else
 * INTERNAL. The caller frees *key with signing_key_free; the token is released with
 * its last key.
 */
int pkcs11_key_load(const char *uri, struct view pin, const char *module, EVP_PKEY **key,
    struct error *err);

#endif
