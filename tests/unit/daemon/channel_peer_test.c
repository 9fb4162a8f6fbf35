/* A channel whose peer breaks the rules, does not read, or goes: the test plays the peer. */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include "channel_support.h"
#include "cleansed.h"

static void
setup_alone(void)
{
	setup(0);
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

int
main(void)
{
	Suite *suite = suite_create("channel_peer");
	TCase *alone = tcase_create("alone");

	tcase_add_test(alone, forget_that_crosses_the_answer_is_nothing);
	tcase_add_test(alone, forget_takes_back_what_was_not_sent);

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
