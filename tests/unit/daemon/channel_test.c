#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "cleansed.h"
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
static void
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

static const char *
end_heard(struct end *end)
{
	bytes_append_u8(&end->heard, 0);
	end->heard.size--;
	return (const char *)end->heard.data;
}

static void
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

static void
tell_cb(struct channel *channel, struct view body, void *arg)
{
	(void)channel;
	end_note(arg, "tell", body);
}

static void
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

static void
forget_cb(struct channel *channel, uint32_t id, void *arg)
{
	char number[16];

	(void)channel;
	(void)snprintf(number, sizeof number, "%u", id % CHANNEL_ASKS_MAX);
	end_note(arg, "forget", view_text(number));
}

static void
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

static void
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

static void
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

static void
setup_pair(void)
{
	peer = -1;
	setup(1);
}

static void
setup_alone(void)
{
	setup(0);
}

static void
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
static void
settle(void)
{
	for (int i = 0; i < 400; i++)
		ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static uint32_t
ask(const char *text)
{
	struct error err = {0};
	uint32_t     id = 0;

	unit_ok(channel_ask(front.channel, view_text(text), answer_cb, &front, &id, &err), &err);
	return id;
}

/* The raw peer sends a message, or what is none. */
static void
peer_send(uint32_t kind, uint32_t id, const void *body, size_t size)
{
	struct channel_header header = {.kind = kind, .id = id};
	struct iovec          parts[] = {
            {.iov_base = &header, .iov_len = sizeof header},
            {.iov_base = (void *)(uintptr_t)body, .iov_len = size},
        };
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	ck_assert_int_eq(sendmsg(peer, &message, MSG_NOSIGNAL), (ssize_t)(sizeof header + size));
}

static void
assert_closed(const char *reason)
{
	settle();
	ck_assert_str_eq(front.reason, reason);
	ck_assert_int_eq(front.closes, 1);
	settle();
	ck_assert_int_eq(front.closes, 1);
}

START_TEST(ask_answered_at_once_gets_its_answer)
{
	keeper.answer = ANSWER_AT_ONCE;
	(void)ask("one");
	(void)ask("two");
	settle();
	ck_assert_str_eq(end_heard(&keeper), "ask one;ask two;");
	ck_assert_str_eq(end_heard(&front), "say one;say two;");
}
END_TEST

START_TEST(ask_answered_later_and_in_another_order_finds_its_question)
{
	uint32_t ids[3];

	for (int i = 0; i < 3; i++) {
		(void)ask("question");
		settle();
		ids[i] = keeper.last_id;
	}
	channel_say(keeper.channel, ids[2], view_text("c"));
	channel_say(keeper.channel, ids[0], view_text("a"));
	channel_say(keeper.channel, ids[1], view_text("b"));
	settle();
	ck_assert_str_eq(end_heard(&front), "say c;say a;say b;");
}
END_TEST

START_TEST(ask_both_sides_at_once_do_not_mix_ids)
{
	struct error err = {0};
	uint32_t     id;

	front.answer = ANSWER_AT_ONCE;
	keeper.answer = ANSWER_AT_ONCE;
	(void)ask("f");
	unit_ok(channel_ask(keeper.channel, view_text("k"), answer_cb, &keeper, &id, &err), &err);
	settle();
	ck_assert_str_eq(end_heard(&front), "ask k;say f;");
	ck_assert_str_eq(end_heard(&keeper), "ask f;say k;");
}
END_TEST

START_TEST(tell_arrives_in_order)
{
	channel_tell(front.channel, view_text("1"));
	channel_tell(front.channel, view_text("2"));
	channel_tell(front.channel, (struct view){NULL, 0});
	settle();
	ck_assert_str_eq(end_heard(&keeper), "tell 1;tell 2;tell ;");
}
END_TEST

START_TEST(say_nothing_is_an_answer_with_data)
{
	(void)ask("");
	settle();
	channel_say(keeper.channel, keeper.last_id, (struct view){NULL, 0});
	settle();
	ck_assert_str_eq(end_heard(&front), "say ;");
	ck_assert_int_eq(front.losses, 0);
}
END_TEST

START_TEST(say_twice_is_said_once)
{
	keeper.answer = ANSWER_TWICE;
	(void)ask("x");
	settle();
	ck_assert_str_eq(end_heard(&front), "say x;");
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

START_TEST(say_to_no_question_is_dropped)
{
	channel_say(keeper.channel, 7, view_text("x"));
	settle();
	ck_assert_str_eq(end_heard(&front), "");
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

/* The second question has the first one's slot; a late answer to the first is none to it. */
START_TEST(say_to_an_old_question_of_the_slot_is_dropped)
{
	uint32_t first;
	uint32_t second;

	(void)ask("a");
	settle();
	first = keeper.last_id;
	channel_say(keeper.channel, first, view_text("1"));
	settle();
	(void)ask("b");
	settle();
	second = keeper.last_id;
	ck_assert_uint_eq(second, first + CHANNEL_ASKS_MAX);
	channel_say(keeper.channel, first, view_text("late"));
	settle();
	ck_assert_int_eq(front.closes, 0);
	channel_say(keeper.channel, second, view_text("2"));
	settle();
	ck_assert_str_eq(end_heard(&front), "say 1;say 2;");
}
END_TEST

START_TEST(ask_longest_message_passes)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	struct error       err = {0};
	uint32_t           id;

	keeper.answer = ANSWER_AT_ONCE;
	for (int i = 0; i < 20; i++) /* more than the socket takes */
		unit_ok(channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX}, answer_cb,
		            &front, &id, &err), &err);
	settle();
	ck_assert_int_eq(front.answers, 20);
	ck_assert_ptr_nonnull(strstr(end_heard(&front), "say 98304 octets;say 98304 octets;"));
}
END_TEST

