/* Private keys that a TPM holds, in key files, through tpm2-openssl's provider. */
#ifndef PKI_TPM_KEY_H
#define PKI_TPM_KEY_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* True when a file begins as a TPM's key file does ("TSS2 PRIVATE KEY"), or the URI is of a handle. */
bool tpm_key_is(const char *uri);

/*
 * Loads the key; `auth` is its authorization value, if it has one. Which TPM is
 * meant the provider is told by TPM2OPENSSL_TCTI. INTERNAL when the provider
 * cannot be loaded; else as key_load. The caller frees *key with signing_key_free.
 */
int tpm_key_load(const char *uri, struct view auth, EVP_PKEY **key, struct error *err);

#endif
