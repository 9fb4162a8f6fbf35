/* The way to a program's file: directory by directory, with root's rule for links and owners. */
#ifndef DEVICE_USE_PATH_H
#define DEVICE_USE_PATH_H

#include <stdbool.h>

struct error;
struct folder;

enum use_path_mode {
	USE_PATH_LOOK,   /* nothing is made, and whose a directory is does not matter */
	USE_PATH_CHANGE, /* nothing is made */
	USE_PATH_MAKE,   /* directories that are missing are made, mode 0755 */
};

/*
 * Opens the directory that `path`, below the directory `base`, leads to; *name, which the caller frees,
 * is the last part. A link, also one in the last place, is followed. Where root is to change something,
 * each directory from `base` on (each from the root where a link leads away) must be root's and not
 * writable by others, and each link root's; this is checked before anything is made in it. A directory
 * with the sticky bit may be writable. NOT_FOUND when a directory is missing and none is made;
 * INTERNAL, with the remedy.
 */
int use_path_open(const char *base, const char *path, enum use_path_mode mode, struct folder *out,
    char **name, struct error *err);

#endif
