/* The keeper's side of fronts that come and go: this test is the supervisor and the fronts. */
#include "config.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "daemon/keeper.h"
#include "daemon/supervisor.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

static int                control[2];
static pthread_t          thread;
static int                keeper_rc;
static struct event_base *base;
static unsigned           answers;
static unsigned           lost;

/* ---- the keeper ---- */

static int
open_cb(void *arg, struct worker *worker, void **state, struct error *err)
{
	(void)worker;
	(void)err;
	*state = arg;
	return 0;
}

static void ignore_cb(void *arg) { (void)arg; }
static void tick_cb(void *arg, struct keeper *keeper) { (void)arg; (void)keeper; }
static void greet_cb(void *state, struct channel *channel) { (void)state; (void)channel; }

/* Answers at once with what was asked. */
static void
ask_cb(void *state, struct keeper_question *question, struct view body)
{
	(void)state;
	keeper_answer(question, body);
}

static const struct keeper_handlers handlers = {.worker_open = open_cb, .worker_close = ignore_cb,
    .greet = greet_cb, .ask = ask_cb, .ready = ignore_cb, .tick = tick_cb, .reload = tick_cb,
    .finish = ignore_cb};

static void *
keeper_main(void *arg)
{
	struct error err = {0};

	keeper_rc = keeper_run(control[1], 1, false, &handlers, arg, &err);
	return NULL;
}

static void
setup(void)
{
	struct error err = {0};

	log_open("test/keeper", LOG_LEVEL_ERROR);
	base = event_base_new();
	unit_ok(channel_pair(control, &err), &err);
	ck_assert_int_eq(pthread_create(&thread, NULL, keeper_main, control), 0);
}

static void
teardown(void)
{
	(void)close(control[0]);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	(void)close(control[1]);
	ck_assert_int_eq(keeper_rc, 0);
	event_base_free(base);
}

/* ---- fronts ---- */

static void
tell_cb(struct channel *channel, struct view body, void *arg)
{
	(void)channel;
	(void)body;
	(void)arg;
}

static void
closed_cb(struct channel *channel, const char *reason, void *arg)
{
	(void)channel;
	(void)reason;
	(void)arg;
}

static const struct channel_handlers front_handlers = {.tell = tell_cb, .closed = closed_cb};

static struct channel *
front_new(void)
{
	struct channel *channel = NULL;
	struct error    err = {0};
	int             ends[2];

	unit_ok(channel_pair(ends, &err), &err);
	unit_ok(supervisor_channels_send(control[0], &ends[1], 1, &err), &err);
	(void)close(ends[1]);
	unit_ok(channel_new(base, ends[0], &front_handlers, NULL, &channel, &err), &err);
	return channel;
}

static void
answer_cb(struct view body, void *arg)
{
	const unsigned *number = arg;

	if (body.data == NULL)
		lost++;
	else if (body.size == sizeof *number && memcmp(body.data, number, sizeof *number) == 0)
		answers++;
}

/* Asks once, and waits for the answer, or for the end of the channel. */
static void
ask(struct channel *front)
{
	static unsigned number;
	unsigned        before = answers + lost;
	struct error    err = {0};
	uint32_t        id;

	number++;
	unit_ok(channel_ask(front, (struct view){(const uint8_t *)&number, sizeof number}, answer_cb, &number,
	            &id, &err), &err);
	while (answers + lost == before)
		(void)event_base_loop(base, EVLOOP_ONCE);
}

START_TEST(front_that_goes_takes_no_other_with_it)
{
	struct channel *first = front_new();
	struct channel *second;

	ask(first);
	second = front_new();
	ask(second);
	channel_free(first);
	for (int i = 0; i < 3; i++) /* the keeper may hear the first before the end of the other */
		ask(second);
	ck_assert_uint_eq(answers, 5);
	ck_assert_uint_eq(lost, 0);
	channel_free(second);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *tc = tcase_create("keeper");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, front_that_goes_takes_no_other_with_it);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
