/*
 * Owns the life of front and keeper: starts, watches, restarts and ends them.
 * Of both it hears that they live, and of the keeper what the service manager is to know; it reads no data
 * from either of them or from the network.
 */
#include "config.h"

#include "daemon/supervisor.h"

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/child.h"
#include "daemon/pulse.h"
#include "daemon/service.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Minimum time between two starts of the front, in ms. */
#define FRONT_INTERVAL 100

/*
 * A front ends when its keeper ends. So after a front's end we wait this long, in
 * ms, for the keeper's end before the front counts as failed by itself.
 */
#define FRONT_GRACE 20

/* Time limits for ending, in ms: for the front, and for both, so that the keeper can still commit
 * after a front that hangs. */
#define STOP_FRONT 4500
#define STOP_TIME  5000

/* A watched child. */
struct supervisor_watch {
	enum supervisor_role role;
	pid_t                pid;     /* 0: none */
	int64_t              kill_at; /* deadline for its end; 0: none */
	bool                 killed;  /* by us, after its deadline */
	struct pulse_watch   pulse;
};

struct supervisor {
	const struct supervisor_plan *plan;
	int                           signals; /* a signalfd */
	struct supervisor_watch       keeper;
	struct supervisor_watch       front;
	int64_t                       front_started; /* when */
	int64_t                       front_due;     /* earliest next start */
	int64_t                       patience;      /* with a child that is silent, in ms */
	int64_t                       listened;      /* when it last did */
	int64_t                       fed;           /* when the service manager's watchdog was */
	bool                          front_lost;    /* it ended by itself; not logged yet */
	char                          front_end[64]; /* how */
	const char                   *stopping;      /* the signal that asked to; NULL: none did */
	bool                          keeper_asked;  /* to end */
	int                           status;
};

static void
supervisor_log(enum log_level level, const char *event, enum supervisor_role child,
    const char *reason)
{
	log_write(level, (const struct log_field[]){
	                     {"event", event},
	                     {"child", child_role_name(child)},
	                     {"reason", reason},
	                     {NULL, NULL},
	                 });
}

