/* A state directory in the making: whole on disk, or not there. */
#ifndef CA_DIRECTORY_H
#define CA_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "util/bytes.h"

struct error;

/* A file that goes into it. */
struct directory_file {
	const char  *name;
	mode_t       mode;
	struct bytes content; /* cleared by whoever filled it */
};

/* What is made. */
struct directory_plan {
	const struct directory_file *files;
	size_t                   count;
	const char *const       *store_files; /* what make_store leaves in the directory; ends with NULL */
	int (*make_store)(const char *directory, void *arg, struct error *err); /* or nothing at all */
	void                    *arg;
	const char              *subdirectory; /* that files are in; NULL: none */
};

/*
 * Refuses a place where no state directory can be made: CONFLICT, naming what is
 * there, when it has something of ours, or anything at all, in it; NOT_FOUND when
 * its parent is missing; INTERNAL when it is no directory or cannot be looked at.
 */
int directory_check(const char *directory, struct error *err);

/* Refuses a file in the state directory, where it could replace one of the CA's, or be lost with them: CONFLICT. */
int directory_check_outside(const char *directory, const char *path, struct error *err);

/*
 * Makes the directory (mode 0700) with the files and an empty store in it. A directory
 * that is there, empty, is used; what root makes in somebody's directory becomes
 * theirs. CONFLICT when somebody else made it meanwhile, else INTERNAL; what
 * fails leaves nothing behind.
 */
int directory_make(const char *directory, const struct directory_plan *plan, struct error *err);

#endif
