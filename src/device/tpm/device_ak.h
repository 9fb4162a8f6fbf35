/* The attestation key: made by the TPM, kept wrapped, with the proof of its creation. */
#ifndef DEVICE_TPM_DEVICE_AK_H
#define DEVICE_TPM_DEVICE_AK_H

#include <stdint.h>

#include "device/tpm/key_file.h"
#include "util/bytes.h"

struct device_ak_type;
struct device_tpm;
struct error;

/* An AK; POST /attest sends everything but the key (WIRE.md §1). */
struct device_ak {
	struct device_key key;
	struct bytes      area;        /* TPMT_PUBLIC */
	struct bytes      create_data; /* TPMS_CREATION_DATA */
	struct bytes      attestation; /* TPMS_ATTEST */
	struct bytes      signature;   /* TPMT_SIGNATURE */
};

/* Frees what *ak holds and makes it {0}. */
void device_ak_clear(struct device_ak *ak);

/* Locals that clear themselves. */
#define AUTO_AK __attribute__((cleanup(device_ak_clear))) struct device_ak

/*
 * Makes an AK under the storage root key 0x81000001 if that matches TCG's template,
 * otherwise under a transient one, and has it certify its own creation. *handle is the
 * loaded AK; release it with device_tpm_release.
 *
 * NOT_FOUND when the TPM makes no keys of this type, else INTERNAL.
 */
int device_ak_create(struct device_tpm *tpm, const struct device_ak_type *type, struct device_ak *ak,
    uint32_t *handle, struct error *err);

/*
 * Loads an AK that was made before. CONFLICT when this TPM does not know it
 * (another TPM's, or the TPM was cleared) and a new one is needed. Else INTERNAL.
 */
int device_ak_load(struct device_tpm *tpm, const struct device_ak *ak, uint32_t *handle,
    struct error *err);

/*
 * Checks an AK from a state directory: the public area follows the rules for an
 * AK and belongs to the key, and the evidence verifies. Sets ak->area from the
 * key. MALFORMED or BAD_ATTESTATION otherwise.
 */
int device_ak_check(struct device_ak *ak, struct error *err);

#endif
