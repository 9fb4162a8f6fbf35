/* TPM keys in files: PEM "TSS2 PRIVATE KEY" (draft-bottomley-tpm2-keys), which tpm2-openssl reads
 * too. */
#ifndef DEVICE_TPM_KEY_FILE_H
#define DEVICE_TPM_KEY_FILE_H

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct error;

/* The outputs of TPM2_Create, and the parent. */
struct device_key {
	TPM2_HANDLE   parent; /* a persistent handle, or TPM2_RH_OWNER: the template of the draft */
	TPM2B_PUBLIC  public;
	TPM2B_PRIVATE private; /* encrypted to this TPM */
};

/* Appends the key as PEM, without password. */
int device_key_encode(const struct device_key *key, struct bytes *pem, struct error *err);

/*
 * Reads the first TSS2 PRIVATE KEY of the text: a loadable key without password or
 * policy, complete, with no octets left over. MALFORMED otherwise.
 */
int device_key_decode(struct view pem, struct device_key *key, struct error *err);

#endif
