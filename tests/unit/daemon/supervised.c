/*
 * Plays supervisor, front and keeper for supervisor_test: prints what it was given
 * and what happens to it, one line each, on standard output.
 *   supervised WORKERS ADDRESSES MODE
 * MODE is the keeper's: "serve"; "busy" works for two seconds at a reload; "fail" at start; "drop" closes each channel at
 * once; "tell" has much for the service manager; "deaf" makes the front ignore SIGTERM; "leave" ends unasked; "close" closes its control
 * socket, before it has taken a front.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/pulse.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

static volatile sig_atomic_t told_to_end;
static volatile sig_atomic_t told_to_reload;

static void
signal_cb(int number)
{
	if (number == SIGHUP)
		told_to_reload = 1;
	else
		told_to_end = 1;
}

/* Waits until fd is readable, and beats; false when a signal came first. */
static bool
wait_readable(int fd, int control)
{
	struct pollfd   poll_fd = {.fd = fd, .events = POLLIN};
	struct timespec interval = {.tv_nsec = 20 * 1000 * 1000};
	sigset_t        none;
	int             ready = 0;

	(void)sigemptyset(&none);
	while (ready == 0 && !told_to_end && !told_to_reload) {
		pulse_send(control, PULSE_BEAT);
		ready = ppoll(&poll_fd, fd >= 0, &interval, &none);
	}
	return ready > 0;
}

static const char *
disposition(int number)
{
	struct sigaction action;

	(void)sigaction(number, NULL, &action);
	return action.sa_handler == SIG_IGN ? "ignored" : action.sa_handler == SIG_DFL ? "default" : "caught";
}

/* Signals come inside ppoll only. */
static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = signal_cb};
	sigset_t         set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

/* "0:/dev/null 3:socket …" without the directory's own. */
static void
print_descriptors(void)
{
	DIR           *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		char    path[300];
		char    target[64] = "";
		ssize_t size;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
			continue;
		(void)snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		if ((size = readlink(path, target, sizeof target - 1)) < 0)
			size = 0;
		target[size] = '\0';
		target[strcspn(target, "[")] = '\0';
		printf(" %s=%s", entry->d_name, target);
	}
	if (directory != NULL)
		(void)closedir(directory);
}

static void
print_command_line(void)
{
	FILE *file = fopen("/proc/self/cmdline", "re");
	int   c;

	while (file != NULL && (c = getc(file)) != EOF)
		putchar(c == '\0' ? '|' : c);
	if (file != NULL)
		(void)fclose(file);
}

static int
front(const struct supervisor_child *child)
{
	char          message[64];
	ssize_t       got;
	struct rlimit limit;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	printf("front %ld pgrp=%ld files=%lu channels=%zu listeners=%zu secret=%s notify=%s argv=",
	    (long)getpid(), (long)getpgrp(), (unsigned long)limit.rlim_cur, child->channel_count, child->listener_count,
	    getenv("SECRET") != NULL ? "yes" : "no", getenv("NOTIFY_SOCKET") != NULL ? "yes" : "no");
	print_command_line();
	printf(" fds:");
	print_descriptors();
	printf("\n");
	for (size_t i = 0; i < child->channel_count; i++) {
		(void)snprintf(message, sizeof message, "%zu of %ld", i, (long)getpid());
		(void)send(child->channels[i], message, strlen(message), MSG_NOSIGNAL);
	}
	pulse_send(child->control, PULSE_READY); /* which is not a front's to say */
	while (!told_to_end && wait_readable(child->channels[0], child->control)) {
		if ((got = recv(child->channels[0], message, sizeof message, 0)) <= 0)
			return EXIT_FAILURE; /* as a front that finds no keeper */
		if (got == 4 && memcmp(message, "deaf", 4) == 0) {
			(void)signal(SIGTERM, SIG_IGN);
			printf("front is deaf\n");
		}
	}
	printf("front ends\n");
	return EXIT_SUCCESS;
}

