/*
 * Runs a program as a service manager does that filters system calls:
 *   only_calls NAMES PROGRAM [ARGUMENT…]
 * Calls whose names are not in NAMES, a space between, get EPERM. Exits with 77 when the kernel takes no
 * filter, or there is no libseccomp.
 */
#include "config.h"

#if WITH_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	scmp_filter_ctx filter;
	int             known = 0;
	int             rc = 0;

	if (argc < 3)
		return 2;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return 77;
	for (char *rest, *name = strtok_r(argv[1], " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
		int call = seccomp_syscall_resolve_name(name);

		if (call == __NR_SCMP_ERROR) /* a call of another architecture, or a newer kernel */
			continue;
		known++;
		rc = rc != 0 ? rc : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	if (rc != 0 || known < 100) {
		(void)fprintf(stderr, "only_calls: %d calls are known: %s\n", known, strerror(-rc));
		return 2;
	}
	rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc != 0) {
		(void)fprintf(stderr, "only_calls: a filter: %s\n", strerror(-rc));
		return 77;
	}
	(void)execv(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}

#else

int
main(void)
{
	return 77;
}

#endif
