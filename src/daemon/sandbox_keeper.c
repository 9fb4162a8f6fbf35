/*
 * Owns what a keeper may do. While its keys are in files that is a list of system calls, and the
 * directories of its own files. What a token's module or the TPM's provider does is not ours to
 * know: then it is all but what no such library needs.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#if WITH_SECCOMP
#include <seccomp.h>
#endif

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "util/error.h"
#include "util/process.h"

#if WITH_SECCOMP && WITH_SANDBOX

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
    PERMIT_MASKED(sendmsg, 2, MSG_FASTOPEN, 0), /* which would connect */
    PERMIT_MASKED(sendmmsg, 3, MSG_FASTOPEN, 0),
    PERMIT_MASKED(sendto, 4, FILTER_ALL, 0),
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
static const struct filter_rule module_rules[] = {
    FILTER_RULES_NOBODY(KILL, KILL_IF),
    KILL_IF(prctl, 0, UINT32_MAX, PR_SET_DUMPABLE), REFUSE(clone3),
    /* The rest is not for a TPM behind a command ("cmd:"), which starts a program. */
    KILL_IF(clone, 0, CLONE_THREAD, 0), KILL(fork), KILL(vfork), KILL(execve), KILL(execveat),
    KILL(kill), KILL(tkill), KILL(rt_sigqueueinfo), KILL(rt_tgsigqueueinfo), KILL(pidfd_send_signal),
}; /* tgkill stays: abort(3) takes it */

#define MODULE_RULES  (sizeof module_rules / sizeof module_rules[0])
#define COMMAND_RULES (MODULE_RULES - 10)

static int
filter_enter_keeper(enum sandbox_keys keys, struct error *err)
{
	if (keys == SANDBOX_KEYS_FILES)
		return filter_enter(files_rules, sizeof files_rules / sizeof files_rules[0], FILTER_KILL, err);
	return filter_enter(module_rules, keys == SANDBOX_KEYS_MODULE ? MODULE_RULES : COMMAND_RULES,
	    FILTER_PERMIT, err);
}

#else

static int
filter_enter_keeper(enum sandbox_keys keys, struct error *err)
{
	(void)keys;
	(void)err;
	return 0;
}

#endif

int
sandbox_enter_keeper(enum sandbox_mode mode, enum sandbox_keys keys,
    const struct landlock_path *paths, size_t count, struct error *err)
{
	if (!WITH_SANDBOX || mode == SANDBOX_OFF)
		return 0;
	/* Root's keeper may work on a directory of the service's user, and has its memory locked. */
	if (process_disarm(geteuid() == 0 ? PROCESS_CAPABILITIES_OF_KEEPER : 0, err) != 0)
		return -1;
	if (keys == SANDBOX_KEYS_FILES && landlock_enter(true, paths, count, err) != 0)
		return -1;
	if (mode == SANDBOX_AVAILABLE && !filter_is_available())
		return 0;
	return filter_enter_keeper(keys, err);
}
