/* Owns what a front may do: the table of its system calls. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#if WITH_SECCOMP
#include <seccomp.h>
#endif

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "util/error.h"
#include "util/process.h"

#if WITH_SECCOMP && WITH_SANDBOX

static const struct filter_rule rules[] = {
    /* connections, the channel, the log */
    PERMIT(accept4),
    PERMIT(read),
    PERMIT(readv),
    PERMIT(recvfrom),
    PERMIT(recvmsg),
    PERMIT(recvmmsg),
    PERMIT(write),
    PERMIT(writev),
    PERMIT_APPENDING(pwritev2, RWF_NOWAIT), /* at no place of the log's file: RWF_NOAPPEND is one */
    PERMIT_MASKED(sendmsg, 2, MSG_FASTOPEN, 0), /* which would connect */
    PERMIT_MASKED(sendmmsg, 3, MSG_FASTOPEN, 0),
    PERMIT_MASKED(sendto, 4, FILTER_ALL, 0), /* to the peer, and to no address */
    PERMIT(close),
    PERMIT(fstat),
    PERMIT_MASKED(newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
    PERMIT(getsockname),
    PERMIT(getpeername),
    /* getnameinfo(3) of a link-local peer asks for its interface's name, and does without */
    REFUSE_IF(socket, 1, SOCK_DGRAM | SOCK_CLOEXEC),
    PERMIT_OPTION(getsockopt, SOL_SOCKET, SO_ERROR),
    PERMIT_OPTION(setsockopt, IPPROTO_TCP, TCP_NODELAY),
    PERMIT_IF(ioctl, 1, FIONREAD),
    PERMIT_IF(fcntl, 1, F_GETFL),
    PERMIT_IF(fcntl, 1, F_GETFD),
    PERMIT_IF(fcntl, 1, F_SETFD),

    FILTER_RULES_PROCESS,
};

/* The calls that change a descriptor for all who have it. */
static int
front_filter(unsigned first, struct error *err)
{
	static const unsigned flags = F_SETFL;
	struct filter_rule    all[sizeof rules / sizeof rules[0] + (size_t)2 * FILTER_DESCRIPTORS];
	size_t                count = sizeof rules / sizeof rules[0];

	memcpy(all, rules, sizeof rules);
	filter_descriptors(SCMP_SYS(shutdown), NULL, first, all + count);
	filter_descriptors(SCMP_SYS(fcntl), &flags, first, all + count + FILTER_DESCRIPTORS);
	return filter_enter(all, sizeof all / sizeof all[0], FILTER_KILL, err);
}

int
sandbox_enter_front(enum sandbox_mode mode, unsigned first, struct error *err)
{
	if (mode == SANDBOX_OFF)
		return 0;
	if (process_disarm(0, err) != 0 || landlock_enter(0, NULL, 0, err) != 0)
		return -1;
	if (mode == SANDBOX_AVAILABLE && !filter_is_available())
		return 0;
	return front_filter(first, err);
}

#else

int
sandbox_enter_front(enum sandbox_mode mode, unsigned first, struct error *err)
{
	(void)first;
	if (mode == SANDBOX_OFF || !WITH_SANDBOX)
		return 0;
	return process_disarm(0, err) != 0 ? -1 : landlock_enter(0, NULL, 0, err);
}

#endif
