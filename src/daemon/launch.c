/* Opens the listeners before the processes separate, and starts the processes. */
#include "config.h"

#include "daemon/launch.h"

#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/listener.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

int64_t
launch_workers_default(void)
{
	/* Those that it may use. sysconf(3) counts all of the machine, and in the keeper's sandbox others. */
	cpu_set_t usable;
	long      processors = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable)
	                                                                         : sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > (long)LAUNCH_WORKERS_MAX ? (long)LAUNCH_WORKERS_MAX : processors;
}

/*
 * Opens a listener of each address for each worker, worker by worker, and
 * writes the URLs with their real ports. Without addresses the service manager's
 * sockets take their place.
 */
static int
launch_listen(const struct launch_plan *plan, int *listeners, struct bytes *urls,
    struct error *err)
{
	for (size_t i = 0; i < plan->listen_count; i++) {
		int  fds[LAUNCH_WORKERS_MAX];
		char text[LISTENER_TEXT_SIZE];
		int  rc = plan->listen != NULL
		     ? listener_open(plan->listen[i], plan->workers, fds, text, err)
		     : listener_share(LISTENER_PASSED_FIRST + (int)i, plan->workers, fds, text, err);

		if (rc != 0)
			return -1;
		for (size_t worker = 0; worker < plan->workers; worker++)
			listeners[worker * plan->listen_count + i] = fds[worker];
		if (urls->size != 0)
			bytes_append(urls, ",", 1);
		bytes_append(urls, plan->scheme, strlen(plan->scheme));
		bytes_append(urls, text, strlen(text));
	}
	bytes_append_u8(urls, '\0');
	return 0;
}

/* The thread that runs as the keeper. */
struct launch_keeper {
	const struct launch_plan *plan;
	const char               *listening;
	int                       control;
	int                       rc;
	struct error              err;
};

static void *
launch_keeper_main(void *arg)
{
	struct launch_keeper *keeper = arg;

	keeper->rc = keeper->plan->keeper(keeper->plan->settings, keeper->control, false,
	    keeper->listening, &keeper->err);
	(void)close(keeper->control);
	return NULL;
}

/* Makes a channel for each worker; the keeper's ends wait in its control socket. */
static int
launch_channels(const struct launch_plan *plan, int *fronts, int control, struct error *err)
{
	int keepers[LAUNCH_WORKERS_MAX];
	int ends[2];
	int rc;

	for (size_t i = 0; i < plan->workers; i++) {
		if (channel_pair(ends, err) != 0)
			return -1;
		fronts[i] = ends[0];
		keepers[i] = ends[1];
	}
	rc = supervisor_channels_send(control, keepers, plan->workers, err);
	for (size_t i = 0; i < plan->workers; i++)
		(void)close(keepers[i]);
	return rc;
}

static int
launch_without_fork(const struct launch_plan *plan, int *listeners, const char *listening,
    struct error *err)
{
	struct launch_keeper    keeper = {.plan = plan, .listening = listening};
	int                     fronts[LAUNCH_WORKERS_MAX];
	struct supervisor_child front = {
	    .role = SUPERVISOR_ROLE_FRONT,
	    .control = -1,
	    .channels = fronts,
	    .channel_count = plan->workers,
	    .listeners = listeners,
	    .listener_count = plan->workers * plan->listen_count,
	    .sandbox = SANDBOX_OFF,
	};
	int       control[2];
	pthread_t thread;
	sigset_t  mask;
	int       status;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (channel_pair(control, err) != 0 || launch_channels(plan, fronts, control[0], err) != 0)
		return -1;
	keeper.control = control[1];
	if (pthread_create(&thread, NULL, launch_keeper_main, &keeper) != 0)
		return error_set(err, ERROR_INTERNAL, "cannot start a thread");
	status = plan->front(&front);
	(void)close(control[0]);
	(void)pthread_join(thread, NULL);
	if (keeper.rc != 0) {
		*err = keeper.err;
		return -1;
	}
	if (status == EXIT_SUCCESS)
		LOG(INFO, {"event", "stop"}, {"reason", "SIGTERM"});
	return status;
}

/* Root's front has a user of its own; another user's front has that user. */
static int
launch_front_user(const char *name, struct supervisor_plan *plan, struct error *err)
{
	const struct passwd *user;

	/* Sanitizers and gcov do at the end of a process what another user may not. */
	if (!WITH_SANDBOX || geteuid() != 0 || strcmp(name, "root") == 0)
		return 0;
	if ((user = getpwnam(name)) == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "front_user: there is no user \"%.64s\" here; make it, or name another", name);
	plan->front_uid = user->pw_uid;
	plan->front_gid = user->pw_gid;
	return 0;
}

/* The keeper reads the same options again, plus those that were determined here. */
static int
launch_supervisor(const struct launch_plan *plan, const int *listeners, char *listening,
    struct error *err)
{
	size_t           count = (size_t)plan->argc;
	AUTO_FREE char **arguments = memory_new((count + 5) * sizeof *arguments);
	char             listening_option[] = "--listening";
	char             workers_option[] = "--serving";
	char             workers[24];
	struct supervisor_plan supervisor;

	(void)snprintf(workers, sizeof workers, "%zu", plan->workers);
	/* At the beginning, before anything that could end the options. */
	arguments[0] = plan->argv[0];
	arguments[1] = workers_option;
	arguments[2] = workers;
	arguments[3] = listening_option;
	arguments[4] = listening;
	memcpy(arguments + 5, plan->argv + 1, (count - 1) * sizeof *arguments);
	supervisor = (struct supervisor_plan){
	    .program = plan->program,
	    .arguments = arguments,
	    .workers = plan->workers,
	    .listeners = listeners,
	    .listener_count = plan->workers * plan->listen_count,
	    .sandbox = plan->sandbox,
	};
	if (launch_front_user(plan->front_user, &supervisor, err) != 0)
		return -1;
	return supervisor_run(&supervisor, err);
}

/* The service manager's sockets, when it passed some, instead of the addresses of the settings. */
static int
launch_take_passed(struct launch_plan *plan, struct error *err)
{
	size_t passed = listener_passed();

	if (passed > LAUNCH_LISTEN_MAX)
		return error_set(err, ERROR_CONFLICT, "the service manager passed %zu sockets; at most %u", passed,
		    LAUNCH_LISTEN_MAX);
	if (passed == 0)
		return 0;
	plan->listen = NULL;
	plan->listen_count = passed;
	return 0;
}

static int
launch_planned(const struct launch_plan *plan, struct error *err)
{
	AUTO_BYTES     urls = {0};
	AUTO_FREE int *listeners =
	    memory_new(plan->workers * plan->listen_count * sizeof *listeners);

	if ((!plan->no_fork && sandbox_check(plan->sandbox, err) != 0) ||
	    launch_listen(plan, listeners, &urls, err) != 0)
		return -1;
	if (plan->no_fork)
		return launch_without_fork(plan, listeners, (char *)urls.data, err);
	return launch_supervisor(plan, listeners, (char *)urls.data, err);
}

int
launch_run(const struct launch_plan *wanted, struct error *err)
{
	struct launch_plan plan = *wanted;

	return launch_take_passed(&plan, err) != 0 ? -1 : launch_planned(&plan, err);
}
