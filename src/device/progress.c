/* Decides when progress is shown. */
#include "config.h"

#include "device/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "device/device_settings.h"

void
device_progress(const struct device_settings *settings, const char *fmt, ...)
{
	va_list args;

	if (!settings->verbose && isatty(STDERR_FILENO) == 0)
		return;
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
}
