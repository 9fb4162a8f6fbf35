/*
 * Makes a state directory: under a temporary name and then renamed, or inside
 * an empty one that a service manager made. Never overwrites.
 */
#include "config.h"

#include "ca/directory.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/files.h"
#include "store/store.h"
#include "util/error.h"
#include "util/file.h"

/* Files that mark the directory as a CA, complete or not. */
static const char *const known_files[] = {STATE_ROOT_KEY, STATE_ROOT_PEM, STATE_ROOT_CRL,
    STATE_ISSUING_KEY, STATE_ISSUING_URI, STATE_ISSUING_PEM, STATE_ISSUING_CRL};

static int
directory_check_file(const char *directory, const char *name, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct stat     st;

	return lstat(path, &st) != 0
	    ? 0
	    : error_set(err, ERROR_CONFLICT,
	          "%s is there already, and nothing was changed; for another CA use another "
	          "--state-dir",
	          path);
}

static int
directory_check_known(const char *directory, struct error *err)
{
	for (size_t i = 0; i < sizeof known_files / sizeof known_files[0]; i++)
		if (directory_check_file(directory, known_files[i], err) != 0)
			return -1;
	for (int i = 0; i < STORE_DATABASE_COUNT; i++) {
		const char *store = store_files((enum store_database)i, directory)[0];

		if (store != NULL && directory_check_file(directory, store, err) != 0)
			return -1;
	}
	return 0;
}

