/*
 * The sandboxes from inside: a process enters one and tries what it must not have. Nothing can be
 * tried where the build or the kernel has no sandbox: those cases say so and end.
 */
#ifndef TESTS_UNIT_DAEMON_SANDBOX_SUPPORT_H
#define TESTS_UNIT_DAEMON_SANDBOX_SUPPORT_H

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "unit.h"
#include "util/error.h"
#include "util/log.h"
#include "util/process.h"

/* What a process of the test works with: made before it enters the sandbox. */
static struct {
	int   pair[2];   /* a connected socketpair */
	pid_t other;     /* a process of the same user */
	char  lines[4096]; /* what the process wrote to standard error */
	int   status;      /* and how it ended */
} world;

/* Ends the case when there is nothing to test. */
#define NEEDS(what, reason)                     \
	do {                                    \
		if (!(what)) {                  \
			printf("# skipped: " reason "\n"); \
			return;                 \
		}                               \
	} while (0)

#define NEEDS_FILTER() \
	NEEDS(WITH_SANDBOX && WITH_SECCOMP && filter_is_available(), "no seccomp in this build or kernel")
#define NEEDS_LANDLOCK(version) \
	NEEDS(WITH_SANDBOX && landlock_version() >= (version), "no such Landlock in this build or kernel")

/* Runs both in a process of its own; the second returns its exit status. */
static inline void
inside(void (*enter)(void), int (*act)(void))
{
	int     errors[2];
	pid_t   pid;
	ssize_t got;
	size_t  size = 0;

	ck_assert_int_ge(world.other = fork(), 0);
	if (world.other == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(pipe2(errors, O_CLOEXEC), 0); /* which the other must not keep open */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, world.pair), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		(void)dup2(errors[1], STDERR_FILENO);
		log_open("test/front", LOG_LEVEL_INFO);
		enter();
		_exit(act());
	}
	(void)close(errors[1]);
	while ((got = read(errors[0], world.lines + size, sizeof world.lines - 1 - size)) > 0)
		size += (size_t)got;
	world.lines[size] = '\0';
	ck_assert_int_eq(waitpid(pid, &world.status, 0), pid);
	(void)kill(world.other, SIGKILL);
	(void)close(errors[0]);
}

/* ---- what no front does ---- */

static inline int act_make(void) { return open("/tmp/attest-sandbox", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }
static inline int act_socket(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static inline int act_socket_unix(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static inline int act_socketpair(void) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world.pair); }
static inline int act_bind(void) { return bind(world.pair[0], NULL, 0); }
static inline int act_listen(void) { return listen(world.pair[0], 1); }
static inline int act_fork(void) { return fork(); }
static inline int act_vfork(void) { return (int)syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0); }
static inline int act_namespace(void) { return (int)syscall(SYS_clone, FILTER_THREAD_FLAGS | CLONE_NEWUSER, NULL, NULL, NULL, 0); }
static inline int act_unshare(void) { return unshare(CLONE_NEWUSER); }
static inline int act_kill(void) { return kill(world.other, SIGKILL); }
static inline int act_tgkill(void) { return (int)syscall(SYS_tgkill, world.other, world.other, SIGKILL); }
static inline int act_pidfd(void) { return (int)syscall(434, world.other, 0); }
static inline int act_traced(void) { return (int)ptrace(PTRACE_ATTACH, world.other, NULL, NULL); }
static inline int act_bpf(void) { return (int)syscall(SYS_bpf, 0, NULL, 0); }
static inline int act_io_uring(void) { return (int)syscall(425, 1, NULL); }
static inline int act_userfaultfd(void) { return (int)syscall(SYS_userfaultfd, 0); }
static inline int act_keyctl(void) { return (int)syscall(SYS_keyctl, 0, 0, 0, 0, 0); }
static inline int act_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static inline int act_ioctl(void) { char octet = '\n'; return (int)syscall(SYS_ioctl, STDERR_FILENO, 0x5412 /* TIOCSTI */, &octet); }
static inline int act_own_signals(void) { return signal(SIGSYS, SIG_IGN) == SIG_ERR; }

static inline int
act_connect(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};

	return connect(world.pair[0], (const struct sockaddr *)&address, sizeof address);
}

static inline int
act_send_to(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/notify"};

	return (int)sendto(world.pair[0], "x", 1, 0, (const struct sockaddr *)&address, sizeof address);
}

/* A socket that no longer listens could connect by its first octets, past connect(2). */
static inline int
act_fast_open(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};
	char               octet = 'x';
	struct iovec       body = {&octet, 1};
	struct msghdr      message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &body,
	         .msg_iovlen = 1};

	(void)shutdown(world.pair[0], SHUT_RDWR);
	return (int)sendmsg(world.pair[0], &message, MSG_FASTOPEN);
}

