/* Private keys held by a TPM, in key files or by handle, through tpm2-openssl's provider. */
#ifndef PKI_TPM_KEY_H
#define PKI_TPM_KEY_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* True when the file is a TPM's key file ("TSS2 PRIVATE KEY"), or the URI names a handle. */
bool tpm_key_is(const char *uri);

/*
 * Loads the key; `auth` is its authorization value, if it has one. The provider
 * takes the TPM from the environment variable TPM2OPENSSL_TCTI. INTERNAL when the
 * provider cannot be loaded; else as key_load. The caller frees *key with
 * signing_key_free.
 */
int tpm_key_load(const char *uri, struct view auth, EVP_PKEY **key, struct error *err);

#endif
