/*
 * How this folder speaks to the TPM: ESAPI, every call's verdict in one place. No file outside
 * device/tpm/ includes this header.
 */
#ifndef DEVICE_TPM_ESYS_H
#define DEVICE_TPM_ESYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_esys.h>

#include "device/tpm/auth.h"
#include "device/tpm/tpm.h"
#include "util/error.h"

/* Handles that may be open at once; TPMs have room for three objects. */
#define DEVICE_TPM_HANDLES 8U

struct device_tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT      *esys;
	struct {
		ESYS_TR handle;
		bool    loaded; /* in the TPM's memory, to be flushed; else only known to ESAPI */
	} open[DEVICE_TPM_HANDLES];
	size_t open_count;
	struct device_auth_state {
		bool       known;   /* device_auth_read was called */
		bool       refused; /* the TPM has refused it, or the empty one: it is not tried again */
		TPM2B_AUTH password;
	} auth[DEVICE_AUTH_COUNT];
};

/*
 * Makes the handle one that device_tpm_close releases: by TPM2_FlushContext when it
 * is `loaded`, else by forgetting it. Every handle that ESAPI gives goes here first.
 */
void device_tpm_keep(struct device_tpm *tpm, ESYS_TR handle, bool loaded);

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

/*
 * Stands before every call that `object`, a handle, authorizes with its password: gives ESAPI the one
 * that is known. INTERNAL when the TPM has refused it already in this run; `doing` stands
 * before the detail.
 */
int device_auth_use(struct device_tpm *tpm, enum device_auth which, uint32_t object,
    const char *doing, struct error *err);

/* True when the call failed because of a password. */
bool device_auth_failed(TSS2_RC rc);

/*
 * device_tpm_error for such a call. When the password is the reason, the detail says whose, and with which
 * option it is given, or that the one that was given is wrong; and it is not tried again. Returns -1.
 */
int device_auth_error(struct device_tpm *tpm, enum device_auth which, TSS2_RC rc,
    const char *doing, struct error *err);

/* Cleanses the passwords. */
void device_auth_clear(struct device_tpm *tpm);

#endif
