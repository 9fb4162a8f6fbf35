/*
 * Owns what a keeper may do: the directories of its own files, and while its keys are in files a list
 * of system calls. What a token's module or the TPM's provider calls is not ours to know: then it is
 * all but what no such library needs, and the sockets that the settings do not name.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <asm/sockios.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if WITH_SECCOMP
#include <seccomp.h>
#endif

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "daemon/threads.h"
#include "util/error.h"
#include "util/log.h"
#include "util/process.h"

#if WITH_SECCOMP && WITH_SANDBOX

/* Newer than the headers of Debian 12; the same numbers on every architecture. */
#define CALL_FCHMODAT2     452
#define CALL_SETXATTRAT    463
#define CALL_REMOVEXATTRAT 466
#define CALL_FILE_SETATTR  469

/* Of what a socket's type is beside its flags. */
#define TYPE_MASK 15

static const struct filter_rule files_rules[] = {
    FILTER_RULES_PROCESS,

    /* its files, the log, the channels and the service manager's socket */
    PERMIT(openat),
    PERMIT(read),
    PERMIT(readv),
    PERMIT(pread64),
    PERMIT(write),
    PERMIT(writev),
    PERMIT(pwrite64),
    PERMIT_MASKED(pwritev2, 3, FILTER_ALL, FILTER_ALL), /* at no place of the log's file */
    PERMIT(lseek),
    PERMIT(fsync),
    PERMIT(fdatasync),
    PERMIT(ftruncate),
    PERMIT(fallocate),
    PERMIT(flock),
    PERMIT_IF(fcntl, 1, F_GETFL),
    PERMIT_IF(fcntl, 1, F_SETFL),
    PERMIT_IF(fcntl, 1, F_GETFD),
    PERMIT_IF(fcntl, 1, F_SETFD),
    PERMIT_IF(fcntl, 1, F_DUPFD_CLOEXEC),
    PERMIT_IF(fcntl, 1, F_GETLK),
    PERMIT_IF(fcntl, 1, F_SETLK),
    PERMIT_IF(fcntl, 1, F_SETLKW),
    PERMIT_IF(fcntl, 1, F_OFD_GETLK),
    PERMIT_IF(fcntl, 1, F_OFD_SETLK),
    PERMIT_IF(fcntl, 1, F_OFD_SETLKW),
    PERMIT_IF(ioctl, 1, TCGETS), /* libconfuse's scanner: is the file a terminal? */
    PERMIT(fstat),
    PERMIT(newfstatat),
    PERMIT(stat),
    PERMIT(lstat),
    PERMIT(statx),
    PERMIT(statfs),
    PERMIT(fstatfs),
    PERMIT(access),
    PERMIT(faccessat),
    PERMIT(faccessat2),
    PERMIT(readlink),
    PERMIT(readlinkat),
    PERMIT(getcwd),
    PERMIT(getdents64),
    PERMIT(unlink),
    PERMIT(unlinkat),
    PERMIT(rename),
    PERMIT(renameat),
    PERMIT(renameat2),
    PERMIT(linkat),
    PERMIT(mkdir),
    PERMIT(mkdirat),
    PERMIT(rmdir),
    PERMIT(umask),
    PERMIT(fchmod),
    PERMIT(fchown), /* SQLite, for root: a file beside the store is the store's owner's */
    PERMIT(close),
    PERMIT(recvfrom),
    PERMIT(recvmsg),
    PERMIT(recvmmsg),
    PERMIT_MASKED(sendto, 4, FILTER_ALL, 0), /* sendmsg takes an address: the service manager's
                                              * socket would reach any other */
    PERMIT_OPTION(getsockopt, SOL_SOCKET, SO_ERROR),
    PERMIT(shutdown),
    PERMIT(eventfd2),
    PERMIT(pipe2),
    PERMIT(epoll_create1),
    PERMIT(signalfd4),
    PERMIT(getuid),
    PERMIT(geteuid),
    PERMIT(getgid),
    PERMIT(getegid),
    PERMIT(uname),
};

/* For another's library, beside what nobody needs. */
static const struct filter_rule library_rules[] = {
    FILTER_RULES_NOBODY(KILL, KILL_IF),
    KILL_IF(prctl, 0, UINT32_MAX, PR_SET_DUMPABLE), REFUSE(clone3),
};

