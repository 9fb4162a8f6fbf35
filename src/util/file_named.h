/*
 * Files that the administrator names on a command line: opened first, as whoever runs the
 * command. Root takes on another identity after that, and reads them all the same.
 */
#ifndef UTIL_FILE_NAMED_H
#define UTIL_FILE_NAMED_H

#include <sys/stat.h>

#include <stddef.h>

struct error;

/*
 * Opens the file for reading and keeps it under this path. What cannot be opened is not kept:
 * whoever reads it says why. A pipe or a terminal is waited for.
 */
void file_named_open(const char *path);

/*
 * The same for all that is in a directory and those in it, `max` files at most; links in it are
 * left. INTERNAL or TOO_LARGE, naming the file, when one cannot be kept open.
 */
int file_named_open_tree(const char *path, size_t max, struct error *err);

/*
 * The descriptor of what was kept under this path, at its beginning; -1 when nothing was. It
 * is not the caller's to close.
 */
int file_named_fd(const char *path);

/* lstat(2), and scandir(3) in the order of names, of what was kept or else of the path. */
struct dirent;
int file_named_stat(const char *path, struct stat *st);
int file_named_scan(const char *path, struct dirent ***entries);

#endif
