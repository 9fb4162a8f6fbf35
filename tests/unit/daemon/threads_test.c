/* What is done in each thread: in those that sleep, that make others meanwhile, and that take no signal. */
#include "config.h"

#include <sys/syscall.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/threads.h"
#include "unit.h"

#define THREADS 5

static sem_t      started;
static atomic_int ran;        /* how often the work ran */
static atomic_int same;       /* in the thread that had asked for it */
static atomic_int wrong;      /* with another argument */
static int        asker;
static int        argument;

static int
work_cb(void *arg)
{
	atomic_fetch_add(&ran, 1);
	atomic_fetch_add(&same, (int)syscall(SYS_gettid) == asker);
	atomic_fetch_add(&wrong, arg != &argument);
	return 0;
}

static int
work_fails_cb(void *arg)
{
	(void)work_cb(arg);
	return -1;
}

static void *
sleeper(void *arg)
{
	(void)sem_post(&started);
	for (;;)
		(void)pause();
	return arg;
}

/* The C library lets nobody block its own. */
static void *
deaf(void *arg)
{
	const uint64_t all = UINT64_MAX;

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	return sleeper(arg);
}

/* As GLib's. */
static void *
blocking(void *arg)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);
	return sleeper(arg);
}

static void
start(void *(*main)(void *), int count)
{
	pthread_t thread;

	asker = (int)syscall(SYS_gettid);
	(void)sem_init(&started, 0, 0);
	for (int i = 0; i < count; i++)
		ck_assert(pthread_create(&thread, NULL, main, NULL) == 0 && pthread_detach(thread) == 0);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(sem_wait(&started), 0);
}

static bool
has_proc(void)
{
	if (access("/proc/self/task", R_OK) == 0)
		return true;
	printf("# skipped: no /proc\n");
	return false;
}

START_TEST(each_without_other_threads_does_nothing)
{
	ck_assert_uint_eq(threads_besides(), 0);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 0);
	ck_assert_int_eq(atomic_load(&ran), 0);
}
END_TEST

START_TEST(each_runs_once_in_every_other_thread)
{
	if (!has_proc())
		return;
	start(_i == 0 ? sleeper : blocking, THREADS);
	ck_assert_uint_eq(threads_besides(), THREADS);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 0);
	ck_assert_int_eq(atomic_load(&ran), THREADS);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 0); /* and again, when it is asked again */
	ck_assert_int_eq(atomic_load(&ran), 2 * THREADS);
	ck_assert_int_eq(atomic_load(&same), 0);
	ck_assert_int_eq(atomic_load(&wrong), 0);
}
END_TEST

START_TEST(each_counts_where_it_failed)
{
	if (!has_proc())
		return;
	start(sleeper, THREADS);
	ck_assert_uint_eq(threads_each(work_fails_cb, &argument), THREADS);
	ck_assert_int_eq(atomic_load(&ran), THREADS);
}
END_TEST

/* One that comes too late is not done then: nobody waits for it, and what it works with may be gone. */
START_TEST(each_gives_up_on_a_thread_that_takes_no_signal)
{
	if (!has_proc())
		return;
	start(sleeper, 1);
	start(deaf, 1);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 1);
	ck_assert_int_eq(atomic_load(&ran), 1);
}
END_TEST

/* It has taken the signal from the C library for a while. */
START_TEST(each_leaves_the_c_library_its_signal)
{
	if (!has_proc())
		return;
	start(sleeper, THREADS);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 0);
	ck_assert_int_eq(setgid(getgid()), 0); /* asks all threads, and waits for them */
	ck_assert_int_eq(atomic_load(&ran), THREADS);
}
END_TEST

static sem_t      wanted;
static sem_t      made;
static atomic_int makes; /* the first that is asked, but for the parent itself, has another one made */
static atomic_int parents;

static int
work_amid_births_cb(void *arg)
{
	(void)work_cb(arg);
	if ((int)syscall(SYS_gettid) != atomic_load(&parents) && atomic_fetch_add(&makes, 1) == 0) {
		(void)sem_post(&wanted);
		while (sem_wait(&made) != 0)
			;
	}
	return 0;
}

static void *
newborn(void *arg)
{
	(void)sem_post(&made);
	return sleeper(arg);
}

static void *
parent(void *arg)
{
	pthread_t child;

	atomic_store(&parents, (int)syscall(SYS_gettid));
	(void)sem_post(&started);
	while (sem_wait(&wanted) != 0)
		;
	(void)pthread_create(&child, NULL, newborn, NULL);
	return sleeper(arg);
}

/* Whoever was there when it began, the one that came then is asked too. */
START_TEST(each_reaches_a_thread_that_is_made_meanwhile)
{
	if (!has_proc())
		return;
	(void)sem_init(&wanted, 0, 0);
	(void)sem_init(&made, 0, 0);
	start(sleeper, 1);
	start(parent, 1);
	ck_assert_uint_eq(threads_each(work_amid_births_cb, &argument), 0);
	ck_assert_int_eq(atomic_load(&ran), 3);
}
END_TEST

static void *
mortal(void *arg)
{
	const uint64_t all = UINT64_MAX;

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	(void)sem_post(&started);
	(void)usleep(20000);
	return arg;
}

/* It has ended before it took the signal: nothing is left to do there. */
START_TEST(each_does_not_count_a_thread_that_ends)
{
	if (!has_proc())
		return;
	start(mortal, 1);
	ck_assert_uint_eq(threads_each(work_cb, &argument), 0);
	ck_assert_int_eq(atomic_load(&ran), 0);
}
END_TEST

/*
 * ThreadSanitizer has a thread of its own, which takes no signal and has none of the state that its handlers of
 * signals look for, so that the work would crash there. No daemon is built so.
 */
#ifdef __SANITIZE_THREAD__
#define HAS_ANOTHERS_THREAD true
#else
#define HAS_ANOTHERS_THREAD false
#endif

int
main(void)
{
	Suite *suite = suite_create("threads");
	TCase *tc = tcase_create("threads");

	if (HAS_ANOTHERS_THREAD) {
		printf("1..0 # SKIP ThreadSanitizer has a thread of its own\n");
		return 0;
	}
	tcase_add_test(tc, each_without_other_threads_does_nothing);
	tcase_add_loop_test(tc, each_runs_once_in_every_other_thread, 0, 2);
	tcase_add_test(tc, each_counts_where_it_failed);
	tcase_add_test(tc, each_gives_up_on_a_thread_that_takes_no_signal);
	tcase_add_test(tc, each_leaves_the_c_library_its_signal);
	tcase_add_test(tc, each_reaches_a_thread_that_is_made_meanwhile);
	tcase_add_test(tc, each_does_not_count_a_thread_that_ends);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
