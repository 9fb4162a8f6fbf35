/* The storage key above the keys that we make: TCG Provisioning Guidance. */
#ifndef DEVICE_TPM_PARENT_H
#define DEVICE_TPM_PARENT_H

#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

struct device_tpm;
struct error;

/* Where TCG Provisioning Guidance wants the storage root key. */
#define DEVICE_PARENT_SRK 0x81000001U

/*
 * The parent for a new key: the storage root key 0x81000001 when that is one by TCG's
 * template and was not found to have a password that is unknown, otherwise a transient primary; one that is made there when there is none and the
 * owner's password is known (device_auth_read), because a transient one wants it for
 * every use. *which is what a key file calls it: the
 * handle, or TPM2_RH_OWNER. Release *parent as soon as the key is loaded, because a
 * TPM has room for three objects. INTERNAL on failure.
 */
int device_parent_choose(struct device_tpm *tpm, TPM2_HANDLE *which, uint32_t *parent,
    struct error *err);

/*
 * The parent that a key file names. CONFLICT when the TPM has it no more, else INTERNAL.
 */
int device_parent_load(struct device_tpm *tpm, TPM2_HANDLE which, uint32_t *parent,
    struct error *err);

#endif
