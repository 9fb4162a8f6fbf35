/* NV indices, read only. */
#ifndef DEVICE_TPM_NV_H
#define DEVICE_TPM_NV_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

#include "util/bytes.h"

struct device_tpm;
struct error;

/*
 * Appends the content of the index to *out; nothing if the TPM has no such index or it was
 * never written. Reads with the index's own empty password, or the owner's. INTERNAL when it
 * cannot be read.
 */
int device_nv_read(struct device_tpm *tpm, TPM2_HANDLE index, struct bytes *out, struct error *err);

/* Sets *present to whether the TPM has such an index. */
int device_nv_present(struct device_tpm *tpm, TPM2_HANDLE index, bool *present, struct error *err);

#endif
