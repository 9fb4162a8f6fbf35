/*
 * Owns the life of the keeper process: its threads, the channels that come and go
 * with fronts, signals and the timer. Knows no message.
 */
#include "config.h"

#include "daemon/keeper.h"

#include <sys/signalfd.h>

#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "daemon/pulse.h"
#include "daemon/service.h"
#include "daemon/supervisor.h"
#include "daemon/worker.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/log_refusal.h"

/* Twice a second, so that changes by other processes, such as a new CRL, take effect within a
 * second. */
#define TICK_MS 500

struct member;

/* A channel to a front; it is freed when it has closed and no question of it is open. */
struct attachment {
	struct member     *member;
	struct channel    *channel;
	size_t             open;
	bool               closed;
	struct attachment *next;
	struct keeper_question *questions[CHANNEL_ASKS_MAX]; /* that are open, by their slot */
};

struct keeper_question {
	struct attachment *attachment;
	uint32_t           id;
	bool               forgotten;
	void              *owner;
};

/* A worker, its state, and its attachments, which only its thread touches. */
struct member {
	struct keeper     *keeper;
	struct worker     *worker;
	void              *state;
	struct attachment *attachments;
	bool               quiet; /* no more questions are taken */
	struct event      *more;  /* a turn of the loop for what is left */
};

struct keeper {
	const struct keeper_handlers *handlers;
	void                         *arg;
	struct member                *members;
	size_t                        count;
	sem_t                         quieted;
	struct pulse                  pulse;
	bool                          alone;     /* front and keeper are one process, without a supervisor */
};

/* A task posted to a member: a channel to attach, or octets to tell. */
struct post {
	struct member *member;
	int            fd;
	struct bytes   body;
};

static void
attachment_free(struct attachment *attachment)
{
	struct attachment **slot = &attachment->member->attachments;

	while (*slot != attachment)
		slot = &(*slot)->next;
	*slot = attachment->next;
	channel_free(attachment->channel);
	free(attachment);
}

/* Frees closed attachments without open questions. */
static void
member_sweep_cb(void *arg)
{
	struct member     *member = arg;
	struct attachment *next;

	for (struct attachment *a = member->attachments; a != NULL; a = next) {
		next = a->next;
		if (a->closed && a->open == 0)
			attachment_free(a);
	}
}

/*
 * Posted, because this may run inside a callback of the same channel; and posted to
 * the member, which still exists if member_close_cb freed the attachment first.
 */
static void
attachment_release(struct attachment *attachment)
{
	if (attachment->closed && attachment->open == 0)
		worker_post(attachment->member->worker, member_sweep_cb, attachment->member);
}

/* The place of a question; no two that are open have the same. */
static struct keeper_question **
attachment_slot(struct attachment *attachment, uint32_t id)
{
	return &attachment->questions[id % CHANNEL_ASKS_MAX];
}

static void
attachment_ask_cb(struct channel *channel, uint32_t id, struct view body, void *arg)
{
	struct attachment      *attachment = arg;
	struct member          *member = attachment->member;
	struct keeper_question *question;

	(void)channel;
	if (member->quiet)
		return;
	question = memory_new(sizeof *question);
	*question = (struct keeper_question){.attachment = attachment, .id = id};
	*attachment_slot(attachment, id) = question;
	attachment->open++;
	member->keeper->handlers->ask(member->state, question, body);
}

static void
question_forget(struct keeper_question *question)
{
	const struct member *member = question->attachment->member;

	if (question->forgotten || member->keeper->handlers->forget == NULL)
		return;
	question->forgotten = true;
	member->keeper->handlers->forget(member->state, question);
}

static void
attachment_forget_cb(struct channel *channel, uint32_t id, void *arg)
{
	struct keeper_question *question = *attachment_slot(arg, id);

	(void)channel;
	if (question != NULL && question->id == id)
		question_forget(question);
}

static void
attachment_forget_all(struct attachment *attachment)
{
	for (size_t i = 0; i < CHANNEL_ASKS_MAX && attachment->open != 0; i++) {
		if (attachment->questions[i] != NULL)
			question_forget(attachment->questions[i]);
	}
}

/* Works off a part of what is asked; the loop looks for more questions before the next. */
static void
member_turn(struct member *member)
{
	static const struct timeval at_once = {0};

	if (member->keeper->handlers->turn != NULL && member->keeper->handlers->turn(member->state))
		(void)event_add(member->more, &at_once);
}

static void
member_more_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	member_turn(arg);
}

static void
attachment_drained_cb(struct channel *channel, void *arg)
{
	const struct attachment *attachment = arg;

	(void)channel;
	/* A turn that is due already comes when all channels were looked at. */
	if (event_pending(attachment->member->more, EV_TIMEOUT, NULL) == 0)
		member_turn(attachment->member);
}

