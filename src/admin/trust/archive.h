/* Extracts members of archives into memory, within bounds. */
#ifndef ADMIN_TRUST_ARCHIVE_H
#define ADMIN_TRUST_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;

/* Largest member or file; a longer one is skipped. */
#define TRUST_MEMBER_MAX ((size_t)64 << 20)

/* The budget left for one command's archives: a small file can unpack to any size. */
struct trust_budget {
	size_t octets;
	size_t entries;
	size_t certificates; /* also bad members, and files that are no archives */
};

/* True when the content begins as a zip, cab, tar, gzip, xz, bzip2 or zstd file does. */
bool trust_archive_is(struct view content);

/*
 * Calls `each` for every file in a zip, cab or tar archive, compressed once by gzip, xz, bzip2
 * or zstd or not at all, and for the content of any other compressed file, with "" as its
 * name. `each` returns 0 to continue. The member's name is untrusted text. A member of more
 * than TRUST_MEMBER_MAX octets has data NULL.
 *
 * MALFORMED when the archive cannot be read to its end, TOO_LARGE when the budget, which
 * skipped members use, too, is used up or the file is compressed more than once; or the failure
 * of `each`.
 */
typedef int trust_member_cb(const char *name, struct view content, void *arg, struct error *err);
int trust_archive_read(struct view content, struct trust_budget *budget, trust_member_cb *each,
    void *arg, struct error *err);

#endif
