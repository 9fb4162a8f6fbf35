#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "daemon/worker.h"
#include "unit.h"
#include "util/error.h"

#define POSTERS 4
#define POSTS   5000

static struct worker *worker;
static struct error   err;
static int            ran[POSTERS]; /* how many of each poster; the worker's until it stopped */
static int            disorder;
static atomic_int     reached;

/* What a poster posts: who, and the how-manieth. */
struct post {
	int poster;
	int number;
};
static struct post posts[POSTERS][POSTS];

static void
setup(void)
{
	unit_ok(worker_new(&worker, &err), &err);
}

static void
count_cb(void *arg)
{
	const struct post *post = arg;

	if (ran[post->poster]++ != post->number)
		disorder++;
}

static void *
post_all(void *arg)
{
	int poster = (int)(intptr_t)arg;

	for (int i = 0; i < POSTS; i++) {
		posts[poster][i] = (struct post){poster, i};
		worker_post(worker, count_cb, &posts[poster][i]);
	}
	return NULL;
}

START_TEST(post_from_many_threads_runs_all_in_each_ones_order)
{
	pthread_t threads[POSTERS];

	unit_ok(worker_start(worker, "worker", &err), &err);
	for (int i = 0; i < POSTERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, (void *)(intptr_t)i), 0);
	for (int i = 0; i < POSTERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	worker_stop(worker);
	for (int i = 0; i < POSTERS; i++)
		ck_assert_int_eq(ran[i], POSTS);
	ck_assert_int_eq(disorder, 0);
}
END_TEST

START_TEST(post_before_start_runs_after_it)
{
	(void)post_all((void *)0);
	ck_assert_int_eq(ran[0], 0);
	unit_ok(worker_start(worker, "worker", &err), &err);
	worker_stop(worker);
	ck_assert_int_eq(ran[0], POSTS);
}
END_TEST

START_TEST(stop_without_start_runs_what_is_posted)
{
	(void)post_all((void *)0);
	worker_stop(worker);
	ck_assert_int_eq(ran[0], POSTS);
}
END_TEST

static void
post_more_cb(void *arg)
{
	int *left = arg;

	if (--*left > 0)
		worker_post(worker, post_more_cb, left);
}

START_TEST(stop_runs_what_the_posted_post)
{
	int left = 100;

	unit_ok(worker_start(worker, "worker", &err), &err);
	worker_post(worker, post_more_cb, &left);
	worker_stop(worker);
	ck_assert_int_eq(left, 0);
}
END_TEST

/* The worker's wake-ups are seen from outside as turns of its loop. */
static int turns;

static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	turns++;
}

START_TEST(post_many_wake_up_once)
{
	struct event_base *base = worker_base(worker);

	(void)post_all((void *)0);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_int_eq(ran[0], POSTS);
	ck_assert_int_eq(event_base_once(base, -1, EV_TIMEOUT, turn_cb, NULL, NULL), 0);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0); /* no second wake-up is left over */
	ck_assert_int_eq(turns, 1);
	worker_stop(worker);
}
END_TEST

static char     name[16];
static sigset_t blocked;

static void
look_cb(void *arg)
{
	(void)arg;
	(void)pthread_getname_np(pthread_self(), name, sizeof name);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
}

START_TEST(start_thread_has_its_name_and_no_signals)
{
	sigset_t ours;

	unit_ok(worker_start(worker, "a-name-that-is-too-long", &err), &err);
	worker_post(worker, look_cb, NULL);
	worker_stop(worker);
	ck_assert_str_eq(name, "a-name-that-is-");
	ck_assert_int_eq(sigismember(&blocked, SIGTERM), 1);
	ck_assert_int_eq(sigismember(&blocked, SIGHUP), 1);
	ck_assert_int_eq(sigismember(&blocked, SIGCHLD), 1);
	ck_assert_int_eq(sigismember(&blocked, SIGSYS), 0); /* a violation of the sandbox is said */
	(void)pthread_sigmask(SIG_SETMASK, NULL, &ours);
	ck_assert_int_eq(sigismember(&ours, SIGTERM), 0);
}
END_TEST

static struct worker *other;

/* Two workers that play ball: each waits for a wake-up by the other. */
static void
ball_cb(void *arg)
{
	struct worker *from = arg;

	if (atomic_fetch_add(&reached, 1) < 2000)
		worker_post(from == worker ? other : worker, ball_cb, from == worker ? other : worker);
}

START_TEST(post_to_a_sleeping_worker_wakes_it)
{
	unit_ok(worker_new(&other, &err), &err);
	unit_ok(worker_start(worker, "one", &err), &err);
	unit_ok(worker_start(other, "other", &err), &err);
	worker_post(worker, ball_cb, worker);
	while (atomic_load(&reached) < 2000)
		(void)sched_yield();
	worker_stop(worker);
	worker_stop(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("worker");
	TCase *tc = tcase_create("worker");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, post_from_many_threads_runs_all_in_each_ones_order);
	tcase_add_test(tc, post_before_start_runs_after_it);
	tcase_add_test(tc, stop_without_start_runs_what_is_posted);
	tcase_add_test(tc, stop_runs_what_the_posted_post);
	tcase_add_test(tc, post_many_wake_up_once);
	tcase_add_test(tc, start_thread_has_its_name_and_no_signals);
	tcase_add_test(tc, post_to_a_sleeping_worker_wakes_it);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