static void
attachment_closed_cb(struct channel *channel, const char *reason, void *arg)
{
	struct attachment *attachment = arg;

	/* Why a front ended is the supervisor's to say; that one broke the rules is ours. */
	log_write(channel_peer_ended(channel) ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
	    (const struct log_field[]){{"event", "front-gone"}, {"reason", reason}, {NULL, NULL}});
	attachment->closed = true;
	attachment_forget_all(attachment);
	attachment_release(attachment);
}

/* A front asks its keeper and never tells it anything. */
static const struct channel_handlers attachment_handlers = {
    .ask = attachment_ask_cb,
    .tell = NULL,
    .closed = attachment_closed_cb,
    .forget = attachment_forget_cb,
    .drained = attachment_drained_cb,
};

void
keeper_answer(struct keeper_question *question, struct view body)
{
	struct attachment *attachment = question->attachment;

	channel_say(attachment->channel, question->id, body);
	*attachment_slot(attachment, question->id) = NULL;
	attachment->open--;
	free(question);
	attachment_release(attachment);
}

void
keeper_question_own(struct keeper_question *question, void *owner)
{
	question->owner = owner;
}

void *
keeper_question_owner(const struct keeper_question *question)
{
	return question->owner;
}

static void
member_attach_cb(void *arg)
{
	struct post       *post = arg;
	struct member     *member = post->member;
	struct attachment *attachment = memory_new(sizeof *attachment);
	struct error       err = {0};

	attachment->member = member;
	if (channel_new(worker_base(member->worker), post->fd, &attachment_handlers, attachment,
	        &attachment->channel, &err) != 0) {
		LOG(ERROR, {"event", "front-refused"}, {"reason", err.detail});
		free(attachment);
	} else {
		attachment->next = member->attachments;
		member->attachments = attachment;
		member->keeper->handlers->greet(member->state, attachment->channel);
	}
	bytes_clear(&post->body);
	free(post);
}

static void
member_tell_cb(void *arg)
{
	struct post *post = arg;

	for (struct attachment *a = post->member->attachments; a != NULL; a = a->next) {
		if (!a->closed)
			channel_tell(a->channel, bytes_view(&post->body));
	}
	bytes_clear(&post->body);
	free(post);
}

static void
member_quiet_cb(void *arg)
{
	struct member *member = arg;

	member->quiet = true;
	for (struct attachment *a = member->attachments; a != NULL; a = a->next)
		attachment_forget_all(a);
	(void)sem_post(&member->keeper->quieted);
}

