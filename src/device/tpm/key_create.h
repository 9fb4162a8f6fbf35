/* Making keys under the storage root: TPM 2.0 Part 3, TPM2_Create. */
#ifndef DEVICE_TPM_KEY_CREATE_H
#define DEVICE_TPM_KEY_CREATE_H

#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

struct device_key;
struct device_tpm;
struct error;

/* Describes the key, for errors. */
struct device_key_words {
	const char *whose;  /* "the AK" */
	const char *kind;   /* "p256" */
	const char *option; /* option that chooses the kind */
};

/* The outputs of TPM2_Create besides the key, for TPM2_CertifyCreation. */
struct device_creation {
	TPM2B_CREATION_DATA data;
	TPM2B_DIGEST        hash;
	TPMT_TK_CREATION    ticket;
};

/*
 * Makes a key without password from `area` under the storage root key (device_parent_choose); under
 * a transient one if that has a password that was not given. Fills *key and *creation, and *parent,
 * which is still loaded: release it.
 *
 * NOT_FOUND when the TPM makes no such keys, else INTERNAL.
 */
int device_key_create(struct device_tpm *tpm, const TPMT_PUBLIC *area,
    const struct device_key_words *words, struct device_key *key,
    struct device_creation *creation, uint32_t *parent, struct error *err);

#endif
