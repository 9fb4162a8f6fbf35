/*
 * Group commit: one thread runs all queued jobs in one transaction, so that a
 * thousand jobs share one fsync. Owns its store; does not know what the jobs
 * do.
 */
#include "config.h"

#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

/* Most jobs in one transaction, so that the first need not wait long for the last. */
#define WRITER_BATCH_MAX 512

struct store_writer {
	struct store   *store; /* used by the thread only */
	pthread_t       thread;
	pthread_mutex_t mutex; /* guards the members below */
	pthread_cond_t  work;
	struct store_job *first;
	struct store_job *last;
	bool            stopping;
};

/* The results of the jobs of one transaction. */
struct writer_batch {
	struct store_job *jobs[WRITER_BATCH_MAX];
	bool              failed[WRITER_BATCH_MAX];
	struct error      errors[WRITER_BATCH_MAX];
	size_t            count;
};

/* Waits for jobs and takes at most a batch; takes none only at the end, when none are left. */
static void
writer_take(struct store_writer *writer, struct writer_batch *batch)
{
	batch->count = 0;
	(void)pthread_mutex_lock(&writer->mutex);
	while (writer->first == NULL && !writer->stopping)
		(void)pthread_cond_wait(&writer->work, &writer->mutex);
	while (writer->first != NULL && batch->count < WRITER_BATCH_MAX) {
		struct store_job *job = writer->first;

		if ((writer->first = job->next) == NULL)
			writer->last = NULL;
		job->next = NULL;
		batch->jobs[batch->count++] = job;
	}
	(void)pthread_mutex_unlock(&writer->mutex);
}

static void
writer_run_job(struct store *store, const struct store_job *job, bool *failed, struct error *err)
{
	*failed = true;
	if (store_mark(store, err) != 0)
		return;
	*failed = job->run(store, job->arg, err) != 0;
	store_release(store, !*failed);
}

static int
writer_commit(struct store *store, struct writer_batch *batch, struct error *err)
{
	if (store_begin(store, err) != 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++)
		writer_run_job(store, batch->jobs[i], &batch->failed[i], &batch->errors[i]);
	return store_commit(store, err);
}

/* A refused job keeps its own error; the others get the result of the commit. */
static void
writer_tell(const struct writer_batch *batch, const struct error *commit_error)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct store_job *job = batch->jobs[i];

		job->done(job->arg, batch->failed[i] ? &batch->errors[i] : commit_error);
	}
}

static void *
writer_main(void *arg)
{
	struct store_writer *writer = arg;
	struct writer_batch *batch = memory_new(sizeof *batch);
	struct error         err;

	for (writer_take(writer, batch); batch->count != 0; writer_take(writer, batch)) {
		memset(batch->failed, 0, sizeof batch->failed);
		if (writer_commit(writer->store, batch, &err) == 0) {
			writer_tell(batch, NULL);
			continue;
		}
		LOG(ERROR, {"event", "commit"}, {"reason", err.detail});
		/* Neither "done" nor "refused" would be true: the process ends without an answer. */
		if (store_is_lost(writer->store))
			_exit(EXIT_FAILURE);
		writer_tell(batch, &err);
	}
	free(batch);
	return NULL;
}

/* The thread blocks all signals: the event loop handles them. */
static int
writer_start_thread(struct store_writer *writer, struct error *err)
{
	sigset_t all;
	sigset_t before;
	int      rc;

	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGSYS); /* that the sandbox kills with, and says so */
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&writer->thread, NULL, writer_main, writer);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		errno = rc;
		return error_set_errno(err, ERROR_INTERNAL, "starting the writer's thread");
	}
	return 0;
}

static void
writer_free(struct store_writer *writer)
{
	store_close(writer->store);
	(void)pthread_cond_destroy(&writer->work);
	(void)pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

int
store_writer_start(struct store *store, struct store_writer **out, struct error *err)
{
	struct store_writer *writer = memory_new(sizeof *writer);

	writer->store = store;
	(void)pthread_mutex_init(&writer->mutex, NULL);
	(void)pthread_cond_init(&writer->work, NULL);
	if (writer_start_thread(writer, err) != 0) {
		writer_free(writer);
		return -1;
	}
	*out = writer;
	return 0;
}

void
store_writer_submit(struct store_writer *writer, struct store_job *job)
{
	job->next = NULL;
	(void)pthread_mutex_lock(&writer->mutex);
	if (writer->last != NULL)
		writer->last->next = job;
	else
		writer->first = job;
	writer->last = job;
	(void)pthread_mutex_unlock(&writer->mutex);
	/* Unlocked, so that the thread does not wake up to wait for the lock. */
	(void)pthread_cond_signal(&writer->work);
}

void
store_writer_stop(struct store_writer *writer)
{
	(void)pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	(void)pthread_cond_signal(&writer->work);
	(void)pthread_mutex_unlock(&writer->mutex);
	(void)pthread_join(writer->thread, NULL);
	writer_free(writer);
}