START_TEST(ask_longer_message_is_too_large)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX + 1);
	struct error       err = {0};
	uint32_t           id;

	unit_fails(channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX + 1}, answer_cb,
	               &front, &id, &err),
	    &err, ERROR_TOO_LARGE, "a question of 98305 octets; at most 98304 pass");
	settle();
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

START_TEST(tell_longer_message_closes)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX + 1);

	channel_tell(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX + 1});
	ck_assert_int_eq(front.closes, 0); /* not from inside */
	assert_closed("a message of ours is too long");
}
END_TEST

START_TEST(ask_as_many_as_may_be_open_are_and_slots_are_used_again)
{
	struct error err = {0};
	uint32_t     id;

	for (int round = 0; round < 3; round++) {
		keeper.answer = ANSWER_NEVER;
		for (unsigned i = 0; i < CHANNEL_ASKS_MAX; i++)
			(void)ask("x");
		unit_fails(channel_ask(front.channel, view_text("x"), answer_cb, &front, &id, &err), &err,
		    ERROR_OVERLOADED, "4096 questions are open");
		settle();
		ck_assert_int_eq(keeper.asks, (round + 1) * (int)CHANNEL_ASKS_MAX);
		/* Ids rise by the number of slots each time a slot is used. */
		for (unsigned slot = 0; slot < CHANNEL_ASKS_MAX; slot++)
			channel_say(keeper.channel, (uint32_t)round * CHANNEL_ASKS_MAX + slot, view_text("y"));
		settle();
		ck_assert_int_eq(front.answers, (round + 1) * (int)CHANNEL_ASKS_MAX);
	}
	ck_assert_int_eq(front.closes + keeper.closes, 0);
}
END_TEST

