/* One end of a channel, or both, and what came out of them. */
#ifndef TESTS_UNIT_DAEMON_CHANNEL_SUPPORT_H
#define TESTS_UNIT_DAEMON_CHANNEL_SUPPORT_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "unit.h"
#include "util/error.h"

/* One end of a channel, and what came out of it. */
struct end {
	struct channel *channel;
	struct bytes    heard;    /* "ask BODY;", "tell BODY;", "say BODY;", "nobody;", in order */
	uint32_t        last_id;  /* of the last question */
	int             asks;
	int             closes;
	char            reason[80];
	int             answers; /* with data */
	int             losses;  /* without */
	enum { ANSWER_NEVER, ANSWER_AT_ONCE, ANSWER_TWICE } answer;
	int             free_when_closed;
	int             turns;  /* of `drained` */
};

static struct event_base *base;
static struct end         front;
static struct end         keeper;
static int                peer; /* of the front, when no channel plays the keeper */

/* Long bodies are noted by their length. */
static inline void
end_note(struct end *end, const char *what, struct view body)
{
	char length[32];

	bytes_append(&end->heard, what, strlen(what));
	bytes_append(&end->heard, " ", 1);
	if (body.size < 64)
		bytes_append(&end->heard, body.data, body.size);
	else {
		(void)snprintf(length, sizeof length, "%zu octets", body.size);
		bytes_append(&end->heard, length, strlen(length));
	}
	bytes_append(&end->heard, ";", 1);
}

static inline const char *
end_heard(struct end *end)
{
	bytes_append_u8(&end->heard, 0);
	end->heard.size--;
	return (const char *)end->heard.data;
}

static inline void
ask_cb(struct channel *channel, uint32_t id, struct view body, void *arg)
{
	struct end *end = arg;

	end->last_id = id;
	end->asks++;
	end_note(end, "ask", body);
	if (end->answer != ANSWER_NEVER)
		channel_say(channel, id, body);
	if (end->answer == ANSWER_TWICE)
		channel_say(channel, id, body);
}

static inline void
tell_cb(struct channel *channel, struct view body, void *arg)
{
	(void)channel;
	end_note(arg, "tell", body);
}

static inline void
closed_cb(struct channel *channel, const char *reason, void *arg)
{
	struct end *end = arg;

	end->closes++;
	(void)snprintf(end->reason, sizeof end->reason, "%s", reason);
	if (end->free_when_closed) {
		channel_free(channel);
		end->channel = NULL;
	}
}

static inline void
forget_cb(struct channel *channel, uint32_t id, void *arg)
{
	char number[16];

	(void)channel;
	(void)snprintf(number, sizeof number, "%u", id % CHANNEL_ASKS_MAX);
	end_note(arg, "forget", view_text(number));
}

static inline void
drained_cb(struct channel *channel, void *arg)
{
	struct end *end = arg;

	(void)channel;
	end->turns++;
}

static const struct channel_handlers handlers = {
    .ask = ask_cb,
    .tell = tell_cb,
    .closed = closed_cb,
    .forget = forget_cb,
    .drained = drained_cb,
};

static inline void
answer_cb(struct view body, void *arg)
{
	struct end *end = arg;

	if (body.data != NULL) {
		end->answers++;
		end_note(end, "say", body);
	} else {
		end->losses++;
		end_note(end, "nobody", body);
	}
}

static inline void
setup(int with_keeper)
{
	struct error err = {0};
	int          fds[2];

	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	unit_ok(channel_pair(fds, &err), &err);
	unit_ok(channel_new(base, fds[0], &handlers, &front, &front.channel, &err), &err);
	if (with_keeper)
		unit_ok(channel_new(base, fds[1], &handlers, &keeper, &keeper.channel, &err), &err);
	else
		peer = fds[1];
}

static inline void
teardown(void)
{
	channel_free(front.channel);
	channel_free(keeper.channel);
	bytes_clear(&front.heard);
	bytes_clear(&keeper.heard);
	if (peer >= 0)
		(void)close(peer);
	event_base_free(base);
}

/* Runs what there is to do, and no more. */
static inline void
settle(void)
{
	for (int i = 0; i < 400; i++)
		ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static inline uint32_t
ask(const char *text)
{
	struct error err = {0};
	uint32_t     id = 0;

	unit_ok(channel_ask(front.channel, view_text(text), answer_cb, &front, &id, &err), &err);
	return id;
}

static inline void
assert_closed(const char *reason)
{
	settle();
	ck_assert_str_eq(front.reason, reason);
	ck_assert_int_eq(front.closes, 1);
	settle();
	ck_assert_int_eq(front.closes, 1);
}

#endif
