/*
 * Processes that do not get what they need to start: sockets, threads, memory of libevent. Each says
 * so, leaves nothing open, and is told apart from one that serves.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "daemon/front.h"
#include "daemon/keeper.h"
#include "daemon/launch.h"
#include "daemon/listener.h"
#include "daemon/service.h"
#include "daemon/supervisor.h"
#include "daemon/worker.h"
#include "failing.h"
#include "failing_processes.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define FIRST_FREE 20 /* descriptors from here on are an operation's */

/* What an operation that ends with its process leaves open. */
static void
close_all(void)
{
	failing_off();
	(void)close_range(FIRST_FREE, ~0U, 0);
}

/* Gives an operation descriptors that close_all closes. */
static void
setup(void)
{
	log_open("test/failing", LOG_LEVEL_ERROR);
	for (int fd = 3; fd < FIRST_FREE; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)dup2(STDIN_FILENO, fd);
}

/* ---- channels ---- */

static unsigned heard;
static bool     told_of_buffer;

static void
tell_cb(struct channel *channel, struct view body, void *arg)
{
	(void)channel;
	(void)body;
	(void)arg;
	heard++;
}

static void
closed_cb(struct channel *channel, const char *reason, void *arg)
{
	(void)channel;
	(void)reason;
	(void)arg;
}

static const struct channel_handlers channel_cbs = {.tell = tell_cb, .closed = closed_cb};

/* Tells a word from one end of a channel to the other. */
static int
op_channel(const void *arg, struct error *err)
{
	struct event_base *base = (void *)(uintptr_t)arg;
	struct channel    *ends[2] = {NULL, NULL};
	int                fds[2];

	heard = 0;
	if (channel_pair(fds, err) != 0) {
		told_of_buffer = told_of_buffer ||
		    strstr(err->detail, "a channel gets a buffer of 0 octets and needs ") != NULL;
		return -1;
	}
	if (channel_new(base, fds[0], &channel_cbs, NULL, &ends[0], err) != 0) {
		(void)close(fds[1]);
		return -1;
	}
	if (channel_new(base, fds[1], &channel_cbs, NULL, &ends[1], err) == 0) {
		channel_tell(ends[0], view_text("word"));
		for (int i = 0; i < 3 && heard == 0; i++)
			(void)event_base_loop(base, EVLOOP_NONBLOCK);
		if (heard == 0)
			error_set(err, ERROR_INTERNAL, "nothing was heard");
		channel_free(ends[1]);
	}
	channel_free(ends[0]);
	return heard == 1 ? 0 : -1;
}

START_TEST(channel_that_cannot_be_made_is_told)
{
	struct event_base *base = event_base_new();

	failing_each(op_channel, base);
	failing_processes(EINTR);
	failing_each(op_channel, base);
	failing_processes(0);
	failing_each(op_channel, base);
	ck_assert(told_of_buffer);
	event_base_free(base);
}
END_TEST

/* The channels of a front go to the keeper in one message. */
static int
op_pass(const void *arg, struct error *err)
{
	int  control[2];
	int  sent[2];
	int  came[2] = {-1, -1};
	int  rc = -1;

	(void)arg;
	if (channel_pair(control, err) != 0)
		return -1;
	if (channel_pair(sent, err) == 0) {
		rc = supervisor_channels_send(control[0], sent, 2, err) != 0 ||
		        supervisor_channels_receive(control[1], came, 2, err) != 0
		    ? -1
		    : 0;
		for (int i = 0; i < 2; i++) {
			(void)close(sent[i]);
			if (came[i] >= 0)
				(void)close(came[i]);
		}
	}
	(void)close(control[0]);
	(void)close(control[1]);
	return rc;
}

START_TEST(channels_that_cannot_be_passed_are_told)
{
	failing_each(op_pass, NULL);
	failing_processes(EINTR);
	failing_succeeds(op_pass, NULL);
}
END_TEST

/* ---- workers ---- */

static void
task_cb(void *arg)
{
	*(unsigned *)arg += 1;
}

static int
op_worker(const void *arg, struct error *err)
{
	struct worker *worker = NULL;
	unsigned       ran = 0;
	int            rc;

	(void)arg;
	if (worker_new(&worker, err) != 0)
		return -1;
	rc = worker_start(worker, "test", err);
	worker_post(worker, task_cb, &ran);
	worker_stop(worker);
	ck_assert_uint_eq(ran, 1); /* also where no thread could be had */
	return rc;
}

