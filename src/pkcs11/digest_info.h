/* DigestInfo of PKCS #1 (RFC 8017 §9.2), which CKM_RSA_PKCS gets from its callers. */
#ifndef PKCS11_DIGEST_INFO_H
#define PKCS11_DIGEST_INFO_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

/*
 * Finds the hash and the digest in `data`, which must be exactly the DER that a TPM puts into its
 * own RSASSA signatures, so that these are the same: SHA-1, SHA-256, SHA-384 or SHA-512 with a
 * NULL. False otherwise. *digest borrows from it.
 */
bool digest_info_read(struct view data, TPM2_ALG_ID *hash, struct view *digest);

#endif
