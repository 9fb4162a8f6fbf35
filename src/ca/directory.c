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
#include "util/folder.h"
#include "util/folder_file.h"

/* Files that mark the directory as a CA, complete or not. */
static const char *const known_files[] = {STATE_ROOT_KEY, STATE_ROOT_PEM, STATE_ROOT_CRL,
    STATE_ISSUING_KEY, STATE_ISSUING_URI, STATE_ISSUING_PEM, STATE_ISSUING_CRL};

static int
directory_check_file(const struct folder *directory, const char *name, struct error *err)
{
	if (!folder_has(directory, name))
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "%s/%s is there already, and nothing was changed; for another CA use another "
	    "--state-dir",
	    directory->path, name);
}

static int
directory_check_known(const struct folder *directory, struct error *err)
{
	for (size_t i = 0; i < sizeof known_files / sizeof known_files[0]; i++)
		if (directory_check_file(directory, known_files[i], err) != 0)
			return -1;
	for (int i = 0; i < STORE_DATABASE_COUNT; i++) {
		const char *store = store_files((enum store_database)i, directory->path)[0];

		if (store != NULL && directory_check_file(directory, store, err) != 0)
			return -1;
	}
	return 0;
}

static int
directory_check_empty(const struct folder *directory, struct error *err)
{
	struct dirent **entries = NULL;
	int             count = folder_list(directory, &entries, err);
	int             rc = count < 0 ? -1 : 0;

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (rc == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			rc = error_set(err, ERROR_CONFLICT,
			    "%s is not empty: it has \"%.64s\"; use a new or an empty directory",
			    directory->path, name);
		free(entries[i]);
	}
	free(entries);
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
directory_open_parent(const char *directory, struct folder *parent, struct error *err)
{
	AUTO_FREE char *path = directory_parent(directory);

	if (folder_open(path, parent, err) == 0)
		return 0;
	return err->kind != ERROR_NOT_FOUND
	    ? -1
	    : error_set(err, ERROR_NOT_FOUND,
	          "%s does not exist; make it first, or give another --state-dir", path);
}

int
directory_check(const char *directory, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};
	AUTO_FOLDER parent = {.fd = -1};

	/* The store is made in it, so the directory must be a valid place. */
	if (store_place_check(directory, err) != 0)
		return -1;
	if (folder_open(directory, &folder, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? directory_open_parent(directory, &parent, err) : -1;
	if (directory_check_known(&folder, err) != 0)
		return -1;
	return directory_check_empty(&folder, err);
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

/* Removes the first `count` files and, if it was made, the store. */
static void
directory_empty(const struct folder *directory, const struct directory_plan *plan, size_t count,
    bool store)
{
	struct error ignored;

	for (size_t i = 0; i < count; i++)
		(void)folder_remove(directory, plan->files[i].name, &ignored);
	for (size_t i = 0; store && plan->store_files[i] != NULL; i++)
		(void)folder_remove(directory, plan->store_files[i], &ignored);
	if (plan->subdirectory != NULL)
		(void)unlinkat(directory->fd, plan->subdirectory, AT_REMOVEDIR);
}

/* Makes the files, and all their names durable. */
static int
directory_make_files(const struct folder *directory, const struct directory_plan *plan,
    size_t *made, struct error *err)
{
	AUTO_FOLDER inside = {.fd = -1};

	if (plan->subdirectory != NULL && folder_make(directory, plan->subdirectory, &inside, err) != 0)
		return -1;
	for (; *made < plan->count; ++*made) {
		const struct directory_file *file = &plan->files[*made];

		if (folder_create(directory, file->name, file->content.data, file->content.size,
		        file->mode, err) != 0)
			return -1;
	}
	return inside.fd < 0 ? 0 : folder_sync(&inside, err);
}

/* Makes everything in an empty directory; after a failure removes it again. */
static int
directory_fill(const struct folder *directory, const struct directory_plan *plan, struct error *err)
{
	size_t made = 0;

	if (directory_make_files(directory, plan, &made, err) != 0) {
		directory_empty(directory, plan, made, false);
		return -1;
	}
	if (plan->make_store(directory, plan->arg, err) != 0) {
		/* In CONFLICT with somebody else's, which stays; else what is left of ours, as its lock file. */
		directory_empty(directory, plan, made, err->kind != ERROR_CONFLICT);
		return -1;
	}
	if (folder_sync(directory, err) != 0) {
		directory_empty(directory, plan, plan->count, true);
		return -1;
	}
	return 0;
}

static int
directory_make_inside(const struct folder *directory, const struct directory_plan *plan,
    struct error *err)
{
	struct stat before;

	if (fstat(directory->fd, &before) != 0 || fchmod(directory->fd, 0700) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making %s private", directory->path);
	if (directory_fill(directory, plan, err) != 0) {
		(void)fchmod(directory->fd, before.st_mode & 07777);
		return -1;
	}
	return 0;
}

/* Puts the complete directory in its place, where there must be nothing. */
static int
directory_put(const struct folder *parent, const struct folder *temporary, const char *name,
    const char *directory, struct error *err)
{
	AUTO_FREE char *copy = memory_strdup(directory);
	const char     *place = basename(copy);
	struct stat     made;
	struct stat     there;

	if (renameat2(parent->fd, name, parent->fd, place, RENAME_NOREPLACE) == 0) {
		/* The directory exists now, so a failure to sync the parent is ignored. */
		(void)fsync(parent->fd);
		if (fstat(temporary->fd, &made) == 0 && folder_look(parent, place, &there) == 0 &&
		    made.st_dev == there.st_dev && made.st_ino == there.st_ino)
			return 0;
		return error_set(err, ERROR_INTERNAL, "%s was replaced while it was made", directory);
	}
	if (errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "%s has appeared meanwhile; nothing was changed",
		    directory);
	return error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", temporary->path, directory);
}

static int
directory_make_beside(const char *directory, const struct directory_plan *plan, struct error *err)
{
	AUTO_FOLDER     parent = {.fd = -1};
	AUTO_FOLDER     temporary = {.fd = -1};
	AUTO_FREE char *name = NULL;

	if (directory_open_parent(directory, &parent, err) != 0 ||
	    folder_make_new(&parent, ".attest-ca-init.", &temporary, &name, err) != 0)
		return -1;
	if (directory_fill(&temporary, plan, err) == 0) {
		if (directory_put(&parent, &temporary, name, directory, err) == 0)
			return 0;
		directory_empty(&temporary, plan, plan->count, true);
	}
	(void)unlinkat(parent.fd, name, AT_REMOVEDIR);
	return -1;
}

static int
directory_make_somewhere(const char *directory, const struct directory_plan *plan,
    struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	if (folder_open(directory, &folder, err) == 0)
		return directory_make_inside(&folder, plan, err);
	return err->kind == ERROR_NOT_FOUND ? directory_make_beside(directory, plan, err) : -1;
}

int
directory_make(const char *directory, const struct directory_plan *plan, struct error *err)
{
	sigset_t all;
	sigset_t before;
	int      rc;

	/* Signals are blocked for these milliseconds, so that an interrupt leaves everything or
	 * nothing. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	rc = directory_make_somewhere(directory, plan, err);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
