/* Whether a database of SQLite's is whole, and copies of it: as store/check.h says. */
#ifndef STORE_SQLITE_CHECK_H
#define STORE_SQLITE_CHECK_H

struct error;
struct store;

int sqlite_check_integrity(struct store *store, struct error *err);
int sqlite_check_schema(struct store *store, struct error *err);
int sqlite_snapshot(struct store *store, const char *path, struct error *err);

#endif
