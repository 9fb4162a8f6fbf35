/* Decides which failures of the TPM are retried, and which remedy an error names. */
#include "config.h"

#include "device/tpm/tpm_error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <tss2/tss2_rc.h>

#include "util/error.h"

/* The pauses add up to 2 s: other processes' commands take less; a leaked handle would never go
 * away. */
#define PAUSE_FIRST_MS 20U

/* Failures caused by the machine, with their remedies. */
static const struct {
	TPM2_RC     code;
	bool        again; /* transient */
	const char *remedy;
} known[] = {
    {TPM2_RC_RETRY, true, "the TPM is busy; try again"},
    {TPM2_RC_TESTING, true, "the TPM tests itself; try again"},
    {TPM2_RC_YIELDED, true, "the TPM is busy; try again"},
    {TPM2_RC_NV_RATE, true, "the TPM limits its writes; try again later"},
    {TPM2_RC_OBJECT_MEMORY, true,
        "others left keys loaded in the TPM; free them with \"tpm2_flushcontext -t\", or use device:/dev/tpmrm0"},
    {TPM2_RC_OBJECT_HANDLES, true,
        "others left keys loaded in the TPM; free them with \"tpm2_flushcontext -t\", or use device:/dev/tpmrm0"},
    {TPM2_RC_SESSION_MEMORY, true,
        "others left sessions in the TPM; free them with \"tpm2_flushcontext -l\", or use device:/dev/tpmrm0"},
    {TPM2_RC_SESSION_HANDLES, true,
        "others left sessions in the TPM; free them with \"tpm2_flushcontext -s\", or use device:/dev/tpmrm0"},
    {TPM2_RC_CONTEXT_GAP, true,
        "others left sessions in the TPM; free them with \"tpm2_flushcontext -s\", or use device:/dev/tpmrm0"},
    {TPM2_RC_MEMORY, true, "the TPM has no memory left; try again"},
    {TPM2_RC_INITIALIZE, false, "the TPM was not started; run \"tpm2_startup -c\""},
    {TPM2_RC_FAILURE, false, "the TPM is in failure mode; switch the machine off and on"},
    {TPM2_RC_LOCKOUT, false,
        "the TPM is locked after wrong passwords; wait, or run \"tpm2_dictionarylockout --clear-lockout\""},
    {TPM2_RC_HIERARCHY, false, "this hierarchy is disabled; enable it in the firmware setup"},
};

TPM2_RC
device_tpm_code(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	/* A resource manager returns the TPM's codes with its own layer number. */
	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
		return 0;
	rc &= ~TSS2_RC_LAYER_MASK;
	if (rc & TPM2_RC_FMT1)
		return rc & (TPM2_RC_FMT1 | 0x3f);
	return rc;
}

static const char *
remedy_find(TSS2_RC rc, bool *again)
{
	TPM2_RC code = device_tpm_code(rc);

	*again = false;
	for (size_t i = 0; code != 0 && i < sizeof known / sizeof known[0]; i++) {
		if (known[i].code == code) {
			*again = known[i].again;
			return known[i].remedy;
		}
	}
	return NULL;
}

bool
device_tpm_again(TSS2_RC rc, unsigned int tried)
{
	unsigned int    ms = PAUSE_FIRST_MS << tried;
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
	bool            again;

	(void)remedy_find(rc, &again);
	if (!again || tried + 1 >= DEVICE_TPM_TRIES)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

int
device_tpm_error(struct error *err, TSS2_RC rc, const char *fmt, ...)
{
	char        detail[256];
	const char *remedy;
	va_list     args;
	bool        again;

	va_start(args, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	if ((remedy = remedy_find(rc, &again)) != NULL)
		return error_set(err, ERROR_INTERNAL, "%s: %s (%s)", detail, remedy,
		    Tss2_RC_Decode(rc));
	if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
		return error_set(err, ERROR_INTERNAL, "%s: the connection to the TPM broke (%s)",
		    detail, Tss2_RC_Decode(rc));
	return error_set(err, ERROR_INTERNAL, "%s: %s", detail, Tss2_RC_Decode(rc));
}