START_TEST(worker_that_cannot_start_is_told)
{
	failing_each(op_worker, NULL);
}
END_TEST

/* ---- listeners ---- */

static bool told_of_rights;
static bool told_of_nobody;
static bool fell_back;

static int
op_listen(const void *arg, struct error *err)
{
	int  fds[2];
	char text[LISTENER_TEXT_SIZE];

	if (listener_open(arg, 2, fds, text, err) != 0) {
		told_of_rights = told_of_rights || strstr(err->detail, "needs CAP_NET_BIND_SERVICE; grant it, or") != NULL;
		told_of_nobody = told_of_nobody || strstr(err->detail, "127.0.0.1 is no address of this machine") != NULL;
		return -1;
	}
	fell_back = fell_back || strncmp(text, "0.0.0.0:", 8) == 0;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}

START_TEST(listener_that_cannot_be_opened_is_told)
{
	failing_each(op_listen, "127.0.0.1:0");
	failing_processes(EACCES);
	failing_each(op_listen, "127.0.0.1:0");
	ck_assert(told_of_rights);
	failing_processes(EADDRNOTAVAIL);
	failing_each(op_listen, "127.0.0.1:0");
	ck_assert(told_of_nobody);
}
END_TEST

START_TEST(listener_of_all_addresses_takes_ipv4_where_there_is_no_ipv6)
{
	failing_processes(EAFNOSUPPORT);
	failing_each(op_listen, ":0");
	ck_assert(fell_back);
}
END_TEST

static int
op_share(const void *arg, struct error *err)
{
	int  fds[2];
	char text[LISTENER_TEXT_SIZE];

	if (listener_share(*(const int *)arg, 2, fds, text, err) != 0)
		return -1;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}

START_TEST(listener_that_cannot_be_shared_is_told)
{
	struct error  err = {0};
	struct rlimit before;
	struct rlimit limit;
	char          text[LISTENER_TEXT_SIZE];
	int           fd;
	int           rc;

	unit_ok(listener_open("127.0.0.1:0", 1, &fd, text, &err), &err);
	failing_each(op_share, &fd);
	ck_assert_int_eq(fd, FIRST_FREE);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){FIRST_FREE + 2, before.rlim_max}; /* room for one copy of two */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	rc = op_share(&fd, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	unit_fails(rc, &err, ERROR_INTERNAL, "taking over the service manager's socket: Too many open files");
	ck_assert_int_lt(fcntl(FIRST_FREE + 1, F_GETFD), 0); /* the first is closed again */
	(void)close(fd);
}
END_TEST

/* ---- the service manager ---- */

/* It only warns: the daemon serves without. */
static int
op_notify(const void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	service_notify(SERVICE_READY);
	return 0;
}

START_TEST(service_manager_that_cannot_be_told_is_no_failure)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char               name[64];
	char               text[64] = "";

	(void)snprintf(name, sizeof name, "@attest-failing-test-%ld", (long)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
	                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	(void)setenv("NOTIFY_SOCKET", name, 1);
	failing_succeeds(op_notify, NULL);
	ck_assert_int_eq(recv(fd, text, sizeof text - 1, 0), 7);
	ck_assert_str_eq(text, "READY=1");
	(void)close(fd);
}
END_TEST

/* ---- the keeper ---- */

static int
open_cb(void *arg, struct worker *worker, void **state, struct error *err)
{
	(void)worker;
	*state = arg;
	return failing_now() ? error_set(err, ERROR_INTERNAL, "no state") : 0;
}

static void ignore_cb(void *arg) { (void)arg; }
static void tick_cb(void *arg, struct keeper *keeper) { (void)arg; (void)keeper; }
static void greet_cb(void *state, struct channel *channel) { (void)state; (void)channel; }

static void
ask_cb(void *state, struct keeper_question *question, struct view body)
{
	(void)state;
	keeper_answer(question, body);
}

static const struct keeper_handlers keeper_cbs = {.worker_open = open_cb, .worker_close = ignore_cb,
    .greet = greet_cb, .ask = ask_cb, .ready = ignore_cb, .tick = tick_cb, .reload = tick_cb,
    .finish = ignore_cb};

