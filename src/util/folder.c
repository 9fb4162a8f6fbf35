/* Owns an open directory; looks up each name in it once. */
#include "config.h"

#include "util/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

static int
folder_take(int fd, const char *path, struct folder *out, struct error *err)
{
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(err, ERROR_INTERNAL, "%s is no directory, or a link: it is not followed",
		    path);
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "reading %s", path);
	*out = (struct folder){fd, memory_strdup(path)};
	return 0;
}

int
folder_open(const char *path, struct folder *out, struct error *err)
{
	*out = (struct folder){.fd = -1};
	return folder_take(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, out, err);
}

int
folder_open_in(const struct folder *parent, const char *name, struct folder *out,
    struct error *err)
{
	AUTO_FREE char *path = file_join(parent->path, name);

	*out = (struct folder){.fd = -1};
	return folder_take(
	    openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path, out, err);
}

void
folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		(void)close(folder->fd);
	free(folder->path);
	*folder = (struct folder){.fd = -1};
}

int
folder_list(const struct folder *folder, struct dirent ***entries, struct error *err)
{
	int count = scandirat(folder->fd, ".", entries, NULL, alphasort);

	return count >= 0 ? count
	                  : error_set_errno(err, ERROR_INTERNAL, "reading %s", folder->path);
}

int
folder_read(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct stat *st, bool *regular, struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc = 0;

	/* ENXIO: a socket. */
	*regular = !(fd < 0 && (errno == ELOOP || errno == ENXIO));
	if (!*regular)
		return 0;
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	if (fstat(fd, st) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	else if (!S_ISREG(st->st_mode))
		*regular = false;
	else if ((uint64_t)st->st_size > max)
		rc = error_set(err, ERROR_TOO_LARGE, "%s has more than %zu octets", path, max);
	else
		rc = file_read_fd(fd, path, max, out, err);
	(void)close(fd);
	return rc;
}
