/* Protects this process from other processes of the same user. */
#include "config.h"

#include "util/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/error.h"

/* True when a debugger is attached; false without /proc. */
static bool
process_is_traced(void)
{
	static const char name[] = "TracerPid:";
	char              line[256];
	FILE             *status = fopen("/proc/self/status", "re");
	unsigned long     tracer = 0;

	while (status != NULL && fgets(line, sizeof line, status) != NULL) {
		if (strncmp(line, name, sizeof name - 1) == 0 &&
		    sscanf(line + sizeof name - 1, "%lu", &tracer) == 1)
			break;
	}
	if (status != NULL)
		(void)fclose(status);
	return tracer != 0;
}

int
process_hide(struct error *err)
{
	struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "forbidding core files");
	/* The kernel hides the memory of a process that is not dumpable from its debugger too. */
	if (!process_is_traced() && prctl(PR_SET_DUMPABLE, 0) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "hiding this process from others");
	return 0;
}
