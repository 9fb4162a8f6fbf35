/* HMAC (RFC 2104) with the hashes of TPMs. */
#ifndef TPM_HMAC_H
#define TPM_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/*
 * Writes the HMAC of `count` pieces, one behind the other, to `out`, which has room for the
 * digest of `alg`. INTERNAL when `alg` is not SHA-256, SHA-384 or SHA-512.
 */
int tpm_hmac(uint16_t alg, struct view key, const struct view *pieces, size_t count,
    uint8_t *out, struct error *err);

#endif
