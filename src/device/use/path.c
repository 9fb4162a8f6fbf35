/*
 * Owns the walk. Each part is opened by the descriptor of the directory before it, and a link is read
 * and walked as well: root never goes through what another user can put somewhere else.
 */
#include "config.h"

#include "device/use/path.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define LINKS_MAX 40
#define REMEDY    "run this as that user, or set HOME to a directory of root's"

struct walk {
	struct folder      at;   /* O_PATH */
	char              *rest; /* of the path */
	int                links;
	enum use_path_mode mode;
};

static void
walk_clear(struct walk *walk)
{
	folder_close(&walk->at);
	free(walk->rest);
}

#define AUTO_WALK __attribute__((cleanup(walk_clear))) struct walk

static bool
walk_is_strict(const struct walk *walk)
{
	return walk->mode != USE_PATH_LOOK && geteuid() == 0;
}

static int
owner_check(const struct stat *st, const char *what, const char *path, struct error *err)
{
	if (st->st_uid != 0)
		return error_set(err, ERROR_INTERNAL, "%s%s is uid %lu's; " REMEDY, what, path,
		    (unsigned long)st->st_uid);
	if (!S_ISLNK(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st->st_mode & S_ISVTX) == 0)
		return error_set(err, ERROR_INTERNAL,
		    "other users can write in %s; take that from them (chmod go-w), or set HOME to a directory "
		    "of root's", path);
	return 0;
}

/* Goes to a directory that was opened, or not; `path` is handed over. */
static int
walk_enter(struct walk *walk, int fd, char *path, struct error *err)
{
	struct stat st;

	if (fd < 0) {
		int rc = error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL, "opening %s",
		    *path != '\0' ? path : "/");

		free(path);
		return rc;
	}
	folder_close(&walk->at);
	walk->at = (struct folder){.fd = fd, .path = path};
	if (!walk_is_strict(walk))
		return 0;
	if (fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	/* The root directory is above all that is asked here. */
	return *path == '\0' ? 0 : owner_check(&st, "", path, err);
}

static int
walk_begin(struct walk *walk, const char *base, struct error *err)
{
	return walk_enter(walk, open(base, O_PATH | O_DIRECTORY | O_CLOEXEC),
	    memory_strdup(strcmp(base, "/") != 0 ? base : ""), err);
}

/* Puts the link's target before `more`. */
static int
walk_follow(struct walk *walk, const char *part, const struct stat *st, const char *more,
    struct error *err)
{
	AUTO_FREE char *path = file_join(walk->at.path, part);
	char            target[PATH_MAX];
	ssize_t         size;
	char           *rest;

	if (walk_is_strict(walk) && owner_check(st, "the link ", path, err) != 0)
		return -1;
	size = readlinkat(walk->at.fd, part, target, sizeof target - 1);
	if (size < 0 || ++walk->links > LINKS_MAX) {
		if (size >= 0)
			errno = ELOOP;
		return error_set_errno(err, ERROR_INTERNAL, "following %s", path);
	}
	target[size] = '\0';
	rest = *more != '\0' ? file_join(target, more) : memory_strdup(target);
	free(walk->rest);
	walk->rest = rest;
	return target[0] == '/' ? walk_begin(walk, "/", err) : 0;
}

static int
walk_down(struct walk *walk, const char *part, bool missing, const char *more, struct error *err)
{
	char *path = file_join(walk->at.path, part);
	char *rest = memory_strdup(more);

	free(walk->rest);
	walk->rest = rest;
	if (missing && walk->mode == USE_PATH_MAKE && mkdirat(walk->at.fd, part, 0755) != 0 &&
	    errno != EEXIST) {
		(void)error_set_errno(err, ERROR_INTERNAL, "making %s", path);
		free(path);
		return -1;
	}
	return walk_enter(walk, openat(walk->at.fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    path, err);
}

/* Goes one part on; *name is set at the last. */
static int
walk_step(struct walk *walk, char **name, struct error *err)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): whoever frees the rest puts another in its place at once */
	const char     *begin = walk->rest + strspn(walk->rest, "/");
	size_t          length = strcspn(begin, "/");
	const char     *more = begin + length + strspn(begin + length, "/");
	AUTO_FREE char *part = view_dup((struct view){(const uint8_t *)begin, length});
	AUTO_FREE char *path = file_join(walk->at.path, part);
	struct stat     st;
	bool            missing = fstatat(walk->at.fd, part, &st, AT_SYMLINK_NOFOLLOW) != 0;

	if (length == 0)
		return error_set(err, ERROR_INTERNAL, "%s is a directory", walk->at.path);
	if (missing && errno != ENOENT)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	if (!missing && S_ISLNK(st.st_mode))
		return walk_follow(walk, part, &st, more, err);
	if (*more != '\0')
		return walk_down(walk, part, missing, more, err);
	*name = memory_strdup(part);
	return 0;
}

int
use_path_open(const char *base, const char *path, enum use_path_mode mode, struct folder *out,
    char **name, struct error *err)
{
	AUTO_WALK walk = {.at = {.fd = -1}, .rest = memory_strdup(path), .mode = mode};
	char     *last = NULL;
	int       fd;

	*out = (struct folder){.fd = -1};
	*name = NULL;
	if (walk_begin(&walk, base, err) != 0)
		return -1;
	while (last == NULL)
		if (walk_step(&walk, &last, err) != 0)
			return -1;
	fd = openat(walk.at.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		free(last);
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", walk.at.path);
	}
	*out = (struct folder){.fd = fd, .path = walk.at.path};
	walk.at.path = NULL;
	*name = last;
	return 0;
}
