/* Makes a state directory: complete on disk, or not at all. */
#ifndef CA_DIRECTORY_H
#define CA_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "util/bytes.h"

struct error;
struct folder;

/* A file to put into it. */
struct directory_file {
	const char  *name;
	mode_t       mode;
	struct bytes content; /* cleared by the caller */
};

/* Describes the directory to make. */
struct directory_plan {
	const struct directory_file *files;
	size_t                   count;
	const char *const       *store_files; /* files that make_store makes; ends with NULL */
	int (*make_store)(const struct folder *directory, void *arg, struct error *err); /* or nothing at all */
	void                    *arg;
	const char              *subdirectory; /* subdirectory of files; NULL: none */
};

/*
 * Refuses a place where no state directory can be made: CONFLICT, naming the
 * file, when it is not empty; NOT_FOUND when its parent is missing; INTERNAL when
 * it is no directory or cannot be looked at.
 */
int directory_check(const char *directory, struct error *err);

/* Refuses a file inside the state directory, where it could replace one of the CA's or be lost with
 * them: CONFLICT. */
int directory_check_outside(const char *directory, const char *path, struct error *err);

/*
 * Makes the directory (mode 0700) with the files and an empty store in it. Uses an
 * existing empty directory; files that root makes in another user's directory are
 * given to that user. CONFLICT when another process made it meanwhile, else INTERNAL;
 * a failure leaves nothing behind.
 */
int directory_make(const char *directory, const struct directory_plan *plan, struct error *err);

#endif
