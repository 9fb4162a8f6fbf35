/* The files of a state directory that a backup includes: all but the store, locks and leftovers. */
#ifndef ADMIN_BACKUP_FILES_H
#define ADMIN_BACKUP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "util/bytes.h"

struct error;
struct folder;

struct backup_item {
	char        *name;
	mode_t       mode;
	struct bytes content;
};

struct backup_files {
	struct backup_item *items; /* sorted by name, the directory's before those of issuers/ */
	size_t              count;
	char               *left_out; /* first file left out (not regular, or odd name), or NULL */
};

void backup_files_clear(struct backup_files *files);

/* Reads all of them; private keys only with `keys`. */
int backup_files_read(const struct folder *state, bool keys, struct backup_files *out,
    struct error *err);

/* True when both are equal apart from CRLs, which may be signed again at any time. */
bool backup_files_equal(const struct backup_files *a, const struct backup_files *b);

#endif
