/* What device/tpm/ shares: the open TPM, its handles and its passwords. Private to device/tpm/. */
#ifndef DEVICE_TPM_ESYS_H
#define DEVICE_TPM_ESYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_esys.h>

#include "device/tpm/auth.h"
#include "device/tpm/tpm.h"
#include "device/tpm/tpm_error.h"
#include "util/error.h"

/* Most open handles; TPMs have room for three objects. */
#define DEVICE_TPM_HANDLES 8U

struct device_tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT      *esys;
	struct {
		ESYS_TR handle;
		bool    loaded; /* in the TPM's memory, to be flushed; else known to ESAPI only */
	} open[DEVICE_TPM_HANDLES];
	size_t open_count;
	bool   alone; /* no other process has this TPM open */
	bool   lost;  /* an object of ours was not loaded any more (device_room_again) */
	struct device_auth_state {
		bool       known;   /* set by device_auth_read */
		bool       refused; /* the TPM has refused it, or the empty one: not tried again */
		TPM2B_AUTH password;
	} auth[DEVICE_AUTH_COUNT];
};

/*
 * Registers a handle for release by device_tpm_close: by TPM2_FlushContext if it is
 * `loaded`, else by Esys_TR_Close. Call it for every new handle from ESAPI.
 */
void device_tpm_keep(struct device_tpm *tpm, ESYS_TR handle, bool loaded);

/*
 * Call it before every call that `object`, a handle, authorizes with its password: gives ESAPI the
 * known password. INTERNAL when the TPM has refused it already in this run; `doing` begins the
 * detail.
 */
int device_auth_use(struct device_tpm *tpm, enum device_auth which, uint32_t object,
    const char *doing, struct error *err);

/* True when the call failed because of a password. */
bool device_auth_failed(TSS2_RC rc);

/*
 * device_tpm_error for such a call. If the password is the reason, the detail says whose, and with
 * which option to give it or that the given one is wrong; the password is not tried again. Returns
 * -1.
 */
int device_auth_error(struct device_tpm *tpm, enum device_auth which, TSS2_RC rc,
    const char *doing, struct error *err);

/*
 * Adds to an error about another object's password, which ends in the option for it, that the given
 * password of this object, which would have done as well, is wrong; nothing where none was given
 * or it was not refused.
 */
void device_auth_note(const struct device_tpm *tpm, enum device_auth which, struct error *err);

/* Cleanses the passwords. */
void device_auth_clear(struct device_tpm *tpm);

#endif
