/*
 * The sandboxes from inside: a process enters one and tries what it must not have. Nothing can be
 * tried where the build or the kernel has no sandbox: those cases say so and end.
 */
#include "config.h"

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
#include <netdb.h>
#include <sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/filter.h"
#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "unit.h"
#include "util/bytes.h"
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

static void
enter_front(void)
{
	struct error err = {0};

	if (sandbox_enter_front(SANDBOX_ON, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

static void
enter_front_of_files(void)
{
	struct error err = {0};

	if (landlock_enter(true, NULL, 0, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

/* Runs both in a process of its own; the second returns its exit status. */
static void
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

static int act_open(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
static int act_make(void) { return open("/tmp/attest-sandbox", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }
static int act_open_how(void) { return (int)syscall(437, AT_FDCWD, "/dev/null", NULL, 0); }
static int act_socket(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static int act_socket_unix(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static int act_socketpair(void) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world.pair); }
static int act_bind(void) { return bind(world.pair[0], NULL, 0); }
static int act_listen(void) { return listen(world.pair[0], 1); }
static int act_fork(void) { return fork(); }
static int act_vfork(void) { return (int)syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0); }
static int act_namespace(void) { return (int)syscall(SYS_clone, FILTER_THREAD_FLAGS | CLONE_NEWUSER, NULL, NULL, NULL, 0); }
static int act_unshare(void) { return unshare(CLONE_NEWUSER); }
static int act_kill(void) { return kill(world.other, SIGKILL); }
static int act_kill_itself(void) { return kill(getpid(), 0); }
static int act_tgkill(void) { return (int)syscall(SYS_tgkill, world.other, world.other, SIGKILL); }
static int act_pidfd(void) { return (int)syscall(434, world.other, 0); }
static int act_traced(void) { return (int)ptrace(PTRACE_ATTACH, world.other, NULL, NULL); }
static int act_bpf(void) { return (int)syscall(SYS_bpf, 0, NULL, 0); }
static int act_io_uring(void) { return (int)syscall(425, 1, NULL); }
static int act_userfaultfd(void) { return (int)syscall(SYS_userfaultfd, 0); }
static int act_keyctl(void) { return (int)syscall(SYS_keyctl, 0, 0, 0, 0, 0); }
static int act_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static int act_ioctl(void) { char octet = '\n'; return (int)syscall(SYS_ioctl, STDERR_FILENO, 0x5412 /* TIOCSTI */, &octet); }
static int act_dup_to(void) { return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100); }
static int act_own_signals(void) { return signal(SIGSYS, SIG_IGN) == SIG_ERR; }
static int act_abort(void) { abort(); }
static int act_reboot(void) { return (int)syscall(SYS_reboot, 0, 0, 0, NULL); }

static int
act_connect(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};

	return connect(world.pair[0], (const struct sockaddr *)&address, sizeof address);
}

static int
act_send_to(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/notify"};

	return (int)sendto(world.pair[0], "x", 1, 0, (const struct sockaddr *)&address, sizeof address);
}

/* A socket that no longer listens could connect by its first octets, past connect(2). */
static int
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

static int
act_fast_open_many(void)
{
	struct mmsghdr message = {.msg_len = 0};

	return sendmmsg(world.pair[0], &message, 1, MSG_FASTOPEN);
}

static int
act_overwrite_the_log(void)
{
	char         octet = 'x';
	struct iovec body = {&octet, 1};

	return (int)pwritev2(STDERR_FILENO, &body, 1, 0, 0);
}

static int
act_congestion(void)
{
	return setsockopt(world.pair[0], IPPROTO_TCP, 13 /* TCP_CONGESTION */, "reno", 4);
}

static int
act_ask_who_is_there(void)
{
	int       fd = -1;
	socklen_t size = sizeof fd;

	return getsockopt(world.pair[0], SOL_SOCKET, 77 /* SO_PEERPIDFD */, &fd, &size);
}

static int
act_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
act_exec_of_descriptor(void)
{
	return (int)syscall(SYS_execveat, STDIN_FILENO, "", NULL, NULL, AT_EMPTY_PATH);
}

static int
act_read_memory(void)
{
	char         octet;
	struct iovec here = {&octet, 1};

	return (int)process_vm_readv(world.other, &here, 1, &here, 1, 0);
}

static int
act_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int
act_executable_later(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static const struct {
	const char *call; /* that the log names */
	int       (*act)(void);
} front_denied[] = {
    {"openat", act_open}, {"openat", act_make}, {"openat2", act_open_how}, {"socket", act_socket},
    {"socket", act_socket_unix}, {"socketpair", act_socketpair}, {"bind", act_bind},
    {"listen", act_listen}, {"connect", act_connect}, {"sendto", act_send_to}, {"clone", act_fork},
    {"clone", act_vfork}, {"clone", act_namespace}, {"unshare", act_unshare}, {"execve", act_exec},
    {"execveat", act_exec_of_descriptor}, {"kill", act_kill}, {"kill", act_kill_itself},
    {"tgkill", act_tgkill}, {"pidfd_open", act_pidfd}, {"ptrace", act_traced},
    {"process_vm_readv", act_read_memory}, {"mmap", act_executable_memory},
    {"mprotect", act_executable_later}, {"bpf", act_bpf}, {"io_uring_setup", act_io_uring},
    {"userfaultfd", act_userfaultfd}, {"keyctl", act_keyctl}, {"prctl", act_dumpable},
    {"ioctl", act_ioctl}, {"fcntl", act_dup_to}, {"rt_sigaction", act_own_signals},
    {"sendmsg", act_fast_open}, {"sendmmsg", act_fast_open_many},
    {"pwritev2", act_overwrite_the_log}, {"setsockopt", act_congestion},
    {"getsockopt", act_ask_who_is_there},
};

static void
killed_for(const char *call)
{
	char wanted[128];

	(void)snprintf(wanted, sizeof wanted, " error test/front event=sandbox call=%s reason=\"", call);
	ck_assert_msg(strstr(world.lines, wanted) != NULL, "%s: %s", call, world.lines);
	ck_assert_msg(WIFSIGNALED(world.status) && WTERMSIG(world.status) == SIGSYS, "%s: %#x", call,
	    (unsigned)world.status);
}

START_TEST(front_that_calls_what_it_must_not_is_killed_and_the_log_names_the_call)
{
	NEEDS_FILTER();
	inside(enter_front, front_denied[_i].act);
	killed_for(front_denied[_i].call);
}
END_TEST

START_TEST(violation_says_the_time_as_the_log_does)
{
	char     now[32];
	time_t   before = time(NULL);
	struct tm tm;
	bool     same = false;

	NEEDS_FILTER();
	inside(enter_front, act_fork);
	for (time_t t = before; t <= time(NULL); t++) {
		(void)strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ ", gmtime_r(&t, &tm));
		same = same || strncmp(world.lines, now, strlen(now)) == 0;
	}
	ck_assert_msg(same, "%s", world.lines);
}
END_TEST

/* It kills at once, and says nothing: it is how a process that violated its sandbox ends. */
START_TEST(violation_end_kills)
{
	NEEDS_FILTER();
	inside(enter_front, act_reboot);
	ck_assert_str_eq(world.lines, "");
	ck_assert(WIFSIGNALED(world.status) && WTERMSIG(world.status) == SIGSYS);
}
END_TEST

/* ---- what it does all the same ---- */

static void *
thread_main(void *arg)
{
	return arg;
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Of more than a kilobyte, for which the C library asks how much memory there is. */
static int
act_sort(void)
{
	static int numbers[4096];

	for (int i = 0; i < 4096; i++)
		numbers[i] = 4096 - i;
	qsort(numbers, 4096, sizeof numbers[0], compare);
	return numbers[0] == 1 ? 0 : 1;
}

static int
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

static int
act_work(void)
{
	int rc = act_talk();

	if (rc != 0)
		return rc;
	return open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES ? 0 : 4;
}

/* A peer on the same link has an address with an interface, here that of the loopback. */
static int
act_name(void)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_scope_id = 1,
	    .sin6_addr.s6_addr = {0xfe, 0x80, [15] = 1}};
	char                host[64] = "";

	if (getnameinfo((const struct sockaddr *)&peer, sizeof peer, host, sizeof host, NULL, 0,
	        NI_NUMERICHOST) != 0)
		return 1;
	return strcmp(host, "fe80::1%1") == 0 ? 0 : 2;
}

START_TEST(front_names_a_peer_of_its_link)
{
	NEEDS_FILTER();
	inside(enter_front, act_name);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

START_TEST(front_talks_and_makes_threads_and_the_c_library_is_refused_one_file)
{
	NEEDS_FILTER();
	inside(enter_front, act_work);
	ck_assert_str_eq(world.lines, "");
	ck_assert_int_eq(world.status, 0);
}
END_TEST

/* Not the mode that does without a filter where there is none. */
static void
enter_front_available(void)
{
	struct error err = {0};

	if (sandbox_enter_front(SANDBOX_AVAILABLE, &err) != 0)
		_exit(99);
}

START_TEST(front_is_contained_too_when_that_need_not_be_available)
{
	NEEDS_FILTER();
	inside(enter_front_available, act_open);
	killed_for("openat");
}
END_TEST

START_TEST(front_that_aborts_ends_as_it_would_outside)
{
	NEEDS_FILTER();
	inside(enter_front, act_abort);
	ck_assert_msg(WIFSIGNALED(world.status) && WTERMSIG(world.status) == SIGABRT, "%s %#x", world.lines,
	    (unsigned)world.status);
}
END_TEST

/* What is there before, whoever started it, is contained as well. */
static void *
thread_opens(void *arg)
{
	char octet;

	(void)arg;
	(void)recv(world.pair[1], &octet, 1, 0);
	_exit(act_open());
}

static void
enter_front_beside_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_opens, NULL) != 0)
		_exit(99);
	enter_front();
}

static int
act_wake_the_thread(void)
{
	char octet;

	(void)send(world.pair[0], "x", 1, 0);
	(void)recv(world.pair[0], &octet, 1, 0); /* until the process ends */
	return 1;
}

START_TEST(front_with_another_thread_is_killed_for_what_that_calls)
{
	NEEDS_FILTER();
	inside(enter_front_beside_a_thread, act_wake_the_thread);
	killed_for("openat");
}
END_TEST

/* ---- files alone ---- */

static int
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

START_TEST(front_without_its_filter_opens_and_makes_no_file)
{
	NEEDS_LANDLOCK(1);
	inside(enter_front_of_files, act_files);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_tcp(void)
{
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno != EACCES)
		return 1;
	address.sin_port = htons(1);
	return connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno == EACCES ? 0 : 2;
}

START_TEST(front_without_its_filter_has_no_network)
{
	NEEDS_LANDLOCK(4);
	inside(enter_front_of_files, act_tcp);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_signal(void)
{
	return kill(world.other, SIGKILL) != 0 && errno == EPERM && kill(getpid(), 0) == 0 ? 0 : 1;
}

START_TEST(front_without_its_filter_signals_nobody)
{
	NEEDS_LANDLOCK(6);
	inside(enter_front_of_files, act_signal);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* ---- the keeper ---- */

static char directory[] = "/tmp/attest-keeper.XXXXXX";
static char read_only[] = "/tmp/attest-read.XXXXXX";

/* A file in one of the two, or elsewhere. */
static int
file_at(const char *where, const char *name, int flags)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", where, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static void
directories_make(void)
{
	int fd;

	(void)unlink("/tmp/attest-sandbox"); /* what a sandbox with a fault once left there */
	(void)rmdir("/tmp/attest-sandbox");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_ptr_nonnull(mkdtemp(read_only));
	ck_assert_int_ge(fd = file_at(read_only, "file", O_WRONLY | O_CREAT), 0);
	(void)close(fd);
}

static void
directories_remove(void)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/file", read_only);
	(void)unlink(path);
	(void)rmdir(read_only);
	(void)rmdir(directory);
}

static void
enter_keeper_as(enum sandbox_keys keys)
{
	const struct landlock_path paths[] = {{directory, true}, {read_only, false},
	    {"/tmp/attest-sandbox-is-not-there", false}};
	struct error               err = {0};

	if (sandbox_enter_keeper(SANDBOX_ON, keys, paths, 3, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

static void enter_keeper(void) { enter_keeper_as(SANDBOX_KEYS_FILES); }
static void enter_keeper_of_module(void) { enter_keeper_as(SANDBOX_KEYS_MODULE); }
static void enter_keeper_of_command(void) { enter_keeper_as(SANDBOX_KEYS_COMMAND); }

static void
enter_supervisor(void)
{
	struct error err = {0};

	if (sandbox_enter_supervisor(SANDBOX_ON, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

static int act_netlink(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }
static int act_packet(void) { return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); }
static int act_mount(void) { return (int)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL); }
static int act_module(void) { return (int)syscall(SYS_init_module, NULL, 0, ""); }
static int act_set_owner(void) { return fcntl(world.pair[0], F_SETOWN, world.other); }
static int act_symlink(void) { return symlink("/etc/passwd", directory); }
static int act_truncate(void) { return truncate("/etc/passwd", 0); }

static const struct {
	const char *call;
	int       (*act)(void);
} keeper_denied[] = {
    {"socket", act_socket}, {"socket", act_socket_unix}, {"socket", act_netlink},
    {"socket", act_packet}, {"socketpair", act_socketpair}, {"bind", act_bind},
    {"listen", act_listen}, {"connect", act_connect}, {"sendto", act_send_to}, {"clone", act_fork},
    {"clone", act_vfork}, {"clone", act_namespace}, {"unshare", act_unshare}, {"execve", act_exec},
    {"execveat", act_exec_of_descriptor}, {"kill", act_kill}, {"tgkill", act_tgkill},
    {"pidfd_open", act_pidfd}, {"ptrace", act_traced}, {"process_vm_readv", act_read_memory},
    {"mmap", act_executable_memory}, {"mprotect", act_executable_later}, {"bpf", act_bpf},
    {"io_uring_setup", act_io_uring}, {"userfaultfd", act_userfaultfd}, {"keyctl", act_keyctl},
    {"prctl", act_dumpable}, {"ioctl", act_ioctl}, {"mount", act_mount}, {"init_module", act_module},
    {"fcntl", act_set_owner}, {"symlink", act_symlink}, {"truncate", act_truncate},
    {"rt_sigaction", act_own_signals},
    {"sendmsg", act_fast_open}, {"sendmmsg", act_fast_open_many},
    {"pwritev2", act_overwrite_the_log}, {"setsockopt", act_congestion},
    {"getsockopt", act_ask_who_is_there},
}, module_denied[] = {
    {"socket", act_packet}, {"listen", act_listen}, {"clone", act_fork}, {"clone", act_vfork},
    {"clone", act_namespace}, {"unshare", act_unshare}, {"execve", act_exec}, {"kill", act_kill},
    {"ptrace", act_traced}, {"process_vm_readv", act_read_memory}, {"bpf", act_bpf},
    {"io_uring_setup", act_io_uring}, {"userfaultfd", act_userfaultfd}, {"keyctl", act_keyctl},
    {"prctl", act_dumpable}, {"mount", act_mount}, {"init_module", act_module},
}, command_denied[] = {
    {"ptrace", act_traced}, {"process_vm_readv", act_read_memory}, {"bpf", act_bpf},
    {"mount", act_mount}, {"unshare", act_unshare}, {"clone", act_namespace},
};

START_TEST(keeper_that_calls_what_it_must_not_is_killed_and_the_log_names_the_call)
{
	NEEDS_FILTER();
	inside(enter_keeper, keeper_denied[_i].act);
	killed_for(keeper_denied[_i].call);
}
END_TEST

START_TEST(keeper_of_a_module_is_killed_for_what_no_module_needs)
{
	NEEDS_FILTER();
	inside(enter_keeper_of_module, module_denied[_i].act);
	killed_for(module_denied[_i].call);
}
END_TEST

START_TEST(keeper_of_a_program_is_killed_for_what_no_library_needs)
{
	NEEDS_FILTER();
	inside(enter_keeper_of_command, command_denied[_i].act);
	killed_for(command_denied[_i].call);
}
END_TEST

static int
act_run(void)
{
	pid_t pid = fork();
	int   status = -1;

	if (pid == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : 2;
}

START_TEST(keeper_of_a_program_starts_it)
{
	inside(enter_keeper_of_command, act_run);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_keep(void)
{
	char path[64];
	int  fd = file_at(directory, "store", O_RDWR | O_CREAT);

	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || ftruncate(fd, 0) != 0)
		return 1;
	if (file_at(directory, "store", O_RDONLY) < 0 || file_at(read_only, "file", O_RDONLY) < 0)
		return 2;
	(void)snprintf(path, sizeof path, "%s/store", directory);
	if (unlink(path) != 0)
		return 3;
	return act_talk();
}

/* ---- the supervisor, whose children have its sandbox too ---- */

static int (*const supervisor_refused[])(void) = {
    act_traced, act_read_memory, act_namespace, act_unshare, act_bpf, act_io_uring, act_userfaultfd,
    act_keyctl, act_packet, act_mount, act_module, act_listen,
};

static int
act_all_of_nobody(void)
{
	for (size_t i = 0; i < sizeof supervisor_refused / sizeof supervisor_refused[0]; i++) {
		errno = 0;
		if (supervisor_refused[i]() >= 0 || errno != ENOSYS)
			return (int)i + 1;
	}
	return 0;
}

START_TEST(supervisor_is_refused_what_nobody_needs)
{
	NEEDS_FILTER();
	inside(enter_supervisor, act_all_of_nobody);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* What a child does first: it becomes a front, or a keeper. */
static int
act_child_enters(void)
{
	struct error err = {0};
	pid_t        pid = fork();
	int          status = -1;

	if (pid == 0)
		_exit(sandbox_enter_front(SANDBOX_ON, &err) == 0 ? act_talk() : 9);
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : 10;
}

START_TEST(supervisor_starts_programs_and_their_sandboxes)
{
	NEEDS_FILTER();
	inside(enter_supervisor, act_run);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
	inside(enter_supervisor, act_child_enters);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

START_TEST(keeper_works_on_its_files)
{
	NEEDS(WITH_SANDBOX, "no sandbox in this build");
	inside(enter_keeper, act_keep);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_elsewhere(void)
{
	if (file_at(read_only, "file", O_WRONLY) >= 0 || errno != EACCES)
		return 1;
	if (file_at(read_only, "new", O_WRONLY | O_CREAT) >= 0 || errno != EACCES)
		return 2;
	if (file_at("/tmp", "attest-sandbox", O_WRONLY | O_CREAT) >= 0 || errno != EACCES)
		return 3;
	return act_files();
}

START_TEST(keeper_opens_and_makes_no_other_file)
{
	NEEDS_LANDLOCK(1);
	inside(enter_keeper, act_elsewhere);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* ---- rights ---- */

static int status_of_itself; /* /proc/self/status, opened before the sandbox is entered */

static void
enter_front_that_can_see_its_rights(void)
{
	status_of_itself = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	enter_front();
}

static void
enter_keeper_that_can_see_its_rights(void)
{
	status_of_itself = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	enter_keeper();
}

/* A line's hexadecimal number; all ones when there is none. */
static unsigned long long
right(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line != NULL ? strtoull(line + strlen(name), NULL, 16) : ~0ULL;
}

/* 0 when its rights are at most those of `most`, and it cannot get others by a program. */
static int
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

static int act_front_rights(void) { return rights_are_within(0); }
static int act_keeper_rights(void) { return rights_are_within(PROCESS_CAPABILITIES_OF_KEEPER); }

START_TEST(front_has_no_capability_and_gets_none)
{
	NEEDS_FILTER();
	NEEDS(access("/proc/self/status", R_OK) == 0, "no /proc");
	inside(enter_front_that_can_see_its_rights, act_front_rights);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

START_TEST(keeper_has_the_capabilities_of_files_and_memory_at_most)
{
	NEEDS_FILTER();
	NEEDS(access("/proc/self/status", R_OK) == 0, "no /proc");
	inside(enter_keeper_that_can_see_its_rights, act_keeper_rights);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static void
enter_keeper_available(void)
{
	struct error err = {0};

	if (sandbox_enter_keeper(SANDBOX_AVAILABLE, SANDBOX_KEYS_FILES, NULL, 0, &err) != 0)
		_exit(99);
}

START_TEST(keeper_is_contained_too_when_that_need_not_be_available)
{
	NEEDS_FILTER();
	inside(enter_keeper_available, act_socket);
	killed_for("socket");
}
END_TEST

/* ---- the setting ---- */

START_TEST(mode_parse_takes_its_three_words)
{
	enum sandbox_mode mode = SANDBOX_MODE_COUNT;
	struct error      err = {0};

	unit_ok(sandbox_mode_parse("on", &mode, &err), &err);
	ck_assert_int_eq(mode, SANDBOX_ON);
	unit_ok(sandbox_mode_parse("available", &mode, &err), &err);
	ck_assert_int_eq(mode, SANDBOX_AVAILABLE);
	unit_ok(sandbox_mode_parse("off", &mode, &err), &err);
	ck_assert_int_eq(mode, SANDBOX_OFF);
	unit_fails(sandbox_mode_parse("On", &mode, &err), &err, ERROR_MALFORMED,
	    "\"On\" is none of on, available, off");
}
END_TEST

static void
enter_off(void)
{
	struct error err = {0};

	if (sandbox_enter_front(SANDBOX_OFF, &err) != 0)
		_exit(99);
}

static int
act_open_null(void)
{
	return act_open() >= 0 ? 0 : 1;
}

/* A build for sanitizers, or one without libseccomp, says what it cannot do. */
START_TEST(build_without_a_part_does_without_it)
{
	struct error err = {0};

	if (!WITH_SECCOMP)
		ck_assert(!filter_is_available());
	if (WITH_SANDBOX)
		return;
	unit_ok(sandbox_check(SANDBOX_ON, &err), &err);
	unit_ok(sandbox_enter_keeper(SANDBOX_ON, SANDBOX_KEYS_FILES, NULL, 0, &err), &err);
	unit_ok(sandbox_enter_front(SANDBOX_ON, &err), &err);
	ck_assert_int_ge(act_open(), 0);
}
END_TEST

START_TEST(mode_off_contains_nothing)
{
	inside(enter_off, act_open_null);
	ck_assert_int_eq(world.status, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tc = tcase_create("sandbox");

	tcase_add_checked_fixture(tc, directories_make, directories_remove);
	tcase_add_loop_test(tc, front_that_calls_what_it_must_not_is_killed_and_the_log_names_the_call, 0,
	    sizeof front_denied / sizeof front_denied[0]);
	tcase_add_test(tc, violation_says_the_time_as_the_log_does);
	tcase_add_test(tc, violation_end_kills);
	tcase_add_test(tc, front_names_a_peer_of_its_link);
	tcase_add_test(tc, front_talks_and_makes_threads_and_the_c_library_is_refused_one_file);
	tcase_add_test(tc, front_is_contained_too_when_that_need_not_be_available);
	tcase_add_test(tc, front_that_aborts_ends_as_it_would_outside);
	tcase_add_test(tc, front_with_another_thread_is_killed_for_what_that_calls);
	tcase_add_test(tc, front_without_its_filter_opens_and_makes_no_file);
	tcase_add_test(tc, front_without_its_filter_has_no_network);
	tcase_add_test(tc, front_without_its_filter_signals_nobody);
	tcase_add_loop_test(tc, keeper_that_calls_what_it_must_not_is_killed_and_the_log_names_the_call, 0,
	    sizeof keeper_denied / sizeof keeper_denied[0]);
	tcase_add_loop_test(tc, keeper_of_a_module_is_killed_for_what_no_module_needs, 0,
	    sizeof module_denied / sizeof module_denied[0]);
	tcase_add_loop_test(tc, keeper_of_a_program_is_killed_for_what_no_library_needs, 0,
	    sizeof command_denied / sizeof command_denied[0]);
	tcase_add_test(tc, keeper_of_a_program_starts_it);
	tcase_add_test(tc, supervisor_is_refused_what_nobody_needs);
	tcase_add_test(tc, supervisor_starts_programs_and_their_sandboxes);
	tcase_add_test(tc, keeper_works_on_its_files);
	tcase_add_test(tc, keeper_opens_and_makes_no_other_file);
	tcase_add_test(tc, front_has_no_capability_and_gets_none);
	tcase_add_test(tc, keeper_has_the_capabilities_of_files_and_memory_at_most);
	tcase_add_test(tc, keeper_is_contained_too_when_that_need_not_be_available);
	tcase_add_test(tc, mode_parse_takes_its_three_words);
	tcase_add_test(tc, build_without_a_part_does_without_it);
	tcase_add_test(tc, mode_off_contains_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