START_TEST(forget_drops_the_late_answer_and_keeps_the_slot_until_then)
{
	uint32_t first = ask("forgotten");
	uint32_t second;

	channel_forget(front.channel, first);
	settle();
	second = ask("other");
	ck_assert_uint_ne(first % CHANNEL_ASKS_MAX, second % CHANNEL_ASKS_MAX);
	channel_say(keeper.channel, first, view_text("late"));
	settle();
	ck_assert_str_eq(end_heard(&front), "");
	ck_assert_uint_eq(ask("third") % CHANNEL_ASKS_MAX, first % CHANNEL_ASKS_MAX);
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

START_TEST(forget_tells_the_peer_once)
{
	uint32_t first = ask("forgotten");

	(void)ask("kept");
	settle();
	channel_forget(front.channel, first);
	channel_forget(front.channel, first);
	settle();
	ck_assert_str_eq(end_heard(&keeper), "ask forgotten;ask kept;forget 0;");
	/* The peer's empty answer frees the slot, and is nobody's. */
	channel_say(keeper.channel, first, (struct view){NULL, 0});
	settle();
	ck_assert_str_eq(end_heard(&front), "");
	channel_forget(front.channel, first);
	ck_assert_uint_eq(ask("third") % CHANNEL_ASKS_MAX, 0);
	settle();
	ck_assert_str_eq(end_heard(&keeper), "ask forgotten;ask kept;forget 0;ask third;");
	ck_assert_int_eq(front.closes + keeper.closes, 0);
}
END_TEST

/* The answer is under way when the peer hears of it: nothing is forgotten, and nothing broken. */
START_TEST(forget_that_crosses_the_answer_is_nothing)
{
	uint32_t first = ask("a");

	peer_send(CHANNEL_ASK, 7, "x", 1);
	peer_send(CHANNEL_FORGET, 7 + CHANNEL_ASKS_MAX, "", 0); /* the slot's other question */
	settle();
	ck_assert_str_eq(end_heard(&front), "ask x;");
	peer_send(CHANNEL_FORGET, 7, "", 0);
	settle();
	ck_assert_str_eq(end_heard(&front), "ask x;forget 7;");
	channel_say(front.channel, 7, view_text("y"));
	peer_send(CHANNEL_FORGET, 7, "", 0);
	peer_send(CHANNEL_FORGET, 99, "", 0);
	peer_send(CHANNEL_SAY, first, "z", 1);
	settle();
	ck_assert_str_eq(end_heard(&front), "ask x;forget 7;say z;");
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

/* What waits for the socket is taken out of the queue; what was sent is told of before the rest. */
START_TEST(forget_takes_back_what_was_not_sent)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	struct error       err = {0};
	uint32_t           ids[20];
	int                sent = 0;
	struct channel_header header = {0};

	for (int i = 0; i < 20; i++)
		unit_ok(channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX}, answer_cb,
		            &front, &ids[i], &err), &err);
	for (int i = 0; i < 20; i++) {
		if (i != 18)
			channel_forget(front.channel, ids[i]);
	}
	/* The slot of one that was not sent is free at once. */
	unit_ok(channel_ask(front.channel, view_text("x"), answer_cb, &front, &ids[0], &err), &err);
	ck_assert_uint_eq(ids[0] % CHANNEL_ASKS_MAX, 19);
	while (settle(), recv(peer, &header, sizeof header, MSG_DONTWAIT) > 0 && header.kind == CHANNEL_ASK)
		sent++;
	ck_assert_int_gt(sent, 0);
	ck_assert_int_lt(sent, 18);
	for (int i = sent; i > 1; i--) {
		ck_assert_uint_eq(header.kind, CHANNEL_FORGET);
		ck_assert_int_gt(recv(peer, &header, sizeof header, MSG_DONTWAIT), 0);
	}
	ck_assert_uint_eq(header.kind, CHANNEL_FORGET);
	ck_assert_int_gt(recv(peer, &header, sizeof header, MSG_DONTWAIT), 0);
	ck_assert_uint_eq(header.kind, CHANNEL_ASK);
	ck_assert_uint_eq(header.id, ids[18]);
	ck_assert_int_gt(recv(peer, &header, sizeof header, MSG_DONTWAIT), 0);
	ck_assert_uint_eq(header.id, ids[0]);
	ck_assert_int_lt(recv(peer, &header, sizeof header, MSG_DONTWAIT), 0);
	ck_assert_int_eq(front.answers + front.losses + front.closes, 0);
}
END_TEST

