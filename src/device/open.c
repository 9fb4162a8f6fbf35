/* Owns which TPM is used; all else of it is in device/tpm. */
#include "config.h"

#include "device/open.h"

#include <stdlib.h>

#include "device/device_settings.h"
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
	if (!settings->verbose)
		(void)setenv("TSS2_LOG", "all+NONE", 1);
	if (device_tpm_open(tcti_choose(settings), tpm, err) != 0)
		return -1;
	return settings->owner_auth_file == NULL
	    ? 0
	    : device_tpm_owner_auth(*tpm, settings->owner_auth_file, err);
}
