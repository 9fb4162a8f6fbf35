/* Key derivation of TPM 2.0: Library Part 1, KDFa and KDFe (§11.4.10). */
#ifndef TPM_KDF_H
#define TPM_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/*
 * KDFa(hash, key, label, u, v): SP 800-108 in counter mode with HMAC. Fills all
 * `size` octets of `out`; they are what the specification gives for 8 * size bits.
 * The label goes in with its NUL. The key has at least one octet; `alg` is
 * SHA-256, SHA-384 or SHA-512. INTERNAL on failure.
 */
int tpm_kdfa(uint16_t alg, struct view key, const char *label, struct view u, struct view v,
    uint8_t *out, size_t size, struct error *err);

/*
 * KDFe(hash, Z, use, u, v): SP 800-56A, concatenation with a counter. `z` and the
 * parties' x-coordinates are padded to the field size. Otherwise as tpm_kdfa.
 */
int tpm_kdfe(uint16_t alg, struct view z, const char *use, struct view u, struct view v,
    uint8_t *out, size_t size, struct error *err);

#endif
