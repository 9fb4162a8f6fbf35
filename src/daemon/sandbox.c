/* Owns the setting, and what is said of a sandbox that is not whole. */
#include "config.h"

#include "daemon/sandbox.h"

#include <stddef.h>
#include <string.h>

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "util/error.h"
#include "util/log.h"

static const char *const words[] = {
#define X(mode, word) [SANDBOX_##mode] = (word),
    SANDBOX_MODES(X)
#undef X
};

int
sandbox_mode_parse(const char *text, enum sandbox_mode *mode, struct error *err)
{
	for (size_t i = 0; i < SANDBOX_MODE_COUNT; i++) {
		if (strcmp(text, words[i]) == 0) {
			*mode = (enum sandbox_mode)i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED, "\"%.32s\" is none of on, available, off", text);
}

static const char *const socket_words[] = {
#define X(socket, word, family, other) [SANDBOX_SOCKET_##socket] = (word),
    SANDBOX_SOCKETS(X)
#undef X
};

int
sandbox_socket_parse(const char *text, unsigned *sockets, struct error *err)
{
	for (size_t i = 0; i < SANDBOX_SOCKET_COUNT; i++) {
		if (strcmp(text, socket_words[i]) == 0) {
			*sockets |= 1U << i;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED, "\"%.32s\" is none of unix, inet, netlink", text);
}

static void
sandbox_warn(const char *reason)
{
	LOG(WARNING, {"event", "sandbox"}, {"reason", reason});
}

int
sandbox_check(enum sandbox_mode mode, struct error *err)
{
	if (!WITH_SANDBOX) {
		sandbox_warn("this build, for tests, has no sandbox");
		return 0;
	}
	if (mode == SANDBOX_OFF) {
		sandbox_warn("the setting sandbox is off: nothing contains the processes");
		return 0;
	}
	if (!WITH_SECCOMP)
		sandbox_warn("this build has no seccomp: system calls are not filtered");
	else if (!filter_is_available() && mode == SANDBOX_ON)
		return error_set(err, ERROR_INTERNAL,
		    "the kernel, or the container, has no seccomp, so that system calls cannot be filtered; "
		    "mend that, or write sandbox = \"available\" into the configuration to do without");
	else if (!filter_is_available())
		sandbox_warn("the kernel has no seccomp: system calls are not filtered");
	if (landlock_version() == 0)
		sandbox_warn("the kernel has no Landlock: a process may open what its user may");
	return 0;
}
