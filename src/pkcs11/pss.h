/* The salt of a PSS signature. */
#ifndef PKCS11_PSS_H
#define PKCS11_PSS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

/*
 * Whether the signature, by the RSA key with that modulus and the exponent 65537, is one of the digest
 * with a salt of `salt` octets, MGF1 having the same hash (a TPM2_ALG_ID): RFC 8017 §8.1.2 and §9.1.2.
 * It takes no EVP_PKEY: a program may have made an engine the default for all RSA keys.
 */
bool pss_has_salt(struct view modulus, struct view signature, struct view digest, uint16_t hash, size_t salt);

#endif
