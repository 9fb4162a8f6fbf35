/*
 * Owns the octets of a log that are not written yet. A log of this VFS is our struct, and
 * behind it the file of SQLite's own VFS, which does the work. A database is SQLite's own file with
 * our struct behind it, and one method of ours.
 */
#include "config.h"

#include "store/sqlite/wal_file.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "util/bytes.h"

/* A commit of fifteen pages; larger ones take several writes. */
#define WAL_GATHERED_MAX ((size_t)64 * 1024)

/* A frame of the log is this header and a page: <https://www.sqlite.org/fileformat2.html#walformat>. The
 * header of a commit's last frame has the size of the database, others have 0. */
#define FRAME_HEADER_SIZE 24
#define FRAME_SIZE_AT     4
#define FRAME_SIZE_SIZE   4

/* The number of the lock, of those in shared memory, that whoever writes to the log holds. */
#define WAL_WRITE_LOCK 0

struct wal_file {
	sqlite3_file  file; /* first member, so that each converts to the other */
	sqlite3_file *own;  /* behind this struct */
	struct wal_database *database;
	bool          unsynced; /* wal_file_unsynced */
	bool          commits;  /* the last header was of a commit's last frame */
	uint8_t      *data; /* NULL until the first write */
	size_t        size;
	int64_t       offset; /* of the first octet in the log */
	int64_t       end;    /* of the last page */
};

/* Behind SQLite's own file of a database. */
struct wal_database {
	sqlite3_io_methods        methods; /* its own ones, but for wal_lock_shared_cb */
	const sqlite3_io_methods *own;
	struct wal_file          *wal; /* its log; NULL: not open */
};

static sqlite3_vfs *wal_own;
static size_t       wal_database_at; /* its offset */

static struct wal_database *
wal_database_of(sqlite3_file *file)
{
	return (struct wal_database *)(void *)((uint8_t *)file + wal_database_at);
}

static struct wal_file *
wal_of(sqlite3_file *file)
{
	return (struct wal_file *)file;
}

static int
wal_flush(struct wal_file *wal)
{
	size_t size = wal->size;

	wal->size = 0;
	return size == 0
	    ? SQLITE_OK
	    : wal->own->pMethods->xWrite(wal->own, wal->data, (int)size, wal->offset);
}

static int
wal_close_cb(sqlite3_file *file)
{
	struct wal_file *wal = wal_of(file);
	int              flushed = wal_flush(wal);
	int              closed = wal->own->pMethods->xClose(wal->own);

	free(wal->data);
	wal->data = NULL;
	wal->database->wal = NULL;
	return flushed != SQLITE_OK ? flushed : closed;
}

static int
wal_read_cb(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	struct wal_file *wal = wal_of(file);
	int              rc = wal_flush(wal);

	return rc != SQLITE_OK ? rc : wal->own->pMethods->xRead(wal->own, data, size, offset);
}

/* A header on its own: SQLite corrects the checksums of frames that it has written already. */
static bool
wal_corrects(const struct wal_file *wal, size_t length, int64_t offset)
{
	return length == FRAME_HEADER_SIZE && offset < wal->end;
}

static bool
header_commits(const uint8_t *header)
{
	static const uint8_t none[FRAME_SIZE_SIZE];

	return memcmp(header + FRAME_SIZE_AT, none, sizeof none) != 0;
}

static int
wal_gather(struct wal_file *wal, const void *data, size_t length, int64_t offset)
{
	if (wal->data == NULL)
		wal->data = memory_new(WAL_GATHERED_MAX);
	if (wal->size == 0)
		wal->offset = offset;
	memcpy(wal->data + wal->size, data, length);
	wal->size += length;
	if (length == FRAME_HEADER_SIZE)
		return SQLITE_OK;
	wal->end = offset + (int64_t)length;
	return wal->unsynced && wal->commits ? wal_flush(wal) : SQLITE_OK;
}

static int
wal_write_cb(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	struct wal_file *wal = wal_of(file);
	size_t           length = (size_t)size;
	bool             direct = length > WAL_GATHERED_MAX || (wal->unsynced && wal_corrects(wal, length, offset));
	int              rc;

	if (wal->size != 0 &&
	    (direct || offset != wal->offset + (int64_t)wal->size || length > WAL_GATHERED_MAX - wal->size) &&
	    (rc = wal_flush(wal)) != SQLITE_OK)
		return rc;
	if (length == FRAME_HEADER_SIZE)
		wal->commits = header_commits(data);
	if (direct)
		return wal->own->pMethods->xWrite(wal->own, data, size, offset);
	return wal_gather(wal, data, length, offset);
}

static int
wal_truncate_cb(sqlite3_file *file, sqlite3_int64 size)
{
	struct wal_file *wal = wal_of(file);
	int              rc = wal_flush(wal);

	return rc != SQLITE_OK ? rc : wal->own->pMethods->xTruncate(wal->own, size);
}

