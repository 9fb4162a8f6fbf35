/* Owns the descriptors of what the administrator has named; reads none of it. */
#include "config.h"

#include "util/file_named.h"

#include <sys/resource.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NAMED_DEPTH_MAX 64

struct named {
	char *path;
	int   fd;
};

/* By path, for the life of the process: of one command. */
static void *named_tree;

static int
named_compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

/* For qsort, which hands over addresses of addresses. */
static int
named_compare_entries(const void *a, const void *b)
{
	return strcoll((*(struct dirent *const *)a)->d_name, (*(struct dirent *const *)b)->d_name);
}

static struct named *
named_find(const char *path)
{
	struct named   wanted = {.path = (char *)(uintptr_t)path}; /* compared only */
	struct named **found = tfind(&wanted, &named_tree, named_compare);

	return found != NULL ? *found : NULL;
}

static void
named_keep(const char *path, int fd)
{
	struct named *named = memory_new(sizeof *named);

	named->path = memory_strdup(path);
	named->fd = fd;
	memory_check(tsearch(named, &named_tree, named_compare));
}

/* scandir(3) of an open directory, which needs no right to look up names in it any more. */
static int
named_scan(int fd, struct dirent ***entries)
{
	int             copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR            *directory = copy >= 0 ? fdopendir(copy) : NULL;
	struct bytes    list = {0};
	struct dirent  *entry;
	int             count = 0;

	if (directory == NULL) {
		if (copy >= 0)
			(void)close(copy);
		return -1;
	}
	rewinddir(directory);
	for (; (entry = readdir(directory)) != NULL; count++) {
		struct dirent *kept = memory_new(sizeof *kept);

		*kept = *entry;
		bytes_append(&list, &kept, sizeof kept);
	}
	(void)closedir(directory);
	*entries = (struct dirent **)(void *)list.data;
	if (count > 1)
		qsort(*entries, (size_t)count, sizeof **entries, named_compare_entries);
	return count;
}

void
file_named_open(const char *path)
{
	int fd;

	if (named_find(path) == NULL && (fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
		named_keep(path, fd);
}

/* A tree may have more files than a process is usually given descriptors. */
static void
named_raise_limit(void)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_NOFILE, &limit); /* which fails for another resource, or another process */
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int named_open_directory(const char *path, int fd, size_t *left, unsigned depth,
    struct error *err);

/* Anything but a file or a directory is left to the later walk of the tree. */
static int
named_open_entry(int directory, const char *name, const char *path, size_t *left, unsigned depth,
    struct error *err)
{
	struct stat st;
	int         fd;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 0;
	if ((*left)-- == 0)
		return error_set(err, ERROR_TOO_LARGE, "%s: there are more files than are looked at", path);
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return named_open_directory(path, fd, left, depth + 1, err);
	named_keep(path, fd);
	return 0;
}

/* Takes over `fd`. */
static int
named_open_directory(const char *path, int fd, size_t *left, unsigned depth, struct error *err)
{
	struct dirent **entries = NULL;
	int             count = named_scan(fd, &entries);
	int             rc = 0;

	named_keep(path, fd);
	if (count < 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", path);
	if (depth > NAMED_DEPTH_MAX)
		rc = error_set(err, ERROR_TOO_LARGE, "%s: too many directories are in each other", path);
	for (int i = 0; i < count; i++) {
		const char     *name = entries[i]->d_name;
		AUTO_FREE char *inside = file_join(path, name);

		if (rc == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			rc = named_open_entry(fd, name, inside, left, depth, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int
file_named_open_tree(const char *path, size_t max, struct error *err)
{
	struct stat st;
	int         fd;

	if (named_find(path) != NULL)
		return 0;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		file_named_open(path);
		return 0;
	}
	named_raise_limit();
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
	return named_open_directory(path, fd, &max, 1, err);
}

int
file_named_fd(const char *path)
{
	const struct named *named = named_find(path);

	if (named == NULL)
		return -1;
	(void)lseek(named->fd, 0, SEEK_SET); /* a pipe has no beginning */
	return named->fd;
}

int
file_named_stat(const char *path, struct stat *st)
{
	const struct named *named = named_find(path);

	return named != NULL ? fstat(named->fd, st) : lstat(path, st);
}

int
file_named_scan(const char *path, struct dirent ***entries)
{
	const struct named *named = named_find(path);

	return named != NULL ? named_scan(named->fd, entries)
	                     : scandir(path, entries, NULL, alphasort);
}
