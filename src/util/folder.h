/* An open directory: what is in it is reached by its descriptor, and no link is followed. */
#ifndef UTIL_FOLDER_H
#define UTIL_FOLDER_H

#include <sys/stat.h>

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;

/* {.fd = -1} is closed. Closed by folder_close. */
struct folder {
	int   fd;
	char *path; /* for messages */
};

/*
 * Opens the directory at `path`, or `name` in another one, where a link is refused. NOT_FOUND
 * when there is none, else INTERNAL.
 */
int  folder_open(const char *path, struct folder *out, struct error *err);
int  folder_open_in(const struct folder *parent, const char *name, struct folder *out,
     struct error *err);
void folder_close(struct folder *folder);

/*
 * The names in it, in order. The caller frees each entry and the list. Returns how many, or -1
 * with INTERNAL.
 */
int folder_list(const struct folder *folder, struct dirent ***entries, struct error *err);

/*
 * Appends the whole file `name`, at most `max` octets, and fills *st, both of one and the same
 * file. *regular is false, and nothing is read, for a link, a FIFO or whatever else is no
 * regular file. NOT_FOUND, TOO_LARGE, INTERNAL.
 */
int folder_read(const struct folder *folder, const char *name, size_t max, struct bytes *out,
    struct stat *st, bool *regular, struct error *err);

#endif
