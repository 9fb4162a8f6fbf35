#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/supervisor.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

/* A running tests/unit/daemon/supervised; the end of its output is the end of all its processes. */
static struct {
	pid_t pid;
	FILE *output;
	FILE *errors;
	char  line[4096];
} program;

static void
program_exec(int output, int errors, const char *workers, const char *addresses, const char *mode)
{
	const char     *build = getenv("top_builddir");
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/tests/unit/daemon/supervised", build != NULL ? build : ".") < 0)
		abort();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing behind */
	(void)setenv("SECRET", "1", 1);
	(void)dup2(output, STDOUT_FILENO);
	(void)dup2(errors, STDERR_FILENO);
	(void)signal(SIGHUP, SIG_DFL); /* which nohup has the tests ignore */
	(void)execl(path, "supervised", workers, addresses, mode, (char *)NULL);
	perror(path);
	_exit(126);
}

static void
program_start(const char *workers, const char *addresses, const char *mode)
{
	int output[2];
	int errors[2];

	ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(errors, O_CLOEXEC), 0);
	ck_assert_int_ge(program.pid = fork(), 0);
	if (program.pid == 0)
		program_exec(output[1], errors[1], workers, addresses, mode);
	(void)close(output[1]);
	(void)close(errors[1]);
	program.output = fdopen(output[0], "r");
	program.errors = fdopen(errors[0], "r");
}

/* Reads on until a line begins like that; the line is in program.line. */
static void
program_expect(const char *begin)
{
	while (fgets(program.line, sizeof program.line, program.output) != NULL) {
		if (strncmp(program.line, begin, strlen(begin)) == 0)
			return;
	}
	ck_abort_msg("\"%s\" was never said", begin);
}

/* The same, and returns the process id that follows. */
static pid_t
program_expect_pid(const char *begin)
{
	program_expect(begin);
	return (pid_t)strtol(program.line + strlen(begin), NULL, 10);
}

/* Everything that was not read yet, until the last process is gone. */
static char *
program_rest(FILE *file)
{
	AUTO_BYTES rest = {0};
	int        c;

	while ((c = getc(file)) != EOF)
		bytes_append_u8(&rest, (uint8_t)c);
	bytes_append_u8(&rest, 0);
	return memory_strdup((const char *)rest.data);
}

/* Waits for the end of all processes, and returns the supervisor's wait status. */
static int
program_wait(char **output, char **errors)
{
	int status = 0;

	*output = program_rest(program.output);
	*errors = program_rest(program.errors);
	ck_assert_int_eq(waitpid(program.pid, &status, 0), program.pid);
	(void)fclose(program.output);
	(void)fclose(program.errors);
	return status;
}

/* Ends it and asserts that it ends well. */
static void
program_stop(void)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int             status;

	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	status = program_wait(&output, &errors);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s%s", output, errors);
}

START_TEST(run_front_holds_nothing_but_its_sockets)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max > 256 ? 256 : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	program_start("2", "2", "serve");
	program_expect("front");
	ck_assert_uint_eq(strtoul(strstr(program.line, " files=") + 7, NULL, 10), limit.rlim_max);
	ck_assert_msg(strstr(program.line, " channels=2 listeners=4 secret=no notify=no "
	    "argv=supervised: front| fds: 0=/dev/null 1=pipe: 2=pipe: 3=socket: 4=socket: 5=socket: "
	    "6=socket: 7=socket: 8=socket: 9=socket:\n") != NULL, "%s", program.line);
	program_stop();
}
END_TEST

START_TEST(run_keeper_holds_control_and_gets_the_arguments)
{
	program_start("3", "1", "serve");
	program_expect("keeper");
	ck_assert_msg(strstr(program.line, " secret=yes argv=supervised: keeper|3|1|serve| "
	    "fds: 0=/dev/null 1=pipe: 2=pipe: 3=socket:\n") != NULL, "%s", program.line);
	program_stop();
}
END_TEST

START_TEST(run_children_have_process_groups_of_their_own)
{
	long front;
	long group;

	program_start("1", "0", "serve");
	program_expect("front");
	ck_assert_int_eq(sscanf(program.line, "front %ld pgrp=%ld", &front, &group), 2);
	ck_assert_int_eq(front, group);
	program_stop();
}
END_TEST

