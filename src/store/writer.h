/*
 * The one writer: a thread that commits what has gathered in one transaction
 * (group commit) and only then tells the askers. It owns a store of its own.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stddef.h>

struct error;
struct store;
struct store_writer;

/* One change, owned by the asker until `done` ran. */
struct store_job {
	/* Runs in the transaction, inside a mark of its own; -1 undoes this job alone. */
	int (*run)(struct store *store, void *arg, struct error *err);
	/* Runs in the writer's thread once it is on disk (err NULL) or undone. Must not block. */
	void (*done)(void *arg, const struct error *err);
	void *arg;

	struct store_job *next; /* the writer's */
};

/* Opens the inventory at the place and starts the thread. */
int store_writer_start(const char *place, struct store_writer **out, struct error *err);

/* The same with a store that is open already; taken over whatever this returns. */
int store_writer_start_on(struct store *store, struct store_writer **out, struct error *err);

/* Hands a job over; never blocks for the disk. */
void store_writer_submit(struct store_writer *writer, struct store_job *job);

/* Finishes everything that was submitted, ends the thread and frees the writer. */
void store_writer_stop(struct store_writer *writer);

#endif
