/* A question for an exchange: the answer, the client's end, and the keeper's. */
#include "config.h"

#include "service/front/ask.h"

#include "service_world.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static size_t      done_count;
static size_t      gone_count;
static struct view body = VIEW("what?");
static int         its_arg;

static void
gone_cb(void *arg)
{
	ck_assert_ptr_eq(*(void **)arg, &its_arg);
	gone_count++;
	free(arg);
}

/* What an asker owns: who asks, and that it came back whole. */
struct asker {
	void                 *check;
	struct http_exchange *exchange;
	size_t                again; /* how often it asks once more */
};

static void
done_cb(struct view answer, const struct error *err, void *arg)
{
	struct asker *asker = arg;

	done_count++;
	ck_assert_ptr_eq(asker->check, &its_arg);
	ck_assert((answer.data == NULL) == (err != NULL));
	if (err == NULL && asker->again != 0) {
		asker->again--;
		ask_for(asker->exchange, channel, body, done_cb, gone_cb, asker);
		return;
	}
	if (err != NULL)
		http_reply_problem(asker->exchange, err);
	else
		http_reply(asker->exchange, 200, "text/plain", answer);
	free(asker);
}

static void
begin(struct http_exchange *exchange, size_t again)
{
	struct asker *asker = memory_new(sizeof *asker);

	*asker = (struct asker){&its_arg, exchange, again};
	ask_for(exchange, channel, body, done_cb, gone_cb, asker);
}

static void
ask_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	begin(exchange, 0);
}

static void
ask_twice_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	begin(exchange, 1);
}

static const struct http_route ask_routes[] = {
    {"GET", "/ask", ask_cb},
    {"GET", "/twice", ask_twice_cb},
    {0},
};

static void
setup(void)
{
	world_make(ask_routes);
	done_count = gone_count = 0;
	body = VIEW("what?");
}

START_TEST(ask_for_answer_is_the_exchanges)
{
	struct http_client client;

	world_request(&client, "/ask");
	world_wait(world_question());
	ck_assert(view_equal(bytes_view(&question), VIEW("what?")));
	world_answer(VIEW("that"));
	world_wait(client.ended);
	ck_assert(view_equal(world_body(&client, "200"), VIEW("that")));
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(gone_count, 0);
	client_close(&client);
}
END_TEST

/* By an answer of no octets the keeper says that it has not done it. */
START_TEST(ask_for_empty_answer_is_overloaded)
{
	struct http_client client;

	world_request(&client, "/ask");
	world_wait(world_question());
	world_answer(VIEW(""));
	world_wait(client.ended);
	(void)world_body(&client, "503");
	client_has(&client, "the server is busy; try again");
	ck_assert_uint_eq(done_count, 1);
	client_close(&client);
}
END_TEST

START_TEST(ask_for_client_gone_is_forgotten)
{
	struct http_client client;
	struct http_client next;

	world_request(&client, "/ask");
	world_wait(world_question());
	client_close(&client);
	world_wait(gone_count == 1);
	ck_assert(!world_question());
	ck_assert_uint_eq(forgotten_count, 1);
	ck_assert_uint_eq(forgotten_id, question_header.id);
	/* What the keeper says to it is dropped, and the channel goes on. */
	world_answer(VIEW("too late"));
	world_request(&next, "/ask");
	world_wait(world_question());
	world_answer(VIEW("in time"));
	world_wait(next.ended);
	ck_assert(view_equal(world_body(&next, "200"), VIEW("in time")));
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(gone_count, 1);
	client_close(&next);
}
END_TEST

START_TEST(ask_for_keeper_gone_is_overloaded)
{
	struct http_client client;

	world_request(&client, "/ask");
	world_wait(world_question());
	world_keeper_dies();
	world_wait(client.ended);
	(void)world_body(&client, "503");
	client_has(&client, "the server is restarting; try again");
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(gone_count, 0);
	client_close(&client);
	/* And whoever comes after is told at once. */
	world_request(&client, "/ask");
	world_wait(client.ended);
	(void)world_body(&client, "503");
	ck_assert_uint_eq(done_count, 2);
	client_close(&client);
}
END_TEST

START_TEST(ask_for_longer_question_is_refused_at_once)
{
	AUTO_FREE uint8_t *octets = memory_new(CHANNEL_MESSAGE_MAX + 1);
	struct http_client client;

	body = (struct view){octets, CHANNEL_MESSAGE_MAX + 1};
	world_request(&client, "/ask");
	world_wait(client.ended);
	(void)world_body(&client, "413");
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(gone_count, 0);
	ck_assert(!world_question());
	client_close(&client);
}
END_TEST

START_TEST(ask_for_again_in_done_is_answered)
{
	struct http_client client;

	world_request(&client, "/twice");
	world_wait(world_question());
	world_answer(VIEW("first"));
	world_wait(world_question());
	world_answer(VIEW("second"));
	world_wait(client.ended);
	ck_assert(view_equal(world_body(&client, "200"), VIEW("second")));
	ck_assert_uint_eq(done_count, 2);
	client_close(&client);
}
END_TEST

START_TEST(ask_for_again_client_gone_is_forgotten)
{
	struct http_client client;

	world_request(&client, "/twice");
	world_wait(world_question());
	world_answer(VIEW("first"));
	world_wait(world_question());
	client_close(&client);
	world_wait(gone_count == 1);
	world_answer(VIEW("second"));
	world_turn();
	ck_assert_uint_eq(done_count, 1);
}
END_TEST

static void
plain_done_cb(struct view answer, const struct error *err, void *arg)
{
	(void)answer;
	(void)err;
	++*(size_t *)arg;
}

START_TEST(ask_forget_ends_a_question)
{
	struct error err = {0};
	size_t       first = 0;
	size_t       second = 0;
	struct ask  *ask = ask_new(channel, VIEW("a"), plain_done_cb, &first, &err);
	uint32_t     id;

	ck_assert_ptr_nonnull(ask);
	world_wait(world_question());
	id = question_header.id;
	ask_forget(ask);
	ask_forget(NULL);
	ck_assert_ptr_nonnull(ask_new(channel, VIEW("b"), plain_done_cb, &second, &err));
	world_wait(world_question());
	ck_assert_uint_eq(forgotten_count, 1);
	ck_assert_uint_eq(forgotten_id, id);
	world_answer(VIEW("to b"));
	world_wait(second == 1);
	question_header.id = id;
	world_answer(VIEW("to a"));
	world_turn();
	ck_assert_uint_eq(first, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ask");
	TCase *tc = tcase_create("ask");

	tcase_add_checked_fixture(tc, setup, world_clear);
	tcase_add_test(tc, ask_for_answer_is_the_exchanges);
	tcase_add_test(tc, ask_for_empty_answer_is_overloaded);
	tcase_add_test(tc, ask_for_client_gone_is_forgotten);
	tcase_add_test(tc, ask_for_keeper_gone_is_overloaded);
	tcase_add_test(tc, ask_for_longer_question_is_refused_at_once);
	tcase_add_test(tc, ask_for_again_in_done_is_answered);
	tcase_add_test(tc, ask_for_again_client_gone_is_forgotten);
	tcase_add_test(tc, ask_forget_ends_a_question);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