/* Once for what came together, and again for what comes later. */
START_TEST(drained_follows_what_came)
{
	(void)ask("one");
	(void)ask("two");
	settle();
	ck_assert_int_eq(keeper.turns, 1);
	(void)ask("three");
	settle();
	ck_assert_int_eq(keeper.turns, 2);
}
END_TEST

START_TEST(forget_answered_question_does_not_forget_the_next_in_its_slot)
{
	uint32_t first;

	keeper.answer = ANSWER_AT_ONCE;
	first = ask("a");
	settle();
	(void)ask("b");
	channel_forget(front.channel, first);
	settle();
	ck_assert_str_eq(end_heard(&front), "say a;say b;");
}
END_TEST

START_TEST(free_with_open_questions_loses_each_once_but_the_forgotten)
{
	uint32_t forgotten = ask("a");

	(void)ask("b");
	(void)ask("c");
	channel_forget(front.channel, forgotten);
	channel_free(front.channel);
	front.channel = NULL;
	ck_assert_int_eq(front.losses, 2);
	ck_assert_int_eq(front.closes, 0);
	settle();
	ck_assert_str_eq(keeper.reason, "the peer is gone");
}
END_TEST

START_TEST(closed_by_peer_loses_open_questions_before_it_is_reported)
{
	(void)ask("a");
	settle();
	channel_free(keeper.channel);
	keeper.channel = NULL;
	assert_closed("the peer is gone");
	ck_assert_str_eq(end_heard(&front), "nobody ;");
}
END_TEST

START_TEST(closed_may_free_the_channel)
{
	front.free_when_closed = 1;
	(void)ask("a");
	channel_free(keeper.channel);
	keeper.channel = NULL;
	assert_closed("the peer is gone");
	ck_assert_int_eq(front.losses, 1);
}
END_TEST

/* What the peer said before it went is heard, and what is done after is harmless. */
START_TEST(closed_by_peer_with_messages_under_way_hears_them)
{
	struct error err = {0};
	uint32_t     id;

	channel_tell(keeper.channel, view_text("last words"));
	channel_free(keeper.channel);
	keeper.channel = NULL;
	assert_closed("the peer is gone");
	ck_assert_str_eq(end_heard(&front), "tell last words;");
	channel_tell(front.channel, view_text("x"));
	channel_say(front.channel, 0, view_text("x"));
	unit_fails(channel_ask(front.channel, view_text("x"), answer_cb, &front, &id, &err), &err,
	    ERROR_OVERLOADED, "the channel has closed: the peer is gone");
}
END_TEST

static const struct {
	uint32_t    kind;
	uint32_t    id;
	size_t      size;
	const char *reason;
} broken[] = {
    {0, 0, 0, "a message came of an unknown kind"},
    {5, 0, 5, "a message came of an unknown kind"},
    {CHANNEL_FORGET, 0, 1, "a question was forgotten against the rules"},
    {UINT32_MAX, 0, 0, "a message came of an unknown kind"},
    {CHANNEL_SAY, 0, 0, "an answer came to no question"}, /* slot 0 was never used */
    {CHANNEL_SAY, 5, 9, "an answer came to no question"},
    {CHANNEL_SAY, UINT32_MAX, 9, "an answer came to no question"},
    {CHANNEL_TELL, 1, 3, "a notification came with an id"},
    {CHANNEL_TELL, 0, CHANNEL_MESSAGE_MAX + 1, "a message came that is too long"},
    {CHANNEL_ASK, 0, CHANNEL_MESSAGE_MAX + 1, "a message came that is too long"},
    {CHANNEL_ASK, 0, CHANNEL_MESSAGE_MAX + 4096, "a message came that is too long"},
};

START_TEST(receive_message_against_the_rules_closes)
{
	AUTO_FREE uint8_t *body = memory_new(broken[_i].size);

	peer_send(broken[_i].kind, broken[_i].id, body, broken[_i].size);
	peer_send(CHANNEL_TELL, 0, "after", 5);
	assert_closed(broken[_i].reason);
	ck_assert_str_eq(end_heard(&front), "");
	/* The peer sees the end too, whether the owner frees at once or not. */
	ck_assert_int_lt(send(peer, "x", 1, MSG_NOSIGNAL), 0);
}
END_TEST

