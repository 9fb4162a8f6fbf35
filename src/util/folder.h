/*
 * An open directory: what is in it is reached by its descriptor, whatever is put in its place
 * meanwhile, and no link is followed. A name in it is that of a file, or of one in a directory
 * of it: "file", "subdirectory/file".
 */
#ifndef UTIL_FOLDER_H
#define UTIL_FOLDER_H

#include <sys/stat.h>

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

struct error;

/* {.fd = -1} is closed. Closed by folder_close. */
struct folder {
	int   fd;
	char *path; /* for messages, and for SQLite */
	bool  ours; /* what root makes in it stays root's, whoever owns it */
};

/* Locals that close themselves: AUTO_FOLDER folder = {.fd = -1}; */
#define AUTO_FOLDER __attribute__((cleanup(folder_close))) struct folder

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

/* What stands under the name, a link not followed. Returns 0, or -1 with errno. */
int folder_look(const struct folder *folder, const char *name, struct stat *st);

/* True when something stands under the name, whatever it is; false also when nobody can tell. */
bool folder_has(const struct folder *folder, const char *name);

/* The same where a wrong no would lose something: *there; INTERNAL when nobody can tell. */
int folder_find(const struct folder *folder, const char *name, bool *there, struct error *err);

/* True when `path` leads to this directory. */
bool folder_is_at(const struct folder *folder, const char *path);

/*
 * Makes the directory `name`, mode 0700, and opens it; one that is there is opened. When root
 * runs this, it belongs to the owner of the directory that it is in. INTERNAL.
 */
int folder_make(const struct folder *folder, const char *name, struct folder *out,
    struct error *err);

/*
 * Makes a directory of a new name, `prefix` and six letters, with mode 0700, and opens it.
 * *name, which the caller frees, is that name. INTERNAL.
 */
int folder_make_new(const struct folder *folder, const char *prefix, struct folder *out,
    char **name, struct error *err);

/* Renames over what is there. NOT_FOUND when there is no `from`, else INTERNAL. */
int folder_rename(const struct folder *folder, const char *from, const char *to,
    struct error *err);

/* Removes a file or a link; none is no fault. INTERNAL. */
int folder_remove(const struct folder *folder, const char *name, struct error *err);

/* Makes its names durable (fsync), or those of the directory that `name` is in. INTERNAL. */
int folder_sync(const struct folder *folder, struct error *err);
int folder_sync_of(const struct folder *folder, const char *name, struct error *err);

/* ---- for modules that open files in it ---- */

/* The directory that a name is in, and its last part. */
struct folder_place {
	int         fd;
	bool        opened; /* by folder_place_find: a subdirectory */
	const char *name;
	bool        ours;
};

/*
 * Finds where the name is; folder_place_leave must follow. NOT_FOUND when its directory is
 * missing; INTERNAL, also when that is a link or the name is none.
 */
int  folder_place_find(const struct folder *folder, const char *name, struct folder_place *out,
     struct error *err);
void folder_place_leave(struct folder_place *place);

/*
 * Refuses a file in the directory `fd` that is not regular, or belongs neither to the owner of
 * the directory nor to root nor to whoever runs this; and one that has another name elsewhere,
 * if it is not the directory owner's or is `written` in place. INTERNAL, naming `path`.
 */
int folder_check_file(int fd, const struct stat *file, const char *path, bool written,
    struct error *err);

/* Gives an open file to the owner of the directory `fd` when root runs this. -1 with errno. */
int folder_give(int fd, int file);

/* Writes six letters and digits at random. */
void folder_letters(char letters[6]);

#endif
