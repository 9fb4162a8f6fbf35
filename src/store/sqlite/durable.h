/*
 * What an fsync that failed leaves behind. The kernel takes the pages of a failed fsync for clean,
 * so the next fsync says nothing about them: only what is written again is on disk. Private to
 * store/sqlite/.
 */
#ifndef STORE_SQLITE_DURABLE_H
#define STORE_SQLITE_DURABLE_H

struct error;
struct sqlite;

/*
 * Called when a commit has failed, with its error in *err, while this process is still the writer.
 * If its fsync failed, its frames are complete in the write-ahead log: after a crash they would be
 * recovered, although the commit was refused. So they are overwritten by another transaction. If
 * that fails too, whether the commit is kept is not known: the store is lost (store_is_lost), and
 * *err says so.
 */
void durable_commit_failed(struct sqlite *sqlite, struct error *err);

/* Call before this thread connects, and after: the second brings what SQLite has recovered from
 * the log of a crash into the database, anew, and empties the log: its frames may be in the
 * kernel's memory only. */
void durable_connect_begin(void);
int  durable_connect_end(struct sqlite *sqlite, struct error *err);

/* Makes the connection report a checkpoint that fails, which SQLite itself keeps silent about. */
void durable_watch(struct sqlite *sqlite);

#endif