START_TEST(receive_part_of_a_header_closes)
{
	ck_assert_int_eq(send(peer, "1234567", (size_t)_i, MSG_NOSIGNAL), _i);
	assert_closed(_i == 0 ? "the peer is gone" : "a message came that is too short");
}
END_TEST

static const struct {
	uint32_t    kind;
	const char *reason;
} unwanted[] = {
    {CHANNEL_ASK, "a question came to the side that asks"},
    {CHANNEL_TELL, "a notification came to the side that sends them"},
    {CHANNEL_FORGET, "a question was forgotten against the rules"},
};

START_TEST(receive_what_has_no_handler_closes)
{
	static const struct channel_handlers deaf = {.closed = closed_cb};
	struct error                         err = {0};
	int                                  fds[2];

	channel_free(front.channel);
	(void)close(peer);
	unit_ok(channel_pair(fds, &err), &err);
	peer = fds[1];
	unit_ok(channel_new(base, fds[0], &deaf, &front, &front.channel, &err), &err);
	peer_send(unwanted[_i].kind, 0, "x", unwanted[_i].kind == CHANNEL_FORGET ? 0 : 1);
	assert_closed(unwanted[_i].reason);
}
END_TEST

START_TEST(receive_answer_twice_closes)
{
	uint32_t id = ask("x");

	peer_send(CHANNEL_SAY, id, "1", 1);
	peer_send(CHANNEL_SAY, id, "2", 1);
	assert_closed("an answer came to no question");
	ck_assert_str_eq(end_heard(&front), "say 1;");
}
END_TEST

START_TEST(receive_answer_to_the_slots_other_question_closes)
{
	uint32_t id = ask("x");

	peer_send(CHANNEL_SAY, id + CHANNEL_ASKS_MAX, "1", 1);
	assert_closed("an answer came to no question");
	ck_assert_str_eq(end_heard(&front), "nobody ;");
}
END_TEST

START_TEST(receive_question_with_open_id_closes)
{
	peer_send(CHANNEL_ASK, 9, "1", 1);
	peer_send(CHANNEL_ASK, 9 + (_i != 0 ? 3 * CHANNEL_ASKS_MAX : 0), "2", 1);
	assert_closed("a question came while one with its slot was open");
	ck_assert_str_eq(end_heard(&front), "ask 1;");
}
END_TEST

START_TEST(receive_question_more_than_may_be_open_closes)
{
	for (uint32_t i = 0; i < CHANNEL_ASKS_MAX; i++) {
		peer_send(CHANNEL_ASK, i + 0x7ff000, "", 0);
		if (i % 32 == 0)
			(void)event_base_loop(base, EVLOOP_NONBLOCK);
	}
	settle();
	ck_assert_int_eq(front.asks, (int)CHANNEL_ASKS_MAX);
	ck_assert_int_eq(front.closes, 0);
	peer_send(CHANNEL_ASK, UINT32_MAX, "", 0);
	assert_closed("a question came while one with its slot was open");
}
END_TEST

START_TEST(receive_descriptors_closes)
{
	union {
		struct cmsghdr align;
		char           data[CMSG_SPACE(sizeof(int))];
	} passed = {.data = {0}};
	struct channel_header header = {.kind = CHANNEL_TELL};
	struct iovec          part = {.iov_base = &header, .iov_len = sizeof header};
	struct msghdr         message = {
                    .msg_iov = &part,
                    .msg_iovlen = 1,
                    .msg_control = passed.data,
                    .msg_controllen = sizeof passed.data,
        };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &peer, sizeof peer);
	ck_assert_int_eq(sendmsg(peer, &message, MSG_NOSIGNAL), (ssize_t)sizeof header);
	assert_closed("a message came with descriptors");
	ck_assert_str_eq(end_heard(&front), "");
}
END_TEST

