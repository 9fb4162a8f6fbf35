/* The sandbox of a keeper, wherever its keys lie, and of the supervisor: see sandbox_support.h. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <asm/sockios.h>

#include "sandbox_support.h"

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
enter_keeper_with(enum sandbox_keys keys, unsigned sockets)
{
	const struct landlock_path paths[] = {{.path = directory, .writable = true}, {.path = read_only, .writable = false},
	    {.path = "/tmp/attest-sandbox-is-not-there", .writable = false}};
	const struct sandbox_keeper keeper = {.keys = keys, .sockets = sockets, .paths = paths, .count = 3};
	struct error                err = {0};

	if (sandbox_enter_keeper(SANDBOX_ON, &keeper, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

static void enter_keeper(void) { enter_keeper_with(SANDBOX_KEYS_FILES, 0); }
static void enter_keeper_of_module(void) { enter_keeper_with(SANDBOX_KEYS_MODULE, 0); }
static void enter_keeper_of_daemon(void) { enter_keeper_with(SANDBOX_KEYS_MODULE, SANDBOX_SOCKET_BIT(UNIX)); }
static void enter_keeper_of_network(void) { enter_keeper_with(SANDBOX_KEYS_MODULE, SANDBOX_SOCKET_BIT(INET)); }

/* A program may be anywhere. */
static void
enter_keeper_of_command(void)
{
	const struct landlock_path  paths[] = {{.path = directory, .writable = true},
	    {.path = "/", .executable = true}};
	const struct sandbox_keeper keeper = {.keys = SANDBOX_KEYS_COMMAND, .paths = paths, .count = 2};
	struct error                err = {0};

	if (sandbox_enter_keeper(SANDBOX_ON, &keeper, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

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
static int act_set_owner_again(void) { return fcntl(world.pair[0], F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_PID, world.other}); }
static int act_set_owner_of_socket(void) { return ioctl(world.pair[0], FIOSETOWN, &world.other); }
static int act_set_group_of_socket(void) { return ioctl(world.pair[0], SIOCSPGRP, &world.other); }
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
    {"tgkill", act_tgkill}, {"fcntl", act_set_owner}, {"fcntl", act_set_owner_again},
    {"ioctl", act_set_owner_of_socket}, {"ioctl", act_set_group_of_socket},
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

/* An exit status that says how a process ended: 0, what it said, or 99 for a signal. */
static int
ended(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int
act_run(void)
{
	pid_t pid = fork();
	int   status = -1;

	if (pid == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? ended(status) : 2;
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
		_exit(sandbox_enter_front(SANDBOX_ON, 3, &err) == 0 ? act_talk() : 9);
	return pid > 0 && waitpid(pid, &status, 0) == pid ? ended(status) : 10;
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

/* ---- the keeper of a token or a TPM ---- */

START_TEST(keeper_of_a_module_opens_and_makes_no_other_file)
{
	NEEDS_LANDLOCK(1);
	inside(enter_keeper_of_module, act_elsewhere);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
	inside(enter_keeper_of_module, act_keep);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_of_command(void)
{
	if (file_at(read_only, "file", O_RDONLY) < 0 || file_at(directory, "store", O_RDWR | O_CREAT) < 0)
		return 1;
	if (file_at(read_only, "file", O_WRONLY) >= 0 || errno != EACCES)
		return 2;
	return act_make() < 0 && errno == EACCES ? act_run() : 3;
}

START_TEST(keeper_of_a_program_reads_everything_and_writes_nothing_else)
{
	NEEDS_LANDLOCK(1);
	inside(enter_keeper_of_command, act_of_command);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

#define FAMILY_MAX 64

/* The families of which it can make a socket, or could if the kernel had them. */
static bool
family_is_open(int family)
{
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 || errno != EACCES;
}

/* 0 when those of `open` are, and no others; those that kill are not tried. */
static int
families_are(const int *open, size_t count)
{
	for (int family = 0; family < FAMILY_MAX; family++) {
		bool wanted = false;

		if (family == AF_PACKET || family == AF_VSOCK || family == AF_ALG || family == AF_KEY)
			continue;
		for (size_t i = 0; i < count; i++)
			wanted = wanted || open[i] == family;
		if (family_is_open(family) != wanted)
			return 100 + family;
	}
	return 0;
}

static int act_no_family(void) { return families_are(NULL, 0); }
static int act_unix_family(void) { return families_are((const int[]){AF_UNIX}, 1); }
static int act_inet_families(void) { return families_are((const int[]){AF_INET, AF_INET6}, 2); }

static const struct {
	void (*enter)(void);
	int  (*act)(void);
} families[] = {
    {enter_keeper_of_module, act_no_family},
    {enter_keeper_of_daemon, act_unix_family},
    {enter_keeper_of_network, act_inet_families},
    {enter_keeper_of_command, act_no_family},
};

START_TEST(keeper_of_a_module_makes_the_sockets_of_the_setting_and_no_other)
{
	NEEDS_FILTER();
	inside(families[_i].enter, families[_i].act);
	ck_assert_str_eq(world.lines, "");
	ck_assert_msg(world.status == 0, "%#x", (unsigned)world.status);
}
END_TEST

/* ---- whom it reaches by the sockets that it has ---- */

#define SERVICE_MANAGER 0 /* the keeper's socket is connected to it */
#define SOMEBODY        1

static int listeners[2];
static int connected;

static struct sockaddr_un
address_of(int whose)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket%d", directory, whose);
	return address;
}

static void
datagrams_begin(void)
{
	for (int whose = 0; whose < 2; whose++) {
		struct sockaddr_un address = address_of(whose);

		ck_assert_int_ge(listeners[whose] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), 0);
		ck_assert_int_eq(bind(listeners[whose], (const struct sockaddr *)&address, sizeof address), 0);
	}
}

/* Ends them; whether the somebody heard nothing, and the service manager did. */
static void
datagrams_end(void)
{
	char heard[2][16] = {"", ""};

	for (int whose = 0; whose < 2; whose++) {
		(void)recv(listeners[whose], heard[whose], sizeof heard[whose] - 1, 0);
		(void)unlink(address_of(whose).sun_path);
		(void)close(listeners[whose]);
	}
	ck_assert_str_eq(heard[SERVICE_MANAGER], "READY=1");
	ck_assert_str_eq(heard[SOMEBODY], "");
}

static void
connect_to_the_service_manager(void)
{
	struct sockaddr_un address = address_of(SERVICE_MANAGER);

	if ((connected = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0 ||
	    connect(connected, (const struct sockaddr *)&address, sizeof address) != 0)
		_exit(99);
}

static void enter_files_connected(void) { connect_to_the_service_manager(); enter_keeper(); }
static void enter_module_connected(void) { connect_to_the_service_manager(); enter_keeper_of_module(); }

static ssize_t
datagram_to_somebody(int fd)
{
	struct sockaddr_un address = address_of(SOMEBODY);
	char               text[] = "the store";
	struct iovec       body = {text, sizeof text};
	struct msghdr      message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &body,
	         .msg_iovlen = 1};

	return sendmsg(fd, &message, 0);
}

static int
act_leak(void)
{
	return send(connected, "READY=1", 7, 0) == 7 ? (int)datagram_to_somebody(connected) : 0;
}

static int
act_leak_in_other_ways(void)
{
	struct sockaddr_un address = address_of(SOMEBODY);
	struct mmsghdr     many = {.msg_hdr = {.msg_name = &address, .msg_namelen = sizeof address}};

	if (send(connected, "READY=1", 7, 0) != 7)
		return 1;
	if (datagram_to_somebody(connected) >= 0 || errno != EACCES)
		return 2;
	if (sendto(connected, "x", 1, 0, (const struct sockaddr *)&address, sizeof address) >= 0 || errno != EACCES)
		return 3;
	if (connect(connected, (const struct sockaddr *)&address, sizeof address) == 0 || errno != EACCES)
		return 4;
	if (sendmmsg(connected, &many, 1, 0) >= 0 || errno != EACCES)
		return 5;
	return bind(world.pair[0], NULL, 0) != 0 && errno == EACCES ? act_talk() : 6;
}

START_TEST(keeper_reaches_nobody_by_the_service_managers_socket)
{
	NEEDS_FILTER();
	datagrams_begin();
	inside(enter_files_connected, act_leak);
	killed_for("sendmsg");
	datagrams_end();
	datagrams_begin();
	inside(enter_module_connected, act_leak_in_other_ways);
	datagrams_end();
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_pairs(void)
{
	static const int types[] = {SOCK_DGRAM, SOCK_RAW, SOCK_DGRAM | SOCK_CLOEXEC, SOCK_RAW | SOCK_NONBLOCK};
	int              ends[2];

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (socketpair(AF_UNIX, types[i], 0, ends) == 0 || errno != EACCES)
			return (int)i + 1;
	if (socketpair(AF_TIPC, SOCK_STREAM, 0, ends) == 0 || errno != EACCES)
		return 10;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
	        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 ? 0 : 11;
}

static void (*const without_unix[])(void) = {enter_keeper_of_module, enter_keeper_of_network,
    enter_keeper_of_command};

START_TEST(keeper_of_a_module_makes_no_pair_that_sends_to_others)
{
	NEEDS_FILTER();
	inside(without_unix[_i], act_pairs);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* ---- what Landlock leaves ---- */

static int
act_attributes(void)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/file", read_only);
#define REFUSED(call) ((call) == -1 && errno == EACCES)
	return !REFUSED(chmod(path, 0666))                                           ? 1
	    : !REFUSED(fchmodat(AT_FDCWD, path, 0666, 0))                            ? 2
	    : !REFUSED(syscall(452 /* fchmodat2 */, AT_FDCWD, path, 0666, 0))        ? 3
	    : !REFUSED(chown(path, getuid(), getgid()))                              ? 4
	    : !REFUSED(lchown(path, getuid(), getgid()))                             ? 5
	    : !REFUSED(fchownat(AT_FDCWD, path, getuid(), getgid(), 0))              ? 6
	    : !REFUSED(utimensat(AT_FDCWD, path, NULL, 0))                           ? 7
	    : !REFUSED(setxattr(path, "user.a", "b", 1, 0))                          ? 8
	    : !REFUSED(lsetxattr(path, "user.a", "b", 1, 0))                         ? 9
	    : !REFUSED(removexattr(path, "user.a"))                                  ? 10
	    : !REFUSED(lremovexattr(path, "user.a"))                                 ? 11
	    : !REFUSED(syscall(463 /* setxattrat */, 0, path, 0, 0, 0, 0))           ? 12
	    : !REFUSED(syscall(466 /* removexattrat */, 0, path, 0, 0))              ? 13
	    : !REFUSED(syscall(469 /* file_setattr */, 0, path, 0, 0, 0))            ? 14
	                                                                             : 0;
#undef REFUSED
}

/* What it has open is its own affair: SQLite's files, and what a library keeps. */
static int
act_attributes_of_its_own(void)
{
	char own[64];
	int  fd = file_at(directory, "own", O_RDWR | O_CREAT);

	(void)snprintf(own, sizeof own, "%s/own", directory);
	if (fd < 0 || fchmod(fd, 0600) != 0 || futimens(fd, NULL) != 0)
		return 1;
	return unlinkat(AT_FDCWD, own, 0) == 0 ? 0 : 2;
}

START_TEST(keeper_of_a_module_changes_no_attributes_by_name)
{
	NEEDS_FILTER();
	inside(enter_keeper_of_module, act_attributes);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
	inside(enter_keeper_of_module, act_attributes_of_its_own);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

static int
act_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	return prlimit(world.other, RLIMIT_NOFILE, &limit, NULL) != 0 && errno == EACCES ? 0 : 2;
}

START_TEST(keeper_of_a_module_sets_nobody_elses_limits)
{
	NEEDS_FILTER();
	inside(enter_keeper_of_module, act_limits);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* Nobody listens there: it is the kernel that refuses the one, if with another word where there is no
 * loopback, and the sandbox the other. */
static int
act_connect_out(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EACCES ? 1 : 2;
	return connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno != EACCES ? 0 : 3;
}

START_TEST(keeper_of_a_module_connects_when_the_setting_says_so)
{
	NEEDS_FILTER();
	inside(enter_keeper_of_network, act_connect_out);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
	inside(enter_keeper_of_module, act_connect_out);
	ck_assert_msg(WIFEXITED(world.status) && WEXITSTATUS(world.status) == 1, "%#x", (unsigned)world.status);
}
END_TEST

static int
act_connect_out_of_files(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect(world.pair[0], (const struct sockaddr *)&address, sizeof address) != 0 && errno == EACCES
	    ? 0 : 1;
}

/* Where there is no filter, or a socket came from elsewhere, Landlock says the same of TCP. */
static void
enter_keeper_that_has_a_socket(void)
{
	world.pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enter_keeper_of_module();
}

START_TEST(keeper_of_a_module_connects_no_socket_that_it_has)
{
	NEEDS_LANDLOCK(4);
	inside(enter_keeper_that_has_a_socket, act_connect_out_of_files);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* The program was started before, and must be ended. */
static int
act_end_the_other(void)
{
	return kill(world.other, SIGKILL);
}

START_TEST(keeper_of_a_program_ends_it)
{
	inside(enter_keeper_of_command, act_end_the_other);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* A library's thread: it tries what it must not when the process is in its sandbox. */
static int entered[2];
static int tried[2];

static char
thread_result(void)
{
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 'r';
	if (act_make() >= 0 || errno != EACCES)
		return 'w';
	if (file_at(directory, "thread", O_RDWR | O_CREAT) < 0)
		return 'd';
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES ? '0' : 's';
}

static void *
thread_tries(void *arg)
{
	char octet = 'x';

	(void)!write(tried[1], &octet, 1);
	while (read(entered[0], &octet, 1) != 1)
		;
	octet = thread_result();
	(void)!write(tried[1], &octet, 1);
	for (;;)
		(void)pause();
	return arg;
}

static void *
thread_takes_no_signal(void *arg)
{
	const uint64_t all = UINT64_MAX;

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	return thread_tries(arg);
}

static void
enter_beside(void *(*main)(void *), void (*enter)(void))
{
	pthread_t thread;
	char      ready;

	if (pipe2(entered, O_CLOEXEC) != 0 || pipe2(tried, O_CLOEXEC) != 0 ||
	    pthread_create(&thread, NULL, main, NULL) != 0 || read(tried[0], &ready, 1) != 1)
		_exit(99);
	enter();
}

static void enter_keeper_beside_a_thread(void) { enter_beside(thread_tries, enter_keeper_of_module); }
static void enter_keeper_beside_a_deaf_thread(void) { enter_beside(thread_takes_no_signal, enter_keeper_of_module); }

/* What the thread got; 0: nothing that it must not have. */
static int
act_by_the_thread(void)
{
	char  path[128];
	char  octet = 'e';

	(void)snprintf(path, sizeof path, "%s/thread", directory);
	if (write(entered[1], "x", 1) != 1 || read(tried[0], &octet, 1) != 1)
		return 99;
	(void)unlink(path);
	return octet == '0' ? 0 : octet;
}

static int act_nothing(void) { return 0; }

START_TEST(keeper_of_a_module_confines_the_threads_that_it_has)
{
	NEEDS_FILTER();
	NEEDS_LANDLOCK(1);
	NEEDS(access("/proc/self/task", R_OK) == 0, "no /proc");
	inside(enter_keeper_beside_a_thread, act_by_the_thread);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
	ck_assert_str_eq(world.lines, "");
}
END_TEST

START_TEST(keeper_of_a_module_says_which_threads_it_cannot_confine)
{
	NEEDS_LANDLOCK(1);
	NEEDS(access("/proc/self/task", R_OK) == 0, "no /proc");
	inside(enter_keeper_beside_a_deaf_thread, act_nothing);
	ck_assert_msg(strstr(world.lines, "warning test/front event=sandbox reason=\"the library of a token or a "
	    "TPM has threads that cannot be confined, 1, which may open what their user may\"") != NULL,
	    "%s", world.lines);
	inside(enter_keeper_of_module, act_nothing);
	ck_assert_str_eq(world.lines, "");
}
END_TEST

/* They would keep root's otherwise, which are each thread's own. */
static void *
thread_shows_its_rights(void *arg)
{
	char path[64];
	char octet;

	(void)snprintf(path, sizeof path, "/proc/self/task/%ld/status", (long)syscall(SYS_gettid));
	status_of_itself = open(path, O_RDONLY | O_CLOEXEC);
	(void)!write(tried[1], "x", 1);
	while (read(entered[0], &octet, 1) != 1)
		;
	return arg;
}

static void enter_keeper_beside_rights(void) { enter_beside(thread_shows_its_rights, enter_keeper_of_module); }

static int act_keeper_rights(void) { return rights_are_within(PROCESS_CAPABILITIES_OF_KEEPER); }

START_TEST(keeper_of_a_module_takes_the_capabilities_of_its_threads)
{
	NEEDS_FILTER();
	NEEDS(access("/proc/self/task", R_OK) == 0, "no /proc");
	inside(enter_keeper_beside_rights, act_keeper_rights);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* ---- rights ---- */

static void
enter_keeper_that_can_see_its_rights(void)
{
	status_of_itself = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	enter_keeper();
}

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

	if (sandbox_enter_keeper(SANDBOX_AVAILABLE, &(struct sandbox_keeper){.keys = SANDBOX_KEYS_FILES},
	        &err) != 0)
		_exit(99);
}

START_TEST(keeper_is_contained_too_when_that_need_not_be_available)
{
	NEEDS_FILTER();
	inside(enter_keeper_available, act_socket);
	killed_for("socket");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox_keeper");
	TCase *tc = tcase_create("sandbox");

	tcase_add_checked_fixture(tc, directories_make, directories_remove);
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
	tcase_add_test(tc, keeper_of_a_module_opens_and_makes_no_other_file);
	tcase_add_test(tc, keeper_of_a_program_reads_everything_and_writes_nothing_else);
	tcase_add_loop_test(tc, keeper_of_a_module_makes_the_sockets_of_the_setting_and_no_other, 0,
	    sizeof families / sizeof families[0]);
	tcase_add_test(tc, keeper_reaches_nobody_by_the_service_managers_socket);
	tcase_add_loop_test(tc, keeper_of_a_module_makes_no_pair_that_sends_to_others, 0,
	    sizeof without_unix / sizeof without_unix[0]);
	tcase_add_test(tc, keeper_of_a_module_changes_no_attributes_by_name);
	tcase_add_test(tc, keeper_of_a_module_sets_nobody_elses_limits);
	tcase_add_test(tc, keeper_of_a_module_connects_when_the_setting_says_so);
	tcase_add_test(tc, keeper_of_a_module_connects_no_socket_that_it_has);
	tcase_add_test(tc, keeper_of_a_program_ends_it);
	tcase_add_test(tc, keeper_of_a_module_confines_the_threads_that_it_has);
	tcase_add_test(tc, keeper_of_a_module_says_which_threads_it_cannot_confine);
	tcase_add_test(tc, keeper_of_a_module_takes_the_capabilities_of_its_threads);
	tcase_add_test(tc, keeper_has_the_capabilities_of_files_and_memory_at_most);
	tcase_add_test(tc, keeper_is_contained_too_when_that_need_not_be_available);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
