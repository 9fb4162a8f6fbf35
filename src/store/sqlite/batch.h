/* A batch, for those who compare it and those who write it. Nobody outside store/ includes it. */
#ifndef STORE_SQLITE_BATCH_H
#define STORE_SQLITE_BATCH_H

#include <signal.h>
#include <stdint.h>

#include "store/inventory/batch.h"
#include "store/sqlite/name_run.h"
#include "util/file_lock.h"

struct sqlite_stage;

struct store_batch {
	struct store            *store;
	struct store_batch_watch watch;
	struct file_lock        lock;
	struct sqlite_stage     *stage;
	struct name_run          names; /* of devices that are written, which are not yet */
	uint64_t                 steps; /* not told yet */
	int64_t                  id;    /* 0: nothing is written */
	int64_t                  revision;
	int64_t                  now;
	int                      wal_pages;
	sigset_t                 signals; /* as they were before a transaction */
};

/* Tells what is done and was not told yet: outside of transactions, for it may take long. */
void sqlite_batch_tell(struct store_batch *batch);

#endif