/* "exit status 1", "signal 9 (Killed)" */
static void
supervisor_describe(int status, char text[64])
{
	if (WIFSIGNALED(status))
		(void)snprintf(text, 64, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(text, 64, "exit status %d", WEXITSTATUS(status));
}

static void
supervisor_kill(pid_t pid, int signal_number)
{
	if (pid != 0)
		(void)kill(pid, signal_number);
}

static int
supervisor_keeper_start(struct supervisor *supervisor, struct error *err)
{
	int               ends[2];
	struct child_plan child = {
	    .role = SUPERVISOR_ROLE_KEEPER,
	    .program = supervisor->plan->program,
	    .sandbox = supervisor->plan->sandbox,
	    .arguments = supervisor->plan->arguments[0] != NULL ? supervisor->plan->arguments + 1 : NULL,
	    .fds = &ends[1],
	};
	int rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making the keeper's control socket");
	rc = child_start(&child, &supervisor->keeper.pid, err);
	pulse_watch_begin(&supervisor->keeper.pulse, ends[0], 0);
	(void)close(ends[1]);
	return rc;
}

int
supervisor_channels_send(int control, const int *fds, size_t count, struct error *err)
{
	union {
		struct cmsghdr align;
		char           data[CMSG_SPACE(SUPERVISOR_WORKERS_MAX * sizeof(int))];
	} passed = {.data = {0}};
	char            octet = 0;
	struct iovec    body = {.iov_base = &octet, .iov_len = 1};
	struct msghdr   message = {
            .msg_iov = &body,
            .msg_iovlen = 1,
            .msg_control = passed.data,
            .msg_controllen = CMSG_SPACE(count * sizeof *fds),
        };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t         sent;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
	do
		sent = sendmsg(control, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? error_set_errno(err, ERROR_INTERNAL, "passing channels to the keeper") : 0;
}

/* Makes up to `count` channels; returns their number. */
static size_t
supervisor_channels_make(int *fronts, int *keepers, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		int ends[2];

		if (channel_pair(ends, err) != 0)
			return i;
		fronts[i] = ends[0];
		keepers[i] = ends[1];
	}
	return count;
}

static void
supervisor_close(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
}

static int
supervisor_front_start(struct supervisor *supervisor, struct error *err)
{
	const struct supervisor_plan *plan = supervisor->plan;
	AUTO_FREE int *fds = memory_new((1 + plan->workers + plan->listener_count) * sizeof *fds);
	AUTO_FREE int *keepers = memory_new(plan->workers * sizeof *keepers);
	struct child_plan child = {
	    .role = SUPERVISOR_ROLE_FRONT,
	    .program = plan->program,
	    .sandbox = plan->sandbox,
	    .uid = plan->front_uid,
	    .gid = plan->front_gid,
	    .fds = fds,
	    .channel_count = plan->workers,
	    .listener_count = plan->listener_count,
	};
	size_t made;
	int    control[2];
	int    rc = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making the front's control socket");
	fds[0] = control[1];
	made = supervisor_channels_make(fds + 1, keepers, plan->workers, err);
	if (plan->listener_count != 0)
		memcpy(fds + 1 + plan->workers, plan->listeners, plan->listener_count * sizeof *fds);
	if (made == plan->workers &&
	    supervisor_channels_send(supervisor->keeper.pulse.control, keepers, made, err) == 0)
		rc = child_start(&child, &supervisor->front.pid, err);
	if (rc != 0)
		supervisor->front.pid = 0;
	pulse_watch_begin(&supervisor->front.pulse, control[0], clock_monotonic_ms());
	supervisor_close(fds, 1 + made);
	supervisor_close(keepers, made);
	return rc;
}

/* The keeper's end of its control socket is closed; the kernel does so when it dies. */
static bool
supervisor_keeper_leaves(const struct supervisor *supervisor)
{
	struct pollfd control = {.fd = supervisor->keeper.pulse.control};

	return poll(&control, 1, 0) > 0 && (control.revents & (POLLHUP | POLLERR)) != 0;
}

/* Starts a front, the first or a new one, when it is due. */
static void
supervisor_front_restart(struct supervisor *supervisor, int64_t now)
{
	struct error err = {0};

	supervisor->front_due = now + FRONT_INTERVAL;
	if (supervisor_keeper_leaves(supervisor)) {
		/* It will be reaped; a keeper that only closed its control socket is of no use. */
		if (supervisor->keeper.kill_at == 0)
			supervisor->keeper.kill_at = now + STOP_TIME;
		return;
	}
	if (supervisor->front_lost)
		supervisor_log(LOG_LEVEL_WARNING, "restart", SUPERVISOR_ROLE_FRONT,
		    supervisor->front_end);
	supervisor->front_lost = false;
	if (supervisor_front_start(supervisor, &err) == 0)
		supervisor->front_started = now;
	else
		supervisor_log(LOG_LEVEL_ERROR, "start", SUPERVISOR_ROLE_FRONT, err.detail);
}

/* True when a child that was asked to end did so cleanly. */
static bool
supervisor_ended_well(const struct supervisor_watch *watch, int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGTERM || (watch->killed && WTERMSIG(status) == SIGKILL);
	return WEXITSTATUS(status) == 0;
}

static void
supervisor_front_ended(struct supervisor *supervisor, int status)
{
	int64_t now = clock_monotonic_ms();
	int64_t due = supervisor->front_started + FRONT_INTERVAL;

	supervisor_describe(status, supervisor->front_end);
	if (supervisor->stopping != NULL && !supervisor_ended_well(&supervisor->front, status)) {
		supervisor_log(LOG_LEVEL_WARNING, "end", SUPERVISOR_ROLE_FRONT, supervisor->front_end);
		supervisor->status = EXIT_FAILURE;
	}
	supervisor->front_lost = true;
	supervisor->front_due = due > now + FRONT_GRACE ? due : now + FRONT_GRACE;
}

/* A keeper that exits unasked with a status has logged the reason. */
static void
supervisor_keeper_ended(struct supervisor *supervisor, int status)
{
	bool asked = supervisor->keeper_asked;
	bool well = supervisor_ended_well(&supervisor->keeper, status);
	char end[64];

	supervisor_describe(status, end);
	if (asked && well)
		return;
	supervisor->status = EXIT_FAILURE;
	if (!asked)
		service_notify(SERVICE_STOPPING);
	if (asked || WIFSIGNALED(status) || WEXITSTATUS(status) == 0)
		supervisor_log(LOG_LEVEL_ERROR, "end", SUPERVISOR_ROLE_KEEPER, end);
	/* Without a keeper the front cannot finish anything. */
	supervisor_kill(supervisor->front.pid, SIGKILL);
}

static void
supervisor_reap(struct supervisor *supervisor)
{
	bool  front_ended = false;
	bool  keeper_ended = false;
	int   front_status = 0;
	int   keeper_status = 0;
	int   status;
	pid_t pid;

	/* Reaps all children: as process 1 of a container we may inherit others. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == supervisor->keeper.pid) {
			supervisor->keeper.pid = 0;
			keeper_status = status;
			keeper_ended = true;
		} else if (pid == supervisor->front.pid) {
			supervisor->front.pid = 0;
			front_status = status;
			front_ended = true;
		}
	}
	if (keeper_ended)
		supervisor_keeper_ended(supervisor, keeper_status);
	else if (front_ended && supervisor->keeper.pid != 0)
		supervisor_front_ended(supervisor, front_status);
}

static void
supervisor_stop(struct supervisor *supervisor, const char *signal_name)
{
	int64_t now = clock_monotonic_ms();

	if (supervisor->stopping != NULL)
		return;
	supervisor->stopping = signal_name;
	supervisor->front.kill_at = now + STOP_FRONT;
	supervisor->keeper.kill_at = now + STOP_TIME;
	service_notify(SERVICE_STOPPING);
	supervisor_kill(supervisor->front.pid, SIGTERM);
}

/* The last line of a daemon that was asked to end, however its children did. */
static void
supervisor_log_stop(const struct supervisor *supervisor)
{
	if (supervisor->stopping != NULL)
		LOG(INFO, {"event", "stop"}, {"reason", supervisor->stopping});
}

/* Reads pending signals; several of one kind count once. */
static void
supervisor_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (read(supervisor->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			supervisor_stop(supervisor, info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
			break;
		case SIGHUP:
			supervisor_kill(supervisor->keeper.pid, SIGHUP);
			break;
		default:
			break; /* SIGCHLD: children are reaped in any case */
		}
	}
	supervisor_reap(supervisor);
}

/* Kills a child that has not ended in time. */
static void
supervisor_hurry(struct supervisor_watch *watch, int64_t now)
{
	if (watch->pid == 0 || watch->kill_at == 0 || now < watch->kill_at)
		return;
	supervisor_log(LOG_LEVEL_WARNING, "kill", watch->role, "it has not ended in time");
	supervisor_kill(watch->pid, SIGKILL);
	watch->kill_at = 0;
	watch->killed = true;
}

/* Kills a child that hangs: another front starts; a keeper's end is the end of all. */
static void
supervisor_lose_patience(struct supervisor_watch *watch, int64_t silent, int64_t now)
{
	char reason[64];

	(void)snprintf(reason, sizeof reason, "it has not answered for %" PRId64 ".%" PRId64 " s",
	    silent / 1000, silent % 1000 / 100);
	supervisor_log(LOG_LEVEL_ERROR, "hang", watch->role, reason);
	supervisor_kill(watch->pid, SIGKILL);
	pulse_watch_forgive(&watch->pulse, now); /* it is said once */
	watch->pulse.beaten = false;
}

/*
 * Hears who lives, feeds the service manager's watchdog while nobody hangs, and kills who does. A front
 * that ends is started again: its end is no reason to take the keeper away from others.
 */
static void
supervisor_listen(struct supervisor *supervisor, int64_t now)
{
	struct supervisor_watch *watches[] = {&supervisor->front, &supervisor->keeper};
	int64_t                  patience = supervisor->patience;
	bool                     asleep = now - supervisor->listened > patience / 2;
	bool                     lively = supervisor->keeper.pid != 0;

	for (size_t i = 0; i < 2; i++) {
		struct supervisor_watch *watch = watches[i];
		int64_t                  silent = pulse_watch_listen(&watch->pulse, now);

		/* When this process did not run, nor had they to: the machine was suspended, or stopped. */
		if (asleep)
			pulse_watch_forgive(&watch->pulse, now);
		else if (watch->pid != 0 && silent > patience)
			supervisor_lose_patience(watch, silent, now);
		lively = lively && (watch->pid == 0 || silent <= patience / 2);
	}
	supervisor->listened = now;
	if (lively && supervisor->keeper.pulse.beaten && service_watchdog_ms() > 0 && now - supervisor->fed >= patience / 4) {
		service_notify(SERVICE_WATCHDOG);
		supervisor->fed = now;
	}
}

/* Does everything that is due. */
static void
supervisor_advance(struct supervisor *supervisor)
{
	int64_t now = clock_monotonic_ms();

	if (supervisor->stopping == NULL)
		supervisor_listen(supervisor, now);
	supervisor_hurry(&supervisor->front, now);
	supervisor_hurry(&supervisor->keeper, now);
	if (supervisor->front.pid != 0 || supervisor->keeper.pid == 0)
		return;
	if (supervisor->stopping != NULL && !supervisor->keeper_asked) {
		supervisor->keeper_asked = true;
		supervisor_kill(supervisor->keeper.pid, SIGTERM);
	}
	if (supervisor->stopping == NULL && now >= supervisor->front_due)
		supervisor_front_restart(supervisor, now);
}

/* Time until something is due, in ms; -1: never. */
static int
supervisor_timeout(const struct supervisor *supervisor)
{
	const struct supervisor_watch *front = &supervisor->front;
	const struct supervisor_watch *keeper = &supervisor->keeper;
	int64_t                        now = clock_monotonic_ms();
	int64_t                        next = INT64_MAX;

	if (front->pid != 0 && front->kill_at != 0)
		next = front->kill_at;
	if (keeper->pid != 0 && keeper->kill_at != 0 && keeper->kill_at < next)
		next = keeper->kill_at;
	if (front->pid == 0 && keeper->pid != 0 && supervisor->stopping == NULL &&
	    supervisor->front_due < next)
		next = supervisor->front_due;
	if (supervisor->stopping == NULL && supervisor->listened + supervisor->patience / 8 < next)
		next = supervisor->listened + supervisor->patience / 8;
	return next == INT64_MAX ? -1 : next > now ? (int)(next - now) : 0;
}

static void
supervisor_loop(struct supervisor *supervisor)
{
	struct pollfd fds[] = {{supervisor->signals, POLLIN, 0}, {supervisor->keeper.pulse.control, POLLIN, 0}};

	supervisor_advance(supervisor);
	while (supervisor->keeper.pid != 0 || supervisor->front.pid != 0) {
		/* What the keeper says is heard at once, unless it is to end or has closed its end. */
		if (supervisor->stopping != NULL || (fds[1].revents & (POLLHUP | POLLERR)) != 0)
			fds[1].fd = -1;
		(void)poll(fds, 2, supervisor_timeout(supervisor));
		supervisor_signals(supervisor);
		supervisor_advance(supervisor);
	}
}

/* A front needs a descriptor for each connection: raises its limit to the maximum. */
static void
supervisor_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int
supervisor_signals_open(struct supervisor *supervisor, sigset_t *before, struct error *err)
{
	sigset_t wanted;

	(void)signal(SIGCHLD, SIG_DFL); /* if SIGCHLD is ignored, the kernel reaps children itself */
	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGTERM);
	(void)sigaddset(&wanted, SIGINT);
	(void)sigaddset(&wanted, SIGHUP);
	(void)sigaddset(&wanted, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &wanted, before);
	supervisor->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signals >= 0)
		return 0;
	error_set_errno(err, ERROR_INTERNAL, "watching signals");
	(void)sigprocmask(SIG_SETMASK, before, NULL);
	return -1;
}

