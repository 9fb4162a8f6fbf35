/* The manifest of a backup, JSON: the archive's first member. */
#ifndef ADMIN_BACKUP_MANIFEST_H
#define ADMIN_BACKUP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "util/bytes.h"

struct error;

/* The name of the store's copy, for every engine. */
#define BACKUP_STORE_NAME "store.db"

#define BACKUP_MANIFEST_NAME "manifest.json"
#define BACKUP_MANIFEST_MAX  ((size_t)1024 * 1024)

/* Bounds for everything but the store, whose size is not limited. */
#define BACKUP_FILES_MAX ((size_t)4096)
#define BACKUP_FILE_MAX  ((size_t)64 * 1024 * 1024)
#define BACKUP_TOTAL_MAX ((uint64_t)256 * 1024 * 1024)

/* A file of the state directory. */
struct backup_file {
	char    *name; /* "root.pem", "issuers/….pem" */
	mode_t   mode; /* 0600 or 0644 */
	uint64_t size;
	uint8_t  hash[32]; /* SHA-256 */
};

/* In the order of the archive, the store last. */
struct backup_manifest {
	int64_t             created;
	bool                keys; /* private keys are in it */
	struct backup_file *files;
	size_t              count;
};

void backup_manifest_clear(struct backup_manifest *manifest);

/*
 * True for an allowed name of a file in a backup: a plain name, or one in the
 * directory of earlier issuers; not hidden, not one of the store's own files,
 * not a lock.
 */
bool backup_name_check(const char *name);

/* True when a file of this name is a private key, which only the owner may read. */
bool backup_name_is_key(const char *name);

void backup_manifest_encode(const struct backup_manifest *manifest, struct bytes *out);

/*
 * MALFORMED unless it is a manifest of ours: allowed names, each once, the store
 * last, everything within the bounds.
 */
int backup_manifest_decode(struct view text, struct backup_manifest *out, struct error *err);

#endif
