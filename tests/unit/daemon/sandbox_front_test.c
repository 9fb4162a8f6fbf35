/* The sandbox of a front, what a front does all the same, and the setting: see sandbox_support.h. */
#include "config.h"

#include <netdb.h>
#include <stdbool.h>

#include "daemon/channel.h"
#include "daemon/front.h"
#include "daemon/supervisor.h"
#include "sandbox_support.h"

static void
enter_front(void)
{
	struct error err = {0};

	if (sandbox_enter_front(SANDBOX_ON, 3, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

static void
enter_front_of_files(void)
{
	struct error err = {0};

	if (landlock_enter(0, NULL, 0, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.detail);
	_exit(99);
}

/* ---- what no front does ---- */

static int act_open(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
static int act_open_how(void) { return (int)syscall(437, AT_FDCWD, "/dev/null", NULL, 0); }
static int act_kill_itself(void) { return kill(getpid(), 0); }
static int act_dup_to(void) { return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100); }
static int act_abort(void) { abort(); }
static int act_reboot(void) { return (int)syscall(SYS_reboot, 0, 0, 0, NULL); }

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
    {"pwritev2", act_overwrite_the_log}, {"pwritev2", act_write_behind_the_end},
    {"setsockopt", act_congestion},
    {"getsockopt", act_ask_who_is_there},
};

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

	if (sandbox_enter_front(SANDBOX_AVAILABLE, 3, &err) != 0)
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

/* ---- what it has together with others ---- */

static const unsigned first_own[] = {3, 4, 5, 8, 11, 64, 100};
static unsigned       first;

/* A socket is at each of the descriptors that are tried. */
static void
enter_front_with_shared_descriptors(void)
{
	struct error   err = {0};
	const unsigned places[] = {first - 1, first, first + 1, 2 * first};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
		    dup2(fcntl(ends[0], F_DUPFD, 300), (int)places[i]) < 0)
			_exit(98);
	}
	if (sandbox_enter_front(SANDBOX_ON, first, &err) != 0)
		_exit(99);
}

static bool
refused(long rc)
{
	return rc == -1 && errno == EACCES;
}

/* The log, when it is a socket, and the sockets that listen for the next front as well. */
static int
act_shut_down(void)
{
	const unsigned long wide = 1UL << 32 | (first - 1);

	if (!refused(shutdown((int)first - 1, SHUT_RDWR)) || !refused(shutdown(0, SHUT_RDWR)))
		return 1;
	if (!refused(syscall(SYS_shutdown, wide, SHUT_RDWR))) /* of which the kernel reads the lower half */
		return 2;
	return shutdown((int)first, SHUT_RDWR) == 0 && shutdown((int)first + 1, SHUT_RDWR) == 0 &&
	        shutdown((int)first * 2, SHUT_RDWR) == 0 ? 0 : 3;
}

static int
act_change_flags(void)
{
	const unsigned long wide = 1UL << 32 | (first - 1);

	if (!refused(fcntl((int)first - 1, F_SETFL, O_NONBLOCK)) || !refused(fcntl(0, F_SETFL, 0)))
		return 1;
	if (!refused(syscall(SYS_fcntl, wide, F_SETFL, 0)))
		return 2;
	return fcntl((int)first, F_SETFL, O_NONBLOCK) == 0 && fcntl((int)first + 1, F_SETFL, 0) == 0 &&
	        fcntl((int)first * 2, F_SETFL, 0) == 0 && fcntl((int)first - 1, F_GETFL) >= 0 ? 0 : 3;
}

START_TEST(front_shuts_down_nothing_that_others_have_too)
{
	NEEDS_FILTER();
	first = first_own[_i];
	inside(enter_front_with_shared_descriptors, act_shut_down);
	ck_assert_msg(world.status == 0, "%u: %s %#x", first, world.lines, (unsigned)world.status);
}
END_TEST

START_TEST(front_changes_no_flags_of_what_others_have_too)
{
	NEEDS_FILTER();
	first = first_own[_i];
	inside(enter_front_with_shared_descriptors, act_change_flags);
	ck_assert_msg(world.status == 0, "%u: %s %#x", first, world.lines, (unsigned)world.status);
}
END_TEST

static int listening[2];
static int tried = -1;

static int prepare_nothing_cb(struct error *err) { (void)err; return 0; }
static void close_nothing_cb(struct front_worker *worker) { (void)worker; }
static bool is_idle_cb(const struct front_worker *worker) { (void)worker; return true; }

static void
drain_and_try_cb(struct front_worker *worker)
{
	tried = refused(shutdown(worker->listeners[0], SHUT_RDWR)) &&
	    refused(shutdown(worker->listeners[1], SHUT_RDWR)) && refused(shutdown(STDERR_FILENO, SHUT_RDWR));
}

static void
enter_nothing(void)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)raise(SIGTERM); /* which the front reads, and drains */
}

