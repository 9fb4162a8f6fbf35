/* Files of an open directory (folder.h): read whole with a bound, written whole or not at all. */
#ifndef UTIL_FOLDER_FILE_H
#define UTIL_FOLDER_FILE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/bytes.h"

struct error;
struct file_mark;
struct folder;

/*
 * Appends the whole file, at most `max` octets, as file_read does. NOT_FOUND, TOO_LARGE;
 * INTERNAL, also for a link, a FIFO or whatever else is no regular file, and for a file of
 * another user (folder_check_file). Nothing is waited for.
 */
int folder_read(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct error *err);

/*
 * The same, and fills *st of the very file that was read. *regular is false, and nothing is
 * read, for a link, a FIFO or whatever else is no regular file.
 */
int folder_read_any(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct stat *st, bool *regular, struct error *err);

/*
 * Makes the file with permissions `mode` (no umask) and `size` octets, which are on disk on
 * return; its name is durable after folder_sync. When root runs this, the file belongs to the
 * directory's owner, unless the directory is `ours`. CONFLICT when the name is taken, else INTERNAL; no file remains after a
 * failure.
 */
int folder_create(const struct folder *folder, const char *name, const void *data, size_t size,
    mode_t mode, struct error *err);

/* The same, empty and open for writing: *fd, which the caller syncs and closes. */
int folder_create_open(const struct folder *folder, const char *name, int *fd, struct error *err);

/*
 * The same as folder_create, in place of what stands under the name, through a temporary file beside it; name and
 * content are on disk on return, and a crash leaves the old file or the new one. INTERNAL.
 */
int folder_replace(const struct folder *folder, const char *name, const void *data, size_t size,
    mode_t mode, struct error *err);

/*
 * folder_replace for a file that the group may read: it has the group and the mode before it has the
 * name. INTERNAL, also where this user may not give files to the group.
 */
int folder_replace_group(const struct folder *folder, const char *name, struct view data, gid_t group,
    mode_t mode, struct error *err);

/*
 * Gives the file to the group with this mode, if it is regular, has no other name and holds
 * `content`: whoever may write in the directory cannot have another file given away. INTERNAL,
 * NOT_FOUND; CONFLICT when it holds something else.
 */
int folder_share(const struct folder *folder, const char *name, struct view content, gid_t group,
    mode_t mode, struct error *err);

/* file_mark_take of the name, a link not followed. */
void folder_mark_take(const struct folder *folder, const char *name, struct file_mark *mark);

#endif
