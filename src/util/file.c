/* Small files: read whole with a bound, written whole or not at all. */
#include "config.h"

#include "util/file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

static int
file_read_fd(int fd, const char *path, size_t max, struct bytes *out, struct error *err)
{
	uint8_t chunk[4096];
	size_t  total = 0;
	ssize_t got;

	while ((got = read(fd, chunk, sizeof chunk)) > 0) {
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

/*
 * Decides whether root may follow a link: only to a file of the link's owner, who can
 * read that file anyway. EPERM otherwise: content that root reads for a service's user
 * may be shown to that user.
 */
static int
file_check_link(const char *path, const struct stat *target)
{
	struct stat link;

	if (geteuid() != 0)
		return 0;
	if (lstat(path, &link) != 0)
		return -1;
	if (!S_ISLNK(link.st_mode) || link.st_uid == 0 || link.st_uid == target->st_uid)
		return 0;
	errno = EPERM;
	return -1;
}

static int
file_open(const char *path)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat target;
	int         failed;

	if (fd >= 0 || errno != ELOOP)
		return fd;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (fstat(fd, &target) == 0 && file_check_link(path, &target) == 0))
		return fd;
	failed = errno;
	(void)close(fd);
	errno = failed;
	return -1;
}

int
file_read(const char *path, size_t max, struct bytes *out, struct error *err)
{
	int fd = file_open(path);
	int rc;

	if (fd < 0 && errno == EPERM)
		return error_set(err, ERROR_INTERNAL,
		    "%s is a link of a user who does not own what it leads to", path);
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	rc = file_read_fd(fd, path, max, out, err);
	(void)close(fd);
	return rc;
}

void
file_mark_take(const char *path, struct file_mark *mark)
{
	struct stat st;

	*mark = (struct file_mark){0};
	if (stat(path, &st) != 0)
		return;
	mark->device = st.st_dev;
	mark->inode = st.st_ino;
	mark->size = st.st_size;
	mark->seconds = st.st_mtim.tv_sec;
	mark->nanoseconds = st.st_mtim.tv_nsec;
}

static int
file_write_fd(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		data += put;
		size -= (size_t)put;
	}
	return fsync(fd);
}

int
file_give(const char *directory, const char *path, struct error *err)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(directory, &st) != 0 || lchown(path, st.st_uid, st.st_gid) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "giving %s to the directory's owner", path);
	return 0;
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

char *
file_join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char  *path = memory_new(size);

	(void)snprintf(path, size, "%s/%s", directory, name);
	return path;
}