/* A front comes, and then the supervisor goes. */
static int
op_keeper(const void *arg, struct error *err)
{
	static int state;
	int        control[2];
	int        ends[4];
	int        rc;

	failing_off();
	(void)arg;
	if (channel_pair(control, err) != 0 || channel_pair(ends, err) != 0 || channel_pair(ends + 2, err) != 0 ||
	    supervisor_channels_send(control[0], (int[]){ends[0], ends[2]}, 2, err) != 0)
		ck_abort_msg("%s", err->detail);
	for (int i = 0; i < 4; i += 2)
		(void)close(ends[i]);
	(void)close(control[0]);
	failing_on();
	rc = keeper_run(control[1], 2, true, &keeper_cbs, &state, err);
	close_all();
	return rc;
}

START_TEST(keeper_that_cannot_start_is_told)
{
	failing_each(op_keeper, NULL);
}
END_TEST

/* ---- the front ---- */

static int
prepare_cb(struct error *err)
{
	return failing_now() ? error_set(err, ERROR_INTERNAL, "nothing to prepare") : 0;
}

static int
front_tell_cb(struct front_worker *worker, struct view body, struct error *err)
{
	(void)worker;
	(void)body;
	return error_set(err, ERROR_MALFORMED, "settings that do not decode");
}

static void drain_cb(struct front_worker *worker) { (void)worker; }
static bool idle_cb(const struct front_worker *worker) { (void)worker; return true; }

static const struct front_handlers front_cbs = {.prepare = prepare_cb, .tell = front_tell_cb,
    .drain = drain_cb, .idle = idle_cb, .close = drain_cb};

/* Starts, is told to end, and ends well. */
static int
op_front(const void *arg, struct error *err)
{
	int                     channels[2];
	struct supervisor_child child = {.role = SUPERVISOR_ROLE_FRONT, .channels = channels,
	    .channel_count = 1, .sandbox = SANDBOX_OFF};
	int                     rc;

	(void)arg;
	failing_off();
	if (channel_pair(channels, err) != 0)
		ck_abort_msg("%s", err->detail);
	(void)raise(SIGTERM); /* which the front has blocked, and reads */
	failing_on();
	rc = front_run(&child, &front_cbs);
	close_all();
	return rc == EXIT_SUCCESS ? 0 : error_set(err, ERROR_INTERNAL, "the front failed");
}

static void
block_sigterm(void)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
}

START_TEST(front_that_cannot_start_fails)
{
	block_sigterm();
	failing_each(op_front, NULL);
}
END_TEST

/* Without settings it would serve nobody. */
START_TEST(front_that_is_told_what_it_cannot_use_fails)
{
	int                     channels[2];
	struct supervisor_child child = {.role = SUPERVISOR_ROLE_FRONT, .channels = channels,
	    .channel_count = 1, .sandbox = SANDBOX_OFF};
	struct channel         *keeper = NULL;
	struct event_base      *base = event_base_new();
	struct error            err = {0};

	unit_ok(channel_pair(channels, &err), &err);
	unit_ok(channel_new(base, channels[1], &channel_cbs, NULL, &keeper, &err), &err);
	channel_tell(keeper, view_text("settings"));
	ck_assert_int_eq(front_run(&child, &front_cbs), EXIT_FAILURE);
	channel_free(keeper);
	event_base_free(base);
}
END_TEST

/* One that does not get idle ends when its time is over, as one that is lost does at once. */
START_TEST(front_without_its_keeper_fails)
{
	int                     channels[2];
	struct supervisor_child child = {.role = SUPERVISOR_ROLE_FRONT, .channels = channels,
	    .channel_count = 1, .sandbox = SANDBOX_OFF};
	struct error            err = {0};

	unit_ok(channel_pair(channels, &err), &err);
	(void)close(channels[1]);
	ck_assert_int_eq(front_run(&child, &front_cbs), EXIT_FAILURE);
}
END_TEST

/* ---- both ---- */

