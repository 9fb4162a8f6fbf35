/* Protects this process from other processes of the same user, and its memory from the disk. */
#include "config.h"

#include "util/process.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

#define NOWHERE "/nonexistent" /* Debian keeps that name for what is nowhere */

/* True when a debugger is attached; false without /proc. */
static bool
process_is_traced(void)
{
	static const char name[] = "TracerPid:";
	char              line[256];
	FILE             *status = fopen("/proc/self/status", "re");
	unsigned long     tracer = 0;

	while (status != NULL && fgets(line, sizeof line, status) != NULL) {
		if (strncmp(line, name, sizeof name - 1) == 0)
			tracer = strtoul(line + sizeof name - 1, NULL, 10);
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

void
process_outlive_file_limit(void)
{
	(void)signal(SIGXFSZ, SIG_IGN);
}

int
process_spawn_signals(posix_spawnattr_t *attributes, short flags)
{
	sigset_t defaults;
	int      failed;

	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)sigaddset(&defaults, SIGXFSZ);
	failed = posix_spawnattr_setsigdefault(attributes, &defaults);
	return failed != 0 ? failed
	                   : posix_spawnattr_setflags(attributes, (short)(flags | POSIX_SPAWN_SETSIGDEF));
}

/* True when more memory can be had than the limit of locked memory is. */
static bool
process_has_room(void)
{
	struct rlimit limit = {0, 0};
	size_t        size;
	void         *room;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return false;
	size = (size_t)limit.rlim_cur + 1;
	room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return room != MAP_FAILED && munmap(room, size) == 0;
}

bool
process_lock(bool stays)
{
	const struct rlimit infinite = {RLIM_INFINITY, RLIM_INFINITY};
	bool                unlimited = setrlimit(RLIMIT_MEMLOCK, &infinite) == 0;

	if ((!unlimited && !stays) || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
		return false;
	if (unlimited || process_has_room())
		return true;
	(void)munlockall();
	return false;
}

void
process_forget_home(void)
{
	(void)setenv("XDG_CONFIG_HOME", NOWHERE, 0);
	(void)setenv("HOME", NOWHERE, 0);
}

bool
process_can_be_swapped(void)
{
	struct sysinfo machine = {.totalswap = 1};

	return sysinfo(&machine) != 0 || machine.totalswap > 0;
}

static void
process_bound_to(uint64_t keep)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if ((keep >> capability & 1) == 0)
			(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

void
process_bound(void)
{
	process_bound_to(0);
}

/* NULL, or what has failed, with errno. */
static const char *
process_keep(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct   sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	bool                            more = false;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, sets) != 0)
		return "reading capabilities";
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = (uint32_t)(keep >> (32 * i));

		more = more || ((sets[i].permitted | sets[i].effective) & ~kept) != 0 || sets[i].inheritable != 0;
		sets[i].permitted &= kept;
		sets[i].effective &= sets[i].permitted;
		sets[i].inheritable = 0;
	}
	/* A service manager forbids the call to services that it gives no capability. */
	return more && syscall(SYS_capset, &header, sets) != 0 ? "giving up capabilities" : NULL;
}

static int
process_kept(const char *failed, struct error *err)
{
	return failed == NULL ? 0 : error_set_errno(err, ERROR_INTERNAL, "%s", failed);
}

int
process_disarm_thread(uint64_t keep)
{
	process_bound();
	return process_keep(keep) == NULL ? 0 : -1;
}

int
process_disarm(uint64_t keep, struct error *err)
{
	process_bound();
	return process_kept(process_keep(keep), err);
}

int
process_limit(uint64_t keep, struct error *err)
{
	process_bound_to(keep);
	return process_kept(process_keep(keep), err);
}
