/* Loading wrapped keys back into the TPM that made them. */
#ifndef DEVICE_TPM_KEY_LOAD_H
#define DEVICE_TPM_KEY_LOAD_H

#include <stdint.h>

struct device_key;
struct device_tpm;
struct error;

/*
 * Loads the key under its parent, which is released again. `whose` names the key in a
 * failure ("the AK"). CONFLICT when this TPM does not know it: another TPM's, or the
 * TPM was cleared. Else INTERNAL. Release *handle.
 */
int device_key_load(struct device_tpm *tpm, const struct device_key *key, const char *whose,
    uint32_t *handle, struct error *err);

/* The same under a loaded parent. */
int device_key_load_under(struct device_tpm *tpm, uint32_t parent, const struct device_key *key,
    const char *whose, uint32_t *handle, struct error *err);

#endif
