/* Owns one thread, its event loop and its mailbox; does not know what the tasks do. */
#include "config.h"

#include "daemon/worker.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/bytes.h"
#include "util/error.h"

/* Linux limits a thread's name to 15 characters. */
#define WORKER_NAME_SIZE 16

struct worker_task {
	worker_task_cb *run;
	void           *arg;
};

/* Tasks in the order posted. */
struct worker_tasks {
	struct worker_task *list;
	size_t              count;
	size_t              room;
};

struct worker {
	struct event_base  *base;
	struct event       *wake;
	int                 wake_fd;
	pthread_t           thread;
	char                name[WORKER_NAME_SIZE];
	bool                started;
	struct worker_tasks running; /* used by the worker's thread, which swaps it with the mailbox */
	pthread_mutex_t     lock;
	struct worker_tasks mailbox; /* under the lock */
	bool                stopping; /* under the lock */
};

static void
worker_tasks_add(struct worker_tasks *tasks, struct worker_task task)
{
	if (tasks->count == tasks->room) {
		size_t              room = tasks->room != 0 ? 2 * tasks->room : 64;
		struct worker_task *list = memory_new(room * sizeof *list);

		if (tasks->count != 0)
			memcpy(list, tasks->list, tasks->count * sizeof *list);
		free(tasks->list);
		tasks->list = list;
		tasks->room = room;
	}
	tasks->list[tasks->count++] = task;
}

/* Takes all posted tasks; false when there are none, and then *stop says whether to stop. */
static bool
worker_take(struct worker *worker, bool *stopping)
{
	struct worker_tasks empty = worker->running;

	empty.count = 0;
	(void)pthread_mutex_lock(&worker->lock);
	worker->running = worker->mailbox;
	worker->mailbox = empty;
	*stopping = worker->stopping;
	(void)pthread_mutex_unlock(&worker->lock);
	return worker->running.count != 0;
}

static void
worker_run_tasks(struct worker *worker)
{
	for (size_t i = 0; i < worker->running.count; i++)
		worker->running.list[i].run(worker->running.list[i].arg);
	worker->running.count = 0;
}

/* Tasks posted by tasks wait for the next turn of the loop, unless this is the last one. */
static void
worker_wake_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	uint64_t       posts;
	bool           stopping = false;

	(void)what;
	/* The eventfd is emptied before the mailbox: a post in between causes one needless wake-up. It
	 * does not wait, so that nothing but "it is empty" can go wrong. */
	(void)!read(fd, &posts, sizeof posts);
	do {
		if (worker_take(worker, &stopping))
			worker_run_tasks(worker);
		else if (stopping) {
			(void)event_base_loopbreak(worker->base);
			return;
		}
	} while (stopping);
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;

	/* Another thread would have to open a file below /proc for that. */
	(void)pthread_setname_np(pthread_self(), worker->name);
	(void)event_base_loop(worker->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

/*
 * The loop needs no locks: only its own thread touches it, others write to the eventfd. The
 * changelist joins what a turn of the loop changes of a descriptor into one system call; its
 * one limit, descriptors made by dup(2) that are watched at the same time, does not concern us.
 */
static struct event_base *
worker_base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base   *base = NULL;

	if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static void
worker_free(struct worker *worker)
{
	if (worker->wake != NULL)
		event_free(worker->wake);
	if (worker->base != NULL)
		event_base_free(worker->base);
	if (worker->wake_fd >= 0)
		(void)close(worker->wake_fd);
	(void)pthread_mutex_destroy(&worker->lock);
	free(worker->running.list);
	free(worker->mailbox.list);
	free(worker);
}

int
worker_new(struct worker **out, struct error *err)
{
	struct worker *worker = memory_new(sizeof *worker);

	(void)pthread_mutex_init(&worker->lock, NULL);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->base = worker->wake_fd < 0 ? NULL : worker_base_new();
	if (worker->base != NULL)
		worker->wake = event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST,
		    worker_wake_cb, worker);
	if (worker->wake == NULL || event_add(worker->wake, NULL) != 0) {
		error_set_errno(err, ERROR_INTERNAL, "making a worker's event loop");
		worker_free(worker);
		return -1;
	}
	*out = worker;
	return 0;
}

struct event_base *
worker_base(struct worker *worker)
{
	return worker->base;
}

int
worker_start(struct worker *worker, const char *thread_name, struct error *err)
{
	sigset_t all;
	sigset_t before;
	int      failure;

	(void)snprintf(worker->name, sizeof worker->name, "%s", thread_name);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGSYS); /* that the sandbox kills with, and says so */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&worker->thread, NULL, worker_main, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure != 0) {
		errno = failure;
		return error_set_errno(err, ERROR_INTERNAL, "starting thread %s", thread_name);
	}
	worker->started = true;
	return 0;
}

static void
worker_wake(struct worker *worker)
{
	static const uint64_t one = 1;

	/* It does not wait, so that it fails only when the counter is full of wake-ups. */
	(void)!write(worker->wake_fd, &one, sizeof one);
}

void
worker_post(struct worker *worker, worker_task_cb *task, void *arg)
{
	bool first;

	(void)pthread_mutex_lock(&worker->lock);
	first = worker->mailbox.count == 0;
	worker_tasks_add(&worker->mailbox, (struct worker_task){task, arg});
	(void)pthread_mutex_unlock(&worker->lock);
	/* If the mailbox was not empty, a wake-up is already on its way. */
	if (first)
		worker_wake(worker);
}

void
worker_stop(struct worker *worker)
{
	(void)pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	(void)pthread_mutex_unlock(&worker->lock);
	if (worker->started) {
		worker_wake(worker);
		(void)pthread_join(worker->thread, NULL);
	} else
		worker_wake_cb(worker->wake_fd, 0, worker);
	worker_free(worker);
}
