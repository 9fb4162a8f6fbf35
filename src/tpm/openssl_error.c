/* Turns OpenSSL's error queue into a detail, and leaves the queue empty for the next caller. */
#include "config.h"

#include "tpm/openssl_error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

/* Empties the queue; true when memory was short. */
static bool
queue_empty(void)
{
	unsigned long code;
	bool          is_short = false;

	while ((code = ERR_get_error()) != 0)
		is_short = is_short || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ||
		    ERR_GET_REASON(code) == ERR_R_INIT_FAIL; /* as BIO_new(3) says it */
	return is_short;
}

int
error_set_openssl(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	unsigned long code = ERR_peek_error(); /* the first is the cause, the others follow from it */
	const char   *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
	                                              : ERR_reason_error_string(code);
	char          detail[sizeof err->detail];
	va_list       args;

	va_start(args, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	if (queue_empty())
		kind = ERROR_INTERNAL;
	if (reason == NULL)
		return error_set(err, kind, "%s", detail);
	return error_set(err, kind, "%s: %s", detail, reason);
}

int
error_set_unlike(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	char    detail[sizeof err->detail];
	bool    is_silent = ERR_peek_error() == 0;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	if (is_silent)
		return error_set(err, ERROR_INTERNAL, "%s" UNLIKE_SILENT, detail);
	if (queue_empty())
		return error_set(err, ERROR_INTERNAL, "%s: %s", detail, ERR_reason_error_string(ERR_R_MALLOC_FAILURE));
	return error_set(err, kind, "%s", detail);
}