/* Each channel leads from that front to the keeper, in the order of the workers. */
static void
expect_channels(pid_t front, size_t workers)
{
	char wanted[64];

	for (size_t i = 0; i < workers; i++) {
		(void)snprintf(wanted, sizeof wanted, "channel says %zu of %ld\n", i, (long)front);
		program_expect("channel says");
		ck_assert_str_eq(program.line, wanted);
	}
}

START_TEST(run_many_workers_have_a_channel_each)
{
	program_start("253", "1", "serve");
	expect_channels(program_expect_pid("front "), 253);
	program_stop();
}
END_TEST

START_TEST(run_killed_front_is_started_again_with_new_channels)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	pid_t           front;
	pid_t           next;

	program_start("2", "1", "serve");
	front = program_expect_pid("front ");
	expect_channels(front, 2);
	ck_assert_int_eq(kill(front, SIGSEGV), 0);
	next = program_expect_pid("front ");
	ck_assert_int_ne(front, next);
	expect_channels(next, 2);
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_msg(strstr(errors, "warning supervised event=restart child=front "
	                             "reason=\"signal 11 (Segmentation fault)\"\n") != NULL ||
	        strstr(errors, "reason=\"exit status 1\"") != NULL /* AddressSanitizer's */ ||
	        strstr(errors, "reason=\"exit status 66\"") != NULL /* ThreadSanitizer's */,
	    "%s", errors);
}
END_TEST

START_TEST(run_front_that_always_ends_starts_at_most_every_100_ms)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int64_t         begin = clock_monotonic_ms();

	program_start("1", "0", "drop");
	for (int i = 0; i < 6; i++)
		program_expect("front ");
	ck_assert_int_ge(clock_monotonic_ms() - begin, 500);
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	(void)program_wait(&output, &errors); /* the last front may have failed, or not */
}
END_TEST

START_TEST(run_killed_keeper_ends_everything)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	pid_t           keeper;
	int             status;

	program_start("2", "1", "serve");
	keeper = program_expect_pid("keeper ");
	program_expect("channel says 1");
	ck_assert_int_eq(kill(keeper, SIGKILL), 0);
	status = program_wait(&output, &errors);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ck_assert_msg(strstr(errors, "error supervised event=end child=keeper "
	                             "reason=\"signal 9 (Killed)\"\n") != NULL, "%s", errors);
	ck_assert_msg(strstr(errors, "child=front") == NULL, "%s", errors);
}
END_TEST

START_TEST(run_keeper_that_leaves_unasked_is_a_failure)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int             status;

	program_start("1", "0", "leave");
	status = program_wait(&output, &errors);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ck_assert_msg(strstr(errors, "child=keeper reason=\"exit status 0\"\n") != NULL, "%s", errors);
}
END_TEST

START_TEST(run_keeper_that_fails_at_start_has_the_only_word)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int             status;

	program_start("2", "1", "fail");
	status = program_wait(&output, &errors);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ck_assert_str_eq(errors, "there is no state\n");
}
END_TEST

START_TEST(run_killed_supervisor_takes_both_with_it)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int             status;

	program_start("1", "1", "serve");
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, SIGKILL), 0);
	status = program_wait(&output, &errors); /* to the end of the last writer's life */
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

static const int ends[] = {SIGTERM, SIGINT};

START_TEST(run_asked_to_end_front_ends_before_keeper)
{
	static const char *const lines[] = {
	    " info supervised event=stop reason=SIGTERM\n",
	    " info supervised event=stop reason=SIGINT\n",
	};
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;

	program_start("1", "1", "serve");
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, ends[_i]), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_str_eq(output, "front ends\nkeeper ends\nsupervisor returns 0\n");
	ck_assert_ptr_nonnull(strchr(errors, ' '));
	ck_assert_str_eq(strchr(errors, ' '), lines[_i]); /* behind the time */
}
END_TEST

START_TEST(run_asked_to_end_at_once_ends_well)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int             status;

	program_start("1", "1", "serve");
	program_expect("keeper "); /* the front may not have begun */
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	status = program_wait(&output, &errors);
	ck_assert_msg(status == 0, "%s%s", output, errors);
}
END_TEST

