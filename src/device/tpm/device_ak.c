/*
 * Makes and loads attestation keys. TPM2_CertifyCreation needs the ticket of TPM2_Create,
 * so the proof is made together with the key and kept beside it. It does not expire.
 */
#include "config.h"

#include "device/tpm/device_ak.h"

#include <string.h>

#include <openssl/evp.h>

#include "device/tpm/ak_type.h"
#include "device/tpm/esys.h"
#include "device/tpm/key_create.h"
#include "device/tpm/key_load.h"
#include "device/tpm/octets.h"
#include "tpm/ak.h"
#include "tpm/creation.h"
#include "util/error.h"

void
device_ak_clear(struct device_ak *ak)
{
	bytes_clear(&ak->area);
	bytes_clear(&ak->create_data);
	bytes_clear(&ak->attestation);
	bytes_clear(&ak->signature);
	*ak = (struct device_ak){0};
}

/* ---- making ---- */

/* Has the AK certify its own creation: TPM 2.0 Part 3, TPM2_CertifyCreation. */
static int
ak_certify(struct device_tpm *tpm, ESYS_TR handle, const struct device_creation *created,
    struct device_ak *ak, struct error *err)
{
	const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL}; /* the AK's own */
	const TPM2B_DATA      qualifying = {0};
	TPM2B_ATTEST         *attest = NULL;
	TPMT_SIGNATURE       *signature = NULL;
	TSS2_RC               rc;
	int                   result;

	DEVICE_TPM_TRY(rc, Esys_CertifyCreation(tpm->esys, handle, handle, ESYS_TR_PASSWORD,
	                       ESYS_TR_NONE, ESYS_TR_NONE, &qualifying, &created->hash, &scheme,
	                       &created->ticket, &attest, &signature));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "certifying the AK's creation");
	bytes_append(&ak->attestation, attest->attestationData, attest->size);
	result = device_creation_append(&created->data.creationData, &ak->create_data, err) != 0 ||
	        device_signature_append(signature, &ak->signature, err) != 0
	    ? -1
	    : 0;
	Esys_Free(attest);
	Esys_Free(signature);
	return result;
}

int
device_ak_create(struct device_tpm *tpm, const struct device_ak_type *type, struct device_ak *ak,
    uint32_t*handle, struct error *err)
{
	const TPMT_PUBLIC             area = device_ak_type_public(type);
	const struct device_key_words words = {"the AK", type->word, "--ak-type"};
	struct device_creation        created;
	ESYS_TR        parent = ESYS_TR_NONE;
	int            rc = -1;

	*ak = (struct device_ak){0};
	*handle = ESYS_TR_NONE;
	if (device_key_create(tpm, &area, &words, &ak->key, &created, &parent, err) == 0 &&
	    device_key_load_under(tpm, parent, &ak->key, "the new AK", handle, err) == 0)
		rc = 0;
	device_tpm_release(tpm, &parent); /* released early: a TPM has room for three objects */
	if (rc == 0 && (ak_certify(tpm, *handle, &created, ak, err) != 0 ||
	                   device_ak_check(ak, err) != 0)) {
		rc = -1;
		device_tpm_release(tpm, handle);
	}
	if (rc != 0)
		device_ak_clear(ak);
	return rc;
}

int
device_ak_load(struct device_tpm *tpm, const struct device_ak *ak, uint32_t*handle,
    struct error *err)
{
	return device_key_load(tpm, &ak->key, "the AK in the state directory", handle, err);
}

int
device_ak_check(struct device_ak *ak, struct error *err)
{
	const struct tpm_creation creation = {
	    .create_data = bytes_view(&ak->create_data),
	    .attestation = bytes_view(&ak->attestation),
	    .signature = bytes_view(&ak->signature),
	};
	struct tpm_ak decoded = {0};
	int           rc;

	bytes_clear(&ak->area);
	if (device_public_append(&ak->key.public.publicArea, &ak->area, err) != 0 ||
	    tpm_ak_decode(bytes_view(&ak->area), &decoded, err) != 0)
		return -1;
	rc = tpm_creation_verify(&decoded, &creation, err);
	tpm_ak_clear(&decoded);
	return rc;
}
