/*
 * The inventory and the record of what was issued, wherever an engine keeps them. A
 * store belongs to one thread at a time; any number of processes and threads may have
 * one open each. The callback of a listing may not use the store that it lists.
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

/* What there are stores of: attest-ca's and attestd's, and attest-acmed's (store/acme/acme.h). */
enum store_database { STORE_INVENTORY, STORE_ACME, STORE_DATABASE_COUNT };

/*
 * A place says where a store is: "sqlite:DIRECTORY", or a directory alone. Another scheme
 * before a colon is MALFORMED: no engine of this program's keeps stores there.
 */
int store_place_check(const char *place, struct error *err);

/*
 * Makes an empty store at the place; CONFLICT when there is one. Files have permissions 0600.
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

/* Where it is, for messages. */
const char *store_place(const struct store *store);

/*
 * The names of the files that a store in a state directory is made of, ended by NULL: first
 * the one that store_snapshot copies, then those beside it. None when the engine of the
 * place keeps no files.
 */
const char *const *store_files(enum store_database database, const char *place);

/* Whether a file of that name in the directory of a store belongs to it, or to an engine at work. */
bool store_has_file(enum store_database database, const char *place, const char *name);

/*
 * Runs what follows in one durable transaction. There is one writer at a time: the
 * writers of all processes queue fairly, so that what a writer has looked up inside is
 * still so when it commits. store_commit returns when it is on disk; when it fails,
 * nothing of it happened. store_rollback never fails.
 * The changing calls below make a transaction of their own when none is open.
 */
int  store_begin(struct store *store, struct error *err);
int  store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

/*
 * One transaction around `run`: committed when it returns 0, undone when it returns -1.
 * Returns 0 when it is on disk; or -1 with what `run` or the store said.
 */
typedef int store_change_cb(struct store *store, void *arg, struct error *err);
int         store_change(struct store *store, store_change_cb *run, void *arg, struct error *err);

/*
 * Marks a point inside a transaction; with keep false store_release undoes what
 * came after it. Several askers share one transaction so.
 */
int  store_mark(struct store *store, struct error *err);
void store_release(struct store *store, bool keep);

#endif
