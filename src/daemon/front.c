/*
 * Owns the life of the front process: its threads, SIGTERM, and that it ends
 * with the keeper. Opens nothing and knows no message.
 */
#include "config.h"

#include "daemon/front.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "daemon/pulse.h"
#include "daemon/sandbox.h"
#include "daemon/supervisor.h"
#include "daemon/worker.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/log_refusal.h"

#define DRAIN_MS 4000 /* less than the supervisor's limit */
#define IDLE_POLL_MS 10
#define TICK_MS 1000 /* for what the log has left to say */

struct front;

struct member {
	struct front_worker  public;
	struct worker       *worker;
	struct front        *front;
	struct event        *idle_timer;
};

struct front {
	const struct front_handlers *handlers;
	struct member               *members;
	size_t                       count;
	int                          control; /* to the supervisor; -1: there is none */
	struct pulse                 pulse;
	int                          wake;   /* eventfd: one of the fields below has changed */
	atomic_bool                  lost;   /* a channel closed, or a tell was refused */
	atomic_size_t                drained;
};

static void
front_wake(struct front *front)
{
	uint64_t one = 1;

	/* This can only fail if it is signalled already. */
	(void)!write(front->wake, &one, sizeof one);
}

static void
front_lose(struct front *front)
{
	atomic_store(&front->lost, true);
	front_wake(front);
}

static void
member_tell_cb(struct channel *channel, struct view body, void *arg)
{
	struct member *member = arg;
	struct error   err = {0};

	(void)channel;
	if (member->front->handlers->tell(&member->public, body, &err) != 0) {
		LOG(ERROR, {"event", "settings"}, {"reason", err.detail});
		front_lose(member->front);
	}
}

static void
member_closed_cb(struct channel *channel, const char *reason, void *arg)
{
	struct member *member = arg;

	(void)channel;
	LOG(DEBUG, {"event", "channel-closed"}, {"reason", reason});
	front_lose(member->front);
}

/* A front asks and takes notifications; the keeper never asks it. */
static const struct channel_handlers member_handlers = {
    .ask = NULL,
    .tell = member_tell_cb,
    .closed = member_closed_cb,
};

/* Nothing of it is in flight any more. */
static void
member_drained(struct member *member)
{
	atomic_fetch_add(&member->front->drained, 1);
	front_wake(member->front);
}

static void
member_idle_cb(evutil_socket_t fd, short what, void *arg)
{
	struct member *member = arg;

	(void)fd;
	(void)what;
	if (!member->front->handlers->idle(&member->public))
		return;
	(void)event_del(member->idle_timer);
	member_drained(member);
}

static void
member_drain_cb(void *arg)
{
	static const struct timeval interval = {.tv_usec = IDLE_POLL_MS * 1000L};
	struct member              *member = arg;

	member->front->handlers->drain(&member->public);
	if (event_add(member->idle_timer, &interval) != 0) /* without memory nobody is waited for */
		member_drained(member);
}

/* Runs last in a member's loop: frees everything on the loop before the loop itself. */
static void
member_close_cb(void *arg)
{
	struct member *member = arg;

	if (member->idle_timer != NULL)
		event_free(member->idle_timer);
	channel_free(member->public.channel);
	member->public.channel = NULL;
	member->front->handlers->close(&member->public);
}

/* The first descriptor that only this process has. */
static unsigned
front_first_own(const struct supervisor_child *child)
{
	int last = STDERR_FILENO;

	for (size_t i = 0; i < child->listener_count; i++) {
		if (child->listeners[i] > last)
			last = child->listeners[i];
	}
	return (unsigned)last + 1;
}