/*
 * And when it starts no program, as a TPM behind a command ("cmd:") does. Before Linux 6.12 Landlock
 * leaves signals; and no version knows of the attributes of files, nor of limits of other processes.
 */
static const struct filter_rule module_rules[] = {
    KILL_IF(clone, 0, CLONE_THREAD, 0), KILL(fork), KILL(vfork), KILL(execve), KILL(execveat),
    KILL(kill), KILL(tkill), KILL(rt_sigqueueinfo), KILL(rt_tgsigqueueinfo), KILL(pidfd_send_signal),
    KILL_UNLESS_OWN_PID(tgkill), /* abort(3) takes it */
    KILL_IF(fcntl, 1, UINT32_MAX, F_SETOWN), KILL_IF(fcntl, 1, UINT32_MAX, F_SETOWN_EX),
    KILL_IF(ioctl, 1, UINT32_MAX, FIOSETOWN), KILL_IF(ioctl, 1, UINT32_MAX, SIOCSPGRP),
    FORBID_UNLESS(prlimit64, 0, 0),

    FORBID(chmod), FORBID(fchmodat), FORBID_NUMBER(CALL_FCHMODAT2), FORBID(chown), FORBID(lchown),
    FORBID(fchownat), FORBID(utime), FORBID(utimes), FORBID(futimesat),
    FORBID_UNLESS(utimensat, 1, 0), /* futimens(3) names no file */
    FORBID(setxattr), FORBID(lsetxattr), FORBID_NUMBER(CALL_SETXATTRAT), FORBID(removexattr),
    FORBID(lremovexattr), FORBID_NUMBER(CALL_REMOVEXATTRAT), FORBID_NUMBER(CALL_FILE_SETATTR),
};

/* When it makes no socket, those that it has reach nobody else. */
static const struct filter_rule no_socket_rules[] = {
    FORBID(connect), FORBID(bind), FORBID(sendmsg), FORBID(sendmmsg), FORBID_UNLESS(sendto, 4, 0),
};

/* One of a pair of these two could send to every other (for UNIX they are the same). */
static const struct filter_rule no_unix_rules[] = {
    FORBID_MASKED(socketpair, 1, TYPE_MASK, SOCK_DGRAM), FORBID_MASKED(socketpair, 1, TYPE_MASK, SOCK_RAW),
};

#define COUNT(rules) (sizeof(rules) / sizeof(rules)[0])

/* More than the kernel has: it refuses the others itself. */
#define FAMILIES 64

/* Those of the setting, and those that library_rules has. */
static bool
family_has_a_rule(int family, unsigned sockets)
{
	static const int families[][2] = {
#define X(socket, word, first, second) [SANDBOX_SOCKET_##socket] = {(first), (second)},
	    SANDBOX_SOCKETS(X)
#undef X
	};

	for (size_t i = 0; i < SANDBOX_SOCKET_COUNT; i++)
		if ((sockets >> i & 1) != 0 && (family == families[i][0] || family == families[i][1]))
			return true;
	return family == AF_PACKET || family == AF_VSOCK || family == AF_ALG || family == AF_KEY;
}

struct library_filter {
	struct filter_rule rules[COUNT(library_rules) + COUNT(module_rules) + COUNT(no_socket_rules) +
	    COUNT(no_unix_rules) + 2 * FAMILIES];
	size_t             count;
};

static void
filter_append(struct library_filter *filter, const struct filter_rule *rules, size_t count)
{
	memcpy(filter->rules + filter->count, rules, count * sizeof *rules);
	filter->count += count;
}

static void
filter_append_families(struct library_filter *filter, unsigned sockets)
{
	for (int family = 0; family < FAMILIES; family++) {
		if (!family_has_a_rule(family, sockets))
			filter_append(filter, &(struct filter_rule)FORBID_IF(socket, 0, family), 1);
		if (family != AF_UNIX)
			filter_append(filter, &(struct filter_rule)FORBID_IF(socketpair, 0, family), 1);
	}
}

