/* The files of a state directory as a backup takes them: all but the store, locks and leftovers. */
#ifndef ADMIN_BACKUP_FILES_H
#define ADMIN_BACKUP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "util/bytes.h"

struct error;

struct backup_item {
	char        *name;
	mode_t       mode;
	struct bytes content;
};

struct backup_files {
	struct backup_item *items; /* by name, the directory's before the issuers' */
	size_t              count;
	char               *left_out; /* the first that was not taken: no plain file, or of an odd name; or NULL */
};

void backup_files_clear(struct backup_files *files);

/* Reads all of them; private keys only with `keys`. */
int backup_files_read(const char *state_dir, bool keys, struct backup_files *out,
    struct error *err);

/* Whether both are the same but for CRLs, which are signed anew at any time. */
bool backup_files_equal(const struct backup_files *a, const struct backup_files *b);

#endif
