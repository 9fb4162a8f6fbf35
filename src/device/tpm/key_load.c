/* Distinguishes a key of another TPM from a failure of the TPM; reads no file. */
#include "config.h"

#include "device/tpm/key_load.h"

#include <stdio.h>

#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/parent.h"
#include "device/tpm/room.h"
#include "util/error.h"

int
device_key_load_under(struct device_tpm *tpm, ESYS_TR parent, const struct device_key *key,
    const char *whose, uint32_t*handle, struct error *err)
{
	char    doing[128];
	TPM2_RC code;
	TSS2_RC rc;

	*handle = ESYS_TR_NONE;
	(void)snprintf(doing, sizeof doing, "loading %s", whose);
	/* The transient parent of the owner hierarchy is made without a password. */
	if (key->parent != TPM2_RH_OWNER &&
	    device_auth_use(tpm, DEVICE_AUTH_PARENT, parent, doing, err) != 0)
		return -1;
	DEVICE_TPM_TRY_OBJECT(tpm, rc, Esys_Load(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &key->private, &key->public, handle));
	if (rc == TSS2_RC_SUCCESS) {
		device_tpm_keep(tpm, *handle, true);
		return 0;
	}
	*handle = ESYS_TR_NONE;
	code = device_tpm_code(rc);
	if (code == TPM2_RC_INTEGRITY || code == TPM2_RC_SIZE || code == TPM2_RC_BINDING ||
	    code == TPM2_RC_TYPE)
		return error_set(err, ERROR_CONFLICT,
		    "%s is not this TPM's, or the TPM was cleared", whose);
	return key->parent != TPM2_RH_OWNER
	    ? device_auth_error(tpm, DEVICE_AUTH_PARENT, rc, doing, err)
	    : device_tpm_error(err, rc, "%s", doing);
}

int
device_key_load(struct device_tpm *tpm, const struct device_key *key, const char *whose,
    uint32_t*handle, struct error *err)
{
	ESYS_TR parent = ESYS_TR_NONE;
	int     rc;

	*handle = ESYS_TR_NONE;
	if (device_parent_load(tpm, key->parent, &parent, err) != 0)
		return -1;
	rc = device_key_load_under(tpm, parent, key, whose, handle, err);
	device_tpm_release(tpm, &parent);
	return rc;
}
