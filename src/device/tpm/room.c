/* Decides by their attributes which of the objects in the TPM are leftovers of ours; flushes no other. */
#include "config.h"

#include "device/tpm/room.h"

#include "device/tpm/esys.h"
#include "device/tpm/template.h"
#include "util/error.h"

/* More than any TPM has room for. */
#define HANDLES_MAX 16U

/* tss2's TPM2_TRANSIENT_FIRST shifts a bit into an int's sign. */
#define TRANSIENT_FIRST ((TPM2_HANDLE)TPM2_HT_TRANSIENT << TPM2_HR_SHIFT)

static bool
is_open(struct device_tpm *tpm, TPM2_HANDLE handle)
{
	for (size_t i = 0; i < tpm->open_count; i++) {
		TPM2_HANDLE own = 0;

		if (Esys_TR_GetTpmHandle(tpm->esys, tpm->open[i].handle, &own) == TSS2_RC_SUCCESS && own == handle)
			return true;
	}
	return false;
}

/* Whether attest-device makes such objects. */
static bool
is_ours(const TPMT_PUBLIC *area)
{
	TPMT_PUBLIC srk = device_template_storage(TPM2_ALG_ECC, true);

	return device_template_equal(area, &srk) ||
	    ((area->objectAttributes & ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED) == DEVICE_KEY_ATTRIBUTES &&
	        area->authPolicy.size == 0);
}

/* Flushes the object, if it is a leftover. */
static bool
leftover_flush(struct device_tpm *tpm, TPM2_HANDLE handle)
{
	TPM2B_PUBLIC *public = NULL;
	ESYS_TR       object = ESYS_TR_NONE;
	bool          ours;

	if (is_open(tpm, handle) ||
	    Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object) !=
	        TSS2_RC_SUCCESS)
		return false;
	ours = Esys_ReadPublic(tpm->esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL,
	           NULL) == TSS2_RC_SUCCESS &&
	    is_ours(&public->publicArea);
	Esys_Free(public);
	if (ours && Esys_FlushContext(tpm->esys, object) == TSS2_RC_SUCCESS)
		return true;
	(void)Esys_TR_Close(tpm->esys, &object);
	return false;
}

static bool
leftovers_flush(struct device_tpm *tpm)
{
	TPM2_HANDLE  handles[HANDLES_MAX];
	size_t       count = HANDLES_MAX;
	struct error ignored;
	bool         made = false;

	if (device_tpm_handles(tpm, TRANSIENT_FIRST, handles, &count, &ignored) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
		made = leftover_flush(tpm, handles[i]) || made;
	return made;
}

/* Its handle may be another object's now, which is not to be flushed. */
static void
lost_note(struct device_tpm *tpm)
{
	tpm->lost = true;
	for (size_t i = 0; i < tpm->open_count; i++)
		tpm->open[i].loaded = false;
}

bool
device_room_again(struct device_tpm *tpm, TSS2_RC rc, unsigned int tried)
{
	TPM2_RC code = device_tpm_code(rc);
	bool    full = code == TPM2_RC_OBJECT_MEMORY || code == TPM2_RC_OBJECT_HANDLES;

	if (code == TPM2_RC_REFERENCE_H0)
		lost_note(tpm);
	if (full && tried == (tpm->alone ? 0 : DEVICE_TPM_TRIES - 1) && leftovers_flush(tpm))
		return true;
	return device_tpm_again(rc, tried);
}