START_TEST(run_front_that_does_not_end_is_killed_and_keeper_ends_well)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	int64_t         begin;

	program_start("1", "1", "deaf");
	program_expect("front is deaf");
	begin = clock_monotonic_ms();
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	(void)nanosleep(&(struct timespec){.tv_nsec = 100000000L}, NULL);
	ck_assert_int_eq(kill(program.pid, SIGINT), 0); /* again: it does not begin anew */
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 4500);
	ck_assert_str_eq(output, "keeper ends\nsupervisor returns 0\n");
	ck_assert_msg(strstr(errors, "event=kill child=front ") != NULL, "%s", errors);
	ck_assert_msg(strstr(errors, "event=stop reason=SIGTERM") != NULL, "%s", errors);
}
END_TEST

START_TEST(run_hangup_goes_to_the_keeper)
{
	program_start("1", "1", "serve");
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, SIGHUP), 0);
	program_expect("keeper reloads");
	program_stop();
}
END_TEST

/* What a terminal sends is the supervisor's to judge. */
START_TEST(run_children_ignore_a_terminal)
{
	program_start("1", "1", "serve");
	for (int child = 0; child < 2; child++) {
		program_expect("inherits ");
		ck_assert_msg(strstr(program.line, "SIGHUP=ignored SIGINT=ignored SIGTERM=default") != NULL, "%s",
		    program.line);
	}
	program_stop();
}
END_TEST

/* Plays the service manager: what the program says goes to this socket. */
static int
manager_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t          size = sizeof(sa_family_t); /* the kernel picks an abstract name */
	char               name[128] = "@";
	int                manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, size), 0);
	size = sizeof address;
	ck_assert_int_eq(getsockname(manager, (struct sockaddr *)&address, &size), 0);
	memcpy(name + 1, address.sun_path + 1, size - sizeof(sa_family_t) - 1);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	return manager;
}

START_TEST(run_asked_to_end_tells_the_service_manager)
{
	char state[64] = "";
	int  manager = manager_open();

	program_start("1", "1", "serve");
	program_expect("front ");
	ck_assert_msg(strstr(program.line, " notify=no ") != NULL, "%s", program.line);
	program_stop();
	ck_assert_int_gt(recv(manager, state, sizeof state - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(state, "STOPPING=1");
	(void)close(manager);
}
END_TEST

/* The next word but those for the watchdog; "" when none comes. */
static const char *
manager_hears(int manager, int flags)
{
	static char state[80];
	ssize_t     size;

	do {
		size = recv(manager, state, sizeof state - 1, flags);
		state[size > 0 ? size : 0] = '\0';
	} while (strcmp(state, "WATCHDOG=1") == 0);
	return state;
}

/* In its order, and at once: the supervisor's own turns are hours apart. As many as a socket takes. */
START_TEST(run_keeper_has_the_service_manager_told)
{
	struct timeval patience = {.tv_sec = 20};
	int            manager = manager_open();

	ck_assert_int_eq(setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "1000000000000", 1), 0);
	program_start("1", "1", "tell");
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(manager_hears(manager, 0), "READY=1");
		ck_assert_int_eq(strncmp(manager_hears(manager, 0), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	}
	program_expect("front ");
	program_stop();
	ck_assert_str_eq(manager_hears(manager, MSG_DONTWAIT), "STOPPING=1");
	(void)close(manager);
}
END_TEST

START_TEST(run_keeper_that_leaves_tells_the_service_manager)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	char            state[64] = "";
	int             manager = manager_open();

	program_start("1", "1", "leave");
	ck_assert_int_ne(program_wait(&output, &errors), 0);
	ck_assert_int_gt(recv(manager, state, sizeof state - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(state, "STOPPING=1");
	(void)close(manager);
}
END_TEST

/* ---- children that hang ---- */

START_TEST(run_front_that_hangs_is_killed_and_another_starts)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	pid_t           front;

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "3000000", 1), 0);
	program_start("1", "1", "serve");
	front = program_expect_pid("front ");
	program_expect("channel says");
	ck_assert_int_eq(kill(front, SIGSTOP), 0);
	ck_assert_int_ne(program_expect_pid("front "), front);
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_msg(strstr(errors, " error supervised event=hang child=front reason=\"it has not answered for ") !=
	    NULL, "%s", errors);
	ck_assert_msg(strstr(errors, "child=keeper") == NULL, "%s", errors);
}
END_TEST