/* Runs last in a member's loop; every question is answered by then. */
static void
member_close_cb(void *arg)
{
	struct member *member = arg;

	while (member->attachments != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the one before was taken off the list */
		attachment_free(member->attachments);
	event_free(member->more);
}

void
keeper_tell(struct keeper *keeper, struct view body)
{
	for (size_t i = 0; i < keeper->count; i++) {
		struct post *post = memory_new(sizeof *post);

		post->member = &keeper->members[i];
		bytes_append(&post->body, body.data, body.size);
		worker_post(keeper->members[i].worker, member_tell_cb, post);
	}
}

/* Hands the channels of a new front to the workers. */
static int
keeper_attach(struct keeper *keeper, int control, struct error *err)
{
	AUTO_FREE int *fds = memory_new(keeper->count * sizeof *fds);

	if (supervisor_channels_receive(control, fds, keeper->count, err) != 0)
		return -1;
	for (size_t i = 0; i < keeper->count; i++) {
		struct post *post = memory_new(sizeof *post);

		post->member = &keeper->members[i];
		post->fd = fds[i];
		worker_post(keeper->members[i].worker, member_attach_cb, post);
	}
	return 0;
}

static int
keeper_open(struct keeper *keeper, size_t workers, struct error *err)
{
	for (size_t i = 0; i < workers; i++) {
		struct member *member = &keeper->members[i];

		member->keeper = keeper;
		if (worker_new(&member->worker, err) != 0)
			return -1;
		member->more = event_new(worker_base(member->worker), -1, 0, member_more_cb, member);
		if (member->more == NULL) {
			worker_stop(member->worker);
			return error_set(err, ERROR_INTERNAL, "putting a keeper on its event loop");
		}
		keeper->count++;
		if (keeper->handlers->worker_open(keeper->arg, member->worker, &member->state, err) != 0)
			return -1;
	}
	return 0;
}

static int
keeper_start(struct keeper *keeper, size_t *started, struct error *err)
{
	for (; *started < keeper->count; (*started)++) {
		if (worker_start(keeper->members[*started].worker, "keeper", err) != 0)
			return -1;
	}
	return 0;
}

/* The supervisor hears that the keeper lives when this thread and every worker do; without one, the
 * service manager. */
static void
keeper_beat(struct keeper *keeper, int control, int64_t now)
{
	if (!pulse_beats(&keeper->pulse, now))
		return;
	if (!keeper->alone)
		pulse_send(control, PULSE_BEAT);
	else if (service_watchdog_ms() > 0)
		service_notify(SERVICE_WATCHDOG);
	for (size_t i = 0; i < keeper->count; i++)
		worker_post(keeper->members[i].worker, pulse_answer_cb, &keeper->pulse);
}

/* Both may wait until others have written, or sign long lists; the supervisor is told. */
static void
keeper_work(struct keeper *keeper, int control, void (*work)(void *, struct keeper *))
{
	if (!keeper->alone)
		pulse_send(control, PULSE_WORK);
	work(keeper->arg, keeper);
	if (!keeper->alone)
		pulse_send(control, PULSE_DONE);
}

/* A keeper has no socket of its own that leads to the service manager. */
static void
keeper_say(const struct keeper *keeper, int control, enum pulse_word word)
{
	if (keeper->alone)
		service_notify(word == PULSE_READY ? SERVICE_READY : SERVICE_RELOADING);
	else
		pulse_send(control, word);
}

static void
keeper_reload(struct keeper *keeper, int control)
{
	keeper_say(keeper, control, PULSE_RELOADING);
	keeper_work(keeper, control, keeper->handlers->reload);
	keeper_say(keeper, control, PULSE_READY);
}

/* Serves until SIGTERM or until the supervisor goes. */
static int
keeper_wait(struct keeper *keeper, int control, int signals, struct error *err)
{
	int64_t next_tick = clock_monotonic_ms() + TICK_MS;
	int64_t most = keeper->pulse.every_ms;

	for (;;) {
		struct pollfd           fds[] = {{control, POLLIN, 0}, {signals, POLLIN, 0}};
		struct signalfd_siginfo info;
		int64_t                 left = next_tick - clock_monotonic_ms();

		(void)poll(fds, 2, left <= 0 ? 0 : (int)(left < most ? left : most));
		keeper_beat(keeper, control, clock_monotonic_ms());
		if (fds[1].revents != 0 && read(signals, &info, sizeof info) == sizeof info) {
			if (info.ssi_signo == SIGTERM)
				return 0;
			keeper_reload(keeper, control);
		}
		if (fds[0].revents != 0 && keeper_attach(keeper, control, err) != 0)
			return err->kind == ERROR_NOT_FOUND ? 0 : -1;
		if (clock_monotonic_ms() >= next_tick) {
			log_refusal_flush(clock_monotonic_ms());
			log_flush();
			keeper_work(keeper, control, keeper->handlers->tick);
			next_tick = clock_monotonic_ms() + TICK_MS;
		}
	}
}

static int
keeper_signals(bool wanted, struct error *err)
{
	sigset_t mask;
	int      fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&mask);
	if (wanted) {
		(void)sigaddset(&mask, SIGTERM);
		(void)sigaddset(&mask, SIGHUP);
	}
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	if ((fd = signalfd(-1, &mask, SFD_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening a signalfd");
	return fd;
}

/* Takes no more questions, finishes the open ones, then ends the workers. */
static void
keeper_stop(struct keeper *keeper, size_t started)
{
	for (size_t i = 0; i < started; i++)
		worker_post(keeper->members[i].worker, member_quiet_cb, &keeper->members[i]);
	for (size_t i = 0; i < started; i++) {
		while (sem_wait(&keeper->quieted) != 0)
			;
	}
	if (keeper->alone) /* else the supervisor says so */
		service_notify(SERVICE_STOPPING);
	keeper->handlers->finish(keeper->arg);
	for (size_t i = 0; i < keeper->count; i++) {
		struct member *member = &keeper->members[i];

		worker_post(member->worker, member_close_cb, member);
		worker_stop(member->worker);
		if (member->state != NULL)
			keeper->handlers->worker_close(member->state);
	}
}

int
keeper_run(int control, size_t workers, bool signals, const struct keeper_handlers *handlers,
    void *arg, struct error *err)
{
	struct keeper keeper = {.handlers = handlers, .arg = arg, .alone = !signals};
	int           signal_fd = keeper_signals(signals, err);
	size_t        started = 0;
	int           rc = -1;

	if (signal_fd < 0)
		return -1;
	(void)sem_init(&keeper.quieted, 0, 0);
	pulse_start(&keeper.pulse, workers);
	keeper.members = memory_new(workers * sizeof *keeper.members);
	if (keeper_open(&keeper, workers, err) == 0 && keeper_start(&keeper, &started, err) == 0) {
		handlers->ready(arg);
		keeper_say(&keeper, control, PULSE_READY);
		rc = keeper_wait(&keeper, control, signal_fd, err);
	}
	keeper_stop(&keeper, started);
	log_refusal_flush(INT64_MAX);
	log_flush();
	free(keeper.members);
	(void)sem_destroy(&keeper.quieted);
	(void)close(signal_fd);
	return rc;
}