/* A new front: reads what it says on each channel. */
static void
keeper_take_front(int control, size_t workers, const char *mode)
{
	AUTO_FREE int *fds = memory_new(workers * sizeof *fds);
	struct error   err = {0};

	if (supervisor_channels_receive(control, fds, workers, &err) != 0) {
		printf("keeper hears: %s\n", err.detail);
		exit(err.kind == ERROR_NOT_FOUND ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	for (size_t i = 0; i < workers; i++) {
		char    message[64] = "";
		ssize_t got = recv(fds[i], message, sizeof message - 1, 0);

		printf("channel says %s\n", got > 0 ? message : "nothing");
		if (strcmp(mode, "deaf") == 0)
			(void)send(fds[i], "deaf", 4, MSG_NOSIGNAL);
		if (strcmp(mode, "drop") == 0)
			(void)close(fds[i]);
	}
	if (strcmp(mode, "leave") == 0)
		exit(EXIT_SUCCESS);
}

static void
keeper_work(int control)
{
	pulse_send(control, PULSE_WORK);
	(void)sleep(2);
	printf("keeper has worked\n");
	pulse_send(control, PULSE_DONE);
}

static int
keeper(const struct supervisor_child *child, size_t workers, const char *mode)
{
	int control = child->control;

	if (strcmp(mode, "fail") == 0) {
		fprintf(stderr, "there is no state\n");
		return EXIT_FAILURE;
	}
	printf("keeper %ld pgrp=%ld secret=%s argv=", (long)getpid(), (long)getpgrp(),
	    getenv("SECRET") != NULL ? "yes" : "no");
	print_command_line();
	printf(" fds:");
	print_descriptors();
	printf("\n");
	if (strcmp(mode, "close") == 0) {
		(void)close(control);
		control = -1;
		printf("keeper hears no more\n");
	}
	if (strcmp(mode, "tell") == 0) {
		const struct timespec later = {.tv_nsec = 300000000}; /* the supervisor is done with the start */

		(void)nanosleep(&later, NULL);
		for (int i = 0; i < 6; i++)
			pulse_send(control, i % 2 == 0 ? PULSE_READY : PULSE_RELOADING);
	}
	while (!told_to_end) {
		if (wait_readable(control, control) && control >= 0)
			keeper_take_front(control, workers, mode);
		if (told_to_reload)
			printf("keeper reloads\n");
		if (told_to_reload && strcmp(mode, "busy") == 0)
			keeper_work(control);
		told_to_reload = 0;
	}
	printf("keeper ends\n");
	return EXIT_SUCCESS;
}

static int
supervise(char **argv, size_t workers, size_t addresses)
{
	AUTO_FREE int         *listeners = memory_new(workers * addresses * sizeof *listeners);
	AUTO_FREE int         *opened = memory_new(workers * sizeof *opened);
	struct supervisor_plan plan = {
	    .program = "supervised",
	    .arguments = argv,
	    .workers = workers,
	    .listeners = listeners,
	    .listener_count = workers * addresses,
	    .sandbox = SANDBOX_AVAILABLE,
	};
	char         text[LISTENER_TEXT_SIZE];
	struct error err = {0};
	int          status = -1;

	for (size_t a = 0; a < addresses; a++) {
		if (listener_open("127.0.0.1:0", workers, opened, text, &err) != 0)
			break;
		for (size_t w = 0; w < workers; w++)
			listeners[w * addresses + a] = opened[w];
	}
	status = supervisor_run(&plan, &err);
	if (status < 0) {
		fprintf(stderr, "%s\n", err.detail);
		return EXIT_FAILURE;
	}
	printf("supervisor returns %d\n", status);
	return status;
}

int
main(int argc, char **argv)
{
	struct supervisor_child child;
	struct error            err = {0};
	size_t                  workers = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	size_t                  addresses = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int                     status = EXIT_FAILURE;

	(void)setvbuf(stdout, NULL, _IOLBF, 4096);
	if (supervisor_child_inherit(&child, &err) != 0) {
		fprintf(stderr, "%s\n", err.detail);
		return EXIT_FAILURE;
	}
	log_open("supervised", LOG_LEVEL_DEBUG);
	if (child.role == SUPERVISOR_ROLE_NONE)
		return supervise(argv, workers, addresses);
	printf("inherits SIGHUP=%s SIGINT=%s SIGTERM=%s\n", disposition(SIGHUP), disposition(SIGINT),
	    disposition(SIGTERM));
	catch_signals();
	if (child.role == SUPERVISOR_ROLE_FRONT)
		status = front(&child);
	else
		status = keeper(&child, workers, argc > 3 ? argv[3] : "");
	free(child.channels);
	free(child.listeners);
	return status;
}