START_TEST(run_keeper_that_hangs_ends_everything)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	pid_t           keeper;
	int             status;

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "3000000", 1), 0);
	program_start("1", "1", "serve");
	keeper = program_expect_pid("keeper ");
	program_expect("channel says");
	ck_assert_int_eq(kill(keeper, SIGSTOP), 0);
	status = program_wait(&output, &errors);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ck_assert_msg(strstr(errors, " error supervised event=hang child=keeper reason=\"it has not answered for ") !=
	    NULL, "%s", errors);
	ck_assert_msg(strstr(errors, "event=end child=keeper reason=\"signal 9 (Killed)\"\n") != NULL, "%s", errors);
}
END_TEST

/* As one that waits until an import has written. */
START_TEST(run_keeper_that_works_long_is_let)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "2000000", 1), 0);
	program_start("1", "1", "busy");
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, SIGHUP), 0);
	program_expect("keeper has worked"); /* for twice the patience */
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_msg(strstr(errors, "event=hang") == NULL, "%s", errors);
}
END_TEST

/* The keeper is not to suffer for it: nobody else could serve. */
START_TEST(run_front_that_ends_again_and_again_starves_no_watchdog)
{
	char    state[64] = "";
	char    served[64];
	int     manager = manager_open();
	int64_t begun = clock_monotonic_ms();

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "6000000", 1), 0); /* each 0.75 s it is fed */
	program_start("1", "1", "serve");
	while (clock_monotonic_ms() - begun < 2500)
		(void)kill(program_expect_pid("front "), SIGKILL);
	ck_assert_int_gt(recv(manager, state, sizeof state - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(state, "WATCHDOG=1");
	ck_assert_int_gt(recv(manager, state, sizeof state - 1, MSG_DONTWAIT), 0);
	(void)snprintf(served, sizeof served, "channel says 0 of %ld", (long)program_expect_pid("front "));
	program_expect(served);
	program_stop();
	(void)close(manager);
}
END_TEST

/* A machine that was suspended, or a supervisor that was stopped. */
START_TEST(run_supervisor_that_did_not_run_blames_nobody)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	pid_t           front;

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "3000000", 1), 0);
	program_start("1", "1", "serve");
	front = program_expect_pid("front ");
	program_expect("channel says");
	ck_assert_int_eq(kill(program.pid, SIGSTOP), 0);
	ck_assert_int_eq(kill(front, SIGSTOP), 0);
	(void)usleep(2000 * 1000); /* more than its patience */
	ck_assert_int_eq(kill(program.pid, SIGCONT), 0);
	(void)usleep(100 * 1000); /* it looks, and the front has not been continued */
	ck_assert_int_eq(kill(front, SIGCONT), 0);
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	ck_assert_msg(strstr(errors, "event=hang") == NULL, "%s", errors);
}
END_TEST

static const size_t impossible_workers[] = {0, SUPERVISOR_WORKERS_MAX + 1};

START_TEST(run_impossible_number_of_workers_fails)
{
	struct supervisor_plan plan = {.program = "x", .workers = impossible_workers[_i]};
	struct error           err = {0};

	ck_assert_int_eq(supervisor_run(&plan, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, " workers; it must be from 1 to 253"));
}
END_TEST

static const char *const claims[] = {
    "", "front", "front 1 0", "front 1 0 1", "front 1 0 1 0", "keeper 1 0 1 0",
    "front 1 0 99999999999 0", "back 1 0 1 0", "keeper 0 0 1 0", "front 0 0 1 0", "front 254 0 1 0", "front -1 0 1 0",
    "front 1 0 1 0 ",
    "keeper 2 0 %ld 0", "keeper 0 1 %ld 0", "keeper 0 0 %ld 0", "front 0 0 %ld 0", "front 1 0 %ldx 0", "front 1 0 %ld", "front 1 0 %ld 3", "front 1 0 %ld off",
    "front 900 0 %ld 0", "front 1 0 %ld 0",
};

