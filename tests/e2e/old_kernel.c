/*
 * Runs a program as on a kernel that was built without something:
 *   old_kernel seccomp|landlock|dumpable PROGRAM [ARGUMENT…]
 * A filter answers for the kernel: ENOSYS for the system calls, EINVAL for what prctl(2) does not know.
 * Exits with 77 when the kernel takes no filter.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))

/* The low half of the first argument, which is all of prctl(2)'s option. */
#define OPTION (offsetof(struct seccomp_data, args) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

static struct sock_filter no_seccomp[] = {
    LOAD(offsetof(struct seccomp_data, nr)),
    IS(SYS_seccomp, 4, 0),
    IS(SYS_prctl, 0, 4),
    LOAD(OPTION),
    IS(PR_GET_SECCOMP, 3, 0),
    IS(PR_SET_SECCOMP, 2, 1),
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_ERRNO | EINVAL),
};

/* The same numbers on every architecture, of all calls of Landlock. */
static struct sock_filter no_landlock[] = {
    LOAD(offsetof(struct seccomp_data, nr)),
    IS(444, 2, 0),
    IS(445, 1, 0),
    IS(446, 0, 1),
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
    ANSWER(SECCOMP_RET_ALLOW),
};

/* One that lets nobody hide its memory. */
static struct sock_filter no_dumpable[] = {
    LOAD(offsetof(struct seccomp_data, nr)),
    IS(SYS_prctl, 0, 2),
    LOAD(OPTION),
    IS(PR_SET_DUMPABLE, 1, 0),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_ERRNO | EINVAL),
};

int
main(int argc, char **argv)
{
	struct sock_fprog filter = {0};

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "seccomp") == 0)
		filter = (struct sock_fprog){sizeof no_seccomp / sizeof no_seccomp[0], no_seccomp};
	else if (strcmp(argv[1], "dumpable") == 0)
		filter = (struct sock_fprog){sizeof no_dumpable / sizeof no_dumpable[0], no_dumpable};
	else
		filter = (struct sock_fprog){sizeof no_landlock / sizeof no_landlock[0], no_landlock};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
		perror("old_kernel: a filter");
		return 77;
	}
	(void)execv(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
