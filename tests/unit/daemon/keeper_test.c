/* The keeper's side of fronts that come and go: this test is the supervisor and the fronts. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
static int                front_fd; /* of the last one */
static unsigned           answers;
static unsigned           lost;
static atomic_uint        heard;   /* questions */
static atomic_uint        ticks;
static atomic_uint        turns;   /* that are left; each answers nothing */
static atomic_bool        hanging; /* a worker waits for `go_on` */
static sem_t              go_on;
static sem_t              finishing;
static sem_t              finished;
static bool               slow_end; /* `finish` waits for `finished` */

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
static void reload_cb(void *arg, struct keeper *keeper) { (void)arg; (void)keeper; }
static void greet_cb(void *state, struct channel *channel) { (void)state; (void)channel; }

/* Answers at once with what was asked. */
static void
ask_cb(void *state, struct keeper_question *question, struct view body)
{
	(void)state;
	atomic_fetch_add(&heard, 1);
	keeper_answer(question, body);
	if (atomic_load(&hanging))
		(void)sem_wait(&go_on);
}

static bool
turn_cb(void *state)
{
	(void)state;
	return atomic_load(&turns) != 0 && atomic_fetch_sub(&turns, 1) != 1;
}

static void
tick_cb(void *arg, struct keeper *keeper)
{
	(void)arg;
	(void)keeper;
	atomic_fetch_add(&ticks, 1);
}

static void
finish_cb(void *arg)
{
	(void)arg;
	if (!slow_end)
		return;
	(void)sem_post(&finishing);
	(void)sem_wait(&finished);
}

static const struct keeper_handlers handlers = {.worker_open = open_cb, .worker_close = ignore_cb,
    .greet = greet_cb, .ask = ask_cb, .turn = turn_cb, .ready = ignore_cb, .tick = tick_cb,
    .reload = reload_cb, .finish = finish_cb};

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
	(void)sem_init(&go_on, 0, 0);
	(void)sem_init(&finishing, 0, 0);
	(void)sem_init(&finished, 0, 0);
	base = event_base_new();
	unit_ok(channel_pair(control, &err), &err);
}

static void
keeper_begin(void)
{
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
	front_fd = ends[0];
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

static void
ask_without_waiting(struct channel *front)
{
	static unsigned number;
	struct error    err = {0};
	uint32_t        id;

	number++;
	unit_ok(channel_ask(front, (struct view){(const uint8_t *)&number, sizeof number}, answer_cb, &number,
	            &id, &err), &err);
}

/* Asks once, and waits for the answer, or for the end of the channel. */
static void
ask(struct channel *front)
{
	unsigned before = answers + lost;

	ask_without_waiting(front);
	while (answers + lost == before)
		(void)event_base_loop(base, EVLOOP_ONCE);
}

START_TEST(front_that_goes_takes_no_other_with_it)
{
	struct channel *first = front_new();
	struct channel *second;

	keeper_begin();
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

/* What is left for later turns of the loop is done without another question. */
START_TEST(turns_go_on_until_nothing_is_left)
{
	struct channel *front = front_new();

	atomic_store(&turns, 4);
	keeper_begin();
	ask(front);
	while (atomic_load(&turns) != 0)
		(void)sched_yield();
	channel_free(front);
}
END_TEST

/* The front's questions end without an answer, as when it is the keeper that has gone. */
START_TEST(question_after_the_keeper_was_told_to_end_is_not_heard)
{
	struct channel *front = front_new();
	int             unread = 1;

	slow_end = true;
	keeper_begin();
	ask(front);
	(void)shutdown(control[0], SHUT_RDWR);
	while (sem_wait(&finishing) != 0)
		continue;
	ask_without_waiting(front);
	while (unread != 0) {
		ck_assert_int_eq(ioctl(front_fd, SIOCOUTQ, &unread), 0);
		(void)sched_yield();
	}
	(void)sem_post(&finished);
	while (lost == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(atomic_load(&heard), 1);
	ck_assert_uint_eq(answers, 1);
	channel_free(front);
}
END_TEST

/* ---- the service manager ---- */

static int
manager_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval     patience = {.tv_sec = 10};
	int                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char               name[64];

	(void)snprintf(name, sizeof name, "@attest-keeper-test-%ld", (long)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
	                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	(void)setenv("NOTIFY_SOCKET", name, 1);
	(void)setenv("WATCHDOG_USEC", "320000", 1); /* it beats each 20 ms */
	return fd;
}

/* How many beats have come. */
static unsigned
manager_beats(int fd)
{
	char     text[64];
	unsigned count = 0;
	ssize_t  size;

	while ((size = recv(fd, text, sizeof text, MSG_DONTWAIT)) > 0)
		count += (size_t)size == strlen("WATCHDOG=1") && memcmp(text, "WATCHDOG=1", (size_t)size) == 0;
	return count;
}

static void
ticks_wait(unsigned more)
{
	unsigned until = atomic_load(&ticks) + more;

	while (atomic_load(&ticks) < until)
		(void)nanosleep(&(struct timespec){.tv_nsec = 20000000L}, NULL);
}

/* The main thread goes on ticking: it is the worker that must be missed. */
START_TEST(beat_stops_while_a_worker_hangs)
{
	int             manager = manager_open();
	struct channel *front = front_new();

	keeper_begin();
	ticks_wait(1);
	ck_assert_uint_ge(manager_beats(manager), 1);
	atomic_store(&hanging, true);
	ask(front); /* and its worker answers no beat any more */
	ticks_wait(1);
	ck_assert_uint_le(manager_beats(manager), 1); /* it may have answered the last one before */
	atomic_store(&hanging, false);
	(void)sem_post(&go_on);
	ticks_wait(1);
	ck_assert_uint_ge(manager_beats(manager), 1);
	channel_free(front);
	(void)close(manager);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *tc = tcase_create("keeper");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, front_that_goes_takes_no_other_with_it);
	tcase_add_test(tc, turns_go_on_until_nothing_is_left);
	tcase_add_test(tc, question_after_the_keeper_was_told_to_end_is_not_heard);
	tcase_add_test(tc, beat_stops_while_a_worker_hangs);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