/* The last claims name the right parent; then no sockets are there, or the form is wrong. */
START_TEST(inherit_claim_of_no_supervisor_fails)
{
	struct supervisor_child child;
	struct error            err = {0};
	char                    claim[128];
	size_t                  length = strcspn(claims[_i], "%");

	(void)snprintf(claim, sizeof claim, "%.*s", (int)length, claims[_i]);
	if (claims[_i][length] != '\0')
		(void)snprintf(claim + length, sizeof claim - length, "%ld%s", (long)getppid(),
		    claims[_i] + length + strlen("%ld"));
	(void)close(3);
	ck_assert_int_eq(setenv("ATTEST_SUPERVISED", claim, 1), 0);
	unit_fails(supervisor_child_inherit(&child, &err), &err, ERROR_INTERNAL,
	    "ATTEST_SUPERVISED is set, but no supervisor started this process; unset it");
	ck_assert_int_eq(child.role, SUPERVISOR_ROLE_NONE);
	ck_assert_ptr_null(getenv("ATTEST_SUPERVISED"));
}
END_TEST

/* What is in the place of the first, or of a later one, is no socket. */
START_TEST(inherit_what_is_no_socket_fails)
{
	struct supervisor_child child;
	struct error            err = {0};
	char                    claim[64];
	int                     pair[2];
	int                     file;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_ge(file = open("/dev/null", O_RDWR | O_CLOEXEC), 0);
	pair[0] = fcntl(pair[0], F_DUPFD_CLOEXEC, 20);
	file = fcntl(file, F_DUPFD_CLOEXEC, 20);
	ck_assert_int_eq(dup2(_i == 0 ? file : pair[0], 3), 3);
	ck_assert_int_eq(dup2(_i == 1 ? file : pair[0], 4), 4);
	ck_assert_int_eq(dup2(file, 5), 5);
	(void)snprintf(claim, sizeof claim, "front 1 1 %ld 0", (long)getppid());
	ck_assert_int_eq(setenv("ATTEST_SUPERVISED", claim, 1), 0);
	unit_fails(supervisor_child_inherit(&child, &err), &err, ERROR_INTERNAL,
	    "ATTEST_SUPERVISED is set, but no supervisor started this process; unset it");
	ck_assert_int_eq(child.role, SUPERVISOR_ROLE_NONE);
}
END_TEST