static inline int
act_fast_open_many(void)
{
	struct mmsghdr message = {.msg_len = 0};

	return sendmmsg(world.pair[0], &message, 1, MSG_FASTOPEN);
}

static inline int
act_overwrite_the_log(void)
{
	char         octet = 'x';
	struct iovec body = {&octet, 1};

	return (int)pwritev2(STDERR_FILENO, &body, 1, 0, 0);
}

/* Where this process wrote last, though others have appended since. */
static inline int
act_write_behind_the_end(void)
{
	char         octet = 'x';
	struct iovec body = {&octet, 1};

	return (int)pwritev2(STDERR_FILENO, &body, 1, -1, 0x20 /* RWF_NOAPPEND */);
}

static inline int
act_congestion(void)
{
	return setsockopt(world.pair[0], IPPROTO_TCP, 13 /* TCP_CONGESTION */, "reno", 4);
}

static inline int
act_ask_who_is_there(void)
{
	int       fd = -1;
	socklen_t size = sizeof fd;

	return getsockopt(world.pair[0], SOL_SOCKET, 77 /* SO_PEERPIDFD */, &fd, &size);
}

static inline int
act_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static inline int
act_exec_of_descriptor(void)
{
	return (int)syscall(SYS_execveat, STDIN_FILENO, "", NULL, NULL, AT_EMPTY_PATH);
}

static inline int
act_read_memory(void)
{
	char         octet;
	struct iovec here = {&octet, 1};

	return (int)process_vm_readv(world.other, &here, 1, &here, 1, 0);
}

static inline int
act_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static inline int
act_executable_later(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static inline void
killed_for(const char *call)
{
	char wanted[128];

	(void)snprintf(wanted, sizeof wanted, " error test/front event=sandbox call=%s reason=\"", call);
	ck_assert_msg(strstr(world.lines, wanted) != NULL, "%s: %s", call, world.lines);
	ck_assert_msg(WIFSIGNALED(world.status) && WTERMSIG(world.status) == SIGSYS, "%s: %#x", call,
	    (unsigned)world.status);
}

/* ---- what it does all the same ---- */

static inline void *
thread_main(void *arg)
{
	return arg;
}

static inline int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Of more than a kilobyte, for which the C library asks how much memory there is. */
static inline int
act_sort(void)
{
	static int numbers[4096];

	for (int i = 0; i < 4096; i++)
		numbers[i] = 4096 - i;
	qsort(numbers, 4096, sizeof numbers[0], compare);
	return numbers[0] == 1 ? 0 : 1;
}

static inline int
act_talk(void)
{
	char      text[4] = "";
	char     *memory = malloc((size_t)1024 * 1024 * 16);
	pthread_t thread;
	void     *returned = NULL;

	if (memory == NULL || send(world.pair[0], "abc", 3, 0) != 3 || recv(world.pair[1], text, 3, 0) != 3)
		return 1;
	memory[0] = text[0];
	if (pthread_create(&thread, NULL, thread_main, memory) != 0 ||
	    pthread_join(thread, &returned) != 0 || returned != memory)
		return 2;
	free(memory);
	return act_sort() == 0 ? 0 : 3;
}

/* ---- files alone ---- */

static inline int
act_files(void)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)world.other);
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 1;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	if (act_make() >= 0 || errno != EACCES)
		return 3;
	return mkdir("/tmp/attest-sandbox", 0700) != 0 && errno == EACCES ? 0 : 4;
}

/* ---- rights ---- */

static int status_of_itself; /* /proc/self/status, opened before the sandbox is entered */

/* A line's hexadecimal number; all ones when there is none. */
static inline unsigned long long
right(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line != NULL ? strtoull(line + strlen(name), NULL, 16) : ~0ULL;
}

/* 0 when its rights are at most those of `most`, and it cannot get others by a program. */
static inline int
rights_are_within(unsigned long long most)
{
	char    text[4096];
	ssize_t size = read(status_of_itself, text, sizeof text - 1);

	if (size <= 0)
		return 1;
	text[size] = '\0';
	if ((right(text, "CapPrm:\t") & ~most) != 0 || (right(text, "CapEff:\t") & ~most) != 0)
		return 2;
	if (right(text, "CapInh:\t") != 0 || right(text, "CapAmb:\t") != 0)
		return 3;
	return right(text, "NoNewPrivs:\t") == 1 ? 0 : 4;
}

#endif
