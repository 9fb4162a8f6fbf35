/*
 * The database of a CA, kept by an engine. A store belongs to one thread at a time;
 * any number of processes and threads may open it. The callback of a listing must not
 * use the store that it lists.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

#define STORE_HASH_SIZE 32
#define STORE_SERIAL_MAX 20

/* The kinds of store: that of attest-ca and attestd, and that of attest-acmed
 * (store/acme/acme.h). */
enum store_database { STORE_INVENTORY, STORE_ACME, STORE_DATABASE_COUNT };

/*
 * A place says where a store is: "sqlite:DIRECTORY", or a directory alone. Any other
 * scheme before a colon is MALFORMED.
 */
int store_place_check(const char *place, struct error *err);

/*
 * Makes an empty store at the place; CONFLICT when there is one already. Files have
 * permissions 0600.
 */
int store_create(const char *place, struct error *err);
int store_database_create(enum store_database database, const char *place, struct error *err);

/*
 * Opens the store at the place. NOT_FOUND with the remedy when there is none; INTERNAL when
 * it cannot be read or was made by a newer version.
 */
int  store_open(const char *place, struct store **out, struct error *err);
int  store_database_open(enum store_database database, const char *place, struct store **out,
     struct error *err);
void store_close(struct store *store);

/* The place, for messages. */
const char *store_place(const struct store *store);

/*
 * The names of the files that a store in a state directory is made of, ended by NULL: first
 * the one that store_snapshot copies, then those beside it. None when the engine of the
 * place keeps no files.
 */
const char *const *store_files(enum store_database database, const char *place);

/* The directory of a place, as it is written there, or NULL when its engine keeps no files. */
const char *store_directory(const char *place);

/* True when a file of that name in the directory of a store belongs to the store, or is a temporary
 * file of the engine. */
bool store_has_file(enum store_database database, const char *place, const char *name);

/*
 * Begins a durable write transaction. There is one writer at a time, and the writers
 * of all processes queue fairly, so that everything read inside is still true at the
 * commit. store_commit returns when it is on disk; when it fails, nothing was changed.
 * store_rollback never fails. Calls that change the store make their own transaction
 * when none is open.
 */
int  store_begin(struct store *store, struct error *err);
int  store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

/*
 * True after a commit that the disk has failed so that it may be kept or not: the store takes no more
 * changes. A process that has promised to answer must end without an answer, and open it anew.
 */
bool store_is_lost(const struct store *store);

/*
 * Runs `run` in a transaction: commits if it returns 0, rolls back if it returns -1.
 * Returns 0 when it is on disk; or -1 with the error of `run` or the store.
 */
typedef int store_change_cb(struct store *store, void *arg, struct error *err);
int         store_change(struct store *store, store_change_cb *run, void *arg, struct error *err);

/* Runs `run`, which only reads, on one snapshot. */
int store_look(struct store *store, store_change_cb *run, void *arg, struct error *err);

/*
 * A savepoint inside a transaction; store_release with keep false rolls back to
 * it. This lets several jobs share one transaction.
 */
int  store_mark(struct store *store, struct error *err);
void store_release(struct store *store, bool keep);

#endif