static int
act_as_front(void)
{
	static const struct front_handlers handlers = {.prepare = prepare_nothing_cb,
	    .drain = drain_and_try_cb, .idle = is_idle_cb, .close = close_nothing_cb};
	struct error            err = {0};
	int                     channels[2];
	struct supervisor_child child = {.role = SUPERVISOR_ROLE_FRONT, .channels = channels, .channel_count = 1,
	    .listeners = listening, .listener_count = 2, .sandbox = SANDBOX_ON, .control = -1};

	if (channel_pair(channels, &err) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, listening) != 0 ||
	    (listening[1] = fcntl(listening[0], F_DUPFD, 50)) < 0)
		return 98;
	return front_run(&child, &handlers) == EXIT_SUCCESS ? 1 - tried : 97;
}

START_TEST(front_run_knows_which_descriptors_others_have)
{
	NEEDS_FILTER();
	inside(enter_nothing, act_as_front);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
}
END_TEST

/* ---- rights ---- */

static void
enter_front_that_can_see_its_rights(void)
{
	status_of_itself = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	enter_front();
}

static int act_front_rights(void) { return rights_are_within(0); }

START_TEST(front_has_no_capability_and_gets_none)
{
	NEEDS_FILTER();
	NEEDS(access("/proc/self/status", R_OK) == 0, "no /proc");
	inside(enter_front_that_can_see_its_rights, act_front_rights);
	ck_assert_msg(world.status == 0, "%s %#x", world.lines, (unsigned)world.status);
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

START_TEST(socket_parse_adds_the_bit_of_a_word)
{
	unsigned     sockets = 0;
	struct error err = {0};

	unit_ok(sandbox_socket_parse("unix", &sockets, &err), &err);
	ck_assert_uint_eq(sockets, SANDBOX_SOCKET_BIT(UNIX));
	unit_ok(sandbox_socket_parse("netlink", &sockets, &err), &err);
	unit_ok(sandbox_socket_parse("inet", &sockets, &err), &err);
	ck_assert_uint_eq(sockets,
	    SANDBOX_SOCKET_BIT(UNIX) | SANDBOX_SOCKET_BIT(INET) | SANDBOX_SOCKET_BIT(NETLINK));
	unit_fails(sandbox_socket_parse("UNIX", &sockets, &err), &err, ERROR_MALFORMED,
	    "\"UNIX\" is none of unix, inet, netlink");
}
END_TEST

static void
enter_off(void)
{
	struct error err = {0};

	if (sandbox_enter_front(SANDBOX_OFF, 3, &err) != 0)
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
	unit_ok(sandbox_enter_keeper(SANDBOX_ON, &(struct sandbox_keeper){.keys = SANDBOX_KEYS_FILES}, &err),
	    &err);
	unit_ok(sandbox_enter_front(SANDBOX_ON, 3, &err), &err);
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
	Suite *suite = suite_create("sandbox_front");
	TCase *tc = tcase_create("sandbox");

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
	tcase_add_loop_test(tc, front_shuts_down_nothing_that_others_have_too, 0,
	    sizeof first_own / sizeof first_own[0]);
	tcase_add_loop_test(tc, front_changes_no_flags_of_what_others_have_too, 0,
	    sizeof first_own / sizeof first_own[0]);
	tcase_add_test(tc, front_run_knows_which_descriptors_others_have);
	tcase_add_test(tc, front_has_no_capability_and_gets_none);
	tcase_add_test(tc, mode_parse_takes_its_three_words);
	tcase_add_test(tc, socket_parse_adds_the_bit_of_a_word);
	tcase_add_test(tc, build_without_a_part_does_without_it);
	tcase_add_test(tc, mode_off_contains_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
