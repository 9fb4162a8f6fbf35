/* The archive of a backup: a manifest, the files, and the store last. */
#ifndef ADMIN_BACKUP_ARCHIVE_H
#define ADMIN_BACKUP_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/backup/files.h"
#include "admin/backup/manifest.h"
#include "util/folder.h"

struct error;

/* Its content. */
struct backup_content {
	int64_t                created;
	bool                   keys; /* private keys are among the files */
	struct backup_files    files;
	struct folder          directory; /* a private one, for the copy of the store */
	struct backup_manifest manifest; /* of all that */
};

/* Fills the manifest. INTERNAL. */
int backup_archive_describe(struct backup_content *content, struct error *err);

/* Writes the archive; *octets is its size. INTERNAL. */
int backup_archive_write(const struct backup_content *content, int fd, uint64_t *octets,
    struct error *err);

#endif
