#include "config.h"

#include "bad_disk.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sqlite3.h>

#define PAGE   4096
#define SECTOR 512
#define PATH   512
#define FULL_FOR 6

static struct {
	sqlite3_vfs     vfs;
	sqlite3_vfs    *real;
	char            directory[PATH];
	char            platter[PATH];
	enum disk_fault fault;
	unsigned        at;
	unsigned        count;
	bool            sync_due;
} disk;

/* Of a file that is on the platter, platter and dirty are not -1; dirty has an octet for each page. */
struct bad_file {
	sqlite3_file  base;
	sqlite3_file *real;
	int           platter;
	int           dirty;
	char          name[64];
};

static sqlite3_file *
real_of(sqlite3_file *file)
{
	return ((struct bad_file *)file)->real;
}

/* ---- faults ---- */

enum disk_operation { DISK_WRITE, DISK_SYNC, DISK_OTHER };

/* SQLITE_OK, or what this operation fails with. */
static int
disk_strike(enum disk_operation operation)
{
	static const int failures[] = {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE};
	unsigned         now = ++disk.count;
	bool             strikes = false;

	if (disk.fault == DISK_GOOD || now < disk.at)
		return SQLITE_OK;
	switch (disk.fault) {
	case DISK_FAILS_ONCE:
		strikes = now == disk.at;
		break;
	case DISK_FAILS:
		strikes = true;
		break;
	case DISK_SYNC_FAILS:
		strikes = operation == DISK_SYNC && !disk.sync_due;
		disk.sync_due = disk.sync_due || strikes;
		break;
	case DISK_SYNCS_FAIL:
		strikes = operation == DISK_SYNC;
		break;
	case DISK_FULL_A_WHILE:
		return operation == DISK_WRITE && now <= disk.at + FULL_FOR ? SQLITE_FULL : SQLITE_OK;
	case DISK_READ_ONLY:
		strikes = operation != DISK_SYNC;
		break;
	case DISK_CUT:
		_exit(DISK_CUT_STATUS);
	case DISK_GOOD:
	case DISK_FAULT_COUNT:
		break;
	}
	return strikes ? failures[operation] : SQLITE_OK;
}

/* ---- the platter ---- */

static void
dirty_mark(const struct bad_file *file, int64_t offset, int64_t size, char mark)
{
	for (int64_t page = offset / PAGE; page * PAGE < offset + size; page++)
		ck_assert_int_eq(pwrite(file->dirty, &mark, 1, page), 1);
}

/* Copies the first octets of a page, as many as there are. */
static void
page_copy(int from, int to, int64_t page, size_t octets)
{
	char    buffer[PAGE];
	ssize_t got = pread(from, buffer, octets, page * PAGE);

	if (got > 0)
		ck_assert_int_eq(pwrite(to, buffer, (size_t)got, page * PAGE), got);
}

/* The end of a file that was cut short is as durable as the rest: it counts from the next sync on. */
static void
platter_sync(struct bad_file *file, bool reaches)
{
	char          path[2 * PATH];
	char          mark;
	struct stat   st;
	int           from;

	(void)snprintf(path, sizeof path, "%s/%s", disk.directory, file->name);
	from = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(from, 0);
	ck_assert_int_eq(fstat(from, &st), 0);
	for (int64_t page = 0; pread(file->dirty, &mark, 1, page) == 1; page++) {
		if (mark != 1)
			continue;
		if (reaches)
			page_copy(from, file->platter, page, PAGE);
		dirty_mark(file, page * PAGE, 1, 0);
	}
	if (reaches)
		ck_assert_int_eq(ftruncate(file->platter, st.st_size), 0);
	(void)close(from);
}

static int
platter_open(const char *name, const char *suffix)
{
	char path[2 * PATH];
	int  fd;

	(void)snprintf(path, sizeof path, "%s/%s%s", disk.platter, name, suffix);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* ---- the methods of a file ---- */

static int
file_close(sqlite3_file *base)
{
	struct bad_file *file = (struct bad_file *)base;

	if (file->platter >= 0) {
		(void)close(file->platter);
		(void)close(file->dirty);
	}
	return file->real->pMethods->xClose(file->real);
}

static int
file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	return real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
}

static int
file_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
	struct bad_file *file = (struct bad_file *)base;
	int              failure = file->platter >= 0 ? disk_strike(DISK_WRITE) : SQLITE_OK;
	int              done = failure == SQLITE_OK ? size : size / 4 * (int)(disk.count % 4);
	int              rc;

	if (failure == SQLITE_FULL || (failure != SQLITE_OK && disk.fault == DISK_READ_ONLY))
		return failure;
	rc = file->real->pMethods->xWrite(file->real, data, done, offset);
	if (file->platter >= 0)
		dirty_mark(file, offset, done, 1);
	return failure != SQLITE_OK ? failure : rc;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct bad_file *file = (struct bad_file *)base;
	int              failure = file->platter >= 0 ? disk_strike(DISK_OTHER) : SQLITE_OK;

	return failure != SQLITE_OK ? failure : file->real->pMethods->xTruncate(file->real, size);
}