/* One turn of the loop handles a bounded number, so that a flood leaves others theirs. */
/* What came in the same batch behind it is not heard, and nothing of the batch stays in memory. */
START_TEST(receive_third_of_eight_against_the_rules_closes)
{
	const struct view secret = view_text("a secret that is not heard");

	peer_send(CHANNEL_TELL, 0, "first", 5);
	peer_send(CHANNEL_ASK, 1, "second", 6);
	peer_send(99, 0, "third", 5);
	for (uint32_t i = 4; i <= 8; i++)
		peer_send(CHANNEL_ASK, i, (const char *)secret.data, secret.size);
	cleansed_watch();
	assert_closed("a message came of an unknown kind");
	ck_assert_str_eq(end_heard(&front), "tell first;ask second;");
	ck_assert_uint_eq(cleansed_count(secret.size, secret), 5);
}
END_TEST

START_TEST(receive_flood_is_handled_in_turns)
{
	for (int i = 0; i < 200; i++)
		peer_send(CHANNEL_ASK, (uint32_t)i, "", 0);
	(void)event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	ck_assert_int_gt(front.asks, 1);
	ck_assert_int_lt(front.asks, 200);
	settle();
	ck_assert_int_eq(front.asks, 200);
}
END_TEST

START_TEST(say_peer_that_does_not_read_is_closed)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	uint32_t           said = 0;

	for (; said < 400 && front.closes == 0; said++) {
		peer_send(CHANNEL_ASK, said, "", 0);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		channel_say(front.channel, said, (struct view){body, CHANNEL_MESSAGE_MAX});
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_closed("the peer does not read");
	ck_assert_uint_gt(said, 100); /* 16 MiB wait, and what the socket holds */
	ck_assert_uint_lt(said, 200);
}
END_TEST

/* What the socket holds, two messages at least, and one more: answers have room of their own. */
START_TEST(tell_beyond_the_socket_waits_and_leaves_room_for_answers)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	struct view        most = {body, CHANNEL_MESSAGE_MAX};
	size_t             told = 0;

	for (; told < 3; told++)
		channel_tell(front.channel, most);
	peer_send(CHANNEL_ASK, 1, "", 0);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	channel_say(front.channel, 1, most);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(front.closes, 0);
	for (; told < 16; told++)
		channel_tell(front.channel, most);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_closed("the peer does not read");
}
END_TEST

START_TEST(ask_peer_that_does_not_read_is_overload)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	struct error       err = {0};
	uint32_t           id;
	int                asked = 0;

	while (asked < 400 && channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX},
	                          answer_cb, &front, &id, &err) == 0)
		asked++;
	ck_assert_str_eq(err.detail, "too much waits to be read");
	ck_assert_int_eq(err.kind, ERROR_OVERLOADED);
	settle();
	ck_assert_int_eq(front.closes, 0);
	/* When it reads again, all that was asked is there, in order, and we may ask again. */
	for (int i = 0; i < asked; i++) {
		struct channel_header header = {0};

		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		ck_assert_int_eq(recv(peer, &header, sizeof header, MSG_DONTWAIT), (ssize_t)sizeof header);
		ck_assert_uint_eq(header.kind, CHANNEL_ASK);
		ck_assert_uint_eq(header.id, (uint32_t)i);
	}
	(void)ask("again");
}
END_TEST

/* More questions than the socket holds. */
static void
fill_queue(void)
{
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	struct error       err = {0};
	uint32_t           id;

	for (int i = 0; i < 20; i++)
		unit_ok(channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX}, answer_cb,
		            &front, &id, &err), &err);
}

START_TEST(free_with_a_queue_leaks_nothing)
{
	fill_queue();
	settle();
	ck_assert_int_eq(front.closes, 0);
}
END_TEST

START_TEST(closed_with_a_queue_sends_no_more)
{
	fill_queue();
	(void)close(peer);
	peer = -1;
	assert_closed("the peer is gone");
}
END_TEST

