/* Owns an open directory and the names in it; folder_file.c owns the content of its files. */
#include "config.h"

#include "util/folder.h"

#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* Tries of a new name: one in 2^30 is taken. */
#define FOLDER_TRIES 100

static int
folder_take(int fd, const char *path, struct folder *out, struct error *err)
{
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(err, ERROR_INTERNAL, "%s is no directory, or a link: it is not followed",
		    path);
	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "reading %s", path);
	*out = (struct folder){.fd = fd, .path = memory_strdup(path)};
	return 0;
}

int
folder_open(const char *path, struct folder *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct folder){.fd = -1};
	if (fd < 0 && errno == ENOTDIR)
		return access(path, F_OK) == 0
		    ? error_set(err, ERROR_INTERNAL, "%s is not a directory", path)
		    : error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	return folder_take(fd, path, out, err);
}

/* What is in it is its owner's, root's or ours. */
static int
check_owner(const struct stat *directory, const struct stat *inside, const char *path,
    struct error *err)
{
	if (inside->st_uid == directory->st_uid || inside->st_uid == 0 || inside->st_uid == geteuid())
		return 0;
	return error_set(err, ERROR_INTERNAL,
	    "%s belongs to uid %lu, and its directory to uid %lu; give it to that one", path,
	    (unsigned long)inside->st_uid, (unsigned long)directory->st_uid);
}

