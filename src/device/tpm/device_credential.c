/* Opens credentials; keeps no secret. */
#include "config.h"

#include "device/tpm/device_credential.h"

#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "util/bytes.h"

int
device_credential_activate(struct device_tpm *tpm, const struct device_credential_keys *keys,
    const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *secret, struct bytes *opened,
    struct error *err)
{
	TPM2B_DIGEST *value = NULL;
	uint32_t      session;
	TSS2_RC       rc;

	if (device_ek_authorize(tpm, keys->ek, &session, err) != 0)
		return -1;
	DEVICE_TPM_TRY(rc, Esys_ActivateCredential(tpm->esys, keys->ak_handle, keys->ek_handle,
	                       ESYS_TR_PASSWORD, session, ESYS_TR_NONE, credential, secret, &value));
	device_tpm_release(tpm, &session);
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc,
		    "the TPM does not open the credential; it was made for another EK or AK");
	bytes_append(opened, value->buffer, value->size);
	bytes_cleanse(value->buffer, sizeof value->buffer);
	Esys_Free(value);
	return 0;
}
