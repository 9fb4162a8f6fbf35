/*
 * Writes to SQLite's write-ahead log gathered: SQLite writes each page of a commit in two
 * pieces, the frame's header and the page, each by a system call of its own. Private to
 * store/sqlite/.
 */
#ifndef STORE_SQLITE_WAL_FILE_H
#define STORE_SQLITE_WAL_FILE_H

#include <stdbool.h>

struct sqlite3;

/*
 * Registers the gathering VFS, once for a process, and returns its name for sqlite3_open_v2. NULL:
 * SQLite has no VFS.
 *
 * Files other than the log are SQLite's own. What is written to the log waits in memory, at
 * most 64 KiB, until SQLite reads, syncs, measures or cuts the log, or writes elsewhere in it.
 * So connections must have "PRAGMA synchronous = FULL": SQLite then syncs the log after each
 * commit, before it tells other connections of it. A write that fails is reported by the
 * operation that made it happen, and what waited is dropped: SQLite undoes the transaction.
 * What waits of a transaction that is rolled back is dropped before its lock is released.
 */
const char *wal_file_vfs(void);

/*
 * Whether a connection has "synchronous" less than FULL, as it must not have at first: then a commit is
 * written with its last page. Not inside a transaction. Returns a result code of SQLite: SQLITE_MISUSE
 * when the connection has not opened a log by this VFS, or nothing was changed.
 */
int wal_file_unsynced(struct sqlite3 *db, bool unsynced);

#endif
