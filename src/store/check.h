/* Integrity checks of a store, and snapshots while others write. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

struct error;
struct store;

/* The engine's own checks: pages, indexes, references. INTERNAL with the first fault. */
int store_check_integrity(struct store *store, struct error *err);

/*
 * From now on calls `each` now and then while the store is read or checked, to show that it goes on;
 * NULL: no more. It must not use the store.
 */
void store_watch(struct store *store, void (*each)(void *arg), void *arg);

/*
 * Checks that the tables, indexes, views and triggers are exactly those of this
 * version. INTERNAL naming the first that is missing, different or unexpected.
 */
int store_check_schema(struct store *store, struct error *err);

/*
 * Writes a snapshot of the store to a new file, permissions 0600, which is a store
 * itself. Blocks neither readers nor writers. CONFLICT when the file exists; no file
 * remains after a failure.
 */
int store_snapshot(struct store *store, const char *path, struct error *err);

#endif
