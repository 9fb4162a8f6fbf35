/* Reads names only; opens nothing. */
#include "config.h"

#include "tpm/tcti.h"

#include <stddef.h>
#include <string.h>

bool
tpm_tcti_is(const char *tcti, const char *name)
{
	static const char library[] = "libtss2-tcti-";
	size_t            length = strlen(name);

	if (strncmp(tcti, library, sizeof library - 1) == 0)
		tcti += sizeof library - 1;
	return strncmp(tcti, name, length) == 0 && strchr(":.", tcti[length]) != NULL;
}

const char *
tpm_tcti_configuration(const char *tcti)
{
	const char *colon = strchr(tcti, ':');

	return colon != NULL ? colon + 1 : "";
}

const char *
tpm_tcti_path(const char *tcti)
{
	static const char socket[] = "path=";
	const char       *configuration = tpm_tcti_configuration(tcti);

	if (tpm_tcti_is(tcti, "device") && *configuration != '\0')
		return configuration;
	if (tpm_tcti_is(tcti, "swtpm") && strncmp(configuration, socket, sizeof socket - 1) == 0)
		return configuration + sizeof socket - 1;
	return NULL;
}