int
supervisor_run(const struct supervisor_plan *plan, struct error *err)
{
	struct supervisor supervisor = {
	    .plan = plan,
	    .keeper = {.role = SUPERVISOR_ROLE_KEEPER, .pulse = {.control = -1, .speaks = true}},
	    .front = {.role = SUPERVISOR_ROLE_FRONT, .pulse.control = -1},
	    .patience = pulse_patience_ms(),
	    .status = EXIT_SUCCESS,
	};
	sigset_t before;
	int      rc;

	if (plan->workers == 0 || plan->workers > SUPERVISOR_WORKERS_MAX)
		return error_set(err, ERROR_INTERNAL, "%zu workers; it must be from 1 to %u",
		    plan->workers, SUPERVISOR_WORKERS_MAX);
	if (supervisor_signals_open(&supervisor, &before, err) != 0)
		return -1;
	supervisor_raise_limit();
	supervisor.listened = clock_monotonic_ms();
	service_connect();
	rc = sandbox_enter_supervisor(plan->sandbox, err);
	if (rc == 0)
		rc = supervisor_keeper_start(&supervisor, err);
	if (rc == 0) {
		supervisor_loop(&supervisor);
		supervisor_log_stop(&supervisor);
		rc = supervisor.status;
	}
	pulse_watch_begin(&supervisor.keeper.pulse, -1, 0);
	pulse_watch_begin(&supervisor.front.pulse, -1, 0);
	(void)close(supervisor.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