static int
wal_sync_cb(sqlite3_file *file, int flags)
{
	struct wal_file *wal = wal_of(file);
	int              rc = wal_flush(wal);

	return rc != SQLITE_OK ? rc : wal->own->pMethods->xSync(wal->own, flags);
}

static int
wal_size_cb(sqlite3_file *file, sqlite3_int64 *size)
{
	struct wal_file *wal = wal_of(file);
	int              rc = wal_flush(wal);

	return rc != SQLITE_OK ? rc : wal->own->pMethods->xFileSize(wal->own, size);
}

static int
wal_lock_cb(sqlite3_file *file, int level)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xLock(wal->own, level);
}

static int
wal_unlock_cb(sqlite3_file *file, int level)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xUnlock(wal->own, level);
}

static int
wal_is_reserved_cb(sqlite3_file *file, int *reserved)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xCheckReservedLock(wal->own, reserved);
}

static int
wal_control_cb(sqlite3_file *file, int operation, void *arg)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xFileControl(wal->own, operation, arg);
}

static int
wal_sector_cb(sqlite3_file *file)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xSectorSize(wal->own);
}

static int
wal_device_cb(sqlite3_file *file)
{
	struct wal_file *wal = wal_of(file);

	return wal->own->pMethods->xDeviceCharacteristics(wal->own);
}

/* Version 1: no shared memory and no mappings, which SQLite has for a database's file only. */
static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close_cb,
    .xRead = wal_read_cb,
    .xWrite = wal_write_cb,
    .xTruncate = wal_truncate_cb,
    .xSync = wal_sync_cb,
    .xFileSize = wal_size_cb,
    .xLock = wal_lock_cb,
    .xUnlock = wal_unlock_cb,
    .xCheckReservedLock = wal_is_reserved_cb,
    .xFileControl = wal_control_cb,
    .xSectorSize = wal_sector_cb,
    .xDeviceCharacteristics = wal_device_cb,
};

int
wal_file_unsynced(sqlite3 *db, bool unsynced)
{
	sqlite3_file *file = NULL;
	int           rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);

	if (rc == SQLITE_OK && (file == NULL || file->pMethods != &wal_methods))
		rc = SQLITE_MISUSE;
	if (rc == SQLITE_OK && (rc = wal_flush(wal_of(file))) == SQLITE_OK)
		wal_of(file)->unsynced = unsynced;
	return rc;
}

/*
 * Who stops writing has nothing more to write: what waits is of a transaction that was rolled back, and
 * another connection may now write its own in the same place.
 */
static int
wal_lock_shared_cb(sqlite3_file *file, int first, int count, int flags)
{
	struct wal_database *database = wal_database_of(file);

	if (database->wal != NULL && first == WAL_WRITE_LOCK &&
	    flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE))
		database->wal->size = 0;
	return database->own->xShmLock(file, first, count, flags);
}

static int
wal_open_database(const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	struct wal_database *database = wal_database_of(file);
	int                  rc = wal_own->xOpen(wal_own, name, file, flags, out_flags);

	if (rc != SQLITE_OK)
		return rc;
	*database = (struct wal_database){.methods = *file->pMethods, .own = file->pMethods};
	database->methods.xShmLock = wal_lock_shared_cb;
	file->pMethods = &database->methods;
	return SQLITE_OK;
}

static int
wal_open_cb(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	struct wal_file *wal = wal_of(file);
	int              rc;

	(void)vfs;
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
		return wal_open_database(name, file, flags, out_flags);
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return wal_own->xOpen(wal_own, name, file, flags, out_flags);
	*wal = (struct wal_file){.own = (sqlite3_file *)(wal + 1),
	    .database = wal_database_of(sqlite3_database_file_object(name))};
	rc = wal_own->xOpen(wal_own, name, wal->own, flags, out_flags);
	/* SQLite closes a file that has methods. */
	if (wal->own->pMethods != NULL) {
		wal->file.pMethods = &wal_methods;
		wal->database->wal = wal;
	}
	return rc;
}

static sqlite3_vfs wal_vfs;

static void
wal_register(void)
{
	const size_t alignment = _Alignof(struct wal_database);
	size_t       behind = sizeof(struct wal_database) > sizeof(struct wal_file)
	          ? sizeof(struct wal_database)
	          : sizeof(struct wal_file);

	wal_own = memory_check(sqlite3_vfs_find(NULL)); /* NULL: SQLite has no memory to begin with */
	wal_database_at = ((size_t)wal_own->szOsFile + alignment - 1) / alignment * alignment;
	wal_vfs = *wal_own;
	wal_vfs.pNext = NULL;
	wal_vfs.zName = "attest-gathered";
	wal_vfs.szOsFile = (int)(wal_database_at + behind);
	wal_vfs.xOpen = wal_open_cb;
	(void)sqlite3_vfs_register(&wal_vfs, 0);
}

const char *
wal_file_vfs(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, wal_register);
	return wal_vfs.zName;
}
