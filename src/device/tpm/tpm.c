/* Owns the connection to the TPM and its open handles. Knows no keys. */
#include "config.h"

#include "device/tpm/esys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "util/bytes.h"
#include "util/error.h"

_Static_assert(DEVICE_HANDLE_NONE == ESYS_TR_NONE, "no handle is ESAPI's");

/* Finds out why a device file does not open, which the loader's code does not tell. */
static int
device_tpm_open_error(const char *conf, TSS2_RC rc, struct error *err)
{
	static const char prefix[] = "device:";
	const char       *path = conf + sizeof prefix - 1;

	if (strncmp(conf, prefix, sizeof prefix - 1) == 0 && access(path, R_OK | W_OK) != 0) {
		if (errno == ENOENT)
			return error_set(err, ERROR_NOT_FOUND,
			    "there is no TPM at %s: switch it on in the firmware setup, or name another with --tcti",
			    path);
		if (errno == EACCES)
			return error_set(err, ERROR_INTERNAL,
			    "no permission to open %s: run as root or as a member of the group tss",
			    path);
	}
	return error_set(err, ERROR_INTERNAL, "the TPM \"%s\" does not open; see tss2-tctildr(3): %s",
	    conf, Tss2_RC_Decode(rc));
}

/* A program that this process starts would keep the TPM busy otherwise. */
static void
close_on_exec(struct device_tpm *tpm)
{
	TSS2_TCTI_POLL_HANDLE handles[DEVICE_TPM_HANDLES];
	size_t                count = DEVICE_TPM_HANDLES;

	if (Tss2_Tcti_GetPollHandles(tpm->tcti, handles, &count) != TSS2_RC_SUCCESS)
		return;
	for (size_t i = 0; i < count; i++)
		(void)fcntl(handles[i].fd, F_SETFD, FD_CLOEXEC);
}

/* The kernel opens a device for one process; a program has a connection of its own. */
static bool
is_alone(const char *conf)
{
	return strncmp(conf, "device:", 7) == 0 || strncmp(conf, "cmd:", 4) == 0;
}

int
device_tpm_open(const char *conf, struct device_tpm **out, struct error *err)
{
	struct device_tpm *tpm = memory_new(sizeof *tpm);
	TSS2_RC            rc;

	*out = NULL;
	*tpm = (struct device_tpm){.alone = is_alone(conf)};
	if ((rc = Tss2_TctiLdr_Initialize(conf, &tpm->tcti)) != TSS2_RC_SUCCESS ||
	    (rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL)) != TSS2_RC_SUCCESS) {
		device_tpm_close(tpm);
		return device_tpm_open_error(conf, rc, err);
	}
	close_on_exec(tpm);
	*out = tpm;
	return 0;
}

void
device_tpm_close(struct device_tpm *tpm)
{
	if (tpm == NULL)
		return;
	while (tpm->open_count > 0) {
		ESYS_TR handle = tpm->open[tpm->open_count - 1].handle;

		device_tpm_release(tpm, &handle);
	}
	if (tpm->esys != NULL)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti != NULL)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
	device_auth_clear(tpm);
	free(tpm);
}

void
device_tpm_cleanup(struct device_tpm **tpm)
{
	device_tpm_close(*tpm);
	*tpm = NULL;
}

void
device_tpm_keep(struct device_tpm *tpm, ESYS_TR handle, bool loaded)
{
	assert(tpm->open_count < DEVICE_TPM_HANDLES);
	tpm->open[tpm->open_count].handle = handle;
	tpm->open[tpm->open_count].loaded = loaded;
	tpm->open_count++;
}

void
device_tpm_release(struct device_tpm *tpm, uint32_t *handle)
{
	TSS2_RC rc;

	for (size_t i = 0; i < tpm->open_count; i++) {
		if (tpm->open[i].handle != *handle)
			continue;
		if (tpm->open[i].loaded)
			DEVICE_TPM_TRY(rc, Esys_FlushContext(tpm->esys, *handle));
		else
			(void)Esys_TR_Close(tpm->esys, &tpm->open[i].handle);
		tpm->open[i] = tpm->open[--tpm->open_count];
		break;
	}
	*handle = ESYS_TR_NONE;
}

/* One TPM2_GetCapability; the caller frees *out with Esys_Free. */
static int
capability_read(struct device_tpm *tpm, TPM2_CAP capability, uint32_t first, uint32_t count,
    TPMS_CAPABILITY_DATA **out, struct error *err)
{
	TSS2_RC rc;

	DEVICE_TPM_TRY(rc, Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	                       capability, first, count, NULL, out));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "asking the TPM what it is");
	return 0;
}

int
device_tpm_handles(struct device_tpm *tpm, TPM2_HANDLE first, TPM2_HANDLE *handles, size_t *count,
    struct error *err)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_HANDLE    *list;
	size_t                max = *count;

	*count = 0;
	if (capability_read(tpm, TPM2_CAP_HANDLES, first, (uint32_t)max, &data, err) != 0)
		return -1;
	list = &data->data.handles;
	while (*count < list->count && *count < max) {
		handles[*count] = list->handle[*count];
		(*count)++;
	}
	Esys_Free(data);
	return 0;
}

/* Properties come in ascending order, without those that the TPM lacks. */
static uint32_t
property_get(const TPML_TAGGED_TPM_PROPERTY *list, TPM2_PT property)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->tpmProperty[i].property == property)
			return list->tpmProperty[i].value;
	}
	return 0;
}

int
device_tpm_info_read(struct device_tpm *tpm, struct device_tpm_info *info, struct error *err)
{
	TPMS_CAPABILITY_DATA           *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *list;
	uint32_t                        firmware;
	uint32_t                        vendor[4];

	*info = (struct device_tpm_info){0};
	if (capability_read(tpm, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FIXED, TPM2_MAX_TPM_PROPERTIES,
	        &data, err) != 0)
		return -1;
	list = &data->data.tpmProperties;
	info->manufacturer = property_get(list, TPM2_PT_MANUFACTURER);
	info->nv_buffer_max = property_get(list, TPM2_PT_NV_BUFFER_MAX);
	for (uint32_t i = 0; i < 4; i++)
		vendor[i] = property_get(list, TPM2_PT_VENDOR_STRING_1 + i);
	tpm_vendor_string(vendor, info->model);
	firmware = property_get(list, TPM2_PT_FIRMWARE_VERSION_1);
	(void)snprintf(info->firmware, sizeof info->firmware, "%u.%u", firmware >> 16,
	    firmware & 0xffff);
	Esys_Free(data);
	return 0;
}
