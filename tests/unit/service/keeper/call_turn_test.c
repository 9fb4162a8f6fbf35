/* Which question has its turn, which is dropped, and what becomes of those whose front goes. */
#include "config.h"

#include "call_world.h"

/* ---- the keeper ---- */

/* Four questions of a worker may wait. */
static void
setup_narrow(void)
{
	fixture.waiting_max = 4 * (sizeof(struct call) + sizeof(struct asked) + 2);
	setup();
}

/* It is always too late. */
static void
setup_impatient(void)
{
	fixture.patience_ms = -1;
	setup();
}

/* ---- the front ---- */

static void
assert_closed(void)
{
	struct channel_header header;
	AUTO_BYTES            body = {0};

	ck_assert(!front_hear(fixture.front, &header, &body));
}

static void
forget(uint32_t id)
{
	front_send(fixture.front, CHANNEL_FORGET, id, (struct view){NULL, 0});
}

/* ---- whose turn it is ---- */

/* The worker is held by a first question while others come. */
static void
hold(void)
{
	ask("slow", 1);
	(void)sem_wait(&fixture.entered);
}

static void
let_go(void)
{
	(void)sem_post(&fixture.release);
	assert_answer(1, "read");
}

START_TEST(ask_by_many_sources_has_a_turn_for_each)
{
	hold();
	for (uint32_t id = 20; id < 24; id++)
		ask("read", id);
	ask("read", 30);
	ask("read", 31);
	ask("read", 40);
	let_go();
	assert_answer(20, "read");
	assert_answer(30, "read");
	assert_answer(40, "read");
	assert_answer(21, "read");
	assert_answer(31, "read");
	assert_answer(22, "read");
	assert_answer(23, "read");
}
END_TEST

START_TEST(forget_of_a_question_that_waits_drops_it)
{
	hold();
	ask("write", 2);
	ask("write", 3);
	forget(2);
	let_go();
	assert_answer(2, "");
	assert_answer(3, "written");
	ck_assert(!present(2));
	ck_assert(present(3));
	/* Its slot is free. */
	ask("write", 2);
	assert_answer(2, "written");
}
END_TEST

/* What was begun is carried out, and answered. */
START_TEST(forget_of_a_question_that_was_begun_changes_nothing)
{
	ask("held", 2);
	(void)sem_wait(&fixture.entered);
	forget(2);
	forget(2);
	forget(77);
	(void)sem_post(&fixture.release);
	assert_answer(2, "written");
	ck_assert(present(2));
	forget(2);
	ask("read", 3);
	assert_answer(3, "read");
}
END_TEST

/* A front that is gone waits for nothing. */
START_TEST(ask_of_a_front_that_goes_is_dropped)
{
	hold();
	ask("write", 2);
	(void)close(fixture.front);
	(void)sem_post(&fixture.release);
	fixture.front = front_open(fixture.control[0]);
	ask("read", 3);
	assert_answer(3, "read");
	ck_assert(!present(2));
}
END_TEST

/* More than may wait: the last of whoever has most are dropped, and the others stay. */
START_TEST(ask_of_too_much_drops_the_last_of_the_fullest)
{
	hold();
	for (uint32_t id = 20; id < 24; id++)
		ask("read", id);
	ask("read", 30);
	ask("read", 31);
	let_go();
	assert_answer(23, ""); /* when 30 comes, and 22 when 31 does: four may wait */
	assert_answer(22, "");
	assert_answer(20, "read");
	assert_answer(30, "read");
	assert_answer(21, "read");
	assert_answer(31, "read");
}
END_TEST

START_TEST(ask_that_waited_too_long_is_dropped)
{
	ask("write", 2);
	assert_answer(2, "");
	ck_assert(!present(2));
}
END_TEST

/* ---- fronts that go, and a keeper that stops ---- */

/* The worker looks at the first while the others come and the front goes. */
START_TEST(ask_of_a_front_that_is_gone_is_dropped)
{
	ask("slow", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2);
	ask("read", 3);
	ask("no", 4);
	(void)close(fixture.front);
	fixture.front = front_open(fixture.control[0]);
	(void)sem_post(&fixture.release);
	ask("write", 5);
	assert_answer(5, "written");
}
END_TEST

START_TEST(ask_whose_front_goes_before_the_commit_is_carried_out)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	(void)close(fixture.front);
	fixture.front = front_open(fixture.control[0]);
	ask("read", 2); /* of the next front, to the same worker */
	assert_answer(2, "read");
	(void)sem_post(&fixture.release);
	ask("write", 3);
	assert_answer(3, "written");
	ck_assert(present(1));
}
END_TEST

START_TEST(ask_in_the_writer_when_the_keeper_stops_is_answered)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	(void)sem_post(&fixture.ending);
	(void)close(fixture.control[0]);
	(void)sem_post(&fixture.release);
	(void)pthread_join(fixture.thread, NULL);
	fixture.stopped = true;
	assert_answer(1, "written");
	assert_closed();
	ck_assert(present(1));
}
END_TEST

/* The worker is gone and with it what waited: nothing is carried out that nobody answers for. */
START_TEST(ask_of_a_keeper_that_has_stopped_is_not_taken)
{
	struct channel_header header = {CHANNEL_ASK, 1};

	stop();
	(void)send(fixture.front, &header, sizeof header, MSG_NOSIGNAL);
	assert_closed();
	ck_assert(!present(1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("call_turn");
	TCase *narrow = tcase_create("narrow");
	TCase *impatient = tcase_create("impatient");
	TCase *tc = call_case(suite, "look");

	tcase_add_checked_fixture(narrow, setup_narrow, teardown);
	tcase_add_test(narrow, ask_of_too_much_drops_the_last_of_the_fullest);
	suite_add_tcase(suite, narrow);
	tcase_add_checked_fixture(impatient, setup_impatient, teardown);
	tcase_add_test(impatient, ask_that_waited_too_long_is_dropped);
	suite_add_tcase(suite, impatient);

	tcase_add_test(tc, ask_by_many_sources_has_a_turn_for_each);
	tcase_add_test(tc, forget_of_a_question_that_waits_drops_it);
	tcase_add_test(tc, forget_of_a_question_that_was_begun_changes_nothing);
	tcase_add_test(tc, ask_of_a_front_that_goes_is_dropped);
	tc = call_case(suite, "end");
	tcase_add_test(tc, ask_of_a_front_that_is_gone_is_dropped);
	tcase_add_test(tc, ask_whose_front_goes_before_the_commit_is_carried_out);
	tcase_add_test(tc, ask_in_the_writer_when_the_keeper_stops_is_answered);
	tcase_add_test(tc, ask_of_a_keeper_that_has_stopped_is_not_taken);
	return unit_run(suite);
}
