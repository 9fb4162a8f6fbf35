/* Reads names only; opens nothing. */
#include "config.h"

#include "tpm/tcti.h"

#include <stddef.h>
#include <string.h>

const char *
tpm_tcti_path(const char *tcti)
{
	static const char *const prefixes[] = {"device:", "swtpm:path="};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(tcti, prefixes[i], length) == 0)
			return tcti + length;
	}
	return NULL;
}
