/* Small files: read whole with a bound, written whole or not at all. */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/bytes.h"

struct error;

/*
 * Appends the whole file to *out. Fails with NOT_FOUND when there is none, with
 * TOO_LARGE above `max` octets, else with INTERNAL; the detail names the path. Root
 * follows a link of another user only to a file of that user. A FIFO is refused without
 * waiting for it, unless it is among the files of file_named.h, which are read as they were
 * opened.
 */
int file_read(const char *path, size_t max, struct bytes *out, struct error *err);

/* The same of an open file, which may grow meanwhile up to the bound; `path` is for errors. */
int file_read_fd(int fd, const char *path, size_t max, struct bytes *out, struct error *err);

/*
 * True when only root can replace the file at this absolute path: every part of the
 * path is owned by root, writable for root only, and no link (resolve links with
 * realpath(3) first).
 */
bool file_is_roots(const char *path);

/* A file's identity and size at one time, to detect a later change; all zero when there was no
 * file. */
struct file_mark {
	uint64_t device;
	uint64_t inode;
	int64_t  size;
	int64_t  seconds; /* time of its last change */
	int64_t  nanoseconds;
};

/* Marks are compared as octets, several at once. */
struct stat;
void file_mark_take(const char *path, struct file_mark *mark);
void file_mark_fill(const struct stat *st, struct file_mark *mark);

/*
 * Puts `size` octets in place of `path` with permissions `mode` (no umask),
 * through a temporary file beside it; on return they are on disk, and a crash
 * leaves the old file or the new one. INTERNAL when that fails.
 */
int file_replace(const char *path, const void *data, size_t size, mode_t mode,
    struct error *err);

/*
 * Makes the file with permissions `mode` (no umask) and `size` octets, which are on
 * disk on return; its name is durable after file_sync_directory. CONFLICT when the
 * path exists, else INTERNAL; no file remains after a failure. Public for tests: programs use
 * folder_create.
 */
int file_create(const char *path, const void *data, size_t size, mode_t mode,
    struct error *err);

/* Makes the names in the directory durable (fsync). INTERNAL when that fails. Public for tests. */
int file_sync_directory(const char *directory, struct error *err);

/* Writes all of it to the descriptor: 0, or -1 with errno. */
int file_write(int fd, const void *data, size_t size);

/* Whether the path is that directory, or below; both are absolute and without links, ".." or "/" at the end. */
bool file_is_below(const char *directory, const char *path);

/* Returns "directory/name", which the caller frees. */
char *file_join(const char *directory, const char *name);

#endif
