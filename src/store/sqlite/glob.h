/* Patterns as the shell has them. */
#ifndef STORE_SQLITE_GLOB_H
#define STORE_SQLITE_GLOB_H

struct bytes;
struct error;

/* Appends the pattern as SQLite's GLOB has it, with its NUL: as sql_glob says. */
int sqlite_glob(const char *pattern, struct bytes *out, struct error *err);

#endif
