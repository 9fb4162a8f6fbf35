#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "failing.h"
#include "failing_processes.h"
#include "scratch.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_writer.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define NOW 1000000

static char         directory[SCRATCH_SIZE];
static struct error err;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* A job that enrols the device `number`, and what became of it. */
struct enrolment {
	struct store_job job;
	uint16_t         number;
	int              told; /* how often */
	int              place; /* among those told */
	bool             failed;
	struct error     err;
};

static int places;

static struct store_device
device(uint16_t number)
{
	return (struct store_device){.ek_hash = {(uint8_t)(number >> 8), (uint8_t)number}};
}

static int
enrolment_run(struct store *store, void *arg, struct error *job_err)
{
	struct enrolment   *e = arg;
	struct store_device d = device(e->number);

	return store_device_enroll(store, &d, NOW, job_err);
}

/* Makes the change, and fails then: the writer must undo it. */
static int
enrolment_run_and_fail(struct store *store, void *arg, struct error *job_err)
{
	if (enrolment_run(store, arg, job_err) != 0)
		return -1;
	return error_set(job_err, ERROR_BAD_ATTESTATION, "on second thoughts");
}

static void
enrolment_done(void *arg, const struct error *done_err)
{
	struct enrolment *e = arg;

	e->told++;
	e->place = places++;
	e->failed = done_err != NULL;
	if (done_err != NULL)
		e->err = *done_err;
}

static struct enrolment
enrolment(uint16_t number)
{
	return (struct enrolment){.job = {enrolment_run, enrolment_done, NULL, NULL}, .number = number};
}

static void
submit(struct store_writer *writer, struct enrolment *e)
{
	e->job.arg = e;
	store_writer_submit(writer, &e->job);
}

static bool
present(uint16_t number)
{
	struct store_device d = device(number);
	struct store_device found;
	struct store       *store;
	int                 rc;

	unit_ok(store_open(directory, &store, &err), &err);
	rc = store_device_find(store, d.ek_hash, &found, &err);
	if (rc == 0)
		store_device_clear(&found);
	store_close(store);
	return rc == 0;
}

START_TEST(stop_finishes_what_was_submitted_in_order)
{
	static struct enrolment all[2000]; /* some batches */
	struct store_writer    *writer;

	unit_ok(writer_start(directory, &writer, &err), &err);
	for (uint16_t i = 0; i < 2000; i++) {
		all[i] = enrolment(i);
		submit(writer, &all[i]);
	}
	store_writer_stop(writer);
	for (uint16_t i = 0; i < 2000; i++) {
		ck_assert_int_eq(all[i].told, 1);
		ck_assert_int_eq(all[i].place, i);
		ck_assert(!all[i].failed);
	}
	ck_assert(present(0));
	ck_assert(present(1999));
}
END_TEST

static int
start_and_stop(const void *arg, struct error *start_err)
{
	struct store_writer *writer;
	struct store        *store;

	(void)arg;
	unit_ok(store_open(directory, &store, start_err), start_err);
	failing_on();
	if (store_writer_start(store, &writer, start_err) != 0)
		return -1;
	failing_off();
	store_writer_stop(writer);
	return 0;
}

/* The store is closed all the same. */
START_TEST(start_without_a_thread_says_so)
{
	failing_processes(EAGAIN);
	failing_each(start_and_stop, NULL);
}
END_TEST

START_TEST(submit_nothing_stop_returns)
{
	struct store_writer *writer;

	unit_ok(writer_start(directory, &writer, &err), &err);
	store_writer_stop(writer);
}
END_TEST

/* Holds the store, so that what is submitted meanwhile gathers. */
static struct store *
hold(void)
{
	struct store *store;

	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_begin(store, &err), &err);
	return store;
}

static void
let_go(struct store *store)
{
	unit_ok(store_commit(store, &err), &err);
	store_close(store);
}

START_TEST(submit_job_that_fails_is_undone_alone)
{
	struct enrolment     before = enrolment(1);
	struct enrolment     fails = enrolment(2);
	struct enrolment     again = enrolment(1);
	struct enrolment     after = enrolment(3);
	struct store        *held = hold();
	struct store_writer *writer;

	fails.job.run = enrolment_run_and_fail;
	unit_ok(writer_start(directory, &writer, &err), &err);
	submit(writer, &before);
	submit(writer, &fails);
	submit(writer, &again);
	submit(writer, &after);
	let_go(held);
	store_writer_stop(writer);
	ck_assert(!before.failed);
	ck_assert(fails.failed);
	ck_assert_int_eq((int)fails.err.kind, ERROR_BAD_ATTESTATION);
	ck_assert_str_eq(fails.err.detail, "on second thoughts");
	ck_assert(again.failed);
	ck_assert_int_eq((int)again.err.kind, ERROR_CONFLICT);
	ck_assert(!after.failed);
	ck_assert(present(1));
	ck_assert(!present(2));
	ck_assert(present(3));
}
END_TEST

