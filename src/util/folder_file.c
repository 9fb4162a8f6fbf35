/*
 * Owns the content of files in an open directory. Each file is opened once, by the directory's
 * descriptor; what is checked is what was opened.
 */
#include "config.h"

#include "util/folder_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

/* Reads what is open, if it is a regular file. */
static int
read_open(const struct folder_place *place, int fd, const char *path, size_t max,
    struct bytes *out, struct stat *st, bool *regular, struct error *err)
{
	if (fstat(fd, st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	*regular = S_ISREG(st->st_mode);
	if (!*regular)
		return 0;
	if (folder_check_file(place->fd, st, path, false, err) != 0)
		return -1;
	if ((uint64_t)st->st_size > max)
		return error_set(err, ERROR_TOO_LARGE, "%s has more than %zu octets", path, max);
	return file_read_fd(fd, path, max, out, err);
}

int
folder_read_any(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct stat *st, bool *regular, struct error *err)
{
	AUTO_FREE char     *path = file_join(folder->path, name);
	struct folder_place place;
	int                 fd;
	int                 rc = 0;

	*regular = false;
	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	fd = openat(place.fd, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		rc = read_open(&place, fd, path, max, out, st, regular, err);
	else if (errno != ELOOP && errno != ENXIO) /* a link, a socket */
		rc = error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	if (fd >= 0)
		(void)close(fd);
	folder_place_leave(&place);
	return rc;
}

int
folder_read(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct error *err)
{
	struct stat st;
	bool        regular;

	if (folder_read_any(folder, name, max, out, &st, &regular, err) != 0)
		return -1;
	return regular ? 0
	               : error_set(err, ERROR_INTERNAL,
	                     "%s/%s is no regular file; a link is not followed: put the file itself there",
	                     folder->path, name);
}

/* Makes the file; CONFLICT when the name is taken. */
static int
create_open(const struct folder_place *place, const char *path, int *fd, struct error *err)
{
	*fd = openat(place->fd, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (*fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "%s is there already", path);
	if (*fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", path);
	if (place->ours || folder_give(place->fd, *fd) == 0)
		return 0;
	error_set_errno(err, ERROR_INTERNAL, "giving %s to the directory's owner", path);
	(void)close(*fd);
	(void)unlinkat(place->fd, place->name, 0);
	*fd = -1;
	return -1;
}

#define NO_GROUP ((gid_t)-1)

/* Of an open file: the group first, or the one before it could read for a moment. */
static int
group_give(int fd, const char *path, gid_t group, mode_t mode, struct error *err)
{
	if (group != NO_GROUP && fchown(fd, (uid_t)-1, group) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "giving %s to the group %lu", path,
		    (unsigned long)group);
	return fchmod(fd, mode) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "setting the permissions of %s", path);
}

static int
create_at(const struct folder_place *place, const char *path, struct view data, gid_t group,
    mode_t mode, struct error *err)
{
	int fd;
	int rc = 0;

	if (create_open(place, path, &fd, err) != 0)
		return -1;
	if (group_give(fd, path, group, mode, err) != 0)
		rc = -1;
	else if (file_write(fd, data.data, data.size) != 0 || fsync(fd) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "writing %s", path);
	(void)close(fd);
	if (rc != 0)
		(void)unlinkat(place->fd, place->name, 0);
	return rc;
}

int
folder_create_open(const struct folder *folder, const char *name, int *fd, struct error *err)
{
	AUTO_FREE char     *path = file_join(folder->path, name);
	struct folder_place place;
	int                 rc;

	*fd = -1;
	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	rc = create_open(&place, path, fd, err);
	folder_place_leave(&place);
	return rc;
}

int
folder_create(const struct folder *folder, const char *name, const void *data, size_t size,
    mode_t mode, struct error *err)
{
	AUTO_FREE char     *path = file_join(folder->path, name);
	struct folder_place place;
	int                 rc;

	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	rc = create_at(&place, path, (struct view){data, size}, NO_GROUP, mode, err);
	folder_place_leave(&place);
	return rc;
}

/* Makes the temporary file "NAME.XXXXXX", and puts it in place. */
static int
replace_at(const struct folder_place *place, const char *path, struct view data, gid_t group,
    mode_t mode, struct error *err)
{
	size_t              length = strlen(place->name);
	AUTO_FREE char     *temporary = memory_new(length + sizeof ".XXXXXX");
	struct folder_place beside = {.fd = place->fd, .name = temporary, .ours = place->ours};
	int                 rc;

	memcpy(temporary, place->name, length);
	temporary[length] = '.';
	do
		folder_letters(temporary + length + 1);
	while ((rc = create_at(&beside, path, data, group, mode, err)) != 0 && err->kind == ERROR_CONFLICT);
	if (rc != 0)
		return -1;
	if (renameat(place->fd, temporary, place->fd, place->name) != 0) {
		error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", temporary, path);
		(void)unlinkat(place->fd, temporary, 0);
		return -1;
	}
	return fsync(place->fd) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "syncing the directory of %s", path);
}

int
folder_replace_group(const struct folder *folder, const char *name, struct view data, gid_t group,
    mode_t mode, struct error *err)
{
	AUTO_FREE char     *path = file_join(folder->path, name);
	struct folder_place place;
	int                 rc;

	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	rc = replace_at(&place, path, data, group, mode, err);
	folder_place_leave(&place);
	return rc;
}

int
folder_replace(const struct folder *folder, const char *name, const void *data, size_t size,
    mode_t mode, struct error *err)
{
	return folder_replace_group(folder, name, (struct view){data, size}, NO_GROUP, mode, err);
}

/* ---- sharing ---- */

static int
share_open(const struct folder_place *place, int fd, const char *path, struct view content,
    gid_t group, mode_t mode, struct error *err)
{
	AUTO_BYTES  found = {0};
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	if (folder_check_file(place->fd, &st, path, true, err) != 0)
		return -1;
	if (st.st_gid == group && (st.st_mode & 07777) == mode)
		return 0;
	if (file_read_fd(fd, path, content.size + 1, &found, err) != 0 && err->kind != ERROR_TOO_LARGE)
		return -1;
	if (!view_equal(bytes_view(&found), content))
		return error_set(err, ERROR_CONFLICT, "%s was replaced by something else", path);
	return group_give(fd, path, group, mode, err);
}

int
folder_share(const struct folder *folder, const char *name, struct view content, gid_t group,
    mode_t mode, struct error *err)
{
	AUTO_FREE char     *path = file_join(folder->path, name);
	struct folder_place place;
	int                 fd;
	int                 rc;

	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	fd = openat(place.fd, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		rc = share_open(&place, fd, path, content, group, mode, err);
	else
		rc = error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	if (fd >= 0)
		(void)close(fd);
	folder_place_leave(&place);
	return rc;
}

void
folder_mark_take(const struct folder *folder, const char *name, struct file_mark *mark)
{
	struct stat st;

	if (folder_look(folder, name, &st) == 0)
		file_mark_fill(&st, mark);
	else
		*mark = (struct file_mark){0};
}
