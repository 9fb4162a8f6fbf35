/*
 * Owns the answer to an fsync that failed. Does not know what is committed.
 */
#include "config.h"

#include "store/sqlite/durable.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite/connection.h"
#include "util/error.h"
#include "util/log.h"

/* SQLite's default: so many pages in the log before a commit begins a checkpoint. */
#define CHECKPOINT_PAGES 1000

/* ---- a commit whose fsync failed ---- */

static bool
is_sync_failure(int code)
{
	return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

/* Writes the first page again, unchanged: its frame takes the place of the first that failed, and
 * those after it no longer follow from the one before them. */
static int
durable_overwrite(struct sqlite *sqlite)
{
	char text[96];

	(void)snprintf(text, sizeof text, "BEGIN IMMEDIATE; PRAGMA user_version = %d; COMMIT",
	    sqlite->schema->version);
	return sqlite3_exec(sqlite->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

void
durable_commit_failed(struct sqlite *sqlite, struct error *err)
{
	if (!is_sync_failure(sqlite3_extended_errcode(sqlite->db)))
		return;
	(void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL); /* fails when SQLite has done it */
	if (durable_overwrite(sqlite) == 0)
		return;
	sqlite->store.lost = true;
	(void)error_set(err, ERROR_INTERNAL,
	    "committing: the disk of %s has failed twice, and whether the last change was kept is not known; "
	    "see the kernel's log, put the disk right and start again", sqlite->store.place);
}

/* ---- the log of a crash ---- */

/* This thread's connection has recovered frames. */
static _Thread_local bool durable_recovered;

/* False when SQLite was in use before us, as in a test: it tells us nothing then. */
static bool durable_hears;

static void
durable_log_cb(void *arg, int code, const char *message)
{
	(void)arg;
	(void)message;
	if (code == SQLITE_NOTICE_RECOVER_WAL)
		durable_recovered = true;
}

/* Before SQLite is first used. Nobody asks it how much memory it has, which it counts under a lock. */
static void
durable_listen(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	durable_hears = sqlite3_config(SQLITE_CONFIG_LOG, durable_log_cb, NULL) == SQLITE_OK;
}

void
durable_connect_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, durable_listen);
	durable_recovered = !durable_hears;
}

/* A checkpoint writes every page of the log to the database, and syncs that. One that has to wait for
 * a reader too long, or for room, is left to those that follow. */
int
durable_connect_end(struct sqlite *sqlite, struct error *err)
{
	int rc;

	if (!durable_recovered)
		return 0;
	rc = sqlite3_wal_checkpoint_v2(sqlite->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
		return 0;
	default:
		return sqlite_error(sqlite, "recovering the store", err);
	}
}

/* ---- checkpoints ---- */

static int
durable_checkpoint_cb(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *sqlite = arg;
	struct error   err;
	int            rc;

	if (pages < CHECKPOINT_PAGES)
		return SQLITE_OK;
	rc = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) & 0xff;
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
		(void)sqlite_error(sqlite, "moving the log into the store", &err);
		LOG(ERROR, {"event", "checkpoint"}, {"reason", err.detail});
	}
	return SQLITE_OK; /* the commit itself is on disk */
}

void
durable_watch(struct sqlite *sqlite)
{
	(void)sqlite3_wal_hook(sqlite->db, durable_checkpoint_cb, sqlite);
}