static int
filter_enter_library(const struct sandbox_keeper *keeper, struct error *err)
{
	struct library_filter filter = {.count = 0};

	filter_append(&filter, library_rules, COUNT(library_rules));
	if (keeper->keys == SANDBOX_KEYS_MODULE)
		filter_append(&filter, module_rules, COUNT(module_rules));
	if (keeper->sockets == 0)
		filter_append(&filter, no_socket_rules, COUNT(no_socket_rules));
	if ((keeper->sockets & SANDBOX_SOCKET_BIT(UNIX)) == 0)
		filter_append(&filter, no_unix_rules, COUNT(no_unix_rules));
	filter_append_families(&filter, keeper->sockets);
	return filter_enter(filter.rules, filter.count, FILTER_PERMIT, err);
}

static int
filter_enter_keeper(const struct sandbox_keeper *keeper, struct error *err)
{
	if (keeper->keys == SANDBOX_KEYS_FILES)
		return filter_enter(files_rules, COUNT(files_rules), FILTER_KILL, err);
	return filter_enter_library(keeper, err);
}

#else

static int
filter_enter_keeper(const struct sandbox_keeper *keeper, struct error *err)
{
	(void)keeper;
	(void)err;
	return 0;
}

#endif

/* What the kernel does to one thread alone. */
struct keeper_walls {
	uint64_t capabilities;
	int      rules; /* of Landlock; -1: none */
};

static int
walls_enter_cb(void *arg)
{
	const struct keeper_walls *walls = arg;

	if (process_disarm_thread(walls->capabilities) != 0)
		return -1;
	return walls->rules >= 0 ? landlock_restrict(walls->rules) : 0;
}

/* A library's threads enter first: Landlock would keep this one from signalling them. */
static void
walls_enter_threads(struct keeper_walls *walls)
{
	size_t left = threads_each(walls_enter_cb, walls);
	char   reason[160];

	if (left == 0)
		return;
	(void)snprintf(reason, sizeof reason,
	    "the library of a token or a TPM has threads that cannot be confined, %zu, which may open what their "
	    "user may",
	    left);
	LOG(WARNING, {"event", "sandbox"}, {"reason", reason});
}

static unsigned
landlock_leaves(const struct sandbox_keeper *keeper)
{
	unsigned leave = 0;

	if (keeper->keys != SANDBOX_KEYS_FILES && (keeper->sockets & SANDBOX_SOCKET_BIT(INET)) != 0)
		leave |= LANDLOCK_LEAVE_TCP;
	if (keeper->keys != SANDBOX_KEYS_FILES && (keeper->sockets & SANDBOX_SOCKET_BIT(UNIX)) != 0)
		leave |= LANDLOCK_LEAVE_ABSTRACT;
	/* It ends the program that it started before. And threads that are confined one by one could not
	 * signal each other (Linux 6.12 and 6.13); the list of system calls holds their signals. */
	if (keeper->keys == SANDBOX_KEYS_COMMAND || threads_besides() > 0)
		leave |= LANDLOCK_LEAVE_SIGNALS;
	return leave;
}

static int
walls_enter(struct keeper_walls *walls, const struct sandbox_keeper *keeper, struct error *err)
{
	if (keeper->keys != SANDBOX_KEYS_FILES)
		walls_enter_threads(walls);
	if (process_disarm(walls->capabilities, err) != 0)
		return -1;
	if (walls->rules >= 0 && landlock_restrict(walls->rules) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "entering the sandbox of files");
	return 0;
}

int
sandbox_enter_keeper(enum sandbox_mode mode, const struct sandbox_keeper *keeper, struct error *err)
{
	/* Root's keeper may work on a directory of the service's user, and has its memory locked. */
	struct keeper_walls walls = {.capabilities = geteuid() == 0 ? PROCESS_CAPABILITIES_OF_KEEPER : 0};
	int                 rc;

	if (!WITH_SANDBOX || mode == SANDBOX_OFF)
		return 0;
	if (landlock_make(landlock_leaves(keeper), keeper->paths, keeper->count, &walls.rules, err) != 0)
		return -1;
	rc = walls_enter(&walls, keeper, err);
	if (walls.rules >= 0)
		(void)close(walls.rules);
	if (rc != 0 || (mode == SANDBOX_AVAILABLE && !filter_is_available()))
		return rc;
	return filter_enter_keeper(keeper, err);
}