/* Once where it waited to be sent, and once where it was received: secrets pass here. */
START_TEST(ask_is_cleansed_at_both_ends)
{
	const struct view  secret = view_text("a secret that passes");
	AUTO_FREE uint8_t *body = memory_new(CHANNEL_MESSAGE_MAX);
	uint32_t           id;
	struct error       err = {0};

	for (int i = 0; i < 6; i++) /* more than the socket holds */
		unit_ok(channel_ask(front.channel, (struct view){body, CHANNEL_MESSAGE_MAX}, answer_cb,
		            &front, &id, &err), &err);
	cleansed_watch();
	(void)ask((const char *)secret.data);
	settle();
	ck_assert_ptr_nonnull(memmem(keeper.heard.data, keeper.heard.size, secret.data, secret.size));
	ck_assert_uint_eq(cleansed_count(secret.size, secret), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("channel");
	TCase *pair = tcase_create("pair");
	TCase *alone = tcase_create("alone");

	tcase_add_checked_fixture(pair, setup_pair, teardown);
	tcase_add_test(pair, ask_answered_at_once_gets_its_answer);
	tcase_add_test(pair, ask_answered_later_and_in_another_order_finds_its_question);
	tcase_add_test(pair, ask_both_sides_at_once_do_not_mix_ids);
	tcase_add_test(pair, tell_arrives_in_order);
	tcase_add_test(pair, say_nothing_is_an_answer_with_data);
	tcase_add_test(pair, say_twice_is_said_once);
	tcase_add_test(pair, say_to_no_question_is_dropped);
	tcase_add_test(pair, say_to_an_old_question_of_the_slot_is_dropped);
	tcase_add_test(pair, ask_longest_message_passes);
	tcase_add_test(pair, ask_longer_message_is_too_large);
	tcase_add_test(pair, tell_longer_message_closes);
	tcase_add_test(pair, ask_as_many_as_may_be_open_are_and_slots_are_used_again);
	tcase_add_test(pair, forget_drops_the_late_answer_and_keeps_the_slot_until_then);
	tcase_add_test(pair, forget_tells_the_peer_once);
	tcase_add_test(alone, forget_that_crosses_the_answer_is_nothing);
	tcase_add_test(alone, forget_takes_back_what_was_not_sent);
	tcase_add_test(pair, drained_follows_what_came);
	tcase_add_test(pair, forget_answered_question_does_not_forget_the_next_in_its_slot);
	tcase_add_test(pair, free_with_open_questions_loses_each_once_but_the_forgotten);
	tcase_add_test(pair, closed_by_peer_loses_open_questions_before_it_is_reported);
	tcase_add_test(pair, closed_may_free_the_channel);
	tcase_add_test(pair, closed_by_peer_with_messages_under_way_hears_them);
	tcase_add_test(pair, ask_is_cleansed_at_both_ends);
	suite_add_tcase(suite, pair);

	tcase_add_checked_fixture(alone, setup_alone, teardown);
	tcase_add_loop_test(alone, receive_message_against_the_rules_closes, 0,
	    sizeof broken / sizeof broken[0]);
	tcase_add_loop_test(alone, receive_part_of_a_header_closes, 0, sizeof(struct channel_header));
	tcase_add_loop_test(alone, receive_what_has_no_handler_closes, 0, 3);
	tcase_add_test(alone, receive_answer_twice_closes);
	tcase_add_test(alone, receive_answer_to_the_slots_other_question_closes);
	tcase_add_loop_test(alone, receive_question_with_open_id_closes, 0, 2);
	tcase_add_test(alone, receive_question_more_than_may_be_open_closes);
	tcase_add_test(alone, receive_descriptors_closes);
	tcase_add_test(alone, receive_third_of_eight_against_the_rules_closes);
	tcase_add_test(alone, receive_flood_is_handled_in_turns);
	tcase_add_test(alone, say_peer_that_does_not_read_is_closed);
	tcase_add_test(alone, tell_beyond_the_socket_waits_and_leaves_room_for_answers);
	tcase_add_test(alone, ask_peer_that_does_not_read_is_overload);
	tcase_add_test(alone, free_with_a_queue_leaks_nothing);
	tcase_add_test(alone, closed_with_a_queue_sends_no_more);
	suite_add_tcase(suite, alone);
	return unit_run(suite);
}
