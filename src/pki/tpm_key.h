/* Private keys held by a TPM, in key files or by handle, through tpm2-openssl's provider. */
#ifndef PKI_TPM_KEY_H
#define PKI_TPM_KEY_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* True when the file is a TPM's key file ("TSS2 PRIVATE KEY"), or the URI names a handle. */
bool tpm_key_is(const char *uri);

/* True when this is the content of a TPM's key file. */
bool tpm_key_is_content(struct view text);

/*
 * Loads the key of a URI, or of its file's `content` if that is not NULL; `auth` is its authorization value, if it has one. The provider
 * takes the TPM from the environment variable TPM2OPENSSL_TCTI. INTERNAL when the
 * provider cannot be loaded; else as key_load. The caller frees *key with
 * signing_key_free.
 */
int tpm_key_load(const char *uri, const struct bytes *content, struct view auth, EVP_PKEY **key,
    struct error *err);

#endif
