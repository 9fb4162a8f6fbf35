/* Integrity checks, their progress, and copies of an SQLite database, as in store/check.h. */
#ifndef STORE_SQLITE_CHECK_H
#define STORE_SQLITE_CHECK_H

struct error;
struct store;

int sqlite_check_integrity(struct store *store, struct error *err);
int sqlite_check_schema(struct store *store, struct error *err);
void sqlite_watch(struct store *store, void (*each)(void *arg), void *arg);
int sqlite_snapshot(struct store *store, const char *path, struct error *err);

#endif