static int
front_start(struct front *front, const struct supervisor_child *child, struct error *err)
{
	size_t listeners = child->listener_count / child->channel_count;

	for (size_t i = 0; i < child->channel_count; i++) {
		struct member *member = &front->members[i];

		member->front = front;
		member->public.listeners = listeners != 0 ? child->listeners + i * listeners : NULL;
		member->public.listener_count = listeners;
		if (worker_new(&member->worker, err) != 0)
			return -1;
		front->count++;
		member->public.base = worker_base(member->worker);
		member->idle_timer = event_new(member->public.base, -1, EV_PERSIST, member_idle_cb, member);
		if (member->idle_timer == NULL)
			return error_set(err, ERROR_INTERNAL, "putting a front on its event loop");
		if (channel_new(member->public.base, child->channels[i], &member_handlers, member,
		        &member->public.channel, err) != 0)
			return -1;
	}
	if (front->handlers->prepare(err) != 0 || sandbox_enter_front(child->sandbox, front_first_own(child), err) != 0)
		return -1;
	for (size_t i = 0; i < front->count; i++) {
		if (worker_start(front->members[i].worker, "front", err) != 0)
			return -1;
	}
	return 0;
}

static void
front_beat(struct front *front)
{
	if (front->control < 0 || !pulse_beats(&front->pulse, clock_monotonic_ms()))
		return;
	pulse_send(front->control, PULSE_BEAT);
	for (size_t i = 0; i < front->count; i++)
		worker_post(front->members[i].worker, pulse_answer_cb, &front->pulse);
}

/* Waits for SIGTERM, a lost keeper, or the end of draining. */
static int
front_wait(struct front *front, int signals)
{
	struct signalfd_siginfo info;
	uint64_t                woken;
	int64_t                 deadline = INT64_MAX;
	int64_t                 tick = front->pulse.every_ms < TICK_MS ? front->pulse.every_ms : TICK_MS;

	front_beat(front);
	for (;;) {
		struct pollfd fds[] = {{signals, POLLIN, 0}, {front->wake, POLLIN, 0}};
		int64_t       left = deadline == INT64_MAX ? -1 : deadline - clock_monotonic_ms();

		if (deadline != INT64_MAX && left <= 0)
			return EXIT_SUCCESS;
		(void)poll(fds, 2, (int)(left < 0 || left > tick ? tick : left));
		front_beat(front);
		log_refusal_flush(clock_monotonic_ms());
		log_flush();
		if (fds[1].revents != 0)
			(void)!read(front->wake, &woken, sizeof woken);
		if (atomic_load(&front->lost))
			return deadline == INT64_MAX ? EXIT_FAILURE : EXIT_SUCCESS;
		if (atomic_load(&front->drained) == front->count)
			return EXIT_SUCCESS;
		if (fds[0].revents != 0 && read(signals, &info, sizeof info) == sizeof info &&
		    deadline == INT64_MAX) {
			deadline = clock_monotonic_ms() + DRAIN_MS;
			for (size_t i = 0; i < front->count; i++)
				worker_post(front->members[i].worker, member_drain_cb,
				    &front->members[i]);
		}
	}
}

int
front_run(const struct supervisor_child *child, const struct front_handlers *handlers)
{
	struct front front = {.handlers = handlers};
	struct error err = {0};
	sigset_t     mask;
	int          signals;
	int          status = EXIT_FAILURE;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	front.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	front.members = memory_new(child->channel_count * sizeof *front.members);
	front.control = child->control;
	pulse_start(&front.pulse, child->channel_count);

	if (signals < 0 || front.wake < 0)
		error_set_errno(&err, ERROR_INTERNAL, "opening signalfd and eventfd");
	else if (front_start(&front, child, &err) == 0)
		status = front_wait(&front, signals);
	if (err.detail[0] != '\0')
		LOG(ERROR, {"event", "start"}, {"reason", err.detail});
	for (size_t i = 0; i < front.count; i++) {
		worker_post(front.members[i].worker, member_close_cb, &front.members[i]);
		worker_stop(front.members[i].worker);
	}
	log_refusal_flush(INT64_MAX);
	log_flush();
	free(front.members);
	(void)close(signals);
	(void)close(front.wake);
	return status;
}
