/*
 * Shared by the files of the SQLite engine: the connection and its errors. Private
 * to store/sqlite/.
 */
#ifndef STORE_SQLITE_CONNECTION_H
#define STORE_SQLITE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/engine.h"
#include "store/sqlite/schema.h"
#include "util/file_lock.h"
#include "util/folder.h"

struct error;

/* A store of this engine. */
struct sqlite {
	struct store                store; /* first member, so that each converts to the other */
	const struct sqlite_schema *schema;
	sqlite3                    *db;
	struct file_lock            lock; /* the writers' queue */
	struct folder               folder; /* the directory that the files are in */
	void                      (*watch)(void *arg); /* store_watch */
	void                       *watch_arg;
};

static inline struct sqlite *
sqlite_of(struct store *store)
{
	return (struct sqlite *)store;
}

/* As in struct store_engine. */
int  sqlite_create(enum store_database database, const char *directory, struct error *err);
int  sqlite_open(enum store_database database, const char *directory, struct store **out,
     struct error *err);
void sqlite_close(struct store *store);
const char *const *sqlite_files(enum store_database database);

/* Fills *err from the connection's last error; `doing` begins the detail. Returns -1. */
int sqlite_error(struct sqlite *sqlite, const char *doing, struct error *err);

/* What to do about a store that cannot be written, for messages. */
const char *sqlite_read_only_remedy(const struct sqlite *sqlite);

/* Runs a text of statements without results. */
int sqlite_execute(struct sqlite *sqlite, const char *text, const char *doing, struct error *err);

#endif
