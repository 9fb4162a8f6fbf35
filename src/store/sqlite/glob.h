/* Shell patterns. */
#ifndef STORE_SQLITE_GLOB_H
#define STORE_SQLITE_GLOB_H

struct bytes;
struct error;

/* Appends the pattern in the syntax of SQLite's GLOB, with its NUL, as for sql_glob. */
int sqlite_glob(const char *pattern, struct bytes *out, struct error *err);

#endif