static int
serve_cb(const struct supervisor_child *child)
{
	return child->channel_count == 2 && child->listener_count == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
keep_cb(const void *settings, int control, bool signals, const char *listening, struct error *err)
{
	int fds[2];

	if (settings == NULL || signals || strncmp(listening, "http://127.0.0.1:", 17) != 0)
		return error_set(err, ERROR_INTERNAL, "not what was planned");
	return supervisor_channels_receive(control, fds, 2, err);
}

/* Both in this process. */
static int
op_launch(const void *arg, struct error *err)
{
	static char *const       listen_on[] = {(char *)(uintptr_t)"127.0.0.1:0"};
	const struct launch_plan plan = {.program = "test", .workers = 2, .listen = listen_on, .listen_count = 1,
	    .scheme = "http://", .no_fork = true, .front = serve_cb, .keeper = keep_cb, .settings = arg};
	int                      rc = launch_run(&plan, err);

	close_all();
	return rc == EXIT_SUCCESS ? 0 : -1;
}

START_TEST(launch_that_cannot_start_is_told)
{
	failing_each(op_launch, listen);
}
END_TEST

/* More sockets of the service manager's than there are places for, and one. */
START_TEST(launch_takes_the_sockets_that_the_service_manager_passed)
{
	static char *const       listen_on[] = {(char *)(uintptr_t)"nowhere"};
	const struct launch_plan plan = {.program = "test", .workers = 2, .listen = listen_on, .listen_count = 1,
	    .scheme = "http://", .no_fork = true, .front = serve_cb, .keeper = keep_cb, .settings = listen};
	struct error             err = {0};
	char                     text[LISTENER_TEXT_SIZE];
	int                      fd;
	int                      checks_own;
	int                      rc;

	(void)snprintf(text, sizeof text, "%ld", (long)getpid());
	(void)setenv("LISTEN_PID", text, 1);
	(void)setenv("LISTEN_FDS", "17", 1);
	unit_fails(launch_run(&plan, &err), &err, ERROR_CONFLICT,
	    "the service manager passed 17 sockets; at most 16");
	(void)setenv("LISTEN_PID", text, 1);
	(void)setenv("LISTEN_FDS", "1", 1);
	unit_ok(listener_open("127.0.0.1:0", 1, &fd, text, &err), &err);
	/* Check may write into the one in its place, so that nothing is asserted meanwhile. */
	checks_own = fcntl(LISTENER_PASSED_FIRST, F_DUPFD_CLOEXEC, FIRST_FREE);
	(void)dup2(fd, LISTENER_PASSED_FIRST);
	rc = launch_run(&plan, &err);
	(void)dup2(checks_own, LISTENER_PASSED_FIRST);
	unit_ok(rc, &err);
	close_all();
}
END_TEST

static char *arguments[] = {(char *)(uintptr_t)"failing_test", NULL};

/* A keeper that ends when a front has come, or none does. */
static int
op_supervise(const void *arg, struct error *err)
{
	const struct supervisor_plan plan = {.program = "test", .arguments = arguments, .workers = 1};
	int                          rc = supervisor_run(&plan, err);

	(void)arg;
	return rc < 0 ? rc : 0;
}

START_TEST(supervisor_that_cannot_start_a_keeper_is_told_and_one_without_a_front_tries_again)
{
	failing_each(op_supervise, NULL);
}
END_TEST

/* As the supervisor's child. */
static int
be_child(struct supervisor_child *child)
{
	struct pollfd control = {.fd = child->control, .events = POLLIN};

	if (child->role == SUPERVISOR_ROLE_KEEPER)
		(void)poll(&control, 1, 150);
	supervisor_child_clear(child);
	return EXIT_SUCCESS;
}

int
main(void)
{
	Suite                  *suite;
	TCase                  *tc;
	struct supervisor_child child;
	struct error            err = {0};

	if (supervisor_child_inherit(&child, &err) == 0 && child.role != SUPERVISOR_ROLE_NONE)
		return be_child(&child);
	failing_prepare_events();
	suite = suite_create("failing");
	tc = tcase_create("failing");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, channel_that_cannot_be_made_is_told);
	tcase_add_test(tc, channels_that_cannot_be_passed_are_told);
	tcase_add_test(tc, worker_that_cannot_start_is_told);
	tcase_add_test(tc, listener_that_cannot_be_opened_is_told);
	tcase_add_test(tc, listener_of_all_addresses_takes_ipv4_where_there_is_no_ipv6);
	tcase_add_test(tc, listener_that_cannot_be_shared_is_told);
	tcase_add_test(tc, service_manager_that_cannot_be_told_is_no_failure);
	tcase_add_test(tc, keeper_that_cannot_start_is_told);
	tcase_add_test(tc, front_that_cannot_start_fails);
	tcase_add_test(tc, front_that_is_told_what_it_cannot_use_fails);
	tcase_add_test(tc, front_without_its_keeper_fails);
	tcase_add_test(tc, launch_that_cannot_start_is_told);
	tcase_add_test(tc, launch_takes_the_sockets_that_the_service_manager_passed);
	tcase_add_test(tc, supervisor_that_cannot_start_a_keeper_is_told_and_one_without_a_front_tries_again);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
