/* Reads NV indices; does not know their content. */
#include "config.h"

#include "device/tpm/nv.h"

#include <stdio.h>

#include "device/tpm/esys.h"


/* Every TPM reads this many octets at once (TCG PC Client profile); no certificate is longer than
 * the maximum. */
#define NV_CHUNK_DEFAULT 512U
#define NV_SIZE_MAX      16384U

int
device_nv_present(struct device_tpm *tpm, TPM2_HANDLE index, bool *present, struct error *err)
{
	TPM2_HANDLE found = 0;
	size_t      count = 1;

	*present = false;
	if (device_tpm_handles(tpm, index, &found, &count, err) != 0)
		return -1;
	*present = count == 1 && found == index;
	return 0;
}

static int
nv_read_handle(struct device_tpm *tpm, TPM2_HANDLE index, ESYS_TR handle, struct bytes *out,
    struct error *err)
{
	TPM2B_NV_PUBLIC       *public = NULL;
	TPM2B_MAX_NV_BUFFER   *data = NULL;
	struct device_tpm_info info;
	ESYS_TR                authority;
	uint16_t               size;
	uint16_t               chunk;
	bool                   written;
	char                   doing[64];
	TSS2_RC                rc;

	if (device_tpm_info_read(tpm, &info, err) != 0)
		return -1;
	DEVICE_TPM_TRY(rc, Esys_NV_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &public, NULL));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "NV index 0x%08x", index);
	size = public->nvPublic.dataSize;
	written = (public->nvPublic.attributes & TPMA_NV_WRITTEN) != 0;
	authority = public->nvPublic.attributes & TPMA_NV_AUTHREAD ? handle : ESYS_TR_RH_OWNER;
	Esys_Free(public);
	if (!written)
		return 0;
	if (size > NV_SIZE_MAX)
		return error_set(err, ERROR_INTERNAL, "NV index 0x%08x has %u octets", index, size);

	(void)snprintf(doing, sizeof doing, "reading NV index 0x%08x", index);
	if (authority == ESYS_TR_RH_OWNER &&
	    device_auth_use(tpm, DEVICE_AUTH_OWNER, authority, doing, err) != 0)
		return -1;
	chunk = NV_CHUNK_DEFAULT;
	if (info.nv_buffer_max != 0 && info.nv_buffer_max < sizeof data->buffer)
		chunk = (uint16_t)info.nv_buffer_max;
	for (uint16_t offset = 0; offset < size;) {
		uint16_t part = (uint16_t)(size - offset);

		if (part > chunk)
			part = chunk;
		DEVICE_TPM_TRY(rc, Esys_NV_Read(tpm->esys, authority, handle, ESYS_TR_PASSWORD,
		                       ESYS_TR_NONE, ESYS_TR_NONE, part, offset, &data));
		if (rc != TSS2_RC_SUCCESS)
			return authority == ESYS_TR_RH_OWNER
			    ? device_auth_error(tpm, DEVICE_AUTH_OWNER, rc, doing, err)
			    : device_tpm_error(err, rc, "%s", doing);
		bytes_append(out, data->buffer, data->size);
		part = data->size;
		Esys_Free(data);
		if (part == 0) /* a TPM that returns no octets would cause an endless loop */
			return error_set(err, ERROR_INTERNAL,
			    "NV index 0x%08x ends at octet %u of %u", index, offset, size);
		offset = (uint16_t)(offset + part);
	}
	return 0;
}

int
device_nv_read(struct device_tpm *tpm, TPM2_HANDLE index, struct bytes *out, struct error *err)
{
	ESYS_TR handle = ESYS_TR_NONE;
	bool    present;
	TSS2_RC rc;
	int     result;

	if (device_nv_present(tpm, index, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	DEVICE_TPM_TRY(rc, Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &handle));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "NV index 0x%08x", index);
	device_tpm_keep(tpm, handle, false);
	result = nv_read_handle(tpm, index, handle, out, err);
	device_tpm_release(tpm, &handle);
	return result;
}
