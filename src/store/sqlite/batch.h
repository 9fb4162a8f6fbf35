/* A batch, for comparing and writing. Private to store/sqlite/. */
#ifndef STORE_SQLITE_BATCH_H
#define STORE_SQLITE_BATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/inventory/batch_engine.h"
#include "store/sqlite/name_run.h"
#include "util/file_lock.h"

struct sqlite_stage;

struct sqlite_batch {
	struct store_batch   batch; /* first member, so that each converts to the other */
	struct sqlite       *sqlite;
	struct file_lock     lock;
	struct sqlite_stage *stage;
	struct name_run      names; /* names of written devices, not written themselves yet */
	size_t               run_names; /* after which so many names are written */
	struct name_run      tags;  /* that wait for others: BATCH_ROWS at most */
	uint64_t             steps; /* not told yet */
	int64_t              id;    /* 0: nothing written */
	int64_t              revision;
	int64_t              checked;     /* the inventory's revision before it was compared; -1: never */
	bool                 others;      /* it had devices to compare with */
	bool                 other_names; /* and names */
	bool                 undisturbed; /* it has not changed since `checked` but for this batch */
	int64_t              now;
	int                  wal_pages;
	sigset_t             signals; /* values from before a transaction */
};

static inline struct sqlite_batch *
sqlite_batch_of(struct store_batch *batch)
{
	return (struct sqlite_batch *)batch;
}

extern const struct store_batch_engine sqlite_batch_engine;

/* Reports pending progress; outside transactions, because the callback may take long. */
void sqlite_batch_tell(struct sqlite_batch *batch);

/* As similar_check, but compares with enrolled devices only: what is hidden belongs to this batch. */
int sqlite_batch_check_similar(struct sqlite_batch *batch, const char *name, const uint8_t *owner,
    struct error *err);

/* Asks for one number; the text is static. The first asks for the revision of the inventory, which
 * each device and name that comes increases. */
#define SQLITE_BATCH_REVISION "SELECT revision FROM counter"
int sqlite_batch_ask(struct sqlite_batch *batch, const char *text, int64_t *answer, struct error *err);

/* As store_batch_commit. */
int sqlite_batch_commit(struct store_batch *batch, const char *source, int64_t now,
    struct error *err);

#endif
