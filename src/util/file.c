/* Small files: read whole with a bound, written whole or not at all. */
#include "config.h"

#include "util/file.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file_named.h"

int
file_read_fd(int fd, const char *path, size_t max, struct bytes *out, struct error *err)
{
	uint8_t chunk[4096];
	size_t  total = 0;
	ssize_t got;

	while ((got = read(fd, chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		total += (size_t)got;
		if (total > max)
			break;
		bytes_append(out, chunk, (size_t)got);
	}
	bytes_cleanse(chunk, sizeof chunk);
	if (got < 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", path);
	if (total > max)
		return error_set(err, ERROR_TOO_LARGE, "%s has more than %zu octets", path, max);
	return 0;
}

bool
file_is_roots(const char *path)
{
	AUTO_FREE char *part = memory_strdup(path);
	struct stat     st;

	if (*path != '/')
		return false;
	for (;;) {
		char *slash = strrchr(part, '/');

		if (lstat(part, &st) != 0 || S_ISLNK(st.st_mode) || st.st_uid != 0 ||
		    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return false;
		if (slash == part && slash[1] == '\0')
			return true;
		slash[slash == part ? 1 : 0] = '\0';
	}
}

/* How many links may lead from one to the next. */
#define FILE_LINKS_MAX 8

/* Opens without waiting for anybody. */
#define FILE_OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)

/*
 * Where the link `name` in the directory `*at` leads, with whose it is: both of one and the
 * same link, whatever is put in its place meanwhile. *at becomes the directory that *target,
 * PATH_MAX octets, is looked up in. A link of /proc is no path but the file itself: *magic.
 */
static int
file_read_link(int *at, const char *name, char *target, uid_t *owner, bool *magic)
{
	AUTO_FREE char *parent = memory_strdup(name);
	int             link = openat(*at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs   system;
	struct stat     st;
	ssize_t         size = -1;
	int             directory;

	if (link >= 0 && fstat(link, &st) == 0 && fstatfs(link, &system) == 0 &&
	    (size = readlinkat(link, "", target, PATH_MAX - 1)) >= 0) {
		target[size] = '\0';
		*owner = st.st_uid;
		*magic = system.f_type == PROC_SUPER_MAGIC;
	}
	if (link >= 0)
		(void)close(link);
	if (size < 0 || (directory = openat(*at, dirname(parent), O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if (*at != AT_FDCWD)
		(void)close(*at);
	*at = directory;
	return 0;
}

/*
 * Decides whether root may follow the links: only to a file of each link's owner, who can
 * read that file anyway. EPERM otherwise: content that root reads for a service's user
 * may be shown to that user.
 */
static int
file_check_links(int fd, const uid_t *owners, unsigned count)
{
	struct stat st;

	if (count == 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): each link that was followed has its owner */
		if (owners[i] != 0 && owners[i] != st.st_uid) {
			errno = EPERM;
			return -1;
		}
	}
	return 0;
}

/* The link `name` as the next path to open: a path relative to *at. */
static int
file_open_link(int *at, const char *name, char *target, uid_t *owner)
{
	AUTO_FREE char *again = memory_strdup(name);
	int             before = *at == AT_FDCWD ? AT_FDCWD : fcntl(*at, F_DUPFD_CLOEXEC, 0);
	bool            magic = false;
	int             fd = -1;
	int             failed;

	if (file_read_link(at, name, target, owner, &magic) == 0)
		fd = magic ? openat(before, again, FILE_OPEN_FLAGS & ~O_NOFOLLOW)
		           : openat(*at, target, FILE_OPEN_FLAGS);
	else
		errno = errno == ELOOP ? EINVAL : errno;
	failed = errno;
	if (before != AT_FDCWD)
		(void)close(before);
	errno = failed;
	return fd;
}

static int
file_open(const char *path)
{
	char     target[PATH_MAX];
	uid_t    owners[FILE_LINKS_MAX];
	unsigned links = 0;
	int      at = AT_FDCWD;
	int      fd = open(path, geteuid() == 0 ? FILE_OPEN_FLAGS : FILE_OPEN_FLAGS & ~O_NOFOLLOW);
	int      failed;

	for (; fd < 0 && errno == ELOOP && geteuid() == 0 && links < FILE_LINKS_MAX; links++)
		fd = file_open_link(&at, links == 0 ? path : target, target, &owners[links]);
	failed = errno;
	if (at != AT_FDCWD)
		(void)close(at);
	errno = failed;
	if (fd < 0 || file_check_links(fd, owners, links) == 0)
		return fd;
	failed = errno;
	(void)close(fd);
	errno = failed;
	return -1;
}

/*
 * Opening a FIFO waits for a writer, perhaps for ever: only a pipe without a name, as a shell
 * makes it, and the files that the administrator has named are read.
 */
static int
file_check_kind(int fd, const char *path, size_t max, struct error *err)
{
	struct statfs  system;
	struct stat    st;
	int            flags = fcntl(fd, F_GETFL);

	if (fstat(fd, &st) != 0 || flags < 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return error_set(err, ERROR_TOO_LARGE, "%s has more than %zu octets", path, max);
	if (!S_ISFIFO(st.st_mode))
		return 0;
	if (fstatfs(fd, &system) != 0 || system.f_type != PIPEFS_MAGIC)
		return error_set(err, ERROR_INTERNAL, "%s is a FIFO, and no regular file", path);
	if (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", path);
	return 0;
}

int
file_read(const char *path, size_t max, struct bytes *out, struct error *err)
{
	int fd = file_named_fd(path);
	int rc;

	if (fd >= 0)
		return file_read_fd(fd, path, max, out, err);
	fd = file_open(path);
	if (fd < 0 && errno == EPERM)
		return error_set(err, ERROR_INTERNAL,
		    "%s is a link of a user who does not own what it leads to", path);
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	rc = file_check_kind(fd, path, max, err);
	if (rc == 0)
		rc = file_read_fd(fd, path, max, out, err);
	(void)close(fd);
	return rc;
}

void
file_mark_fill(const struct stat *st, struct file_mark *mark)
{
	*mark = (struct file_mark){0}; /* padding included */
	mark->device = st->st_dev;
	mark->inode = st->st_ino;
	mark->size = st->st_size;
	mark->seconds = st->st_mtim.tv_sec;
	mark->nanoseconds = st->st_mtim.tv_nsec;
}

void
file_mark_take(const char *path, struct file_mark *mark)
{
	struct stat st;

	if (stat(path, &st) == 0)
		file_mark_fill(&st, mark);
	else
		*mark = (struct file_mark){0};
}

int
file_write(int fd, const void *octets, size_t size)
{
	const uint8_t *data = octets;

	while (size > 0) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

static int
file_write_fd(int fd, const void *data, size_t size)
{
	return file_write(fd, data, size) == 0 ? fsync(fd) : -1;
}

int
file_sync_directory(const char *directory, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || fsync(fd) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "syncing %s", directory);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

int
file_replace(const char *path, const void *data, size_t size, mode_t mode, struct error *err)
{
	size_t         length = strlen(path) + sizeof ".XXXXXX";
	AUTO_FREE char *temporary = memory_new(length);
	AUTO_FREE char *parent = memory_strdup(path);
	int            fd;
	int            failed;

	(void)snprintf(temporary, length, "%s.XXXXXX", path);
	if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", temporary);
	failed = fchmod(fd, mode) != 0 || file_write_fd(fd, data, size) != 0;
	if (failed)
		error_set_errno(err, ERROR_INTERNAL, "writing %s", temporary);
	(void)close(fd);
	if (!failed && rename(temporary, path) != 0) {
		failed = 1;
		error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", temporary, path);
	}
	if (failed) {
		(void)unlink(temporary);
		return -1;
	}
	return file_sync_directory(dirname(parent), err);
}

int
file_create(const char *path, const void *data, size_t size, mode_t mode, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int failed;

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "%s is there already", path);
	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", path);
	failed = fchmod(fd, mode) != 0 || file_write_fd(fd, data, size) != 0;
	if (failed)
		error_set_errno(err, ERROR_INTERNAL, "writing %s", path);
	(void)close(fd);
	if (failed)
		(void)unlink(path);
	return failed ? -1 : 0;
}

bool
file_is_below(const char *directory, const char *path)
{
	size_t length = strcmp(directory, "/") != 0 ? strlen(directory) : 0;

	return strncmp(directory, path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

char *
file_join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char  *path = memory_new(size);

	(void)snprintf(path, size, "%s/%s", directory, name);
	return path;
}