/* The real file need not be synced: no power is cut here. */
static int
file_sync(sqlite3_file *base, int flags)
{
	struct bad_file *file = (struct bad_file *)base;
	int              failure;

	(void)flags;
	if (file->platter < 0)
		return SQLITE_OK;
	failure = disk_strike(DISK_SYNC);
	platter_sync(file, failure == SQLITE_OK);
	return failure;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int
file_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
file_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
file_check_reserved(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int
file_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int
file_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
file_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int
file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
file_shm_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- the VFS ---- */

/* The name of a file that is on the platter; NULL for another. */
static const char *
disk_name(const char *path)
{
	size_t length = strlen(disk.directory);

	if (path == NULL || strncmp(path, disk.directory, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

static int
disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
	struct bad_file *file = (struct bad_file *)base;
	const char      *name = disk_name(path);
	int              rc;

	(void)vfs;
	*file = (struct bad_file){.real = (sqlite3_file *)(void *)(file + 1), .platter = -1, .dirty = -1};
	rc = disk.real->xOpen(disk.real, path, file->real, flags, out);
	if (file->real->pMethods == NULL)
		return rc;
	file->base.pMethods = &file_methods;
	if (rc == SQLITE_OK && name != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
		(void)snprintf(file->name, sizeof file->name, "%s", name);
		file->platter = platter_open(name, "");
		file->dirty = platter_open(name, ".dirty");
	}
	return rc;
}

/* A removal is on disk at once: what a removed log held is in the database by then. */
static int
disk_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	const char *name = disk_name(path);
	char        gone[2 * PATH];
	int         failure;

	(void)vfs;
	if (name == NULL)
		return disk.real->xDelete(disk.real, path, sync);
	failure = disk_strike(DISK_OTHER);
	if (failure != SQLITE_OK)
		return SQLITE_IOERR_DELETE;
	for (int i = 0; i < 2; i++) {
		(void)snprintf(gone, sizeof gone, "%s/%s%s", disk.platter, name, i == 0 ? "" : ".dirty");
		(void)unlink(gone);
	}
	return disk.real->xDelete(disk.real, path, 0);
}

void
bad_disk_install(const char *directory, const char *platter)
{
	ck_assert_ptr_null(disk.real);
	(void)snprintf(disk.directory, sizeof disk.directory, "%s", directory);
	(void)snprintf(disk.platter, sizeof disk.platter, "%s", platter);
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.zName = "bad-disk";
	disk.vfs.pNext = NULL;
	disk.vfs.szOsFile = disk.real->szOsFile + (int)sizeof(struct bad_file);
	disk.vfs.xOpen = disk_open;
	disk.vfs.xDelete = disk_delete;
	ck_assert_int_eq(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void
bad_disk_fault(enum disk_fault fault, unsigned at)
{
	disk.fault = fault;
	disk.at = at;
	disk.count = 0;
	disk.sync_due = false;
}

unsigned
bad_disk_count(void)
{
	return disk.count;
}

/* ---- a power cut ---- */

static uint32_t
cut_draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static int
cut_open(const char *directory, const char *name, const char *suffix, int flags)
{
	char path[2 * PATH];

	(void)snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix);
	return open(path, flags | O_CLOEXEC, 0600);
}

/* Some dirty pages were on their way: each is on disk or not, or torn between two sectors. */
static void
cut_pages(int cached, int dirty, int to, uint32_t *seed)
{
	char mark;

	for (int64_t page = 0; pread(dirty, &mark, 1, page) == 1; page++) {
		uint32_t drawn = cut_draw(seed) >> 8;

		if (mark == 1 && drawn % 3 != 0)
			page_copy(cached, to, page, drawn % 3 == 1 ? PAGE : (size_t)SECTOR * (drawn / 3 % 8));
	}
}

static void
cut_file(const char *to, const char *name, uint32_t *seed)
{
	int  platter = cut_open(disk.platter, name, "", O_RDONLY);
	int  dirty = cut_open(disk.platter, name, ".dirty", O_RDONLY);
	int  cached = cut_open(disk.directory, name, "", O_RDONLY);
	int  copy = cut_open(to, name, "", O_RDWR | O_CREAT | O_TRUNC);
	char buffer[PAGE];
	ssize_t got;

	ck_assert_int_ge(platter, 0);
	ck_assert_int_ge(copy, 0);
	while ((got = read(platter, buffer, sizeof buffer)) > 0)
		ck_assert_int_eq(write(copy, buffer, (size_t)got), got);
	if (*seed != 0 && dirty >= 0 && cached >= 0)
		cut_pages(cached, dirty, copy, seed);
	(void)close(platter);
	(void)close(copy);
	if (dirty >= 0)
		(void)close(dirty);
	if (cached >= 0)
		(void)close(cached);
}

void
bad_disk_cut(const char *to, uint32_t seed)
{
	DIR           *files = opendir(disk.platter);
	struct dirent *entry;

	ck_assert_ptr_nonnull(files);
	while ((entry = readdir(files)) != NULL)
		if (entry->d_name[0] != '.' && strstr(entry->d_name, ".dirty") == NULL)
			cut_file(to, entry->d_name, &seed);
	(void)closedir(files);
}