static int
directory_check_empty(const char *directory, struct error *err)
{
	DIR           *open_directory = opendir(directory);
	struct dirent *entry;
	int            rc = 0;

	if (open_directory == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", directory);
	while (rc == 0 && (entry = readdir(open_directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = error_set(err, ERROR_CONFLICT,
			    "%s is not empty: it has \"%.64s\"; use a new or an empty directory",
			    directory, entry->d_name);
	(void)closedir(open_directory);
	return rc;
}

/* The directory's parent, which the caller frees. */
static char *
directory_parent(const char *directory)
{
	AUTO_FREE char *copy = memory_strdup(directory);

	return memory_strdup(dirname(copy));
}

static int
directory_check_parent(const char *directory, struct error *err)
{
	AUTO_FREE char *parent = directory_parent(directory);
	struct stat     st;

	if (stat(parent, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		    "%s does not exist; make it first, or give another --state-dir", parent);
	return error_set_errno(err, ERROR_INTERNAL, "looking at %s", parent);
}

int
directory_check(const char *directory, struct error *err)
{
	struct stat st;

	/* The store is made in it, so the directory must be a valid place. */
	if (store_place_check(directory, err) != 0)
		return -1;
	if (stat(directory, &st) != 0 && errno == ENOENT)
		return directory_check_parent(directory, err);
	if (stat(directory, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", directory);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INTERNAL, "%s is not a directory", directory);
	if (directory_check_known(directory, err) != 0)
		return -1;
	return directory_check_empty(directory, err);
}

int
directory_check_outside(const char *directory, const char *path, struct error *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *parent = directory_parent(real != NULL ? real : path);
	struct stat     place;
	struct stat     state;

	if (stat(parent, &place) == 0 && stat(directory, &state) == 0 &&
	    place.st_dev == state.st_dev && place.st_ino == state.st_ino)
		return error_set(err, ERROR_CONFLICT,
		    "%s would be in the state directory, and lost with it; put it somewhere else", path);
	return 0;
}

static void
directory_unlink(const char *directory, const char *name)
{
	AUTO_FREE char *path = file_join(directory, name);

	(void)unlink(path);
}

/* Removes the first `count` files and, if it was made, the store. */
static void
directory_empty(const char *directory, const struct directory_plan *plan, size_t count, bool store)
{
	for (size_t i = 0; i < count; i++)
		directory_unlink(directory, plan->files[i].name);
	for (size_t i = 0; store && plan->store_files[i] != NULL; i++)
		directory_unlink(directory, plan->store_files[i]);
	if (plan->subdirectory != NULL) {
		AUTO_FREE char *path = file_join(directory, plan->subdirectory);

		(void)rmdir(path);
	}
}

static int
directory_give(const char *directory, const char *name, const struct stat *owner, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, name);

	if (lchown(path, owner->st_uid, owner->st_gid) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_INTERNAL, "giving %s to the directory's owner", path);
	return 0;
}

/* A file that root makes in the directory of a service's user must belong to that user. */
static int
directory_give_all(const char *directory, const struct directory_plan *plan, struct error *err)
{
	struct stat st;
	int         rc = 0;

	if (geteuid() != 0)
		return 0;
	if (stat(directory, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", directory);
	if (plan->subdirectory != NULL)
		rc = directory_give(directory, plan->subdirectory, &st, err);
	for (size_t i = 0; rc == 0 && i < plan->count; i++)
		rc = directory_give(directory, plan->files[i].name, &st, err);
	for (size_t i = 0; rc == 0 && plan->store_files[i] != NULL; i++)
		rc = directory_give(directory, plan->store_files[i], &st, err);
	return rc;
}

static int
directory_make_subdirectory(const char *directory, const struct directory_plan *plan,
    struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (plan->subdirectory == NULL)
		return 0;
	path = file_join(directory, plan->subdirectory);
	if (mkdir(path, 0700) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making %s", path);
	return 0;
}

/* Syncs it, and the names in both directories. */
static int
directory_sync(const char *directory, const struct directory_plan *plan, struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (plan->subdirectory != NULL) {
		path = file_join(directory, plan->subdirectory);
		if (file_sync_directory(path, err) != 0)
			return -1;
	}
	return file_sync_directory(directory, err);
}

/* Makes everything in an empty directory; after a failure removes it again. */
static int
directory_fill(const char *directory, const struct directory_plan *plan, struct error *err)
{
	size_t made = 0;
	int    rc = directory_make_subdirectory(directory, plan, err);

	for (; rc == 0 && made < plan->count; made += rc == 0) {
		const struct directory_file *file = &plan->files[made];
		AUTO_FREE char          *path = file_join(directory, file->name);

		rc = file_create(path, file->content.data, file->content.size, file->mode, err);
	}
	if (rc != 0 || plan->make_store(directory, plan->arg, err) != 0) {
		directory_empty(directory, plan, made, false);
		return -1;
	}
	if (directory_give_all(directory, plan, err) != 0 || directory_sync(directory, plan, err) != 0) {
		directory_empty(directory, plan, plan->count, true);
		return -1;
	}
	return 0;
}

static int
directory_make_inside(const char *directory, const struct stat *before,
    const struct directory_plan *plan, struct error *err)
{
	if (chmod(directory, 0700) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making %s private", directory);
	if (directory_fill(directory, plan, err) != 0) {
		(void)chmod(directory, before->st_mode & 07777);
		return -1;
	}
	return 0;
}

static int
directory_make_beside(const char *directory, const struct directory_plan *plan, struct error *err)
{
	AUTO_FREE char *parent = directory_parent(directory);
	AUTO_FREE char *temporary = file_join(parent, ".attest-ca-init.XXXXXX");

	if (mkdtemp(temporary) == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "making a directory in %s", parent);
	if (directory_fill(temporary, plan, err) != 0) {
		(void)rmdir(temporary);
		return -1;
	}
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, directory, RENAME_NOREPLACE) == 0) {
		/* The directory exists now, so a failure to read the parent is ignored. */
		(void)file_sync_directory(parent, err);
		return 0;
	}
	if (errno == EEXIST)
		error_set(err, ERROR_CONFLICT, "%s has appeared meanwhile; nothing was changed",
		    directory);
	else
		error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", temporary, directory);
	directory_empty(temporary, plan, plan->count, true);
	(void)rmdir(temporary);
	return -1;
}

int
directory_make(const char *directory, const struct directory_plan *plan, struct error *err)
{
	struct stat st;
	sigset_t    all;
	sigset_t    before;
	int         rc;

	/* Signals are blocked for these milliseconds, so that an interrupt leaves everything or
	 * nothing. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	rc = stat(directory, &st) == 0 ? directory_make_inside(directory, &st, plan, err)
	                               : directory_make_beside(directory, plan, err);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
