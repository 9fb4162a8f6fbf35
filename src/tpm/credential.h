/* MakeCredential without a TPM: TPM 2.0 Library Part 1, "Credential Protection", annexes B and C. */
#ifndef TPM_CREDENTIAL_H
#define TPM_CREDENTIAL_H

#include "util/bytes.h"

struct error;
struct tpm_ek;
struct tpm_name;

/*
 * Encrypts `secret` (1 octet to the size of the EK's nameAlg) so that only the
 * TPM of `ek` can open it, and only for a loaded object whose Name is `name`.
 * The Name must have been computed over attributes that were checked.
 *
 * Returns 0 and appends to *credential a TPM2B_ID_OBJECT and to
 * *encrypted_secret a TPM2B_ENCRYPTED_SECRET, both with their size prefix; or
 * -1 with INTERNAL.
 */
int tpm_credential_make(const struct tpm_ek *ek, const struct tpm_name *name,
    struct view secret, struct bytes *credential, struct bytes *encrypted_secret,
    struct error *err);

/*
 * Makes tpm_credential_make faster for an EK that is kept: OpenSSL looks RSA's padding and
 * hashes up by name for each new context, and copies this one. It shares ek->key;
 * tpm_ek_clear frees it. Does nothing for other keys, nor when it fails.
 */
void tpm_credential_prepare(struct tpm_ek *ek);

#endif
