/* The machine's TPM: opened and closed, with nothing left loaded in it. esys.h has the private
 * part. */
#ifndef DEVICE_TPM_TPM_H
#define DEVICE_TPM_TPM_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "tpm/vendor.h"

struct error;

/* A connection to a TPM, and its open handles. NULL is closed. */
struct device_tpm;

/* The handle that stands for no object or session. */
#define DEVICE_HANDLE_NONE 0xfffU

/*
 * Opens the TPM that the TCTI configuration `conf` names, as Tss2_TctiLdr_Initialize
 * reads it: "device:/dev/tpmrm0", "swtpm:path=SOCKET", "cmd:nc -U SOCKET".
 *
 * Returns 0 and sets *tpm, which device_tpm_close frees; or -1 with NOT_FOUND
 * (there is no such device) or INTERNAL and a remedy in the detail.
 */
int device_tpm_open(const char *conf, struct device_tpm **tpm, struct error *err);

/* Flushes everything that is still loaded, closes, and frees. Ignores NULL. */
void device_tpm_close(struct device_tpm *tpm);

/* Locals that close themselves: AUTO_TPM tpm = NULL; */
void device_tpm_cleanup(struct device_tpm **tpm);
#define AUTO_TPM __attribute__((cleanup(device_tpm_cleanup))) struct device_tpm *

/* Releases *handle, an object or a session, and makes it DEVICE_HANDLE_NONE. */
void device_tpm_release(struct device_tpm *tpm, uint32_t *handle);

/* Reads up to `count` handles of the TPM from `first` on; sets *count to their number. */
int device_tpm_handles(struct device_tpm *tpm, TPM2_HANDLE first, TPM2_HANDLE *handles,
    size_t *count, struct error *err);

/* Properties of a TPM. */
struct device_tpm_info {
	uint32_t manufacturer;  /* TPM_PT_MANUFACTURER */
	char     model[TPM_VENDOR_STRING_SIZE]; /* TPM2_PT_VENDOR_STRING_1 to 4, cleaned */
	char     firmware[16];  /* "7.2", of TPM_PT_FIRMWARE_VERSION_1 */
	uint32_t nv_buffer_max; /* most octets of one TPM2_NV_Read */
};

int device_tpm_info_read(struct device_tpm *tpm, struct device_tpm_info *info, struct error *err);

#endif