static int
check_inside(int fd, int inside, const char *path, struct error *err)
{
	struct stat directory;
	struct stat st;

	if (fstat(fd, &directory) != 0 || fstat(inside, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	return check_owner(&directory, &st, path, err);
}

int
folder_open_in(const struct folder *parent, const char *name, struct folder *out,
    struct error *err)
{
	AUTO_FREE char *path = file_join(parent->path, name);

	*out = (struct folder){.fd = -1};
	if (folder_take(openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path,
	        out, err) != 0)
		return -1;
	if (check_inside(parent->fd, out->fd, path, err) == 0)
		return 0;
	folder_close(out);
	return -1;
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

/* ---- places ---- */

static bool
name_is_one(const char *name)
{
	return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0;
}

int
folder_place_find(const struct folder *folder, const char *name, struct folder_place *out,
    struct error *err)
{
	AUTO_FREE char *parent = memory_strdup(name);
	char           *slash = strchr(parent, '/');
	struct folder   inside = {.fd = -1};

	if (slash != NULL)
		*slash = '\0';
	*out = (struct folder_place){folder->fd, slash != NULL,
	    slash != NULL ? name + (slash - parent) + 1 : name, folder->ours};
	if (!name_is_one(parent) || !name_is_one(out->name)) {
		out->opened = false;
		return error_set(err, ERROR_INTERNAL, "\"%s\" is no name of a file in %s", name,
		    folder->path);
	}
	if (slash == NULL)
		return 0;
	if (folder_open_in(folder, parent, &inside, err) != 0) {
		out->opened = false;
		return -1;
	}
	out->fd = inside.fd;
	free(inside.path);
	return 0;
}

void
folder_place_leave(struct folder_place *place)
{
	if (place->opened)
		(void)close(place->fd);
	*place = (struct folder_place){.fd = -1};
}

int
folder_check_file(int fd, const struct stat *file, const char *path, bool written,
    struct error *err)
{
	struct stat directory;

	if (!S_ISREG(file->st_mode))
		return error_set(err, ERROR_INTERNAL,
		    "%s is no regular file; a link is not followed: put the file itself there", path);
	if (fstat(fd, &directory) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at the directory of %s", path);
	if (check_owner(&directory, file, path, err) != 0)
		return -1;
	if (file->st_nlink > 1 && (written || file->st_uid != directory.st_uid))
		return error_set(err, ERROR_INTERNAL,
		    "%s has another name elsewhere (a hard link); put a copy in its place", path);
	return 0;
}

int
folder_give(int fd, int file)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	return fstat(fd, &st) == 0 ? fchown(file, st.st_uid, st.st_gid) : -1;
}

void
folder_letters(char letters[6])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz012345";
	uint8_t           octets[6];

	if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
		abort();
	for (size_t i = 0; i < sizeof octets; i++)
		letters[i] = alphabet[octets[i] % 32];
}

/* ---- names ---- */

int
folder_look(const struct folder *folder, const char *name, struct stat *st)
{
	struct folder_place place;
	struct error        err;
	int                 rc;
	int                 failed;

	if (folder_place_find(folder, name, &place, &err) != 0) {
		errno = err.kind == ERROR_NOT_FOUND ? ENOENT : EINVAL;
		return -1;
	}
	rc = fstatat(place.fd, place.name, st, AT_SYMLINK_NOFOLLOW);
	failed = errno;
	folder_place_leave(&place);
	errno = failed;
	return rc;
}

bool
folder_has(const struct folder *folder, const char *name)
{
	struct stat st;

	return folder_look(folder, name, &st) == 0;
}

int
folder_find(const struct folder *folder, const char *name, bool *there, struct error *err)
{
	struct stat st;

	*there = folder_look(folder, name, &st) == 0;
	if (*there || errno == ENOENT)
		return 0;
	return error_set_errno(err, ERROR_INTERNAL, "looking at %s/%s", folder->path, name);
}

bool
folder_is_at(const struct folder *folder, const char *path)
{
	struct stat here;
	struct stat there;

	return fstat(folder->fd, &here) == 0 && stat(path, &there) == 0 &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

int
folder_make(const struct folder *folder, const char *name, struct folder *out, struct error *err)
{
	bool made = mkdirat(folder->fd, name, 0700) == 0;

	*out = (struct folder){.fd = -1};
	if (!made && errno != EEXIST)
		return error_set_errno(err, ERROR_INTERNAL, "making %s/%s", folder->path, name);
	if (folder_open_in(folder, name, out, err) != 0)
		return -1;
	if (!made || folder_give(folder->fd, out->fd) == 0)
		return 0;
	error_set_errno(err, ERROR_INTERNAL, "giving %s to the directory's owner", out->path);
	folder_close(out);
	return -1;
}

int
folder_make_new(const struct folder *folder, const char *prefix, struct folder *out, char **name,
    struct error *err)
{
	size_t length = strlen(prefix);
	int    rc = -1;

	*out = (struct folder){.fd = -1};
	*name = memory_new(length + 7);
	memcpy(*name, prefix, length);
	for (int tries = 0; tries < FOLDER_TRIES; tries++) {
		folder_letters(*name + length);
		if (mkdirat(folder->fd, *name, 0700) == 0) {
			rc = folder_open_in(folder, *name, out, err);
			if (rc != 0)
				(void)unlinkat(folder->fd, *name, AT_REMOVEDIR);
			break;
		}
		rc = error_set_errno(err, ERROR_INTERNAL, "making a directory in %s", folder->path);
		if (errno != EEXIST)
			break;
	}
	if (rc == 0)
		return 0;
	free(*name);
	*name = NULL;
	return -1;
}

int
folder_rename(const struct folder *folder, const char *from, const char *to, struct error *err)
{
	struct folder_place source = {.fd = -1};
	struct folder_place target = {.fd = -1};
	int                 rc = folder_place_find(folder, from, &source, err);

	if (rc == 0)
		rc = folder_place_find(folder, to, &target, err);
	if (rc == 0 && renameat(source.fd, source.name, target.fd, target.name) != 0)
		rc = error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "renaming %s/%s to %s", folder->path, from, to);
	folder_place_leave(&source);
	folder_place_leave(&target);
	return rc;
}

int
folder_remove(const struct folder *folder, const char *name, struct error *err)
{
	struct folder_place place;
	int                 rc = folder_place_find(folder, name, &place, err);

	if (rc != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (unlinkat(place.fd, place.name, 0) != 0 && errno != ENOENT)
		rc = error_set_errno(err, ERROR_INTERNAL, "removing %s/%s", folder->path, name);
	folder_place_leave(&place);
	return rc;
}

int
folder_sync(const struct folder *folder, struct error *err)
{
	return fsync(folder->fd) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "syncing %s", folder->path);
}

int
folder_sync_of(const struct folder *folder, const char *name, struct error *err)
{
	struct folder_place place;
	int                 rc;

	if (folder_place_find(folder, name, &place, err) != 0)
		return -1;
	rc = fsync(place.fd) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "syncing the directory of %s/%s", folder->path, name);
	folder_place_leave(&place);
	return rc;
}
