/* Patterns as the shell has them. */
#ifndef STORE_SQLITE_GLOB_H
#define STORE_SQLITE_GLOB_H

struct bytes;
struct error;

/*
 * Appends the pattern as SQLite's GLOB has it, with its NUL: "*", "?", sets such as
 * "[a-z]" and "[!0-9]", and "\" before a character that means itself; a "[" that no "]"
 * follows means itself too. "?" and sets are of UTF-8 characters, case counts. MALFORMED
 * when a class such as "[:alpha:]" or an escaped "]" is in a set, or a "\" is last.
 */
int store_glob_translate(const char *pattern, struct bytes *out, struct error *err);

#endif