/* What one batch of jobs wants to know: how many had run when the first was told. */
struct gathering {
	struct store_job job;
	int              ran_before_told;
};

static int gathered;

static int
gathering_run(struct store *store, void *arg, struct error *job_err)
{
	(void)store;
	(void)arg;
	(void)job_err;
	gathered++;
	return 0;
}

static void
gathering_done(void *arg, const struct error *done_err)
{
	struct gathering *g = arg;

	ck_assert_ptr_null(done_err);
	g->ran_before_told = gathered;
}

START_TEST(submit_while_the_store_is_held_shares_one_commit)
{
	struct gathering     all[600]; /* more than fit one batch */
	struct store        *held = hold();
	struct store_writer *writer;

	unit_ok(writer_start(directory, &writer, &err), &err);
	for (size_t i = 0; i < 600; i++) {
		all[i] = (struct gathering){.job = {gathering_run, gathering_done, &all[i], NULL}};
		store_writer_submit(writer, &all[i].job);
	}
	let_go(held);
	store_writer_stop(writer);
	/*
	 * The first batch is what was there when the writer looked; it and the
	 * second one hold all but what a third one may have to take.
	 */
	ck_assert_int_le(all[0].ran_before_told, 512);
	ck_assert_int_ge(all[599].ran_before_told, 600);
	ck_assert_int_ge(all[511].ran_before_told, 512);
}
END_TEST

START_TEST(commit_that_fails_is_told_to_every_job)
{
	struct enrolment     one = enrolment(1);
	struct enrolment     two = enrolment(2);
	struct enrolment     later = enrolment(3);
	struct store        *held = hold();
	struct store_writer *writer;
	struct rlimit        limit = {0, RLIM_INFINITY};

	unit_ok(writer_start(directory, &writer, &err), &err);
	submit(writer, &one);
	submit(writer, &two);
	/* Nothing can be written now: what a full disk does. */
	(void)signal(SIGXFSZ, SIG_IGN);
	limit.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	let_go(held);
	store_writer_stop(writer);
	ck_assert(one.failed);
	ck_assert_int_eq((int)one.err.kind, ERROR_INTERNAL);
	ck_assert(two.failed);
	ck_assert_int_eq(one.told + two.told, 2);

	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(!present(1));
	ck_assert(!present(2));
	unit_ok(writer_start(directory, &writer, &err), &err);
	submit(writer, &later);
	store_writer_stop(writer);
	ck_assert(!later.failed);
	ck_assert(present(3));
}
END_TEST

/* Many askers, each waiting for its answer before it asks again. */

struct asker {
	pthread_t            thread;
	struct store_writer *writer;
	pthread_mutex_t      mutex;
	pthread_cond_t       told;
	bool                 answered;
	bool                 failed;
	uint8_t              number;
	uint8_t              round;
};

static int
asker_run(struct store *store, void *arg, struct error *job_err)
{
	struct asker       *asker = arg;
	struct store_device d = {.ek_hash = {asker->number, asker->round}};

	return store_device_enroll(store, &d, NOW, job_err);
}

static void
asker_done(void *arg, const struct error *done_err)
{
	struct asker *asker = arg;

	(void)pthread_mutex_lock(&asker->mutex);
	asker->answered = true;
	asker->failed = asker->failed || done_err != NULL;
	(void)pthread_cond_signal(&asker->told);
	(void)pthread_mutex_unlock(&asker->mutex);
}

static void *
asker_main(void *arg)
{
	struct asker    *asker = arg;
	struct store_job job = {asker_run, asker_done, asker, NULL};

	for (asker->round = 0; asker->round < 20; asker->round++) {
		store_writer_submit(asker->writer, &job);
		(void)pthread_mutex_lock(&asker->mutex);
		while (!asker->answered)
			(void)pthread_cond_wait(&asker->told, &asker->mutex);
		asker->answered = false;
		(void)pthread_mutex_unlock(&asker->mutex);
	}
	return NULL;
}

