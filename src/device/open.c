/* Chooses the TPM; everything else about it is in device/tpm. */
#include "config.h"

#include "device/open.h"

#include <stdlib.h>

#include "device/device_settings.h"
#include "device/tpm/auth.h"
#include "device/tpm/tpm.h"

static const char *
tcti_choose(const struct device_settings *settings)
{
	const char *environment = getenv("TPM2TOOLS_TCTI");

	if (settings->tcti != NULL)
		return settings->tcti;
	return environment != NULL && environment[0] != '\0' ? environment : "device:/dev/tpmrm0";
}

int
device_open(const struct device_settings *settings, struct device_tpm **tpm, struct error *err)
{
	const char *const files[DEVICE_AUTH_COUNT] = {
	    [DEVICE_AUTH_OWNER] = settings->owner_auth_file,
	    [DEVICE_AUTH_ENDORSEMENT] = settings->endorsement_auth_file,
	    [DEVICE_AUTH_PARENT] = settings->parent_auth_file,
	};

	if (!settings->verbose)
		(void)setenv("TSS2_LOG", "all+NONE", 1);
	if (device_tpm_open(tcti_choose(settings), tpm, err) != 0)
		return -1;
	for (enum device_auth which = 0; which < DEVICE_AUTH_COUNT; which++) {
		if (files[which] != NULL && device_auth_read(*tpm, which, files[which], err) != 0)
			return -1;
	}
	return 0;
}
