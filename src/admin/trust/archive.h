/* Members of archives, taken out into memory and within bounds. */
#ifndef ADMIN_TRUST_ARCHIVE_H
#define ADMIN_TRUST_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;

/* One member, or one file, at most; what is longer is passed over. */
#define TRUST_MEMBER_MAX ((size_t)64 << 20)

/* What may still be taken out of the archives of one command: a small file can unpack to any size. */
struct trust_budget {
	size_t octets;
	size_t entries;
	size_t certificates; /* good or not, and of files that are no archives, too */
};

/* True when the content begins as a zip, cab, tar or gzip file does. */
bool trust_archive_is(struct view content);

/*
 * Calls `each` for every file in a zip, cab or tar archive, compressed by gzip or not,
 * and for what is in a gzip file that is none of them, with "" for a name. `each`
 * returns 0 to go on. The member's name is whatever somebody wrote there. A member of
 * more than TRUST_MEMBER_MAX octets has data NULL.
 *
 * MALFORMED when the archive cannot be read to its end, TOO_LARGE when the budget is
 * used up; or what `each` failed with.
 */
typedef int trust_member_cb(const char *name, struct view content, void *arg, struct error *err);
int trust_archive_read(struct view content, struct trust_budget *budget, trust_member_cb *each,
    void *arg, struct error *err);

#endif
