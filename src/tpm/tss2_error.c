/* Turns what tss2-mu refuses into our errors, and refuses octets that are left over. */
#include "config.h"

#include "tpm/tss2_error.h"

#include <stdarg.h>
#include <stdio.h>

int
tpm_decoded(TSS2_RC rc, size_t used, size_t size, struct error *err, const char *fmt, ...)
{
	char    what[128];
	va_list args;

	if (rc == TSS2_RC_SUCCESS && used == size)
		return 0;
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (rc == TSS2_RC_SUCCESS)
		return error_set(err, ERROR_MALFORMED, "%s has octets left over: %zu", what,
		    size - used);
	if (rc == TSS2_MU_RC_INSUFFICIENT_BUFFER || rc == TSS2_MU_RC_BAD_REFERENCE) /* no octets at all */
		return error_set(err, ERROR_MALFORMED, "%s is cut off", what);
	return error_set(err, ERROR_MALFORMED, "%s does not decode (TSS2 0x%08x)", what, rc);
}