START_TEST(submit_by_many_threads_answers_each)
{
	struct asker         askers[8];
	struct store_writer *writer;

	unit_ok(writer_start(directory, &writer, &err), &err);
	for (uint8_t i = 0; i < 8; i++) {
		askers[i] = (struct asker){.writer = writer, .number = i};
		(void)pthread_mutex_init(&askers[i].mutex, NULL);
		(void)pthread_cond_init(&askers[i].told, NULL);
		ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, asker_main, &askers[i]), 0);
	}
	for (uint8_t i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(askers[i].thread, NULL), 0);
		ck_assert(!askers[i].failed);
	}
	store_writer_stop(writer);
	ck_assert(present(0x0000));
	ck_assert(present(0x0713));
}
END_TEST

/* Sudden death: the child's descriptor for what it acknowledges. */

static int acknowledge_fd;

static void
crash_done(void *arg, const struct error *done_err)
{
	struct enrolment *e = arg;

	if (done_err != NULL ||
	    write(acknowledge_fd, &e->number, sizeof e->number) != (ssize_t)sizeof e->number)
		_exit(1);
}

static void
crash_child(void)
{
	static struct enrolment all[3000];
	struct store_writer    *writer;

	if (writer_start(directory, &writer, &err) != 0)
		_exit(1);
	for (uint16_t i = 0; i < 3000; i++) {
		all[i] = enrolment(i);
		all[i].job.done = crash_done;
		submit(writer, &all[i]);
	}
	store_writer_stop(writer);
	for (;;)
		(void)pause();
}

START_TEST(kill_after_done_keeps_what_was_acknowledged)
{
	int      pipe_fds[2];
	pid_t    child;
	int      status;
	uint16_t number = 0;
	uint16_t seen = 0;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)close(pipe_fds[0]);
		acknowledge_fd = pipe_fds[1];
		crash_child();
	}
	(void)close(pipe_fds[1]);
	while (read(pipe_fds[0], &number, sizeof number) == (ssize_t)sizeof number)
		if (seen++ == 100)
			(void)kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_gt(seen, 100);
	/* They were acknowledged in order: the last one stands for all. */
	ck_assert_uint_eq(number, seen - 1);
	ck_assert(present(number));
	ck_assert(present(0));
	(void)close(pipe_fds[0]);
}
END_TEST

static int
kill_run(struct store *store, void *arg, struct error *job_err)
{
	if (enrolment_run(store, arg, job_err) == 0)
		(void)raise(SIGKILL);
	return -1;
}

START_TEST(kill_before_commit_leaves_nothing)
{
	pid_t                child = fork();
	struct enrolment     fine = enrolment(1);
	struct enrolment     last = enrolment(2);
	struct store_writer *writer;
	int                  status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store *held = hold();

		last.job.run = kill_run;
		if (writer_start(directory, &writer, &err) != 0)
			_exit(1);
		submit(writer, &fine);
		submit(writer, &last);
		let_go(held);
		store_writer_stop(writer);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert(!present(2));
	unit_ok(writer_start(directory, &writer, &err), &err);
	last.told = 0;
	submit(writer, &last);
	store_writer_stop(writer);
	ck_assert(!last.failed);
	ck_assert(present(2));
}
END_TEST

/* Two processes, each with a writer that is never idle: both come through. */

static int
queue_child(uint16_t base)
{
	static struct enrolment all[1500];
	struct store_writer    *writer;
	int                     failed = 0;

	if (writer_start(directory, &writer, &err) != 0)
		return 1;
	for (uint16_t i = 0; i < 1500; i++) {
		all[i] = enrolment((uint16_t)(base + i));
		submit(writer, &all[i]);
	}
	store_writer_stop(writer);
	for (uint16_t i = 0; i < 1500; i++)
		failed |= all[i].failed || all[i].told != 1;
	return failed;
}

START_TEST(two_processes_queue_and_lose_nothing)
{
	pid_t children[2];
	int   status;

	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0)
			_exit(queue_child((uint16_t)(i * 10000)));
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert(present(1499));
	ck_assert(present(11499));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writer");
	TCase *tc = tcase_create("writer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, start_without_a_thread_says_so);
	tcase_add_test(tc, submit_nothing_stop_returns);
	tcase_add_test(tc, stop_finishes_what_was_submitted_in_order);
	tcase_add_test(tc, submit_job_that_fails_is_undone_alone);
	tcase_add_test(tc, submit_while_the_store_is_held_shares_one_commit);
	tcase_add_test(tc, commit_that_fails_is_told_to_every_job);
	tcase_add_test(tc, submit_by_many_threads_answers_each);
	tcase_add_test(tc, kill_after_done_keeps_what_was_acknowledged);
	tcase_add_test(tc, kill_before_commit_leaves_nothing);
	tcase_add_test(tc, two_processes_queue_and_lose_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