START_TEST(inherit_without_standard_descriptors_that_can_be_had_fails)
{
	struct rlimit           before;
	struct rlimit           none;
	struct supervisor_child child;
	struct error            err = {0};
	int                     rc;

	(void)close(STDIN_FILENO);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = supervisor_child_inherit(&child, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	unit_fails(rc, &err, ERROR_INTERNAL, "opening /dev/null: Too many open files");
}
END_TEST

/* The keeper has closed its control socket, and lives: no front is started again for it. */
START_TEST(run_keeper_that_hears_no_more_gets_no_other_front)
{
	AUTO_FREE char *output = NULL;
	AUTO_FREE char *errors = NULL;
	const char     *first;

	program_start("1", "1", "close");
	program_expect("keeper ");
	(void)nanosleep(&(struct timespec){.tv_nsec = 300000000L}, NULL); /* three times in which one would start */
	ck_assert_int_eq(kill(program.pid, SIGTERM), 0);
	ck_assert_int_eq(program_wait(&output, &errors), 0);
	first = strstr(output, " files="); /* in the line of a front */
	ck_assert_msg(first == NULL || strstr(first + 1, " files=") == NULL, "%s", output);
	ck_assert_ptr_nonnull(strstr(output, "keeper ends\n"));
}
END_TEST

START_TEST(inherit_nothing_passed_is_no_child)
{
	struct supervisor_child child;
	struct error            err = {0};

	unit_ok(supervisor_child_inherit(&child, &err), &err);
	ck_assert_int_eq(child.role, SUPERVISOR_ROLE_NONE);
	ck_assert_int_eq(child.control, -1);
}
END_TEST

START_TEST(channels_receive_supervisor_gone_is_not_found)
{
	int          fds[2];
	int          channel;
	struct error err = {0};

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	(void)close(fds[1]);
	unit_fails(supervisor_channels_receive(fds[0], &channel, 1, &err), &err, ERROR_NOT_FOUND,
	    "the supervisor is gone");
	(void)close(fds[0]);
}
END_TEST

START_TEST(channels_send_to_nobody_is_internal)
{
	int          fds[2];
	struct error err = {0};

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	(void)close(fds[1]);
	ck_assert_int_eq(supervisor_channels_send(fds[0], &fds[0], 1, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	(void)close(fds[0]);
}
END_TEST

START_TEST(channels_receive_fewer_than_wanted_is_internal)
{
	int          fds[2];
	int          channel;
	int          channels[2];
	int          free_fd;
	struct error err = {0};

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(send(fds[1], "", 1, 0), 1);
	unit_fails(supervisor_channels_receive(fds[0], &channel, 1, &err), &err, ERROR_INTERNAL,
	    "0 channels came from the supervisor instead of 1; is the limit of open files too low?");
	ck_assert_int_ge(free_fd = dup(fds[0]), 0);
	(void)close(free_fd);
	unit_ok(supervisor_channels_send(fds[1], &fds[0], 1, &err), &err);
	unit_fails(supervisor_channels_receive(fds[0], channels, 2, &err), &err, ERROR_INTERNAL,
	    "1 channels came from the supervisor instead of 2; is the limit of open files too low?");
	ck_assert_int_eq(dup(fds[0]), free_fd); /* what came is closed again */
	(void)close(free_fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("supervisor");
	TCase *tc = tcase_create("supervisor");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, run_front_holds_nothing_but_its_sockets);
	tcase_add_test(tc, run_keeper_holds_control_and_gets_the_arguments);
	tcase_add_test(tc, run_children_have_process_groups_of_their_own);
	tcase_add_test(tc, run_many_workers_have_a_channel_each);
	tcase_add_test(tc, run_killed_front_is_started_again_with_new_channels);
	tcase_add_test(tc, run_front_that_always_ends_starts_at_most_every_100_ms);
	tcase_add_test(tc, run_killed_keeper_ends_everything);
	tcase_add_test(tc, run_keeper_that_leaves_unasked_is_a_failure);
	tcase_add_test(tc, run_keeper_that_fails_at_start_has_the_only_word);
	tcase_add_test(tc, run_killed_supervisor_takes_both_with_it);
	tcase_add_loop_test(tc, run_asked_to_end_front_ends_before_keeper, 0, 2);
	tcase_add_test(tc, run_asked_to_end_at_once_ends_well);
	tcase_add_test(tc, run_front_that_does_not_end_is_killed_and_keeper_ends_well);
	tcase_add_test(tc, run_hangup_goes_to_the_keeper);
	tcase_add_test(tc, run_children_ignore_a_terminal);
	tcase_add_test(tc, run_asked_to_end_tells_the_service_manager);
	tcase_add_test(tc, run_keeper_has_the_service_manager_told);
	tcase_add_test(tc, run_keeper_that_leaves_tells_the_service_manager);
	tcase_add_test(tc, run_front_that_hangs_is_killed_and_another_starts);
	tcase_add_test(tc, run_keeper_that_hangs_ends_everything);
	tcase_add_test(tc, run_keeper_that_works_long_is_let);
	tcase_add_test(tc, run_front_that_ends_again_and_again_starves_no_watchdog);
	tcase_add_test(tc, run_supervisor_that_did_not_run_blames_nobody);
	tcase_add_loop_test(tc, run_impossible_number_of_workers_fails, 0, 2);
	tcase_add_loop_test(tc, inherit_claim_of_no_supervisor_fails, 0,
	    sizeof claims / sizeof claims[0]);
	tcase_add_loop_test(tc, inherit_what_is_no_socket_fails, 0, 3);
	tcase_add_test(tc, inherit_without_standard_descriptors_that_can_be_had_fails);
	tcase_add_test(tc, run_keeper_that_hears_no_more_gets_no_other_front);
	tcase_add_test(tc, inherit_nothing_passed_is_no_child);
	tcase_add_test(tc, channels_receive_supervisor_gone_is_not_found);
	tcase_add_test(tc, channels_send_to_nobody_is_internal);
	tcase_add_test(tc, channels_receive_fewer_than_wanted_is_internal);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
