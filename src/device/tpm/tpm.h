/* The machine's TPM through ESAPI: opened, every call's verdict in one place, nothing left loaded. */
#ifndef DEVICE_TPM_TPM_H
#define DEVICE_TPM_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_esys.h>

#include "util/error.h"

/* Handles that may be open at once; TPMs have room for three objects. */
#define DEVICE_TPM_HANDLES 8U

/* A connection to a TPM, and what is open on it. {0} is closed. */
struct device_tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT      *esys;
	struct {
		ESYS_TR handle;
		bool    loaded; /* in the TPM's memory, to be flushed; else only known to ESAPI */
	} open[DEVICE_TPM_HANDLES];
	size_t open_count;
	bool   owner_known; /* device_tpm_owner_auth was called: keys may be made persistent */
};

/*
 * Opens the TPM that the TCTI configuration `conf` names, as Tss2_TctiLdr_Initialize
 * reads it: "device:/dev/tpmrm0", "swtpm:path=SOCKET", "cmd:nc -U SOCKET".
 *
 * Returns 0 and fills *tpm, which device_tpm_close empties; or -1 with NOT_FOUND
 * (there is no such device) or INTERNAL and a remedy in the detail.
 */
int device_tpm_open(struct device_tpm *tpm, const char *conf, struct error *err);

/* Uses the password in the file, without the line's end, for the owner hierarchy from now on. */
int device_tpm_owner_auth(struct device_tpm *tpm, const char *path, struct error *err);

/* Flushes what is still loaded, and closes. Does nothing to {0}. */
void device_tpm_close(struct device_tpm *tpm);

/* Locals that close themselves: AUTO_TPM tpm = {0}; */
#define AUTO_TPM __attribute__((cleanup(device_tpm_close))) struct device_tpm

/*
 * Makes the handle one that device_tpm_close releases: by TPM2_FlushContext when it
 * is `loaded`, else by forgetting it. Every handle that ESAPI gives goes here first.
 */
void device_tpm_keep(struct device_tpm *tpm, ESYS_TR handle, bool loaded);

/* Releases *handle early, and makes it ESYS_TR_NONE. */
void device_tpm_release(struct device_tpm *tpm, ESYS_TR *handle);

/*
 * What every ESAPI call stands in: DEVICE_TPM_TRY(rc, Esys_ReadPublic(…)). It is made
 * again, later and later for about two seconds, while the TPM is busy or has no
 * room because of others' objects and sessions.
 */
#define DEVICE_TPM_TRY(rc, call)                                        \
	do {                                                            \
		unsigned int tried_ = 0;                                \
		do {                                                    \
			(rc) = (call);                                  \
		} while ((rc) != TSS2_RC_SUCCESS &&                     \
		    device_tpm_again((rc), tried_++));                  \
	} while (0)

/* True after a pause when a call with this verdict deserves try number `tried` + 2. */
bool device_tpm_again(TSS2_RC rc, unsigned int tried);

/*
 * The TPM's own response code, without layer, parameter and session numbers, for
 * comparison with TPM2_RC_…; 0 when another layer made it.
 */
TPM2_RC device_tpm_code(TSS2_RC rc);

/*
 * error_set INTERNAL, with what the response code means and, where there is one, the
 * remedy behind the detail. Returns -1.
 */
int device_tpm_error(struct error *err, TSS2_RC rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads up to `count` handles of the TPM from `first` on; sets *count to how many there are. */
int device_tpm_handles(struct device_tpm *tpm, TPM2_HANDLE first, TPM2_HANDLE *handles,
    size_t *count, struct error *err);

/* What a TPM says of itself. */
struct device_tpm_info {
	uint32_t manufacturer;  /* TPM_PT_MANUFACTURER */
	char     model[17];     /* TPM_PT_VENDOR_STRING_1 to 4 */
	char     firmware[16];  /* "7.2", of TPM_PT_FIRMWARE_VERSION_1 */
	uint32_t nv_buffer_max; /* octets that one TPM2_NV_Read gives */
};

int device_tpm_info_read(struct device_tpm *tpm, struct device_tpm_info *info, struct error *err);

#endif
