/* The storage key above the keys that we make: TCG Provisioning Guidance. */
#ifndef DEVICE_TPM_PARENT_H
#define DEVICE_TPM_PARENT_H

#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

struct device_tpm;
struct error;

/* The handle of the storage root key by TCG Provisioning Guidance. */
#define DEVICE_PARENT_SRK 0x81000001U

/*
 * Chooses the parent for a new key: the storage root key 0x81000001 if it matches TCG's template
 * and has no unknown password, otherwise a transient primary. If 0x81000001 does not exist and the
 * owner's password is known (device_auth_read), it is made there, because a transient one needs
 * that password for every use. *which is the parent as written in a key file: the handle, or
 * TPM2_RH_OWNER. Release *parent as soon as the key is loaded, because a TPM has room for three
 * objects. INTERNAL on failure.
 */
int device_parent_choose(struct device_tpm *tpm, TPM2_HANDLE *which, uint32_t *parent,
    struct error *err);

/* Opens 0x81000001 if it matches TCG's template. NOT_FOUND when it does not, else INTERNAL. */
int device_parent_srk(struct device_tpm *tpm, uint32_t *parent, struct error *err);

/*
 * The parent that a key file names. CONFLICT when the TPM no longer has it, else
 * INTERNAL.
 */
int device_parent_load(struct device_tpm *tpm, TPM2_HANDLE which, uint32_t *parent,
    struct error *err);

#endif
