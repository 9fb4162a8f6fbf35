/* A batch, for those who compare it and those who write it. Nobody outside store/sqlite/ includes it. */
#ifndef STORE_SQLITE_BATCH_H
#define STORE_SQLITE_BATCH_H

#include <signal.h>
#include <stdint.h>

#include "store/inventory/batch_engine.h"
#include "store/sqlite/name_run.h"
#include "util/file_lock.h"

struct sqlite_stage;

struct sqlite_batch {
	struct store_batch   batch; /* first: each is the other */
	struct sqlite       *sqlite;
	struct file_lock     lock;
	struct sqlite_stage *stage;
	struct name_run      names; /* of devices that are written, which are not yet */
	uint64_t             steps; /* not told yet */
	int64_t              id;    /* 0: nothing is written */
	int64_t              revision;
	int64_t              now;
	int                  wal_pages;
	sigset_t             signals; /* as they were before a transaction */
};

static inline struct sqlite_batch *
sqlite_batch_of(struct store_batch *batch)
{
	return (struct sqlite_batch *)batch;
}

extern const struct store_batch_engine sqlite_batch_engine;

/* Tells what is done and was not told yet: outside of transactions, for it may take long. */
void sqlite_batch_tell(struct sqlite_batch *batch);

/* As store_batch_commit says. */
int sqlite_batch_commit(struct store_batch *batch, const char *source, int64_t now,
    struct error *err);

#endif
