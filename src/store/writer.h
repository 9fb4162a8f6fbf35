/*
 * The writer: a thread that runs all queued jobs in one transaction (group
 * commit) and reports the results after it. It owns its own store. When that is lost
 * (store_is_lost), it ends the process at once, with exit status 1, and no job is told.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stddef.h>

struct error;
struct store;
struct store_writer;

/* One change; the caller owns it until `done` ran. */
struct store_job {
	/* Runs in the transaction, inside a savepoint of its own; -1 rolls back this job alone. */
	int (*run)(struct store *store, void *arg, struct error *err);
	/* Runs in the writer's thread when the job is on disk (err NULL) or rolled back. Must not
	 * block. */
	void (*done)(void *arg, const struct error *err);
	void *arg;

	struct store_job *next; /* the writer's */
};

/* Starts the thread on an open store, of which it takes ownership, also on failure. */
int store_writer_start(struct store *store, struct store_writer **out, struct error *err);

/* Submits a job; never waits for the disk. */
void store_writer_submit(struct store_writer *writer, struct store_job *job);

/* Finishes all submitted jobs, ends the thread and frees the writer. */
void store_writer_stop(struct store_writer *writer);

#endif
