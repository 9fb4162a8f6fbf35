/* What a TPM's response code means: whether to try again, and the remedy. Private to device/tpm/. */
#ifndef DEVICE_TPM_TPM_ERROR_H
#define DEVICE_TPM_TPM_ERROR_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

struct error;

/*
 * Wraps every ESAPI call: DEVICE_TPM_TRY(rc, Esys_ReadPublic(…)). Retries with
 * back-off for about two seconds while the TPM is busy or full of other processes'
 * objects and sessions.
 */
#define DEVICE_TPM_TRY(rc, call)                                        \
	do {                                                            \
		unsigned int tried_ = 0;                                \
		do {                                                    \
			(rc) = (call);                                  \
		} while ((rc) != TSS2_RC_SUCCESS &&                     \
		    device_tpm_again((rc), tried_++));                  \
	} while (0)

/* So often a call is made at most. */
#define DEVICE_TPM_TRIES 7U

/* True, after a pause, when a call with this result should be tried again; `tried` retries were
 * made. */
bool device_tpm_again(TSS2_RC rc, unsigned int tried);

/*
 * The TPM's own response code, without layer, parameter and session numbers, for
 * comparison with TPM2_RC_…; 0 when another layer made it.
 */
TPM2_RC device_tpm_code(TSS2_RC rc);

/*
 * error_set INTERNAL that appends the meaning of the response code and, if there is
 * one, the remedy. Returns -1.
 */
int device_tpm_error(struct error *err, TSS2_RC rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
