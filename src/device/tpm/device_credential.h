/* Opening a credential that was made for this TPM: TPM 2.0 Part 1, "Credential Protection". */
#ifndef DEVICE_TPM_DEVICE_CREDENTIAL_H
#define DEVICE_TPM_DEVICE_CREDENTIAL_H

#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

struct bytes;
struct device_ek;
struct device_tpm;
struct error;

/* The two keys of the credential, loaded. */
struct device_credential_keys {
	const struct device_ek *ek;
	uint32_t                ek_handle;
	uint32_t                ak_handle;
};

/*
 * Appends the secret of the credential to *opened: TPM 2.0 Part 3, TPM2_ActivateCredential.
 * INTERNAL when it was made for another EK or AK, or the TPM fails.
 */
int device_credential_activate(struct device_tpm *tpm, const struct device_credential_keys *keys,
    const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *secret, struct bytes *opened,
    struct error *err);

#endif
