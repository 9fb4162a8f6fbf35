/* Whether a store is whole, and copies of it while others write. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

struct error;
struct store;

/* The engine's own checks: pages, indexes, references. INTERNAL with the first thing that is wrong. */
int store_check_integrity(struct store *store, struct error *err);

/*
 * The tables, indexes, views and triggers are those that this version makes, and no
 * others. INTERNAL naming the first that is missing, another or too much.
 */
int store_check_schema(struct store *store, struct error *err);

/*
 * Writes the store as of one instant to a new file, permissions 0600, which is a store
 * itself. Nobody waits for it: neither who reads nor who writes. CONFLICT when
 * there is such a file; what fails leaves none.
 */
int store_snapshot(struct store *store, const char *path, struct error *err);

#endif
