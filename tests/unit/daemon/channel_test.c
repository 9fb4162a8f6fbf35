/* Two channels that speak to each other. */
#include "config.h"

#include "channel_support.h"
#include "cleansed.h"

static void
setup_pair(void)
{
	peer = -1;
	setup(1);
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

/* Once where it waited to be sent, once where it was put together for that, and once where it was
 * received: secrets pass here. */
START_TEST(ask_is_cleansed_wherever_it_was)
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
	ck_assert_uint_eq(cleansed_count(secret.size, secret), 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("channel");
	TCase *pair = tcase_create("pair");

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
	tcase_add_test(pair, drained_follows_what_came);
	tcase_add_test(pair, forget_answered_question_does_not_forget_the_next_in_its_slot);
	tcase_add_test(pair, free_with_open_questions_loses_each_once_but_the_forgotten);
	tcase_add_test(pair, closed_by_peer_loses_open_questions_before_it_is_reported);
	tcase_add_test(pair, closed_may_free_the_channel);
	tcase_add_test(pair, closed_by_peer_with_messages_under_way_hears_them);
	tcase_add_test(pair, ask_is_cleansed_wherever_it_was);
	suite_add_tcase(suite, pair);
	return unit_run(suite);
}
